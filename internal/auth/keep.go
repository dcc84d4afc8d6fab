package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// TokenUser is the username that stands for a token in Basic authentication.
const TokenUser = "__token__"

// ErrNotKept says that a [Keep] has no credentials of a service and user.
var ErrNotKept = errors.New("no matching entry found")

// A Keep holds credentials between runs of the program. Services are URLs as
// [CheckService] returns them.
type Keep interface {
	// Get returns the credentials for a URL: of this user, or of anyone if
	// username is empty. It is [ErrNotKept] if there are none.
	Get(ctx context.Context, service, username string) (Credentials, error)
	// Put stores credentials, in the place of those of the same user.
	Put(ctx context.Context, service string, c Credentials) error
	// Remove forgets the credentials of a user. It is [ErrNotKept] if there are
	// none.
	Remove(ctx context.Context, service, username string) error
}

// TextKeep returns the [TextStore] in a file as a Keep, see [UpdateTextStore].
func TextKeep(path string, wait time.Duration) Keep { return &textKeep{path, wait} }

type textKeep struct {
	path string
	wait time.Duration
}

func (k *textKeep) Get(_ context.Context, service, username string) (Credentials, error) {
	t, err := ReadTextStore(k.path)
	if err != nil {
		return Credentials{}, err
	}
	u, err := url.Parse(service)
	if err != nil {
		return Credentials{}, fmt.Errorf("invalid service URL: %s", Redact(service))
	}
	c, ok, err := t.Lookup(u, username)
	if err == nil && !ok {
		err = ErrNotKept
	}
	return c, err
}

func (k *textKeep) Put(ctx context.Context, service string, c Credentials) error {
	return UpdateTextStore(ctx, k.path, k.wait, func(t *TextStore) error {
		t.Set(service, c)
		return nil
	})
}

func (k *textKeep) Remove(ctx context.Context, service, username string) error {
	return UpdateTextStore(ctx, k.path, k.wait, func(t *TextStore) error {
		if !t.Remove(service, username) {
			return ErrNotKept
		}
		return nil
	})
}

// ServiceRoot returns the service that an index belongs to: what is beside its
// simple pages needs the same credentials, so "https://example.com/a/simple/" is
// "https://example.com/a". Other URLs stay as they are.
func ServiceRoot(service string) string {
	u, err := url.Parse(service)
	if err != nil {
		return service
	}
	root, ok := simpleRoot(u.Path)
	if !ok {
		return service
	}
	u.Path, u.RawPath = root, ""
	if root == "" {
		u.Path = "/"
	}
	return u.String()
}

// simpleRoot returns the path above the simple pages, without a slash at its
// end; ok is false if the path does not end in them ("+simple" is how devpi
// calls it).
func simpleRoot(path string) (root string, ok bool) {
	path = strings.TrimSuffix(path, "/")
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		return path, false
	}
	if last := path[slash+1:]; strings.EqualFold(last, "simple") || strings.EqualFold(last, "+simple") {
		return path[:slash], true
	}
	return path, false
}
