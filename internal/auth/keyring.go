package auth

import (
	"bytes"
	"context"
	"fmt"
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
)

// UnmarshalText reads "disabled" or "subprocess".
func (k *Keyring) UnmarshalText(text []byte) error {
	switch string(text) {
	case "disabled":
		*k = KeyringDisabled
	case "subprocess":
		*k = KeyringSubprocess
	default:
		return fmt.Errorf("unknown keyring provider %q: expected disabled or subprocess", text)
	}
	return nil
}

// MarshalText is the reverse of [Keyring.UnmarshalText].
func (k Keyring) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

func (k Keyring) String() string {
	if k == KeyringSubprocess {
		return "subprocess"
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
	cmd := exec.CommandContext(ctx, "keyring", args...)
	cmd.Env = s.options.Environ
	cmd.WaitDelay = time.Second // children of keyring may hold the pipe open
	if path := lookPath("keyring", s.options.Environ); path != "" {
		cmd.Path, cmd.Err = path, nil
	}
	// The program may be slow or ask for something, so the user sees what it
	// says; but not that it knows no "--mode".
	var stderr bytes.Buffer
	if cmd.Stderr = s.options.Stderr; username == "" {
		cmd.Stderr = &stderr
	}
	out, err := cmd.Output()
	if err != nil {
		if _, exited := err.(*exec.ExitError); !exited && ctx.Err() == nil {
			s.warnOnce("failed to run the keyring program: %v", err)
		}
		return Credentials{}, false
	}
	if s.options.Stderr != nil {
		_, _ = stderr.WriteTo(s.options.Stderr)
	}
	return readKeyring(string(out), username)
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
