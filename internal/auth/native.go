package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/zalando/go-keyring"
)

// A Ring is the secret store of an operating system: passwords by service and
// user. Get and Delete return [ErrNotKept] for what is not there.
type Ring interface {
	Get(service, username string) (string, error)
	Set(service, username, password string) error
	Delete(service, username string) error
}

// SystemRing returns the Keychain of macOS, the Credential Manager of Windows or
// the Secret Service of the other systems' desktops.
func SystemRing() Ring { return systemRing{} }

type systemRing struct{}

func (systemRing) Get(service, username string) (string, error) {
	password, err := keyring.Get(service, username)
	return password, ringError(err)
}

func (systemRing) Set(service, username, password string) error {
	return ringError(keyring.Set(service, username, password))
}

func (systemRing) Delete(service, username string) error {
	return ringError(keyring.Delete(service, username))
}

func ringError(err error) error {
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrNotKept
	}
	return err
}

// ringPrefix marks the entries of uv, and so of this program, in the ring.
const ringPrefix = "uv:"

// defaultPatience is how long a keyring may take to answer: a person may have to
// unlock it first.
const defaultPatience = 2 * time.Minute

// errNoAnswer says that a keyring hangs.
var errNoAnswer = errors.New("it does not answer")

// NativeKeep returns a ring as a Keep. Each call waits for the ring no longer
// than patience, 0 being two minutes.
func NativeKeep(r Ring, patience time.Duration) Keep {
	if patience <= 0 {
		patience = defaultPatience
	}
	return &nativeKeep{ring: r, patience: patience}
}

type nativeKeep struct {
	ring     Ring
	patience time.Duration
}

// Get asks for the URL itself and then for its host. A ring cannot be searched
// without a user, who is then the one of tokens.
func (k *nativeKeep) Get(ctx context.Context, service, username string) (Credentials, error) {
	if username == "" {
		username = TokenUser
	}
	u, err := url.Parse(Strip(service))
	if err != nil || u.Host == "" {
		return Credentials{}, ErrNotKept
	}
	for _, name := range []string{u.String(), ringHost(u)} {
		var password string
		err := k.call(ctx, func() (err error) {
			password, err = k.ring.Get(ringPrefix+name, username)
			return err
		})
		switch {
		case err == nil:
			return Basic(username, password), nil
		case !errors.Is(err, ErrNotKept):
			return Credentials{}, err
		}
	}
	return Credentials{}, ErrNotKept
}

func (k *nativeKeep) Put(ctx context.Context, service string, c Credentials) error {
	if !c.HasPassword {
		return errors.New("the system's keyring holds passwords only")
	}
	name, err := ringName(service)
	if err != nil {
		return err
	}
	return k.call(ctx, func() error { return k.ring.Set(ringPrefix+name, c.Username, c.Password) })
}

func (k *nativeKeep) Remove(ctx context.Context, service, username string) error {
	name, err := ringName(service)
	if err != nil {
		return err
	}
	return k.call(ctx, func() error { return k.ring.Delete(ringPrefix+name, username) })
}

// call runs f, and leaves it behind if it takes too long.
func (k *nativeKeep) call(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, k.patience, errNoAnswer)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, ErrNotKept) {
			return fmt.Errorf("using the system's keyring: %w", err)
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("using the system's keyring: %w", context.Cause(ctx))
	}
}

// ringName is what an entry is stored under: the host, with the scheme if it is
// not https, so that what was meant for one is not sent over the other.
func ringName(service string) (string, error) {
	u, err := url.Parse(service)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("invalid service URL: %s", Redact(service))
	}
	return ringHost(u), nil
}

func ringHost(u *url.URL) string {
	if u.Scheme == "https" {
		return u.Host
	}
	return u.Scheme + "://" + u.Host
}
