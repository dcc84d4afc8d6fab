// Package auth finds the credentials for HTTP requests and keeps secrets out of
// everything that is shown.
//
// A [Store] knows the credentials of one run of the program. Its
// [Store.Transport] wraps an http.RoundTripper and answers requests that need
// authentication. Where credentials come from, the first that has them:
//
//  1. the request's URL, or the index that the URL belongs to (which has them
//     from its own URL or from UV_INDEX_<NAME>_USERNAME and _PASSWORD);
//  2. what an earlier request to the same URL or realm used with success;
//  3. HF_TOKEN for the Hugging Face hub;
//  4. the signers of endpoints: object stores that want signed requests;
//  5. the netrc file;
//  6. the text store, which "auth login" writes;
//  7. the keyring of the operating system, if it is enabled;
//  8. the keyring program, if it is enabled;
//  9. the credential helpers of git, if they are enabled.
//
// A request without credentials is first tried as it is, because sending them
// where they are not wanted makes some servers refuse; only an answer of 401,
// 403 or 404 starts the search. A request that names only a user is searched
// for at once. [Policy] changes that for an index. The search runs once per
// index or realm and user, and everyone else waits for its result.
//
// A [Realm] is scheme, host and port: credentials never leave it.
//
// No type of this package prints a secret, and [Redact] removes them from the
// text of a URL.
package auth

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
)

// Credentials authenticate a request: by name and password (RFC 7617), or by a
// bearer token (RFC 6750). The zero value is none.
type Credentials struct {
	// Username may be empty.
	Username string
	// Password counts only if HasPassword is true; an empty password is not
	// the same as none.
	Password    string
	HasPassword bool
	// Token is a bearer token; if it is set the rest is not used.
	Token string
	// Signer authenticates each request in its own way; if it is set the rest is
	// not used.
	Signer Signer
	// Source says in words where the credentials are from, such as "the netrc
	// file", so that errors can tell which are refused. It may be empty.
	Source string
}

// A Signer authenticates requests by what it computes from them. Its dynamic
// type must be comparable.
type Signer interface {
	// Sign adds headers to a request that is complete but for them. The request
	// is not sent if it fails. Its error shows no secret.
	Sign(ctx context.Context, req *http.Request) error
}

// Basic returns credentials of a name and a password.
func Basic(username, password string) Credentials {
	return Credentials{Username: username, Password: password, HasPassword: true}
}

// IsZero reports whether c is no credentials at all.
func (c Credentials) IsZero() bool {
	c.Source = ""
	return c == Credentials{}
}

// Complete reports whether c can authenticate: it has a password, a token or a
// signer.
func (c Credentials) Complete() bool { return c.HasPassword || c.Token != "" || c.Signer != nil }

// from returns the credentials with the source filled in, if that is not known.
func (c Credentials) from(source string) Credentials {
	if c.Source == "" && !c.IsZero() {
		c.Source = source
	}
	return c
}

// Describe says whose the credentials are and where they come from, such as
// "those of user `me` from the netrc file", and no secret.
func (c Credentials) Describe() string {
	var text string
	switch {
	case c.IsZero():
		return ""
	case c.Signer != nil:
		text = "the signature"
	case c.Token != "", c.Username == TokenUser, !c.HasPassword:
		text = "the token" // a user without password often is one
	case c.Username == "":
		text = "the password"
	default:
		text = "those of user `" + c.Username + "`"
	}
	if c.Source != "" {
		text += " from " + c.Source
	}
	return text
}

// Scrub replaces the secrets of the credentials in a text, such as one that a
// server sends back.
func (c Credentials) Scrub(text string) string {
	for _, secret := range []string{c.Password, c.Token, base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password))} {
		// Short ones would make a puzzle of the text, and are in it by chance.
		if len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, mask)
		}
	}
	return text
}

// Header returns the value of the Authorization header, but for a signer. It is
// a secret.
func (c Credentials) Header() string {
	if c.Token != "" {
		return "Bearer " + c.Token
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
}

// String shows who the credentials are for, and no secret.
func (c Credentials) String() string {
	switch {
	case c.Signer != nil:
		return "signature"
	case c.Token != "":
		return "token ****"
	case c.HasPassword:
		return c.Username + ":****"
	}
	return c.Username
}

// GoString keeps secrets out of %#v.
func (c Credentials) GoString() string { return "auth.Credentials{" + c.String() + "}" }

// fromHeader reads an Authorization header; other schemes than the two are
// nobody's business here and give none.
func fromHeader(value string) Credentials {
	if token, ok := strings.CutPrefix(value, "Bearer "); ok {
		return Credentials{Token: token}
	}
	encoded, ok := strings.CutPrefix(value, "Basic ")
	if !ok {
		return Credentials{}
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Credentials{}
	}
	username, password, ok := strings.Cut(string(text), ":")
	return Credentials{Username: username, Password: password, HasPassword: ok && password != ""}
}
