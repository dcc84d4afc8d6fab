package cli

import (
	"fmt"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/config"
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
	if s.pip.KeyringProvider != nil {
		o.Keyring = *s.pip.KeyringProvider
	}
	if o.Keyring == auth.KeyringNative || a.previews("native-auth") {
		o.Ring = auth.SystemRing()
	}
	var err error
	if o.Git, err = config.ParseBool("TAME_GIT_CREDENTIALS", a.env["TAME_GIT_CREDENTIALS"]); err != nil {
		return o, err
	}
	o.Patience, err = a.keyringPatience()
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
	text := a.env["TAME_KEYRING_TIMEOUT"]
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text + "s")
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("invalid value `%s` for `TAME_KEYRING_TIMEOUT`: a number of seconds is expected", text)
	}
	return d, nil
}
