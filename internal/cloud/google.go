package cloud

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"time"
)

// Google returns the signer of Cloud Storage: bearer tokens by the Application
// Default Credentials, which are the file that GOOGLE_APPLICATION_CREDENTIALS
// names, the one of gcloud, or the service account of the machine.
func Google(o Options) *Signer {
	return bearer(&o, o.googleToken, nil)
}

// bearer signs with tokens, and further headers.
func bearer(o *Options, renew func(context.Context) (string, time.Time, error), further http.Header) *Signer {
	var l lease[string]
	return &Signer{sign: func(ctx context.Context, req *http.Request) error {
		token, err := l.get(ctx, o.now(), renew)
		if err != nil {
			return err
		}
		for key, values := range further {
			req.Header[key] = values
		}
		req.Header.Set("Authorization", "Bearer "+token)
		return nil
	}}
}

const (
	googleScope    = "https://www.googleapis.com/auth/devstorage.read_only"
	googleTokenURL = "https://oauth2.googleapis.com/token"
)

// A googleFile is a file of credentials.
type googleFile struct {
	Type string `json:"type"`
	// Of a service account.
	Email    string `json:"client_email"`
	Key      string `json:"private_key"`
	KeyID    string `json:"private_key_id"`
	TokenURI string `json:"token_uri"`
	// Of a person.
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	RefreshToken string `json:"refresh_token"`
}

func (o *Options) googleToken(ctx context.Context) (string, time.Time, error) {
	file := o.Getenv("GOOGLE_APPLICATION_CREDENTIALS")
	named := file != ""
	if !named {
		file = o.gcloudFile()
	}
	if file != "" {
		text, err := readSecret(file)
		if err == nil {
			return o.googleFromFile(ctx, file, text)
		}
		if named {
			return "", time.Time{}, fmt.Errorf("reading GOOGLE_APPLICATION_CREDENTIALS: %w", err)
		}
	}
	return o.googleMachine(ctx)
}

func (o *Options) gcloudFile() string {
	const name = "application_default_credentials.json"
	if dir := o.Getenv("CLOUDSDK_CONFIG"); dir != "" {
		return filepath.Join(dir, name)
	}
	if runtime.GOOS == "windows" {
		if dir := o.Getenv("APPDATA"); dir != "" {
			return filepath.Join(dir, "gcloud", name)
		}
		return ""
	}
	return o.inHome(".config", "gcloud", name)
}

func (o *Options) googleFromFile(ctx context.Context, file, text string) (string, time.Time, error) {
	var f googleFile
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return "", time.Time{}, fmt.Errorf("the Google credentials in %s are not valid JSON", file)
	}
	if f.TokenURI == "" {
		f.TokenURI = googleTokenURL
	}
	switch f.Type {
	case "service_account":
		assertion, err := f.assertion(o.now())
		if err != nil {
			return "", time.Time{}, fmt.Errorf("the Google credentials in %s: %w", file, err)
		}
		return o.askToken(ctx, formRequest(f.TokenURI, url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion},
		}))
	case "authorized_user":
		return o.askToken(ctx, formRequest(f.TokenURI, url.Values{
			"grant_type": {"refresh_token"}, "client_id": {f.ClientID}, "client_secret": {f.ClientSecret}, "refresh_token": {f.RefreshToken},
		}))
	}
	return "", time.Time{}, fmt.Errorf("the Google credentials in %s are of the type %q: only service_account and authorized_user are supported", file, f.Type)
}

// assertion is the JSON web token (RFC 7523) with which a service account asks
// for an access token.
func (f *googleFile) assertion(now time.Time) (string, error) {
	key, err := readRSA(f.Key)
	if err != nil {
		return "", err
	}
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": f.KeyID})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": f.Email, "scope": googleScope, "aud": f.TokenURI, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode(header) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("the private key cannot sign")
	}
	return text + "." + encode(signature), nil
}

func readRSA(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the private key is not PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the private key cannot be read")
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the private key is not of RSA")
	}
	return private, nil
}

// googleMachine asks the metadata server for a token of the machine's account.
func (o *Options) googleMachine(ctx context.Context) (string, time.Time, error) {
	host := o.Getenv("GCE_METADATA_HOST")
	if host == "" {
		host = "metadata.google.internal"
	}
	at := "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/token?scopes=" + url.QueryEscape(googleScope)
	body, ok := o.metadata(ctx, Request{Method: http.MethodGet, URL: at, Header: http.Header{"Metadata-Flavor": {"Google"}}})
	if !ok {
		return "", time.Time{}, &MissingError{"Google Cloud Storage", "set `GOOGLE_APPLICATION_CREDENTIALS`, or run `gcloud auth application-default login`"}
	}
	return o.readToken("the machine's metadata server", http.StatusOK, body)
}
