// Package cloud authenticates requests to the object stores of Amazon (S3),
// Google (Cloud Storage) and Microsoft (Azure Blob Storage), and of others who
// speak as they do, with the credentials that the tools of those clouds leave
// behind: in the environment, in files, and with the machine that the program
// runs on.
//
// [AWS], [Google] and [Azure] return signers. A signer looks for credentials
// when the first request is to be signed, and again when they expire. Where
// there are several, the order is that of the clouds' own tools.
//
// No error of this package shows a secret.
package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// Options are what signers know of the world. Getenv and Fetch must be set.
type Options struct {
	// Getenv returns the value of an environment variable, "" if it is not set.
	Getenv func(string) string
	// Environ is the environment of programs that print credentials, as in
	// [exec.Cmd.Env].
	Environ []string
	// Fetch makes a request and returns the answer whatever its status is.
	Fetch func(ctx context.Context, r Request) (status int, body []byte, err error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// A Request is one that a signer makes to obtain credentials. It is a secret.
type Request struct {
	Method, URL string
	Header      http.Header
	Body        string
}

// A Signer adds to requests what authenticates them. It is safe for concurrent
// use.
type Signer struct {
	sign func(ctx context.Context, req *http.Request) error
}

// Sign authenticates a request that is complete but for that.
func (s *Signer) Sign(ctx context.Context, req *http.Request) error { return s.sign(ctx, req) }

// A MissingError says that a cloud's credentials are nowhere to be found.
type MissingError struct {
	Cloud string
	Hint  string // where they could be
}

func (e *MissingError) Error() string { return "there are no credentials for " + e.Cloud }

// Hints says where credentials could be.
func (e *MissingError) Hints() []string { return []string{e.Hint} }

const (
	// metadataPatience bounds the calls to a machine's own metadata service,
	// which answers at once if it is there.
	metadataPatience = 2 * time.Second
	// programPatience bounds programs that print credentials.
	programPatience = time.Minute
	// early is how long before they expire credentials are renewed.
	early = 2 * time.Minute
)

func (o *Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

func (o *Options) home() string {
	if runtime.GOOS == "windows" {
		return o.Getenv("USERPROFILE")
	}
	return o.Getenv("HOME")
}

// inHome is a path below the home directory, "" if there is none.
func (o *Options) inHome(elem ...string) string {
	home := o.home()
	if home == "" {
		return ""
	}
	return filepath.Join(append([]string{home}, elem...)...)
}

// first returns the first variable that is set.
func (o *Options) first(names ...string) string {
	for _, name := range names {
		if v := o.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}

// metadata asks the metadata service of the machine.
func (o *Options) metadata(ctx context.Context, r Request) (body []byte, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, metadataPatience)
	defer cancel()
	status, body, err := o.Fetch(ctx, r)
	return body, err == nil && status == http.StatusOK
}

// A lease is a value that is good for some time.
type lease[T any] struct {
	mu    sync.Mutex
	value T
	err   error
	until time.Time // the zero time if it has not been asked for
}

// forever is until when credentials are good that do not expire, and failures:
// what is not there now will not come while the program runs.
var forever = time.Unix(1<<40, 0)

func (l *lease[T]) get(ctx context.Context, now time.Time, renew func(context.Context) (T, time.Time, error)) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.until.IsZero() && now.Before(l.until) {
		return l.value, l.err
	}
	value, until, err := renew(ctx)
	if ctx.Err() != nil {
		return value, context.Cause(ctx)
	}
	if err != nil || until.IsZero() {
		until = forever
	} else {
		until = until.Add(-early)
	}
	l.value, l.err, l.until = value, err, until
	return value, err
}

// A token is what an OAuth server answers with. Servers disagree on whether
// numbers are numbers.
type token struct {
	Access    string      `json:"access_token"`
	ExpiresIn json.Number `json:"expires_in"`
	Error     string      `json:"error"`
}

// askToken makes a request for a token, and returns it with its end.
func (o *Options) askToken(ctx context.Context, r Request) (string, time.Time, error) {
	status, body, err := o.Fetch(ctx, r)
	if err != nil {
		return "", time.Time{}, err
	}
	return o.readToken(r.URL, status, body)
}

func (o *Options) readToken(from string, status int, body []byte) (string, time.Time, error) {
	var t token
	if err := json.Unmarshal(body, &t); err != nil || t.Access == "" {
		why := fmt.Sprintf("status %d", status)
		if t.Error != "" {
			why += ", " + t.Error
		}
		return "", time.Time{}, fmt.Errorf("no token from %s: %s", from, why)
	}
	seconds, err := t.ExpiresIn.Int64()
	if err != nil {
		seconds = int64(early/time.Second) * 2
	}
	return t.Access, o.now().Add(time.Duration(seconds) * time.Second), nil
}

// readSecret reads a small file whose content is not shown in errors.
func readSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	return string(text), err
}

// errUnset says that a source is not configured, and the next one is to be asked.
var errUnset = errors.New("not configured")
