package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tame-py/tame/internal/auth"
)

// prepareAuthHelper is for `auth helper` and for `auth helper get`: uv takes the
// option before the last word.
func prepareAuthHelper(f *flags) work {
	var protocol string
	helperProtocol(f, &protocol)
	return func(ctx context.Context, a *app, args []string) error {
		command, err := oneArgument(args)
		switch {
		case err != nil:
			return err
		case command == nil || *command != "get":
			return withHint(usageError("it is not said what to do"), "`%s auth helper --protocol bazel get` answers a request", a.name)
		}
		return a.authHelperGet(ctx, protocol)
	}
}

func prepareAuthHelperGet(f *flags) work {
	var protocol string
	helperProtocol(f, &protocol)
	return func(ctx context.Context, a *app, _ []string) error { return a.authHelperGet(ctx, protocol) }
}

func helperProtocol(f *flags, p *string) {
	f.Choice(p, "protocol", "PROTOCOL", "How to be asked and to answer: `bazel` is that of Bazel's credential helpers", "bazel")
}

// A helperAnswer is what Bazel's protocol wants to hear: the headers that a
// request needs.
type helperAnswer struct {
	Headers map[string][]string `json:"headers"`
}

// maxHelperRequest bounds what is read; a request is one URL.
const maxHelperRequest = 1 << 20

// authHelperGet answers one request of Bazel's credential helper protocol.
func (a *app) authHelperGet(ctx context.Context, protocol string) error {
	if protocol == "" {
		return usageError("`--protocol` is required: the only one is `bazel`")
	}
	a.warnPreview("auth helper", "auth-helper")
	text, err := io.ReadAll(io.LimitReader(a.stdio.In, maxHelperRequest))
	if err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	uri, err := readHelperRequest(text)
	if err != nil {
		return err
	}
	answer := helperAnswer{Headers: map[string][]string{}}
	c, err := a.helperCredentials(ctx, uri)
	if err != nil {
		return err
	}
	if c.Complete() {
		answer.Headers["Authorization"] = []string{c.Header()}
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	a.print.Data("%s\n", out)
	return nil
}

// readHelperRequest returns the URL of a request. What is wrong with it is told
// without showing it.
func readHelperRequest(text []byte) (string, error) {
	const failed = "failed to parse credential request as JSON"
	var request struct {
		URI *string `json:"uri"`
	}
	if err := json.Unmarshal(text, &request); err != nil {
		return "", fmt.Errorf(failed+": %w", err)
	}
	if request.URI == nil {
		return "", errors.New(failed + ": it has no `uri`")
	}
	u, err := auth.ParseURL(*request.URI)
	switch {
	case err != nil:
		return "", fmt.Errorf(failed+": %w", err)
	case u.Scheme == "":
		return "", fmt.Errorf(failed+": the `uri` has no scheme: %q", auth.Redact(*request.URI))
	}
	return *request.URI, nil
}

// helperCredentials looks into the credentials that are kept; a password of the
// URL itself is not used.
func (a *app) helperCredentials(ctx context.Context, uri string) (auth.Credentials, error) {
	clean, own := auth.Split(uri)
	if own.HasPassword {
		a.print.Debug("the password in %s is not used", auth.Redact(uri))
	}
	keep, err := a.keep("")
	if err != nil {
		return auth.Credentials{}, err
	}
	c, err := keep.Get(ctx, clean, own.Username)
	if errors.Is(err, auth.ErrNotKept) {
		return auth.Credentials{}, nil
	}
	return c, err
}
