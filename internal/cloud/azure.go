package cloud

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Azure returns the signer of Blob Storage: with the account key or the shared
// access signature of the environment, else with a bearer token of the Azure
// CLI, of an application's secret or federated identity, or of the machine.
func Azure(o Options) *Signer {
	name, key := o.first("AZBLOB_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_NAME"), o.first("AZBLOB_ACCOUNT_KEY", "AZURE_STORAGE_ACCOUNT_KEY")
	switch {
	case name != "" && key != "":
		return &Signer{sign: func(_ context.Context, req *http.Request) error { return signShared(req, name, key, o.now()) }}
	case o.Getenv("AZURE_STORAGE_SAS_TOKEN") != "":
		token := strings.TrimPrefix(o.Getenv("AZURE_STORAGE_SAS_TOKEN"), "?")
		return &Signer{sign: func(_ context.Context, req *http.Request) error {
			u := *req.URL
			if u.RawQuery != "" {
				u.RawQuery += "&"
			}
			u.RawQuery += token
			req.URL = &u
			return nil
		}}
	}
	return bearer(&o, o.azureToken, http.Header{"X-Ms-Version": {azureVersion}})
}

const (
	azureVersion  = "2021-12-02" // of the storage service
	azureResource = "https://storage.azure.com/"
)

// signShared signs by the scheme "Shared Key" with an account's key.
func signShared(req *http.Request, account, key string, now time.Time) error {
	secret, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return errors.New("the storage account's key is not valid base64")
	}
	req.Header.Set("X-Ms-Date", now.UTC().Format(http.TimeFormat))
	req.Header.Set("X-Ms-Version", azureVersion)
	signature := base64.StdEncoding.EncodeToString(hmacSHA256(secret, sharedText(req, account)))
	req.Header.Set("Authorization", "SharedKey "+account+":"+signature)
	return nil
}

// sharedText is the text of a request that is signed.
func sharedText(req *http.Request, account string) string {
	lines := []string{req.Method}
	for _, name := range []string{
		"Content-Encoding", "Content-Language", "Content-Length", "Content-Md5", "Content-Type", "Date",
		"If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range",
	} {
		value := req.Header.Get(name)
		if name == "Content-Length" && req.ContentLength > 0 {
			value = strconv.FormatInt(req.ContentLength, 10)
		}
		lines = append(lines, value)
	}
	var own []string
	for name, values := range req.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-ms-") {
			own = append(own, name+":"+strings.Join(values, ","))
		}
	}
	slices.Sort(own)
	lines = append(append(lines, own...), "/"+account+req.URL.EscapedPath())
	var parameters []string
	for name, values := range req.URL.Query() {
		slices.Sort(values)
		parameters = append(parameters, strings.ToLower(name)+":"+strings.Join(values, ","))
	}
	slices.Sort(parameters)
	return strings.Join(append(lines, parameters...), "\n")
}

// azureToken asks for a token of Entra ID.
func (o *Options) azureToken(ctx context.Context) (string, time.Time, error) {
	if token := o.Getenv("AZURE_STORAGE_BEARER_TOKEN"); token != "" {
		return token, time.Time{}, nil
	}
	for _, source := range []func(context.Context) (string, time.Time, error){o.azureCLI, o.azureApplication, o.azureMachine} {
		token, until, err := source(ctx)
		if !errors.Is(err, errUnset) {
			return token, until, err
		}
	}
	return "", time.Time{}, &MissingError{
		"Azure Storage", "set `AZURE_STORAGE_ACCOUNT_NAME` and `AZURE_STORAGE_ACCOUNT_KEY`, or run `az login`",
	}
}

// azureCLI asks the Azure CLI, if it is there and logged in.
func (o *Options) azureCLI(ctx context.Context) (string, time.Time, error) {
	out, err := o.run(ctx, "az account get-access-token --output json --resource "+azureResource)
	var v struct {
		Token string `json:"accessToken"`
		Until int64  `json:"expires_on"`
	}
	if err != nil || json.Unmarshal(out, &v) != nil || v.Token == "" {
		return "", time.Time{}, errUnset
	}
	until := time.Unix(v.Until, 0)
	if v.Until == 0 {
		until = o.now().Add(2 * early)
	}
	return v.Token, until, nil
}

// azureApplication asks for a token for an application, which shows its secret
// or the token of the cluster that it runs in.
func (o *Options) azureApplication(ctx context.Context) (string, time.Time, error) {
	tenant, client := o.Getenv("AZURE_TENANT_ID"), o.Getenv("AZURE_CLIENT_ID")
	secret, file := o.Getenv("AZURE_CLIENT_SECRET"), o.Getenv("AZURE_FEDERATED_TOKEN_FILE")
	if tenant == "" || client == "" || secret == "" && file == "" {
		return "", time.Time{}, errUnset
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "scope": {azureResource + ".default"}}
	if secret != "" {
		form.Set("client_secret", secret)
	} else {
		text, err := readSecret(file)
		if err != nil {
			return "", time.Time{}, fmt.Errorf("reading AZURE_FEDERATED_TOKEN_FILE: %w", err)
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", strings.TrimSpace(text))
	}
	authority := o.Getenv("AZURE_AUTHORITY_HOST")
	if authority == "" {
		authority = "https://login.microsoftonline.com"
	}
	return o.askToken(ctx, formRequest(strings.TrimSuffix(authority, "/")+"/"+url.PathEscape(tenant)+"/oauth2/v2.0/token", form))
}

// azureMachine asks the metadata service for a token of the machine's identity.
func (o *Options) azureMachine(ctx context.Context) (string, time.Time, error) {
	at := "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" + url.QueryEscape(azureResource)
	if client := o.Getenv("AZURE_CLIENT_ID"); client != "" {
		at += "&client_id=" + url.QueryEscape(client)
	}
	body, ok := o.metadata(ctx, Request{Method: http.MethodGet, URL: at, Header: http.Header{"Metadata": {"true"}}})
	if !ok {
		return "", time.Time{}, errUnset
	}
	return o.readToken("the machine's metadata service", http.StatusOK, body)
}
