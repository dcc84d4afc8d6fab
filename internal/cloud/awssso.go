package cloud

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// awsSSO exchanges the token that `aws sso login` left behind for keys of the
// profile's role.
func (o *Options) awsSSO(ctx context.Context) (awsKeys, time.Time, error) {
	profile := o.awsSection(o.awsConfigFile(), o.awsProfileName(), true)
	account, role := profile["sso_account_id"], profile["sso_role_name"]
	region, name := profile["sso_region"], profile["sso_start_url"]
	if session := profile["sso_session"]; session != "" {
		text, err := readSecret(o.awsConfigFile())
		if err != nil {
			return awsKeys{}, time.Time{}, errUnset
		}
		region, name = iniSection(text, "sso-session "+session)["sso_region"], session
	}
	if account == "" || role == "" || region == "" || name == "" {
		return awsKeys{}, time.Time{}, errUnset
	}
	access, err := o.ssoToken(name)
	if err != nil {
		return awsKeys{}, time.Time{}, err
	}
	endpoint := o.first("AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL")
	if endpoint == "" {
		endpoint = "https://portal.sso." + region + ".amazonaws.com"
	}
	at := endpoint + "/federation/credentials?" + url.Values{"account_id": {account}, "role_name": {role}}.Encode()
	status, body, err := o.Fetch(ctx, Request{Method: http.MethodGet, URL: at, Header: http.Header{"X-Amz-Sso_bearer_token": {access}}})
	if err != nil {
		return awsKeys{}, time.Time{}, err
	}
	var v struct {
		Keys struct {
			AccessKeyID     string `json:"accessKeyId"`
			SecretAccessKey string `json:"secretAccessKey"`
			SessionToken    string `json:"sessionToken"`
			Expiration      int64  `json:"expiration"` // in milliseconds
		} `json:"roleCredentials"`
	}
	if json.Unmarshal(body, &v) != nil || status != http.StatusOK || v.Keys.SecretAccessKey == "" {
		return awsKeys{}, time.Time{}, o.ssoError()
	}
	return awsKeys{v.Keys.AccessKeyID, v.Keys.SecretAccessKey, v.Keys.SessionToken}, time.UnixMilli(v.Keys.Expiration), nil
}

// ssoToken reads the token of a session, or of a start URL, from the cache of
// the AWS tools, whose files have the names' SHA-1 for a name.
func (o *Options) ssoToken(name string) (string, error) {
	sum := sha1.Sum([]byte(name))
	text, err := readSecret(o.inHome(".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json"))
	if err != nil {
		return "", o.ssoError()
	}
	var v struct {
		Token string    `json:"accessToken"`
		Until time.Time `json:"expiresAt"`
	}
	if json.Unmarshal([]byte(text), &v) != nil || v.Token == "" || !o.now().Before(v.Until) {
		return "", o.ssoError()
	}
	return v.Token, nil
}

func (o *Options) ssoError() error {
	return &loginError{errors.New("the login of the profile `" + o.awsProfileName() + "` has expired"), "run `aws sso login`"}
}

// A loginError says that a person has to log in again.
type loginError struct {
	error
	hint string
}

// Hints says how.
func (e *loginError) Hints() []string { return []string{e.hint} }
