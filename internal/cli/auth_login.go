package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/ui"
)

type loginFlags struct {
	authFlags
	password, token *string
}

func (a *app) authLogin(ctx context.Context, o *loginFlags, args []string) error {
	s, err := a.keptService(args)
	if err != nil {
		return err
	}
	keep, err := a.keep(o.keyring)
	if err != nil {
		return err
	}
	username, err := a.loginUser(o, &s)
	if err != nil {
		return err
	}
	password, err := a.loginPassword(o, &s)
	if err != nil {
		return err
	}
	if password == "" {
		return usageError("password cannot be empty")
	}
	if err := keep.Put(ctx, s.url, auth.Basic(username, password)); err != nil {
		return err
	}
	a.print.Line("Stored credentials for %s", a.print.Color.Bold(a.print.Color.Cyan(s.name(username))))
	return nil
}

// loginUser is the user to store a password for, asked for if need be.
func (a *app) loginUser(o *loginFlags, s *service) (string, error) {
	if o.username != nil || s.given.Username != "" {
		username, err := s.user(o.username)
		if err == nil && o.token != nil && username != auth.TokenUser {
			err = usageError("when using `--token`, a username cannot be provided; found: " + username)
		}
		return username, err
	}
	if o.token != nil {
		return auth.TokenUser, nil
	}
	terminal, ok := a.terminal()
	if !ok {
		return "", usageError("no username provided; did you mean to provide `--username` or `--token`?")
	}
	username, err := a.ask(terminal, "username: ")
	if err == nil && username == "" {
		err = usageError("username cannot be empty")
	}
	return username, err
}

// loginPassword is the password or token to store, asked for if need be.
func (a *app) loginPassword(o *loginFlags, s *service) (string, error) {
	given := o.password
	switch {
	case s.given.HasPassword && o.token != nil:
		return "", usageError("cannot include a password in the URL when using `--token`")
	case s.given.HasPassword && o.password != nil:
		return "", usageError("cannot specify a password both via the URL and CLI")
	case s.given.HasPassword:
		return s.given.Password, nil
	case o.token != nil:
		given = o.token
	}
	switch {
	case given != nil && *given == "-":
		return a.secretFromStdin()
	case given != nil:
		return *given, nil
	}
	terminal, ok := a.terminal()
	if !ok {
		return "", usageError("no password provided; did you mean to provide `--password` or `--token`?")
	}
	return a.askSecret(terminal, "password: ")
}

// secretFromStdin reads one line.
func (a *app) secretFromStdin() (string, error) {
	line, err := bufio.NewReader(io.LimitReader(a.stdio.In, 1<<20)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("reading standard input: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// terminal is the one that a person can be asked at: questions are written to
// standard error and answers read from standard input.
func (a *app) terminal() (*os.File, bool) {
	in, ok := a.stdio.In.(*os.File)
	if _, watched := ui.IsTerminal(a.stdio.Err); !ok || !watched || !term.IsTerminal(int(in.Fd())) {
		return nil, false
	}
	return in, true
}

func (a *app) ask(terminal *os.File, question string) (string, error) {
	_, _ = fmt.Fprint(a.stdio.Err, question)
	answer, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("failed to read the answer: %w", err)
	}
	return strings.TrimSpace(answer), nil
}

// askSecret asks for what is not to be seen.
func (a *app) askSecret(terminal *os.File, question string) (string, error) {
	_, _ = fmt.Fprint(a.stdio.Err, question)
	secret, err := term.ReadPassword(int(terminal.Fd()))
	_, _ = fmt.Fprintln(a.stdio.Err)
	if err != nil {
		return "", fmt.Errorf("failed to read the answer: %w", err)
	}
	return string(secret), nil
}

// promptCredentials asks the person at the terminal, if there is one.
func (a *app) promptCredentials() (auth.Credentials, error) {
	terminal, ok := a.terminal()
	if !ok {
		return auth.Credentials{}, nil
	}
	username, err := a.ask(terminal, "Enter username ('"+auth.TokenUser+"' if using a token): ")
	if err != nil {
		return auth.Credentials{}, err
	}
	password, err := a.askSecret(terminal, "Enter password: ")
	c := auth.Basic(username, password)
	c.Source = "the terminal"
	return c, err
}
