package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/publish"
	"github.com/tame-py/tame/internal/web"
)

// credentials are what an upload is made with: a token, a username and password
// of flags or variables or the URL, a token of trusted publishing, what the
// stores of credentials have, or what a person types.
func (j *publishJob) credentials(ctx context.Context, bare *web.Client) (auth.Credentials, error) {
	c, err := j.givenCredentials()
	if err != nil {
		return c, err
	}
	trusted, why, err := j.trusted(ctx, bare, c)
	if err != nil || trusted != "" {
		c = auth.Basic(auth.TokenUser, trusted)
		c.Source = "trusted publishing"
		return c, err
	}
	if c.HasPassword && c.Username == "" {
		return c, withHint(usageError("there is a password but no username"),
			"give the username with `--username` (`UV_PUBLISH_USERNAME`), or use `--token` (`UV_PUBLISH_TOKEN`) instead of a password")
	}
	if c.Complete() {
		return c, nil
	}
	asked := j.url
	if c.Username != "" {
		asked = auth.Join(j.url, auth.Credentials{Username: c.Username})
	}
	found, err := j.store.Find(ctx, asked)
	if err != nil || found.Complete() {
		return found, err
	}
	return j.missing(c, why)
}

// missing asks a person, or says that there are no credentials.
func (j *publishJob) missing(c auth.Credentials, why error) (auth.Credentials, error) {
	a := j.app
	if c.Username != "" {
		if k := j.settings.Pip.KeyringProvider; k != nil && *k != auth.KeyringDisabled {
			a.print.Warn("Keyring has no password for URL `%s` and username `%s`", auth.Redact(j.url), c.Username)
		}
		c.HasPassword = true // an empty one: some servers take just a name
		return c, nil
	}
	if j.flags.dryRun {
		return c, nil // they are not needed
	}
	if typed, err := a.promptCredentials(); err != nil || typed.Complete() {
		return typed, err
	}
	if why != nil && !errors.Is(why, publish.ErrNoIdentity) {
		a.print.Line("Note: Neither credentials nor keyring are configured, and there was an error fetching the trusted publishing token. " +
			"If you don't want to use trusted publishing, you can ignore this error, but you need to provide credentials.")
		a.print.Error(why)
	}
	err := fmt.Errorf("missing credentials for %s", auth.Redact(j.url))
	return c, withHint(err, "give a token with `--token` (`UV_PUBLISH_TOKEN`), or a username and password")
}

// givenCredentials are those of flags, variables and the URL, which must not
// contradict each other.
func (j *publishJob) givenCredentials() (auth.Credentials, error) {
	a, o := j.app, j.flags
	clean, own := auth.Split(j.url)
	j.url = clean
	c := auth.Credentials{}
	username, password, token := a.textOrEnv(o.username, "UV_PUBLISH_USERNAME"), a.textOrEnv(o.password, "UV_PUBLISH_PASSWORD"), a.textOrEnv(o.token, "UV_PUBLISH_TOKEN")
	// A flag of one kind counts more than a variable of the other.
	switch {
	case o.token != nil:
		username, password = nil, nil
	case o.username != nil || o.password != nil:
		token = nil
	}
	source := func(flag *string, name string) string {
		if flag != nil {
			return "`--" + name + "`"
		}
		return "`UV_PUBLISH_" + strings.ToUpper(name) + "`"
	}
	if token != nil && *token != "" {
		if username != nil && *username != "" || password != nil && *password != "" {
			return c, usageError("a token cannot be used together with a username or password: `UV_PUBLISH_TOKEN` is set, too")
		}
		c = auth.Basic(auth.TokenUser, *token)
		c.Source = source(o.token, "token")
	} else {
		c.Username = text(username)
		if password != nil && *password != "" {
			c.Password, c.HasPassword, c.Source = *password, true, source(o.password, "password")
		}
	}
	switch {
	case own.HasPassword && c.HasPassword && own.Password != c.Password:
		return c, usageError("the password cannot be set both in the publish URL and elsewhere")
	case own.Username != "" && c.Username != "" && own.Username != c.Username:
		return c, usageError("the username cannot be set both in the publish URL and elsewhere")
	}
	c.Username = first(c.Username, own.Username)
	if own.HasPassword {
		c.Password, c.HasPassword, c.Source = own.Password, true, "the URL"
	}
	return c, nil
}

// trusted obtains a token of trusted publishing. Unless it has to be, a failure
// is kept for later: other credentials may do.
func (j *publishJob) trusted(ctx context.Context, bare *web.Client, c auth.Credentials) (token string, why, err error) {
	a := j.app
	mode := first(j.flags.trusted, text(a.config.TrustedPublishing))
	keyring := j.settings.Pip.KeyringProvider != nil && *j.settings.Pip.KeyringProvider != auth.KeyringDisabled
	given := c.Username != "" || c.HasPassword || keyring
	switch {
	case mode == "never", mode != "always" && given:
		return "", nil, nil
	case mode == "always" && given:
		return "", nil, usageError("a username, a password and the keyring are not allowed with `--trusted-publishing always`")
	}
	token, why = publish.Token(ctx, bare, j.url, a.environment.Get)
	if why == nil && a.env["GITHUB_ACTIONS"] == "true" {
		a.print.Result([]byte("::add-mask::" + token + "\n")) // GitHub keeps it out of the log then
	}
	if mode == "always" {
		return token, nil, why
	}
	return token, why, nil
}
