package git_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/git"
)

// A repository is one in a temporary directory.
type repository struct {
	t   *testing.T
	dir string
}

// environ is that of all runs of git here: no settings of the user count.
func environ(t *testing.T, more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
	}, more...)
}

func newRepository(t *testing.T, dir string) *repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	r := &repository{t, dir}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir, cmd.Env = r.dir, environ(r.t)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes a file and commits it.
func (r *repository) commit(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		r.t.Fatal(err)
	}
	r.git("add", "-A")
	r.git("commit", "-q", "-m", name)
	return r.git("rev-parse", "HEAD")
}

func (r *repository) url() string { return "file://" + filepath.ToSlash(r.dir) }

func (r *repository) remote() git.Remote { return remote(r.t, r.url()) }

func remote(t *testing.T, url string) git.Remote {
	t.Helper()
	out, err := git.ParseRemote(url)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newCache(t *testing.T) *cache.Cache {
	t.Helper()
	c, err := cache.Open(t.Context(), filepath.Join(t.TempDir(), "cache"), cache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func newStore(t *testing.T, c *cache.Cache, change func(*git.Options)) *git.Store {
	o := git.Options{Cache: c, Environ: environ(t), Timeout: 2 * time.Minute}
	if change != nil {
		change(&o)
	}
	return git.New(o)
}

func offline(o *git.Options) { o.Offline = true }

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func fault(err error) git.Fault {
	var e *git.Error
	if !errors.As(err, &e) {
		return 99
	}
	return e.Fault
}

func TestReferences(t *testing.T) {
	t.Parallel()
	r := newRepository(t, filepath.Join(t.TempDir(), "r"))
	one := r.commit("f", "1")
	r.git("tag", "v1")
	two := r.commit("f", "2")
	r.git("tag", "-a", "v2", "-m", "two")
	r.git("branch", "both", one)
	r.git("tag", "both", two)
	r.git("checkout", "-q", "-b", "feature/x")
	three := r.commit("f", "3")
	r.git("update-ref", "refs/pull/7/head", three)
	hidden := r.commit("f", "4")
	r.git("reset", "-q", "--hard", three)
	r.git("checkout", "-q", "main")
	c := newCache(t)
	for _, test := range []struct {
		ref  git.Reference
		want string
	}{
		{git.Reference{}, two},
		{git.Reference{Kind: git.Branch, Name: "main"}, two},
		{git.Reference{Kind: git.Branch, Name: "feature/x"}, three},
		{git.Reference{Kind: git.Tag, Name: "v1"}, one},
		{git.Reference{Kind: git.Tag, Name: "v2"}, two},
		{git.Reference{Kind: git.Rev, Name: "v2"}, two},
		{git.Reference{Kind: git.Rev, Name: "feature/x"}, three},
		{git.Reference{Kind: git.Rev, Name: "both"}, one},
		{git.Reference{Kind: git.Tag, Name: "both"}, two},
		{git.Reference{Kind: git.Rev, Name: "refs/pull/7/head"}, three},
		{git.Reference{Kind: git.Rev, Name: three}, three},
		{git.Reference{Kind: git.Rev, Name: strings.ToUpper(one)}, one},
		{git.Reference{Kind: git.Rev, Name: one[:8]}, one},
		{git.Reference{Kind: git.Rev, Name: "nosuch"}, ""},
		{git.Reference{Kind: git.Branch, Name: "v1"}, ""},
		{git.Reference{Kind: git.Tag, Name: "main"}, ""},
		{git.Reference{Kind: git.Rev, Name: "abcdef0"}, ""},
		{git.Reference{Kind: git.Rev, Name: "--upload-pack=x"}, ""},
		{git.Reference{Kind: git.Rev, Name: "v*"}, ""},
		{git.Reference{Kind: git.Rev, Name: ""}, ""},
	} {
		s := newStore(t, c, nil)
		got, err := s.Resolve(t.Context(), r.remote(), test.ref)
		if got != test.want || (err != nil) != (test.want == "") || err != nil && fault(err) != git.Missing {
			t.Errorf("%s is %q, %v; want %q", test.ref, got, err, test.want)
			continue
		}
		if err != nil {
			continue
		}
		dir, err := s.Checkout(t.Context(), r.remote(), test.ref, got, false)
		if err != nil {
			t.Errorf("%s: %v", test.ref, err)
			continue
		}
		want := map[string]string{one: "1", two: "2", three: "3"}[got]
		if text := read(t, dir, "f"); text != want {
			t.Errorf("%s: the file holds %q, want %q", test.ref, text, want)
		}
	}
	// A commit that no branch holds, by its hash; one that is nowhere.
	s := newStore(t, c, nil)
	if _, err := s.Checkout(t.Context(), r.remote(), git.Reference{}, hidden, false); err != nil {
		t.Errorf("a commit that no branch holds: %v", err)
	}
	if _, err := s.Checkout(t.Context(), r.remote(), git.Reference{}, strings.Repeat("0123456789", 4), false); fault(err) != git.Missing {
		t.Errorf("a commit that is nowhere: %v", err)
	}
}

// Versions are derived from tags: a check-out has those that lead to its commit.
func TestDescribe(t *testing.T) {
	t.Parallel()
	r := newRepository(t, filepath.Join(t.TempDir(), "r"))
	r.commit("f", "1")
	r.git("tag", "-a", "v1.0", "-m", "x")
	commit := r.commit("f", "2")
	dir, err := newStore(t, newCache(t), nil).Checkout(t.Context(), r.remote(), git.Reference{}, commit, false)
	if err != nil {
		t.Fatal(err)
	}
	co := &repository{t, dir}
	if got := co.git("describe", "--tags", "--dirty"); got != "v1.0-1-g"+commit[:7] {
		t.Errorf("git describe says %q", got)
	}
	if got := co.git("config", "remote.origin.url"); got != r.url() {
		t.Errorf("the origin is %q, want %q", got, r.url())
	}
}

func TestMovedTagAndRemoteGone(t *testing.T) {
	t.Parallel()
	r := newRepository(t, filepath.Join(t.TempDir(), "r"))
	one := r.commit("f", "1")
	r.git("tag", "v1")
	c := newCache(t)
	tag := git.Reference{Kind: git.Tag, Name: "v1"}
	checkout := func(want string, change func(*git.Options)) {
		t.Helper()
		s := newStore(t, c, change)
		got, err := s.Resolve(t.Context(), r.remote(), tag)
		if err != nil || got != want {
			t.Fatalf("the tag is %q, %v; want %q", got, err, want)
		}
		dir, err := s.Checkout(t.Context(), r.remote(), tag, got, false)
		if err != nil {
			t.Fatal(err)
		}
		if at := (&repository{t, dir}).git("rev-parse", "HEAD"); at != want {
			t.Errorf("the check-out is at %s, want %s", at, want)
		}
	}
	checkout(one, nil)
	two := r.commit("f", "2")
	r.git("tag", "-f", "v1")
	checkout(two, nil)
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := newStore(t, c, nil).Resolve(t.Context(), r.remote(), tag); fault(err) != git.Gone {
		t.Errorf("a remote that is gone: %v", err)
	}
	// What is named in full is there still.
	if _, err := newStore(t, c, nil).Checkout(t.Context(), r.remote(), git.Reference{}, one, false); err != nil {
		t.Errorf("a commit in the cache: %v", err)
	}
}

func TestSubmodules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inner := newRepository(t, filepath.Join(dir, "inner"))
	inner.commit("i", "inner")
	sub := newRepository(t, filepath.Join(dir, "sub"))
	sub.commit("s", "sub")
	sub.git("submodule", "--quiet", "add", "../inner", "inner")
	sub.commit("t", "t")
	r := newRepository(t, filepath.Join(dir, "r"))
	r.commit("f", "1")
	r.git("submodule", "--quiet", "add", "../sub", "lib/sub")
	commit := r.commit("g", "2")
	got, err := newStore(t, newCache(t), nil).Checkout(t.Context(), r.remote(), git.Reference{}, commit, false)
	if err != nil {
		t.Fatal(err)
	}
	if text := read(t, got, "lib", "sub", "s"); text != "sub" {
		t.Errorf("the submodule holds %q", text)
	}
	if text := read(t, got, "lib", "sub", "inner", "i"); text != "inner" {
		t.Errorf("the submodule's submodule holds %q", text)
	}
	if status := (&repository{t, got}).git("status", "--porcelain"); status != "" {
		t.Errorf("the check-out has changes:\n%s", status)
	}
}

// An interrupted git leaves locks and parts of packs behind; who comes next gets
// over them.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	r := newRepository(t, filepath.Join(t.TempDir(), "r"))
	r.commit("f", "1")
	c := newCache(t)
	get := func() {
		t.Helper()
		s := newStore(t, c, nil)
		commit, err := s.Resolve(t.Context(), r.remote(), git.Reference{})
		if err == nil {
			_, err = s.Checkout(t.Context(), r.remote(), git.Reference{}, commit, false)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	get()
	found, err := filepath.Glob(c.Path(cache.Git, "db", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("repositories in the cache: %q, %v", found, err)
	}
	next := r.commit("f", "2")
	for _, name := range []string{"tame-underway", "config.lock", "packed-refs.lock", "HEAD.lock", "shallow.lock", "refs/tame/" + next + ".lock", "objects/pack/tmp_pack_x"} {
		if err := os.WriteFile(filepath.Join(found[0], filepath.FromSlash(name)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	get()
	if left, _ := filepath.Glob(filepath.Join(found[0], "*.lock")); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
	// Half a repository: it is made again.
	if err := os.Remove(filepath.Join(found[0], "HEAD")); err != nil {
		t.Fatal(err)
	}
	r.commit("f", "3")
	get()
}

func TestTogether(t *testing.T) {
	t.Parallel()
	r := newRepository(t, filepath.Join(t.TempDir(), "r"))
	var commits []string
	for i := range 3 {
		commits = append(commits, r.commit("f", fmt.Sprint(i)))
	}
	c := newCache(t)
	var wg sync.WaitGroup
	for i := range 9 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			dir, err := newStore(t, c, nil).Checkout(context.Background(), r.remote(), git.Reference{}, commits[i%3], false)
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(filepath.Join(dir, "f")); string(text) != fmt.Sprint(i%3) {
				t.Errorf("the file holds %q, %v", text, err)
			}
		}()
	}
	wg.Wait()

	// Those who share a store wait for no other process, and without a bound.
	one := newStore(t, newCache(t), func(o *git.Options) {
		o.LockTimeout = time.Nanosecond
		o.Waiting = func(string) { t.Error("another process is waited for") }
	})
	for _, commit := range commits {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := one.Checkout(context.Background(), r.remote(), git.Reference{}, commit, false); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
}

// A fakeLFS stands in for git-lfs: it replaces pointers by what lies in a folder.
const fakeLFS = `#!/bin/sh
case "$1" in
version) echo git-lfs/3.0.0 ;;
pull) test -f big.bin.real || { echo "batch response: object does not exist" >&2; exit 2; }
      cp big.bin.real big.bin ;;
esac
`

func TestLFS(t *testing.T) {
	t.Parallel()
	r := newRepository(t, filepath.Join(t.TempDir(), "r"))
	r.commit("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n")
	commit := r.commit("big.bin.real", "real")
	c := newCache(t)
	if _, err := exec.LookPath("git-lfs"); err != nil {
		if _, err := newStore(t, c, nil).Checkout(t.Context(), r.remote(), git.Reference{}, commit, true); fault(err) != git.NoLFS {
			t.Errorf("without git-lfs: %v", err)
		}
	}
	bin := t.TempDir()
	write := func() error { return os.WriteFile(filepath.Join(bin, "git-lfs"), []byte(fakeLFS), 0o777) }
	if err := fsx.WriteProgram(write); err != nil {
		t.Fatal(err)
	}
	with := func(o *git.Options) {
		o.Environ = append(o.Environ, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	dir, err := newStore(t, c, with).Checkout(t.Context(), r.remote(), git.Reference{}, commit, true)
	if err != nil || read(t, dir, "big.bin") != "real" {
		t.Errorf("with git-lfs: %q, %v", dir, err)
	}
	plain, err := newStore(t, c, with).Checkout(t.Context(), r.remote(), git.Reference{}, commit, false)
	if err != nil || plain == dir || !strings.HasPrefix(read(t, plain, "big.bin"), "version") {
		t.Errorf("not wanted: %q, %v", plain, err)
	}
	r.git("rm", "-q", "big.bin.real")
	none := r.commit("x", "x")
	if _, err := newStore(t, c, with).Checkout(t.Context(), r.remote(), git.Reference{}, none, true); fault(err) != git.LFSMissing {
		t.Errorf("files that are not there: %v", err)
	}
}

// serve offers the repositories of a folder over HTTP, to who knows a password.
func serve(t *testing.T, dir, password string) *httptest.Server {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Skip("there is no git")
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, given, ok := r.BasicAuth(); password != "" && (!ok || user != "me" || given != password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRepository(t, filepath.Join(dir, "r"))
	old := r.commit("f", "1")
	commit := r.commit("f", "2")
	r.git("config", "uploadpack.allowFilter", "true")
	server := serve(t, dir, "s3cret")
	host := strings.TrimPrefix(server.URL, "http://")
	c := newCache(t)
	for _, test := range []struct {
		url  string
		want git.Fault
	}{
		{server.URL + "/r/.git", git.Denied},
		{"http://me@" + host + "/r/.git", git.Denied},
		{"http://me:wrongpass@" + host + "/r/.git", git.Denied},
		{"http://me:s3cret@" + host + "/nosuch", git.Gone},
		{"http://127.0.0.1:1/x", git.Unreachable},
	} {
		_, err := newStore(t, c, nil).Resolve(t.Context(), remote(t, test.url), git.Reference{})
		if fault(err) != test.want || strings.Contains(err.Error(), "wrongpass") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: fault %d, %v", test.url, fault(err), err)
		}
	}
	from := remote(t, "http://me:s3cret@"+host+"/r/.git")
	s := newStore(t, c, nil)
	got, err := s.Resolve(t.Context(), from, git.Reference{})
	if err != nil || got != commit {
		t.Fatalf("with a password: %q, %v", got, err)
	}
	checkout, err := s.Checkout(t.Context(), from, git.Reference{}, got, false)
	if err != nil || read(t, checkout, "f") != "2" {
		t.Fatalf("with a password: %q, %v", checkout, err)
	}
	co := &repository{t, checkout}
	if status := co.git("status", "--porcelain"); status != "" {
		t.Errorf("the check-out has changes:\n%s", status)
	}
	if log := co.git("log", "--format=%H"); log != commit+"\n"+old {
		t.Errorf("the history is\n%s", log)
	}
	err = filepath.WalkDir(c.Root(), func(name string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.Contains(read(t, name), "s3cret") {
			t.Errorf("%s holds the password", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Without network what was asked for is known, and nothing else.
	off := newStore(t, c, offline)
	if got, err := off.Resolve(t.Context(), from, git.Reference{}); err != nil || got != commit {
		t.Errorf("offline: %q, %v", got, err)
	}
	if got, err := off.Checkout(t.Context(), from, git.Reference{}, commit, false); err != nil || got != checkout {
		t.Errorf("offline: %q, %v", got, err)
	}
	if _, err := off.Resolve(t.Context(), from, git.Reference{Kind: git.Tag, Name: "v9"}); fault(err) != git.Offline || !git.IsOffline(err) {
		t.Errorf("offline, another tag: %v", err)
	}
	if _, err := off.Checkout(t.Context(), from, git.Reference{}, old, false); fault(err) != git.Offline {
		t.Errorf("offline, another commit: %v", err)
	}
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(done) })
	s := newStore(t, newCache(t), func(o *git.Options) { o.Timeout = time.Second })
	if _, err := s.Resolve(t.Context(), remote(t, server.URL+"/r"), git.Reference{}); fault(err) != git.Unreachable {
		t.Errorf("a server that says nothing: %v", err)
	}
}

func TestNoGit(t *testing.T) {
	t.Parallel()
	s := newStore(t, newCache(t), func(o *git.Options) { o.Environ = []string{"PATH=" + t.TempDir()} })
	if _, err := s.Resolve(t.Context(), remote(t, "file:///x"), git.Reference{}); !errors.Is(err, git.ErrNoGit) {
		t.Errorf("without git: %v", err)
	}
}

// A hook of git runs with variables that name its repository.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	r := newRepository(t, filepath.Join(t.TempDir(), "r"))
	commit := r.commit("f", "1")
	other := newRepository(t, filepath.Join(t.TempDir(), "o"))
	s := newStore(t, newCache(t), func(o *git.Options) {
		o.Environ = append(o.Environ, "GIT_DIR="+filepath.Join(other.dir, ".git"), "GIT_WORK_TREE="+other.dir, "GIT_INDEX_FILE=/nosuch/index",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url."+r.url()+".insteadOf", "GIT_CONFIG_VALUE_0=https://example.com/r")
	})
	from := remote(t, "https://example.com/r")
	got, err := s.Resolve(t.Context(), from, git.Reference{})
	if err != nil || got != commit {
		t.Fatalf("%q, %v", got, err)
	}
	dir, err := s.Checkout(t.Context(), from, git.Reference{}, got, false)
	if err != nil || read(t, dir, "f") != "1" {
		t.Errorf("%q, %v", dir, err)
	}
}

func TestShallowRemote(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRepository(t, filepath.Join(dir, "r"))
	r.commit("f", "1")
	commit := r.commit("f", "2")
	r.git("clone", "-q", "--depth=1", r.url(), filepath.Join(dir, "shallow"))
	shallow := &repository{t, filepath.Join(dir, "shallow")}
	got, err := newStore(t, newCache(t), nil).Checkout(t.Context(), shallow.remote(), git.Reference{}, commit, false)
	if err != nil || read(t, got, "f") != "2" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestParseRemote(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ url, shown, reason string }{
		{"https://example.com/a/b.git", "https://example.com/a/b.git", ""},
		{"https://me:secret@example.com/a", "https://me:****@example.com/a", ""},
		{"https://token@example.com/a", "https://****@example.com/a", ""},
		{"ssh://git@example.com/a", "ssh://git@example.com/a", ""},
		{"file:///a/b", "file:///a/b", ""},
		{"git://example.com/a", "", "unsupported scheme"},
		{"ext::sh -c x", "", ""},
		{"git@example.com:a/b", "", "it is no URL"},
		{"ssh://git@example.com:a/b", "", "no valid URL"},
	} {
		r, err := git.ParseRemote(test.url)
		if test.shown == "" {
			if err == nil || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("%s: %v, want %q", test.url, err, test.reason)
			}
			continue
		}
		if err != nil || r.String() != test.shown {
			t.Errorf("%s is shown as %q, %v; want %q", test.url, r, err, test.shown)
		}
	}
}

// What is committed, what is not, and what lies beside it.
func TestHistory(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := newRepository(t, dir)
	r.commit("a", "1")
	first := r.git("rev-parse", "HEAD")
	r.git("checkout", "-q", "-b", "side")
	r.commit("b", "1")
	r.git("checkout", "-q", "main")
	r.commit("c", "1")
	for name, text := range map[string]string{"a": "2", "new": "1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	l := git.Local{Dir: dir, Environ: environ(t)}
	ctx := t.Context()
	fork, err := l.ForkPoint(ctx, "side")
	if err != nil || fork != first {
		t.Errorf("the branches part at %s, not %s: %v", fork, first, err)
	}
	changed, err := l.ChangedSince(ctx, fork)
	want := []string{filepath.Join(dir, "a"), filepath.Join(dir, "c"), filepath.Join(dir, "new")}
	if err != nil || !slices.Equal(changed, want) {
		t.Errorf("%q changed, not %q: %v", changed, want, err)
	}
	if text, err := l.FileAt(ctx, "HEAD", "a"); err != nil || string(text) != "1" {
		t.Errorf("a was %q: %v", text, err)
	}
	for name, want := range map[string]bool{"c": true, "b": false} {
		if has, err := l.HasFileAt(ctx, "HEAD", name); err != nil || has != want {
			t.Errorf("%s is there: %t, %v", name, has, err)
		}
	}
	if _, err := l.ForkPoint(ctx, "nosuch"); err == nil {
		t.Error("a revision that is none was taken")
	}
}

// A driver finds out what is merged, and what the other files will be.
func TestFindMerge(t *testing.T) {
	t.Parallel()
	r := newRepository(t, t.TempDir())
	lines := func(a, b string) string { return a + "\n\n\n\n\n" + b + "\n" }
	r.commit("both", lines("1", "1"))
	r.commit("lock", "base")
	r.git("checkout", "-q", "-b", "side")
	r.commit("both", lines("1", "2"))
	r.commit("lock", "theirs")
	theirs := r.git("rev-parse", "HEAD")
	r.git("checkout", "-q", "main")
	r.commit("both", lines("2", "1"))
	r.commit("lock", "ours")
	aside := t.TempDir()
	for _, side := range []string{"base", "theirs"} {
		if err := os.WriteFile(filepath.Join(aside, side), []byte(side), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	l := git.Local{Dir: r.dir, Environ: environ(t, "GITHEAD_"+theirs+"=side")}
	m, err := l.FindMerge(t.Context(), "lock", filepath.Join(aside, "base"), filepath.Join(aside, "theirs"), "side")
	if err != nil {
		t.Fatal(err)
	}
	if m.Theirs != theirs || m.Base != r.git("merge-base", "HEAD", "side") {
		t.Errorf("found %s and %s", m.Base, m.Theirs)
	}
	tree := t.TempDir()
	if err := m.Write(t.Context(), tree, func(name string) bool { return name == "both" }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(tree, "both"))
	if err != nil || string(text) != lines("2", "2") {
		t.Errorf("merged to %q: %v", text, err)
	}
	if err := m.Write(t.Context(), tree, func(name string) bool { return name == "lock" }); err == nil {
		t.Error("a file with conflicts was merged")
	}
}
