package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/auth"
)

func authCommands() []command {
	return []command{
		{path: "auth", short: "Credentials: store, show and remove those of package indexes and other services"},
		authLoginCommand(), authLogoutCommand(), authTokenCommand(), authDirCommand(),
		{path: "auth helper", hidden: true, args: "get", short: "Give credentials to other programs", prepare: prepareAuthHelper},
		{path: "auth helper get", short: "Answer a request for the credentials of a URL", prepare: prepareAuthHelperGet},
	}
}

// authFlags are those of the commands that look at one user of one service.
type authFlags struct {
	username *string
	keyring  string
}

func (o *authFlags) register(f *flags, username string) {
	f.Optional(&o.username, "username,u", "USERNAME", username)
	f.Choice(&o.keyring, "keyring-provider", "PROVIDER", "Where credentials are kept: `native` is the keyring of the operating system",
		"disabled", "subprocess", "native").FromEnv("UV_KEYRING_PROVIDER")
}

func authLoginCommand() command {
	return command{
		path: "auth login", args: "SERVICE", short: "Store credentials for a service",
		long: "What is not given is asked for at a terminal. The credentials are not tried out.",
		prepare: func(f *flags) work {
			var o loginFlags
			o.register(f, "Whose password it is")
			f.Optional(&o.password, "password", "PASSWORD", "The password; `-` reads it from standard input")
			f.Optional(&o.token, "token,t", "TOKEN", "A token, whose username is `__token__`; `-` reads it from standard input")
			f.Exclusive("username", "token")
			f.Exclusive("password", "token")
			return func(ctx context.Context, a *app, args []string) error { return a.authLogin(ctx, &o, args) }
		},
	}
}

func authLogoutCommand() command {
	return command{
		path: "auth logout", args: "SERVICE", short: "Remove the stored credentials of a service",
		prepare: func(f *flags) work {
			var o authFlags
			o.register(f, "Whose credentials to remove; by default the token")
			return func(ctx context.Context, a *app, args []string) error { return a.authLogout(ctx, &o, args) }
		},
	}
}

func authTokenCommand() command {
	return command{
		path: "auth token", args: "SERVICE", reads: true, short: "Show the stored token or password of a service",
		prepare: func(f *flags) work {
			var o authFlags
			o.register(f, "Whose password to show; by default the token")
			return func(ctx context.Context, a *app, args []string) error { return a.authToken(ctx, &o, args) }
		},
	}
}

func authDirCommand() command {
	return command{
		path: "auth dir", args: "[SERVICE]", reads: true, short: "Show where the credentials file is",
		long: "It is in UV_CREDENTIALS_DIR, else in uv's own directory of data, so that a login with either program serves both.",
		prepare: func(*flags) work {
			return func(_ context.Context, a *app, args []string) error { return a.authDir(args) }
		},
	}
}

// A service is what the commands of `auth` are called with: a URL, and the
// credentials that were written in it.
type service struct {
	url   string
	given auth.Credentials
}

func readService(args []string) (service, error) {
	if len(args) == 0 {
		return service{}, usageError("it is not said of which service: give its domain or URL")
	}
	raw, err := oneArgument(args)
	if err != nil {
		return service{}, err
	}
	clean, err := auth.CheckService(*raw)
	if err != nil {
		return service{}, usageError(fmt.Sprintf("invalid service `%s`: %v", auth.Redact(*raw), err))
	}
	_, given := auth.Split(withScheme(*raw))
	return service{clean, given}, nil
}

func withScheme(raw string) string {
	if !strings.Contains(raw, "://") {
		return "https://" + raw
	}
	return raw
}

// user is the one of the flag or the URL, and the one of tokens if neither
// names any.
func (s *service) user(flag *string) (string, error) {
	username := s.given.Username
	switch {
	case flag != nil && username != "":
		return "", usageError(fmt.Sprintf("cannot specify a username both via the URL and CLI; found `--username %s` and `%s`", *flag, username))
	case flag != nil:
		username = *flag
		if username == "" {
			return "", usageError("username cannot be empty")
		}
	case username == "":
		username = auth.TokenUser
	}
	return username, nil
}

// name is how the user's account at the service is shown.
func (s *service) name(username string) string {
	if username == auth.TokenUser {
		return s.url
	}
	return username + "@" + s.url
}

// keep is where credentials are kept: a file, or the system's keyring.
func (a *app) keep(keyring string) (auth.Keep, error) {
	if first(keyring, a.env["UV_KEYRING_PROVIDER"]) == "native" || a.previews("native-auth") {
		patience, err := a.keyringPatience()
		return auth.NativeKeep(auth.SystemRing(), patience), err
	}
	file := auth.TextStorePath(a.environment.Get)
	if file == "" {
		return nil, withHint(errors.New("there is no directory for credentials"), "set `UV_CREDENTIALS_DIR`")
	}
	return auth.TextKeep(a.path(file), a.lockTimeout()), nil
}

// keptService is the service whose credentials are stored or removed.
func (a *app) keptService(args []string) (service, error) {
	s, err := readService(args)
	if err == nil {
		err = a.refuseVendor(&s)
	}
	if err == nil {
		s.url = auth.ServiceRoot(s.url)
	}
	return s, err
}

func (a *app) authLogout(ctx context.Context, o *authFlags, args []string) error {
	s, err := a.keptService(args)
	if err != nil {
		return err
	}
	username, err := s.user(o.username)
	if err != nil {
		return err
	}
	keep, err := a.keep(o.keyring)
	if err != nil {
		return err
	}
	switch err := keep.Remove(ctx, s.url, username); {
	case errors.Is(err, auth.ErrNotKept):
		return fmt.Errorf("no matching entry found for %s", s.name(username))
	case err != nil:
		return fmt.Errorf("unable to remove credentials for %s: %w", s.name(username), err)
	}
	a.print.Line("Removed credentials for %s", a.print.Color.Bold(a.print.Color.Cyan(s.name(username))))
	return nil
}

func (a *app) authToken(ctx context.Context, o *authFlags, args []string) error {
	s, err := readService(args)
	if err != nil {
		return err
	}
	if err := a.refuseVendor(&s); err != nil {
		return err
	}
	username, err := s.user(o.username)
	if err != nil {
		return err
	}
	keep, err := a.keep(o.keyring)
	if err != nil {
		return err
	}
	c, err := keep.Get(ctx, s.url, username)
	switch {
	case errors.Is(err, auth.ErrNotKept):
		return fmt.Errorf("failed to fetch credentials for %s", s.name(username))
	case err != nil:
		return err
	case !c.HasPassword && username == auth.TokenUser:
		return fmt.Errorf("no token found for %s", s.name(username))
	case !c.HasPassword:
		return fmt.Errorf("no password found for %s", s.name(username))
	}
	a.print.Text("%s\n", c.Password)
	return nil
}

func (a *app) authDir(args []string) error {
	if len(args) > 0 {
		s, err := readService(args)
		if err != nil {
			return err
		}
		if err := a.refuseVendor(&s); err != nil {
			return err
		}
	}
	file := auth.TextStorePath(a.environment.Get)
	if file == "" {
		return withHint(errors.New("there is no directory for credentials"), "set `UV_CREDENTIALS_DIR`")
	}
	a.print.Text("%s\n", a.print.Color.Cyan(filepath.Dir(file)))
	return nil
}

// vendorDomains are those of the hosted service of uv's makers, which uv logs
// in to by a way of its own.
func vendorDomains() []string { return []string{"pyx.dev", "api.pyx.dev", "astralhosted.com"} }

// refuseVendor says so where uv would use the flow of that service: a password
// that is stored for it would never be used by uv.
func (a *app) refuseVendor(s *service) error {
	u, err := url.Parse(s.url)
	if err != nil {
		return err
	}
	known := false
	for _, domain := range vendorDomains() {
		known = known || u.Hostname() == domain
	}
	if api, err := url.Parse(a.environment.Get("PYX_API_URL")); err == nil && api.Host != "" {
		known = known || auth.RealmOf(api) == auth.RealmOf(u)
	}
	if !known {
		return nil
	}
	return withHint(fmt.Errorf("the logins of %s are not supported", u.Host),
		"the service is of the makers of uv, and uv itself logs in to it; other programs use it with credentials in the index's URL or variables")
}
