package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/par"
)

// Options are where a [Store] looks. The zero value looks nowhere but into URLs.
type Options struct {
	// Getenv returns the value of an environment variable; nil is an empty
	// environment. The store reads HOME (USERPROFILE), NETRC, HF_TOKEN,
	// UV_NO_HF_TOKEN and DEPENDABOT.
	Getenv func(string) string
	// Environ is the environment of the programs that are asked, as in
	// [exec.Cmd.Env].
	Environ []string
	// Indexes are the package indexes with their policies and credentials. The
	// first that holds a URL counts.
	Indexes []Index
	// Keyring says whether to ask the keyring program.
	Keyring Keyring
	// Stderr is where the keyring program's messages go; nil drops them.
	Stderr io.Writer
	// TextStore is the path of the text store, "" for none; see [TextStorePath].
	TextStore string
	// Ring is the keyring of the operating system, nil if it is not asked.
	Ring Ring
	// Git says whether to ask the credential helpers of git.
	Git bool
	// Endpoints are the object stores whose requests are signed.
	Endpoints []Endpoint
	// Patience bounds how long a keyring or a program may take to answer; 0
	// means two minutes.
	Patience time.Duration
	// Warn tells the user of a source that cannot be read; nil is silent.
	Warn func(message string)
	// Debug is told where credentials are found, and no secrets; nil is silent.
	Debug func(format string, args ...any)
}

// An Endpoint is an object store: requests to its URL and what is below it, on
// its host or a subdomain, are signed when the server refuses them.
type Endpoint struct {
	URL    *url.URL
	Signer Signer
	// Source is where the signer's setting comes from, see [Credentials].
	Source string
}

// holds reports whether a URL belongs to the endpoint.
func (e *Endpoint) holds(u *url.URL) bool {
	own, other := RealmOf(e.URL), RealmOf(u)
	below := strings.HasSuffix(other.Host, "."+own.Host)
	if below {
		other.Host = own.Host
	}
	return own == other && pathWithin(e.URL.Path, u.Path)
}

// A Store knows the credentials of one run: those given to it, those found by
// searching, and those that worked. It is safe for concurrent use.
type Store struct {
	options Options
	places  []place

	mu     sync.RWMutex
	realms map[realmUser]Credentials
	urls   map[string]Credentials // by realm and path, without a slash at the end

	netrc   func() *Netrc
	texts   func() *TextStore
	fetches par.Cache[fetchKey, *par.Future[Credentials]]
	warned  sync.Map
	hung    sync.Map // the names of programs that do not answer
}

type realmUser struct {
	realm    Realm
	username string
}

// A fetchKey is what a search is remembered by: an index's URL or a realm, and
// the user that is searched for.
type fetchKey struct{ scope, username string }

// NewStore returns a store with the credentials of the indexes. It reads no file
// before the first search.
func NewStore(o Options) *Store {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	s := &Store{options: o, realms: map[realmUser]Credentials{}, urls: map[string]Credentials{}}
	s.netrc = sync.OnceValue(func() *Netrc {
		n, err := readNetrc(o.Getenv)
		if err != nil {
			s.warnOnce("%v", err)
		}
		return n
	})
	s.texts = sync.OnceValue(func() *TextStore {
		if o.TextStore == "" {
			return nil
		}
		t, err := ReadTextStore(o.TextStore)
		if err != nil {
			s.warnOnce("%v", err)
		}
		return t
	})
	for _, x := range o.Indexes {
		s.addIndex(x)
	}
	return s
}

func (s *Store) warnOnce(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if _, seen := s.warned.LoadOrStore(message, true); !seen && s.options.Warn != nil {
		s.options.Warn(message)
	}
}

func (s *Store) addIndex(x Index) {
	p, ok := newPlace(x)
	if !ok {
		return
	}
	s.places = append(s.places, p)
	c := x.Credentials
	if c.IsZero() {
		_, c = Split(x.URL)
		c = c.from("the index's URL")
	}
	if c.IsZero() {
		return
	}
	s.remember(p.url, c)
	root := *p.url
	root.Path, root.RawPath = p.root, ""
	s.remember(&root, c)
}

// Add makes credentials known for a URL and everything below it, and for the
// rest of its realm when a server asks.
func (s *Store) Add(rawURL string, c Credentials) {
	if u, err := url.Parse(Strip(rawURL)); err == nil && u.Host != "" {
		s.remember(u, c)
	}
}

// AddURL makes the credentials known that a URL carries, if any.
func (s *Store) AddURL(rawURL string) {
	if clean, c := Split(rawURL); !c.IsZero() {
		s.Add(clean, c.from("the URL"))
	}
}

func (s *Store) remember(u *url.URL, c Credentials) {
	if c.IsZero() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	realm := RealmOf(u)
	s.urls[realm.String()+strings.TrimRight(u.Path, "/")] = c
	if c.Signer != nil {
		return // an endpoint need not be the whole realm
	}
	for _, username := range []string{c.Username, ""} {
		key := realmUser{realm, username}
		// A mere name does not replace what can authenticate.
		if old := s.realms[key]; c.Complete() || !old.Complete() {
			s.realms[key] = c
		}
	}
}

// forURL returns the credentials known for the URL or the closest URL above it.
// If username is not empty they must be that user's, and complete.
func (s *Store) forURL(u *url.URL, username string) (Credentials, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.urls) == 0 {
		return Credentials{}, false
	}
	realm := RealmOf(u).String()
	path := strings.TrimRight(u.Path, "/")
	for {
		if c, ok := s.urls[realm+path]; ok {
			return c, username == "" || c.Username == username && c.Complete()
		}
		slash := strings.LastIndexByte(path, '/')
		if slash < 0 {
			return Credentials{}, false
		}
		path = path[:slash]
	}
}

func (s *Store) forRealm(u *url.URL, username string) (Credentials, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.realms[realmUser{RealmOf(u), username}]
	return c, ok && (username == "" || c.Complete())
}

// placeOf returns the index that a URL belongs to, or nil.
func (s *Store) placeOf(u *url.URL) *place {
	for i := range s.places {
		if s.places[i].holds(u) {
			return &s.places[i]
		}
	}
	return nil
}

// search looks for credentials outside of the program, once per index or realm
// and user. It returns false if there are none, and the context's error if that
// ends first.
func (s *Store) search(ctx context.Context, u *url.URL, index *place, username string) (Credentials, bool, error) {
	// What is known without asking need not be remembered, and is not the same
	// everywhere in a realm.
	if c, ok := s.fromProvider(u); ok {
		return c, true, nil
	}
	key := fetchKey{RealmOf(u).String(), username}
	if index != nil {
		key.scope = index.url.String()
	}
	for {
		future := s.fetches.Do(key, func() *par.Future[Credentials] {
			return par.Go(func() (Credentials, error) {
				c, ok := s.searchNow(ctx, u, index, username)
				if !ok {
					return Credentials{}, ctx.Err()
				}
				return c, nil
			})
		})
		c, err := future.Wait(ctx)
		if err == nil || ctx.Err() != nil {
			return c, !c.IsZero(), err
		}
		// Whoever started the search was stopped; this request was not.
		s.fetches.Forget(key)
	}
}

// searchNow asks one source after the other.
func (s *Store) searchNow(ctx context.Context, u *url.URL, index *place, username string) (Credentials, bool) {
	for _, source := range []func(context.Context, *url.URL, *place, string) (Credentials, bool){
		s.fromFiles, s.fromRing, s.fromKeyring, s.fromGit,
	} {
		if c, ok := source(ctx, u, index, username); ok {
			if s.options.Debug != nil {
				s.options.Debug("credentials for %s: %s", Redact(u.String()), c.Describe())
			}
			return c, true
		}
	}
	return Credentials{}, false
}

// fromProvider knows hosts that want credentials of their own kind.
func (s *Store) fromProvider(u *url.URL) (Credentials, bool) {
	if c, ok := s.huggingFace(u); ok {
		return c, true
	}
	for i := range s.options.Endpoints {
		if e := &s.options.Endpoints[i]; e.holds(u) {
			return Credentials{Signer: e.Signer, Source: e.Source}, true
		}
	}
	return Credentials{}, false
}

func (s *Store) fromFiles(_ context.Context, u *url.URL, _ *place, username string) (Credentials, bool) {
	if c, ok := s.netrc().Lookup(u.Hostname(), username); ok {
		return c.from("the netrc file"), true
	}
	c, ok, err := s.texts().Lookup(u, username)
	if err != nil {
		s.warnOnce("%v", err)
	}
	return c.from("the credentials of `auth login`"), ok
}

func (s *Store) fromRing(ctx context.Context, u *url.URL, index *place, username string) (Credentials, bool) {
	if s.options.Ring == nil {
		return Credentials{}, false
	}
	if index != nil {
		u = index.url
	}
	c, err := NativeKeep(s.options.Ring, s.options.Patience).Get(ctx, u.String(), username)
	if err != nil && !errors.Is(err, ErrNotKept) && ctx.Err() == nil {
		s.warnOnce("%v", err)
	}
	return c.from("the system's keyring"), err == nil
}

// fromKeyring asks the keyring program. That is slow, so it is asked only when a
// user is known or the index demands it.
func (s *Store) fromKeyring(ctx context.Context, u *url.URL, index *place, username string) (c Credentials, ok bool) {
	if s.options.Keyring != KeyringSubprocess {
		return Credentials{}, false
	}
	switch {
	case username != "" && index != nil:
		c, ok = s.askKeyring(ctx, index.url, username)
	case username != "":
		c, ok = s.askKeyring(ctx, u, username)
	case index != nil && index.policy == Always:
		c, ok = s.askKeyring(ctx, index.url, "")
	}
	return c.from("the keyring program"), ok
}

// huggingFace returns the token that the Hugging Face tools use.
func (s *Store) huggingFace(u *url.URL) (Credentials, bool) {
	if u.Scheme != "https" || u.Host != "huggingface.co" || s.options.Getenv("UV_NO_HF_TOKEN") != "" {
		return Credentials{}, false
	}
	token := s.options.Getenv("HF_TOKEN")
	return Credentials{Token: token, Source: "`HF_TOKEN`"}, token != ""
}

// lookPath finds a program in the PATH of the given environment, which may
// differ from the process's own; "" if that has none.
func lookPath(name string, environ []string) string {
	var path string
	for _, entry := range environ {
		if key, value, _ := strings.Cut(entry, "="); key == "PATH" || runtime.GOOS == "windows" && strings.EqualFold(key, "PATH") {
			path = value
		}
	}
	suffixes := []string{""}
	if runtime.GOOS == "windows" {
		suffixes = []string{".exe", ".bat", ".cmd"}
	}
	for _, dir := range filepath.SplitList(path) {
		for _, suffix := range suffixes {
			file := filepath.Join(dir, name+suffix)
			if info, err := os.Stat(file); filepath.IsAbs(file) && err == nil && info.Mode().IsRegular() &&
				(runtime.GOOS == "windows" || info.Mode()&0o111 != 0) {
				return file
			}
		}
	}
	return ""
}
