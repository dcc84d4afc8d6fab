package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// Keyring says whether the system's keyring is asked. The zero value is
// [KeyringDisabled]. Its text form is the value of --keyring-provider.
type Keyring uint8

const (
	// KeyringDisabled asks no keyring.
	KeyringDisabled Keyring = iota
	// KeyringSubprocess asks the program "keyring", as pip does.
	KeyringSubprocess
	// KeyringNative asks the keyring of the operating system, see [Ring].
	KeyringNative
)

// UnmarshalText reads "disabled", "subprocess" or "native".
func (k *Keyring) UnmarshalText(text []byte) error {
	switch string(text) {
	case "disabled":
		*k = KeyringDisabled
	case "subprocess":
		*k = KeyringSubprocess
	case "native":
		*k = KeyringNative
	default:
		return fmt.Errorf("unknown keyring provider %q: expected disabled, subprocess or native", text)
	}
	return nil
}

// MarshalText is the reverse of [Keyring.UnmarshalText].
func (k Keyring) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

func (k Keyring) String() string {
	switch k {
	case KeyringSubprocess:
		return "subprocess"
	case KeyringNative:
		return "native"
	}
	return "disabled"
}

// askKeyring asks the keyring program for a password: first for the whole URL,
// then for its host, as pip does. Without a username the program is asked for
// both. Anything but a clear answer is none.
func (s *Store) askKeyring(ctx context.Context, u *url.URL, username string) (Credentials, bool) {
	clean := *u
	clean.User = nil
	services := []string{clean.String(), u.Host}
	if u.Scheme != "https" {
		services = append(services, u.Scheme+"://"+u.Host)
	}
	for _, service := range services {
		if c, ok := s.runKeyring(ctx, service, username); ok {
			return c, true
		}
	}
	return Credentials{}, false
}

func (s *Store) runKeyring(ctx context.Context, service, username string) (Credentials, bool) {
	args := []string{"get", service, username}
	if username == "" {
		args = []string{"get", service, "--mode", "creds"}
	}
	// The program may be slow or ask for something, so the user sees what it
	// says; but not that it knows no "--mode".
	var stderr bytes.Buffer
	shown := s.options.Stderr
	if username == "" {
		shown = &stderr
	}
	out, ok := s.ask(ctx, helperProgram{name: "keyring", args: args, environ: s.options.Environ, stderr: shown})
	if !ok {
		return Credentials{}, false
	}
	if s.options.Stderr != nil {
		_, _ = stderr.WriteTo(s.options.Stderr)
	}
	return readKeyring(out, username)
}

// A helperProgram is a program that is asked for credentials.
type helperProgram struct {
	name, input   string
	args, environ []string
	stderr        io.Writer
}

// ask returns what a program prints. One that fails has nothing to say; one
// that hangs is stopped, and not asked again.
func (s *Store) ask(ctx context.Context, p helperProgram) (out string, ok bool) {
	if _, hung := s.hung.Load(p.name); hung {
		return "", false
	}
	patience := s.options.Patience
	if patience <= 0 {
		patience = defaultPatience
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(limited, p.name, p.args...)
	cmd.Env = p.environ
	cmd.WaitDelay = time.Second // its children may hold the pipe open
	if path := lookPath(p.name, p.environ); path != "" {
		cmd.Path, cmd.Err = path, nil
	}
	if p.input != "" {
		cmd.Stdin = strings.NewReader(p.input)
	}
	if p.stderr != nil {
		// Not the file itself: what the program has started would hold it open
		// after the program was stopped, and who reads it would wait for that.
		cmd.Stderr = struct{ io.Writer }{p.stderr}
	}
	answer, err := cmd.Output()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // it has left something running, such as an agent
		return string(answer), true
	}
	_, exited := err.(*exec.ExitError)
	switch {
	case ctx.Err() != nil:
	case limited.Err() != nil:
		s.hung.Store(p.name, true)
		s.warnOnce("the program `%s` was stopped because it gave no answer for %v", p.name, patience)
	case !exited:
		s.warnOnce("failed to run the %s program: %v", p.name, err)
	}
	return "", false
}

// readKeyring reads what the program printed: the password, or user and password
// on a line each.
func readKeyring(out, username string) (Credentials, bool) {
	if username != "" {
		password := strings.TrimRight(out, " \t\r\n")
		return Basic(username, password), password != ""
	}
	username, rest, ok := strings.Cut(out, "\n")
	password, _, _ := strings.Cut(rest, "\n")
	if password = strings.TrimSuffix(password, "\r"); !ok || password == "" {
		return Credentials{}, false
	}
	return Basic(strings.TrimSuffix(username, "\r"), password), true
}
