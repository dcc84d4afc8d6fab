package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cloud"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/web"
)

// authOptions are where credentials are looked for.
func (a *app) authOptions(s *workSettings, l index.Locations) (auth.Options, error) {
	o := auth.Options{
		Getenv: a.environment.Get, Environ: a.environ(), Stderr: a.stdio.Err,
		Indexes: l.Auth(a.environment.Get), TextStore: auth.TextStorePath(a.environment.Get),
		Warn: func(message string) { a.print.Warn("%s", message) },
	}
	if a.print.Debugging() {
		o.Debug = a.print.Debug
	}
	if s.Pip.KeyringProvider != nil {
		o.Keyring = *s.Pip.KeyringProvider
	}
	if o.Keyring == auth.KeyringNative || a.previews("native-auth") {
		o.Ring = auth.SystemRing()
	}
	o.Git = isTrue(a.config.Tame.GitCredentials)
	var err error
	if o.Patience, err = a.keyringPatience(); err != nil {
		return o, err
	}
	o.Endpoints, err = a.endpoints(s)
	return o, err
}

// authStore is a store of credentials that knows the indexes.
func (a *app) authStore(s *workSettings, l index.Locations) (*auth.Store, error) {
	o, err := a.authOptions(s, l)
	return auth.NewStore(o), err
}

// plainClient is a client that knows no indexes.
func (a *app) plainClient(s *workSettings) (*web.Client, error) {
	store, err := a.authStore(s, index.Locations{})
	if err != nil {
		return nil, err
	}
	return a.webClient(s, store)
}

// keyringPatience is how long a keyring, or a program that is asked for
// credentials, may take to answer; 0 is as long as they do by default.
func (a *app) keyringPatience() (time.Duration, error) {
	return a.layers().Seconds("TAME_KEYRING_TIMEOUT", a.config.Tame.KeyringTimeout, 1)
}

// endpoints are the object stores whose requests are signed, by the variables of
// uv. They find credentials when the first request needs them.
func (a *app) endpoints(s *workSettings) ([]auth.Endpoint, error) {
	var out []auth.Endpoint
	for _, store := range []struct {
		name, feature string
		signer        func(cloud.Options) *cloud.Signer
	}{
		{"UV_S3_ENDPOINT_URL", "s3-endpoint", cloud.AWS},
		{"UV_GCS_ENDPOINT_URL", "gcs-endpoint", cloud.Google},
		{"UV_AZURE_ENDPOINT_URL", "azure-endpoint", cloud.Azure},
	} {
		text := a.env[store.name]
		if text == "" {
			continue
		}
		u, err := auth.ParseURL(text)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("invalid `%s`: a URL is expected, not %q", store.name, auth.Redact(text))
		}
		if !a.previews(store.feature) {
			a.warnOnce("the `" + store.feature + "` option is experimental and may change without warning. Pass `--preview-features " + store.feature + "` to disable this warning.")
		}
		signer := store.signer(cloud.Options{Getenv: a.environment.Get, Environ: a.environ(), Fetch: a.cloudFetch(s)})
		out = append(out, auth.Endpoint{URL: u, Signer: signer, Source: "the settings behind `" + store.name + "`"})
	}
	return out, nil
}

// cloudFetch makes requests for the credentials of a cloud, with no credentials
// of ours.
func (a *app) cloudFetch(s *workSettings) func(context.Context, cloud.Request) (int, []byte, error) {
	client := sync.OnceValues(func() (*web.Client, error) {
		return a.webClient(s, auth.NewStore(auth.Options{}))
	})
	return func(ctx context.Context, r cloud.Request) (int, []byte, error) {
		c, err := client()
		if err != nil {
			return 0, nil, err
		}
		request := web.Request{Method: r.Method, URL: r.URL, Header: r.Header, AnyStatus: true, NoRedirect: true}
		if r.Body != "" {
			request.Body = func() (io.ReadCloser, int64, error) {
				return io.NopCloser(strings.NewReader(r.Body)), int64(len(r.Body)), nil
			}
		}
		resp, body, err := c.Get(ctx, request)
		if err != nil {
			return 0, nil, err
		}
		return resp.Status, body, nil
	}
}
