package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// awsKeys looks for keys: in the environment, in the files of the AWS tools,
// with their login, with a web identity, with the container and with the machine.
func (o *Options) awsKeys(ctx context.Context) (awsKeys, time.Time, error) {
	for _, source := range []func(context.Context) (awsKeys, time.Time, error){
		o.awsEnv, o.awsProfile, o.awsSSO, o.awsWebIdentity, o.awsContainer, o.awsMachine,
	} {
		keys, until, err := source(ctx)
		if !errors.Is(err, errUnset) {
			return keys, until, err
		}
	}
	return awsKeys{}, time.Time{}, &MissingError{"S3", "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or `AWS_PROFILE`"}
}

func (o *Options) awsRegion() string {
	if region := o.first("AWS_REGION", "AWS_DEFAULT_REGION"); region != "" {
		return region
	}
	if region := o.awsSection(o.awsConfigFile(), o.awsProfileName(), true)["region"]; region != "" {
		return region
	}
	return "us-east-1"
}

func (o *Options) awsEnv(context.Context) (awsKeys, time.Time, error) {
	keys := awsKeys{o.Getenv("AWS_ACCESS_KEY_ID"), o.Getenv("AWS_SECRET_ACCESS_KEY"), o.Getenv("AWS_SESSION_TOKEN")}
	if keys.id == "" || keys.secret == "" {
		return keys, time.Time{}, errUnset
	}
	return keys, time.Time{}, nil
}

func (o *Options) awsProfileName() string {
	if name := o.Getenv("AWS_PROFILE"); name != "" {
		return name
	}
	return "default"
}

func (o *Options) awsConfigFile() string {
	if file := o.Getenv("AWS_CONFIG_FILE"); file != "" {
		return file
	}
	return o.inHome(".aws", "config")
}

func (o *Options) awsCredentialsFile() string {
	if file := o.Getenv("AWS_SHARED_CREDENTIALS_FILE"); file != "" {
		return file
	}
	return o.inHome(".aws", "credentials")
}

// awsSection reads the section of a profile, whose names have a word before
// them in the config file; nil if there is none.
func (o *Options) awsSection(file, profile string, config bool) map[string]string {
	if file == "" {
		return nil
	}
	text, err := readSecret(file)
	if err != nil {
		return nil
	}
	name := profile
	if config && profile != "default" {
		name = "profile " + profile
	}
	return iniSection(text, name)
}

// iniSection is what a section of an INI file holds.
func iniSection(text, name string) map[string]string {
	var out map[string]string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#', line[0] == ';':
		case line[0] == '[':
			header, _, _ := strings.Cut(line[1:], "]")
			inside = strings.Join(strings.Fields(header), " ") == name
		case inside:
			key, value, ok := strings.Cut(line, "=")
			if !ok {
				continue
			}
			if out == nil {
				out = map[string]string{}
			}
			out[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	return out
}

// awsProfile reads keys from the credentials file, else from the config file,
// or runs the program that is named there.
func (o *Options) awsProfile(ctx context.Context) (awsKeys, time.Time, error) {
	profile := o.awsProfileName()
	program := ""
	for _, section := range []map[string]string{
		o.awsSection(o.awsCredentialsFile(), profile, false),
		o.awsSection(o.awsConfigFile(), profile, true),
	} {
		if id, secret := section["aws_access_key_id"], section["aws_secret_access_key"]; id != "" && secret != "" {
			return awsKeys{id, secret, section["aws_session_token"]}, time.Time{}, nil
		}
		if program == "" {
			program = section["credential_process"]
		}
	}
	if program == "" {
		return awsKeys{}, time.Time{}, errUnset
	}
	out, err := o.run(ctx, program)
	if err != nil {
		return awsKeys{}, time.Time{}, fmt.Errorf("the credential_process of the profile `%s`: %w", profile, err)
	}
	return readAWSKeys("the credential_process of the profile `"+profile+"`", out)
}

// run runs a command line as the system's shell does.
func (o *Options) run(ctx context.Context, line string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, programPatience)
	defer cancel()
	shell := []string{"/bin/sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd.exe", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1], line)
	cmd.Env = o.Environ
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it has left something running that holds the pipe
	}
	return out, err
}

// readAWSKeys reads the JSON of a program, a container or a machine.
func readAWSKeys(from string, text []byte) (awsKeys, time.Time, error) {
	var v struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Token           string
		Expiration      time.Time
	}
	if err := json.Unmarshal(bytes.TrimSpace(text), &v); err != nil || v.AccessKeyID == "" || v.SecretAccessKey == "" {
		return awsKeys{}, time.Time{}, fmt.Errorf("%s gives no keys", from)
	}
	if v.SessionToken == "" {
		v.SessionToken = v.Token
	}
	return awsKeys{v.AccessKeyID, v.SecretAccessKey, v.SessionToken}, v.Expiration, nil
}

// awsWebIdentity exchanges the token of a cluster or a CI service for keys.
func (o *Options) awsWebIdentity(ctx context.Context) (awsKeys, time.Time, error) {
	file, role := o.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"), o.Getenv("AWS_ROLE_ARN")
	if file == "" || role == "" {
		return awsKeys{}, time.Time{}, errUnset
	}
	identity, err := readSecret(file)
	if err != nil {
		return awsKeys{}, time.Time{}, fmt.Errorf("reading the web identity token: %w", err)
	}
	session := o.Getenv("AWS_ROLE_SESSION_NAME")
	if session == "" {
		session = "tame"
	}
	endpoint := o.first("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
	if endpoint == "" {
		endpoint = "https://sts." + o.awsRegion() + ".amazonaws.com"
	}
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {role},
		"RoleSessionName": {session}, "WebIdentityToken": {strings.TrimSpace(identity)},
	}
	status, body, err := o.Fetch(ctx, formRequest(endpoint+"/", form))
	if err != nil {
		return awsKeys{}, time.Time{}, err
	}
	keys := awsKeys{element(body, "AccessKeyId"), element(body, "SecretAccessKey"), element(body, "SessionToken")}
	until, err := time.Parse(time.RFC3339, element(body, "Expiration"))
	if err != nil || keys.secret == "" {
		return awsKeys{}, time.Time{}, fmt.Errorf("the role `%s` is not given for the web identity: status %d", role, status)
	}
	return keys, until, nil
}

// element is the text of the first XML element of a name, for texts that need no
// escapes.
func element(body []byte, name string) string {
	_, rest, _ := strings.Cut(string(body), "<"+name+">")
	text, _, ok := strings.Cut(rest, "</"+name+">")
	if !ok {
		return ""
	}
	return strings.TrimSpace(text)
}

func formRequest(to string, form url.Values) Request {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json, */*"}}
	return Request{Method: http.MethodPost, URL: to, Header: header, Body: form.Encode()}
}

// awsContainer asks the agent of a container.
func (o *Options) awsContainer(ctx context.Context) (awsKeys, time.Time, error) {
	at := o.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	if relative := o.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); relative != "" {
		at = "http://169.254.170.2" + relative
	}
	if at == "" {
		return awsKeys{}, time.Time{}, errUnset
	}
	if !isAgent(at) {
		return awsKeys{}, time.Time{}, errors.New("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this machine")
	}
	header := http.Header{}
	permit := o.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	if file := o.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
		text, err := readSecret(file)
		if err != nil {
			return awsKeys{}, time.Time{}, fmt.Errorf("reading the container's token: %w", err)
		}
		permit = strings.TrimSpace(text)
	}
	if permit != "" {
		header.Set("Authorization", permit)
	}
	body, ok := o.metadata(ctx, Request{Method: http.MethodGet, URL: at, Header: header})
	if !ok {
		return awsKeys{}, time.Time{}, errors.New("the container's agent gives no keys")
	}
	return readAWSKeys("the container's agent", body)
}

// isAgent reports whether a URL may be asked for keys, and be given a token.
func isAgent(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	switch {
	case u.Scheme != "http":
		return false
	case u.Hostname() == "localhost", ip != nil && ip.IsLoopback():
		return true
	}
	switch u.Hostname() {
	case "169.254.170.2", "169.254.170.23", "fd00:ec2::23":
		return true
	}
	return false
}

// awsMachine asks the metadata service (IMDSv2) for the keys of the machine's
// role.
func (o *Options) awsMachine(ctx context.Context) (awsKeys, time.Time, error) {
	if strings.EqualFold(o.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return awsKeys{}, time.Time{}, errUnset
	}
	base := o.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
	if base == "" {
		base = "http://169.254.169.254"
	}
	base = strings.TrimSuffix(base, "/")
	session, ok := o.metadata(ctx, Request{
		Method: http.MethodPut, URL: base + "/latest/api/token", Header: http.Header{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": {"21600"}},
	})
	if !ok {
		return awsKeys{}, time.Time{}, errUnset
	}
	header := http.Header{"X-Aws-Ec2-Metadata-Token": {string(session)}}
	roles := base + "/latest/meta-data/iam/security-credentials/"
	role, ok := o.metadata(ctx, Request{Method: http.MethodGet, URL: roles, Header: header})
	name, _, _ := strings.Cut(strings.TrimSpace(string(role)), "\n")
	if !ok || name == "" {
		return awsKeys{}, time.Time{}, errUnset
	}
	body, ok := o.metadata(ctx, Request{Method: http.MethodGet, URL: roles + url.PathEscape(name), Header: header})
	if !ok {
		return awsKeys{}, time.Time{}, errUnset
	}
	return readAWSKeys("the machine's metadata service", body)
}
