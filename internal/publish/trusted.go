package publish

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/web"
)

// ErrNoIdentity says that no continuous integration service vouches for what
// runs here.
var ErrNoIdentity = errors.New("no OIDC token discovered: this is no supported trusted publishing environment")

// A TokenError tells why a token could not be obtained.
type TokenError struct {
	Doing string // what was being done
	Err   error
	// Claims are what the service says of the job, line by line, if the index
	// did not accept it.
	Claims []string
	hint   string
}

// Error implements error.
func (e *TokenError) Error() string {
	text := "trusted publishing failed: " + e.Doing + ": " + e.Err.Error()
	if len(e.Claims) > 0 {
		text += "\n\nthe claims of the job, which the publisher on the index has to match:\n" + strings.Join(e.Claims, "\n")
	}
	return text
}

// Unwrap returns what went wrong.
func (e *TokenError) Unwrap() error { return e.Err }

// Hints says what can be done.
func (e *TokenError) Hints() []string {
	if e.hint == "" {
		return nil
	}
	return []string{e.hint}
}

// Token obtains an upload token from the index behind an upload URL, in exchange
// for what the continuous integration service says about the job: on GitHub
// Actions with the permission `id-token: write`, on GitLab and others with an ID
// token in the variable AUDIENCE_ID_TOKEN. The error is [ErrNoIdentity] where
// there is no such service, or a [*TokenError].
//
// The client must not authenticate by itself: the requests carry tokens of
// their own, or none.
func Token(ctx context.Context, client *web.Client, uploadURL string, getenv func(string) string) (string, error) {
	if !hasIdentity(getenv) {
		return "", ErrNoIdentity
	}
	base, err := oidcBase(uploadURL)
	if err != nil {
		return "", &TokenError{Doing: "reading the upload URL", Err: err}
	}
	var a struct{ Audience string }
	if err := getJSON(ctx, client, base+"/_/oidc/audience", nil, &a); err != nil {
		return "", &TokenError{Doing: "asking the index for its audience", Err: err}
	}
	identity, err := identityToken(ctx, client, a.Audience, getenv)
	if err != nil {
		return "", err
	}
	return mint(ctx, client, base+"/_/oidc/mint-token", identity)
}

// oidcBase is the server behind an upload URL. Tokens travel encrypted, but for
// a server on this machine.
func oidcBase(uploadURL string) (string, error) {
	u, err := auth.ParseURL(uploadURL)
	if err != nil {
		return "", err
	}
	scheme := "https"
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		scheme = "http"
	}
	return scheme + "://" + u.Host, nil
}

func hasIdentity(getenv func(string) string) bool {
	for _, name := range []string{"GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI"} {
		if v := getenv(name); v != "" && v != "false" {
			return true
		}
	}
	return false
}

// identityToken is what the service says about the job, signed, for one
// audience.
func identityToken(ctx context.Context, client *web.Client, audience string, getenv func(string) string) (string, error) {
	if getenv("GITHUB_ACTIONS") == "true" {
		return githubToken(ctx, client, audience, getenv)
	}
	name := variable(audience)
	if token := getenv(name); token != "" {
		return token, nil
	}
	return "", &TokenError{
		Doing: "looking for an ID token", Err: fmt.Errorf("the variable `%s` is not set", name),
		hint: fmt.Sprintf("the job has to ask for an ID token with the audience `%s` and the name `%s`", audience, name),
	}
}

// variable is where GitLab's documentation has the token for an audience.
func variable(audience string) string {
	upper := func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			return c
		}
		return '_'
	}
	return strings.Map(upper, audience) + "_ID_TOKEN"
}

func githubToken(ctx context.Context, client *web.Client, audience string, getenv func(string) string) (string, error) {
	at, secret := getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if at == "" || secret == "" {
		return "", &TokenError{
			Doing: "asking GitHub for an ID token", Err: errors.New("the job may not have one"),
			hint: "the job needs the permission `id-token: write`",
		}
	}
	sep := "?"
	if strings.Contains(at, "?") {
		sep = "&"
	}
	var v struct{ Value string }
	header := http.Header{"Authorization": {"bearer " + secret}}
	err := getJSON(ctx, client, at+sep+"audience="+url.QueryEscape(audience), header, &v)
	if err == nil && v.Value == "" {
		err = errors.New("the answer has none")
	}
	if err != nil {
		return "", &TokenError{Doing: "asking GitHub for an ID token", Err: err}
	}
	return v.Value, nil
}

func getJSON(ctx context.Context, client *web.Client, from string, header http.Header, to any) error {
	_, body, err := client.Get(ctx, web.Request{URL: from, Header: header, Accept: "application/json"})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, to); err != nil {
		return fmt.Errorf("%s answers with something else than expected: %w", auth.Redact(from), err)
	}
	return nil
}

// mint exchanges an identity for a token of the index.
func mint(ctx context.Context, client *web.Client, at, identity string) (string, error) {
	request, err := json.Marshal(map[string]string{"token": identity})
	if err != nil {
		return "", err
	}
	resp, err := client.Do(ctx, web.Request{
		URL: at, Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Accept: "application/json", AnyStatus: true,
		Body: func() (io.ReadCloser, int64, error) {
			return io.NopCloser(bytes.NewReader(request)), int64(len(request)), nil
		},
	})
	if err != nil {
		return "", &TokenError{Doing: "asking the index for an upload token", Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return "", &TokenError{Doing: "asking the index for an upload token", Err: err}
	}
	var v struct{ Token string }
	if resp.Status < 300 && json.Unmarshal(body, &v) == nil && v.Token != "" {
		return v.Token, nil
	}
	failure := fmt.Errorf("the server returned status code %d: %s", resp.Status, said(resp.Header.Get("Content-Type"), body))
	return "", &TokenError{Doing: "asking the index for an upload token", Err: failure, Claims: claims(identity), hint: "a trusted publisher has to be configured for the project on the index"}
}

// claims are the parts of an identity that publishers are configured by. They
// are no secrets.
func claims(identity string) []string {
	parts := strings.Split(identity, ".")
	if len(parts) != 3 {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil
	}
	var all map[string]any
	if json.Unmarshal(text, &all) != nil {
		return nil
	}
	var out []string
	for _, key := range []string{
		"sub", "repository", "repository_owner", "repository_owner_id", "job_workflow_ref", "ref", "project_path", "ci_config_ref_uri",
		"organization_slug", "pipeline_slug", "environment",
	} {
		if value, ok := all[key].(string); ok {
			out = append(out, "  "+key+": "+brief(value))
		}
	}
	return out
}
