package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/toml"
)

// A TextStore is a file of credentials in plain text, readable by its owner
// only. Each entry serves one URL and everything below it.
type TextStore struct {
	entries []textEntry
}

type textEntry struct {
	service string // the URL as written
	url     *url.URL
	creds   Credentials
}

// An AmbiguousError reports that the store has several users for a URL and none
// was asked for.
type AmbiguousError struct{ URL string }

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("multiple credentials found for URL %q, specify which username to use", e.URL)
}

// TextStorePath returns where the text store is: credentials.toml in
// UV_CREDENTIALS_DIR, else in uv's own directory of state, so that a login with
// either tool serves both. It is "" if the environment names no home.
func TextStorePath(getenv func(string) string) string {
	if dir := getenv("UV_CREDENTIALS_DIR"); dir != "" {
		return filepath.Join(dir, "credentials.toml")
	}
	data := getenv("XDG_DATA_HOME")
	switch {
	case runtime.GOOS == "windows":
		data = getenv("APPDATA")
	case filepath.IsAbs(data):
	case getenv("HOME") != "":
		data = filepath.Join(getenv("HOME"), ".local", "share")
	default:
		data = ""
	}
	if data == "" {
		return ""
	}
	if runtime.GOOS == "windows" {
		return filepath.Join(data, "uv", "data", "credentials", "credentials.toml")
	}
	return filepath.Join(data, "uv", "credentials", "credentials.toml")
}

// CheckService reads the URL of a service that credentials are stored for, and
// returns it in its normal form, without credentials. A missing scheme means
// https; http is refused but for the local machine.
func CheckService(raw string) (string, error) {
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}
	u, err := ParseURL(raw)
	switch {
	case err != nil:
		return "", err
	case u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1":
		return "", errors.New("HTTPS is required for non-local hosts")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("unsupported scheme: %s", u.Scheme)
	case u.Host == "":
		return "", fmt.Errorf("no host in %q", Redact(raw))
	}
	realm, err := url.Parse(RealmOf(u).String())
	if err != nil {
		return "", fmt.Errorf("no host in %q", Redact(raw))
	}
	u.User, u.Scheme, u.Host = nil, realm.Scheme, realm.Host
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), nil
}

// ReadTextStore reads the store. A file that is not there is an empty store.
func ReadTextStore(path string) (*TextStore, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &TextStore{}, nil
	}
	if err != nil {
		return &TextStore{}, fmt.Errorf("reading stored credentials: %w", err)
	}
	t, err := parseTextStore(text)
	if err != nil {
		return &TextStore{}, fmt.Errorf("reading stored credentials from %s: %w", path, err)
	}
	return t, nil
}

func parseTextStore(text []byte) (*TextStore, error) {
	doc, err := toml.Parse("credentials.toml", text)
	if err != nil {
		return nil, lineError(err) // the error's own text shows the line
	}
	t := &TextStore{}
	for _, v := range doc.Lookup("credential").Elems() {
		e, err := readEntry(v)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", v.Position().Line, err)
		}
		t.put(e)
	}
	return t, nil
}

func lineError(err error) error {
	var at *toml.Error
	if errors.As(err, &at) {
		return fmt.Errorf("line %d is not valid TOML", at.Line)
	}
	return errors.New("not valid TOML")
}

func readEntry(v *toml.Value) (textEntry, error) {
	text := func(key string) string {
		s, _ := v.Get(key).Text()
		return s
	}
	service, err := CheckService(text("service"))
	if err != nil {
		return textEntry{}, err
	}
	u, err := url.Parse(service)
	if err != nil {
		return textEntry{}, errors.New("invalid service URL")
	}
	e := textEntry{service: service, url: u}
	_, hasPassword := v.Get("password").Text()
	switch scheme := text("scheme"); scheme {
	case "", "basic":
		e.creds = Credentials{Username: text("username"), Password: text("password"), HasPassword: hasPassword}
		if e.creds.Username == "" {
			return e, errors.New("`username` is required with `scheme = basic`")
		}
		if text("token") != "" {
			return e, errors.New("`token` cannot be provided with `scheme = basic`")
		}
	case "bearer":
		e.creds = Credentials{Token: text("token")}
		if e.creds.Token == "" {
			return e, errors.New("`token` is required with `scheme = bearer`")
		}
		if text("username") != "" || hasPassword {
			return e, errors.New("`username` and `password` cannot be provided with `scheme = bearer`")
		}
	default:
		return e, fmt.Errorf("unknown scheme %q", scheme)
	}
	return e, nil
}

// Lookup returns the credentials of the most specific service that holds the
// URL. If username is not empty they must be that user's. Several users for one
// service without a username to choose are an [AmbiguousError].
func (t *TextStore) Lookup(u *url.URL, username string) (Credentials, bool, error) {
	if t == nil {
		return Credentials{}, false, nil
	}
	var best *textEntry
	ambiguous := false
	for i := range t.entries {
		e := &t.entries[i]
		if RealmOf(e.url) != RealmOf(u) || !pathWithin(e.url.Path, u.Path) || username != "" && e.creds.Username != username {
			continue
		}
		switch {
		case best == nil || len(e.url.Path) > len(best.url.Path):
			best, ambiguous = e, false
		case len(e.url.Path) == len(best.url.Path):
			ambiguous = true
		}
	}
	if ambiguous {
		return Credentials{}, false, &AmbiguousError{URL: Redact(u.String())}
	}
	if best == nil {
		return Credentials{}, false, nil
	}
	return best.creds, true, nil
}

// Get returns the credentials stored for exactly this service and user; an
// empty username stands for a token.
func (t *TextStore) Get(service, username string) (Credentials, bool) {
	for _, e := range t.entries {
		if e.service == service && e.creds.Username == username {
			return e.creds, true
		}
	}
	return Credentials{}, false
}

// Set stores credentials for a service, which must come from [CheckService],
// and reports whether it replaced those of the same user.
func (t *TextStore) Set(service string, c Credentials) (replaced bool) {
	u, err := url.Parse(service)
	if err != nil {
		return false
	}
	return t.put(textEntry{service: service, url: u, creds: c})
}

func (t *TextStore) put(e textEntry) (replaced bool) {
	for i := range t.entries {
		if old := &t.entries[i]; old.service == e.service && old.creds.Username == e.creds.Username {
			*old = e
			return true
		}
	}
	t.entries = append(t.entries, e)
	return false
}

// Remove forgets the credentials of a service and user and reports whether there
// were any.
func (t *TextStore) Remove(service, username string) bool {
	before := len(t.entries)
	t.entries = slices.DeleteFunc(t.entries, func(e textEntry) bool {
		return e.service == service && e.creds.Username == username
	})
	return len(t.entries) < before
}

// text returns the store as its file. It is a secret.
func (t *TextStore) text() []byte {
	var b strings.Builder
	for i, e := range t.entries {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("[[credential]]\n")
		field := func(key, value string) { fmt.Fprintf(&b, "%s = %s\n", key, toml.LitString(value)) }
		field("service", e.service)
		if e.creds.Token != "" {
			field("scheme", "bearer")
			field("token", e.creds.Token)
			continue
		}
		field("username", e.creds.Username)
		field("scheme", "basic")
		if e.creds.HasPassword {
			field("password", e.creds.Password)
		}
	}
	return []byte(b.String())
}

// UpdateTextStore changes the store while no other process does: f gets what the
// file holds, and what it leaves there is written. Nothing is written if f
// fails. The file can be read by its owner only. Another process is waited for as
// [fsx.LockOptions] says.
func UpdateTextStore(ctx context.Context, path string, wait time.Duration, f func(*TextStore) error) error {
	if path == "" {
		return errors.New("no directory for stored credentials: neither UV_CREDENTIALS_DIR nor a home directory is set")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("storing credentials: %w", err)
	}
	lock, err := fsx.Acquire(ctx, path+".lock", fsx.Exclusive, fsx.LockOptions{Timeout: wait})
	if err != nil {
		return fmt.Errorf("storing credentials: %w", err)
	}
	defer lock.Release()
	t, err := ReadTextStore(path)
	if err != nil {
		return err
	}
	if err := f(t); err != nil {
		return err
	}
	if info, missing := os.Stat(path); missing == nil {
		// uv leaves it as readable as the umask makes it.
		if info.Mode().Perm()&0o077 != 0 {
			_ = os.Chmod(path, 0o600)
		}
		err = fsx.ReplaceFile(path, t.text())
	} else {
		err = fsx.WriteFile(path, t.text(), 0o600)
	}
	if err != nil {
		return fmt.Errorf("storing credentials: %w", err)
	}
	return nil
}
