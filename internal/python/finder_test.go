//go:build unix

package python

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Each case is a world, questions and their answers.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		build   func(w *world)
		prefer  Preference
		envs    Environments
		answers map[string]string
	}{
		{
			name: "the search path is taken in order, the names by precision",
			build: func(w *world) {
				w.python("a/bin/python3", "3.9.1")
				w.python("a/bin/python3.12", "3.12.4")
				w.python("b/bin/python3.9", "3.9.7")
				w.python("b/bin/python", "3.11.0")
				w.python("b/bin/python3.14", "3.14.0")
				w.python("b/bin/python3.13", "3.13.0")
				w.search("a/bin", "b/bin", "a/bin", "none")
			},
			answers: map[string]string{
				"default": "a/bin/python3", "3.9": "a/bin/python3", "3.9.7": "b/bin/python3.9", "3.12": "a/bin/python3.12",
				">=3.10": "a/bin/python3.12", ">=3.12.5": "b/bin/python3.14", "3.11": "b/bin/python", "python3.13": "b/bin/python3.13",
				"a":   "error: no interpreter found for executable name `a` in virtual environments, managed installations, or search path",
				"3.8": "error: no interpreter found for Python 3.8 in virtual environments, managed installations, or search path",
				"2.7": "error: invalid version request: Python <3.6 is not supported but 2.7 was requested",
			},
		},
		{
			name: "what does not work is passed over, and told of if there is nothing else",
			build: func(w *world) {
				w.write("a/bin/python3.12", "#!/bin/sh\necho oops >&2; exit 3\n", 0o755)
				w.write("a/bin/python3.11", "#!/bin/sh\necho hello\n", 0o755)
				w.write("a/bin/python3.10", "not executable", 0o644)
				w.link("/nonexistent/python", "a/bin/python3.9")
				w.write("a/bin/python3.8", "#!/nonexistent/loader\n", 0o755)
				w.write("a/bin/python3.7", "#!/bin/sh\nprintf '\\036tame-probe\\036'; echo '{\"error\": \"missing_distutils\", \"detail\": \"3.7\"}'\n", 0o755)
				w.python("b/bin/python3.12", "3.12.4")
				w.search("a/bin", "b/bin")
			},
			answers: map[string]string{
				"3.12": "b/bin/python3.12",
				"3.11": "error: failed to inspect Python interpreter from first executable in the search path at `a/bin/python3.11`: " +
					"querying Python at `a/bin/python3.11` returned an invalid response: it did not tell about itself\n\n[stdout]\nhello",
				"3.10": "error: no interpreter found for Python 3.10 in virtual environments, managed installations, or search path",
				"3.9":  "error: no interpreter found for Python 3.9 in virtual environments, managed installations, or search path",
				"3.8":  "error: failed to inspect Python interpreter from first executable in the search path at `a/bin/python3.8`: Python interpreter not found at `a/bin/python3.8`",
				"3.7": "error: failed to inspect Python interpreter from first executable in the search path at `a/bin/python3.7`: can't use Python at `a/bin/python3.7`: " +
					unsupportedDetail("missing_distutils", "3.7"),
			},
		},
		{
			name: "environments come first, the active one before those nearby",
			build: func(w *world) {
				w.venv("active", "3.12.4")
				w.venv(".venv", "3.11.2")
				w.venv("conda", "3.9.0")
				w.python("a/bin/python3", "3.10.1")
				w.set("VIRTUAL_ENV", "active")
				w.set("CONDA_PREFIX", "conda")
				w.search("a/bin")
			},
			answers: map[string]string{
				"default": "active/bin/python3", "3.11": ".venv/bin/python3", "3.9": "conda/bin/python3", "3.10": "a/bin/python3", ">=3.9": "active/bin/python3",
			},
		},
		{
			name: "without environments conda's own counts as a system Python",
			envs: OnlyOutside,
			build: func(w *world) {
				w.venv("active", "3.12.4")
				w.python("base/bin/python3", "3.9.0")
				w.python("a/bin/python3", "3.10.1")
				w.set("VIRTUAL_ENV", "active")
				w.set("CONDA_PREFIX", "base")
				w.env["CONDA_DEFAULT_ENV"] = "root"
				w.search("active/bin", "a/bin")
			},
			answers: map[string]string{
				"default": "base/bin/python3", "3.10": "a/bin/python3",
				"3.12": "error: no interpreter found for Python 3.12 in managed installations or search path",
			},
		},
		{
			name: "an environment can be used by its bin directory alone, if it is first",
			envs: ExplicitSystem,
			build: func(w *world) {
				w.venv("active", "3.12.4")
				w.venv("other", "3.11.4")
				w.python("a/bin/python3", "3.10.1")
				w.search("active/bin", "other/bin", "a/bin")
			},
			answers: map[string]string{
				"default": "active/bin/python3", "3.11": "error: no interpreter found for Python 3.11 in virtual environments",
				"../a/bin/python3": "a/bin/python3",
			},
		},
		{
			name: "managed installations, newest first, through the link of the minor version",
			build: func(w *world) {
				for _, v := range []string{"3.12.1", "3.12.4", "3.9.1"} {
					w.python("store/cpython-"+v+"-linux-x86_64-gnu/bin/python"+v[:strings.LastIndex(v, ".")], v)
				}
				w.python("store/cpython-3.14.0a1-linux-x86_64-gnu/bin/python3.14", "3.14.0a1")
				w.python("store/pypy-3.10.1-linux-x86_64-gnu/bin/pypy3.10", "3.10.1 pypy")
				w.python("store/cpython-3.13.0-windows-x86_64-none/python.exe", "3.13.0")
				w.link(w.path("store/cpython-3.12.4-linux-x86_64-gnu"), "store/cpython-3.12-linux-x86_64-gnu")
				w.python("a/bin/python3", "3.11.1")
				w.search("a/bin")
				w.env["UV_LIBC"] = "gnu"
			},
			answers: map[string]string{
				"default": "store/cpython-3.12-linux-x86_64-gnu/bin/python3.12", "3.12.4": "store/cpython-3.12.4-linux-x86_64-gnu/bin/python3.12",
				"3.12.1": "store/cpython-3.12.1-linux-x86_64-gnu/bin/python3.12", "3.11": "a/bin/python3", "3.9": "store/cpython-3.9.1-linux-x86_64-gnu/bin/python3.9",
				"pypy": "store/pypy-3.10.1-linux-x86_64-gnu/bin/pypy3.10", "3.14": "store/cpython-3.14.0a1-linux-x86_64-gnu/bin/python3.14",
				"3.10":                         "error: no interpreter found for Python 3.10 in virtual environments, managed installations, or search path",
				"cpython-3.9-x":                "error: no interpreter found for executable name `cpython-3.9-x` in virtual environments, managed installations, or search path",
				"cpython-3.9-linux-x86_64-gnu": "store/cpython-3.9.1-linux-x86_64-gnu/bin/python3.9",
			},
		},
		{
			name:   "system Pythons first, if that is preferred",
			prefer: PreferSystem,
			build: func(w *world) {
				w.python("store/cpython-3.12.4-linux-x86_64-gnu/bin/python3.12", "3.12.4")
				w.link(w.path("store/cpython-3.12.4-linux-x86_64-gnu/bin/python3.12"), "a/bin/python3.12")
				w.python("a/bin/python3", "3.11.1")
				w.python("b/bin/python3.12", "3.12.9")
				w.search("a/bin", "b/bin")
				w.env["UV_LIBC"] = "gnu"
			},
			answers: map[string]string{"default": "a/bin/python3", "3.12": "b/bin/python3.12", "3.12.4": "a/bin/python3.12", "3.12.9": "b/bin/python3.12"},
		},
		{
			name:   "only managed ones",
			prefer: OnlyManaged,
			build: func(w *world) {
				w.python("store/cpython-3.12.4-linux-x86_64-gnu/bin/python3.12", "3.12.4")
				w.venv(".venv", "3.11.1")
				w.venv("active", "3.10.1")
				w.set("VIRTUAL_ENV", "active")
				w.python("b/bin/python3", "3.9.1")
				w.search("b/bin")
				w.env["UV_LIBC"] = "gnu"
			},
			answers: map[string]string{
				"3.12": "store/cpython-3.12.4-linux-x86_64-gnu/bin/python3.12", "3.10": "active/bin/python3",
				"3.11": "error: no interpreter found for Python 3.11 in virtual environments or managed installations",
				"3.9":  "error: no interpreter found for Python 3.9 in virtual environments or managed installations",
				"foo":  "error: interpreter discovery for `executable name `foo`` requires `search path` but only `only managed` is allowed",
			},
		},
		{
			name: "free threads are asked for, or chosen by name",
			build: func(w *world) {
				w.python("a/bin/python3.13t", "3.13.0 free")
				w.python("a/bin/python3.13", "3.13.1")
				w.python("a/bin/python3.14t", "3.14.0 free")
				w.search("a/bin")
			},
			answers: map[string]string{
				"3.13t": "a/bin/python3.13t", "3.13": "a/bin/python3.13", "default": "a/bin/python3.14t", ">=3.13t": "a/bin/python3.14t", "3.14": "error: " +
					"no interpreter found for Python 3.14 in virtual environments, managed installations, or search path",
			},
		},
		{
			name: "alternatives have to be asked for, unless they are called python",
			build: func(w *world) {
				w.python("a/bin/pypy3", "3.10.1 pypy")
				w.python("b/bin/python3", "3.9.1 pypy")
				w.search("a/bin", "b/bin")
			},
			answers: map[string]string{"default": "b/bin/python3", "pypy": "a/bin/pypy3", "pypy@3.10": "a/bin/pypy3", "any": "a/bin/pypy3"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.build(w)
			f := w.finder()
			f.Preference = c.prefer
			for request, want := range c.answers {
				if got := w.find(f, request, c.envs); got != want {
					t.Errorf("%s: %s\nwant %s", request, got, want)
				}
			}
		})
	}
}

func TestBrokenEnvironments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.python("a/bin/python3", "3.10.1")
	w.search("a/bin")
	w.set("VIRTUAL_ENV", "gone")
	if got := w.find(w.finder(), "default", AnyEnvironment); got != "a/bin/python3" {
		t.Errorf("an active environment that does not exist is passed over, got %s", got)
	}
	w.write("gone/pyvenv.cfg", "home = /gone\n", 0o644)
	w.link("/gone/python", "gone/bin/python3")
	_, err := w.finder().Find(context.Background(), Request{}, AnyEnvironment)
	if err == nil || !IsCritical(err) || !strings.Contains(err.Error(), "broken symlink") {
		t.Errorf("one without its Python ends the search, got %v", err)
	}
	var query *QueryError
	if !errors.As(err, &query) || len(query.Hints()) == 0 {
		t.Errorf("and advises to make it anew, got %#v", err)
	}
	delete(w.env, "VIRTUAL_ENV")
	w.mkdir("work/.venv")
	if got := w.find(w.finder(), "default", AnyEnvironment); got != "a/bin/python3" {
		t.Errorf("a .venv that is no environment is passed over, got %s", got)
	}
	if got := w.find(w.finder(), "default", OnlyVirtual); !strings.Contains(got, "work/.venv`: `pyvenv.cfg` is missing") {
		t.Errorf("and told of if nothing else is found, got %s", got)
	}
}

func TestFindBest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.python("a/bin/python3.12", "3.12.1")
	w.python("a/bin/python3", "3.10.1")
	w.search("a/bin")
	for request, want := range map[string]string{"3.12.9": "3.12.1", "3.8": "3.10.1", "3.12.1": "3.12.1", "pypy": "3.10.1", "default": "3.10.1"} {
		found, err := w.finder().FindBest(context.Background(), ParseRequest(request, "/"), AnyEnvironment)
		if err != nil || found.Version.String() != want {
			t.Errorf("%s: %v, %v", request, found, err)
		}
	}
	w.search("none")
	_, err := w.finder().FindBest(context.Background(), ParseRequest("3.12.9", "/"), AnyEnvironment)
	if err == nil || !strings.Contains(err.Error(), "for Python 3.12.9 in") {
		t.Errorf("the error names what was asked for: %v", err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.python("a/bin/python3.12", "3.12.1")
	w.python("a/bin/python3.13", "3.13.1")
	w.python("a/bin/python", "3.10.1")
	w.write("a/bin/python3.11", "#!/bin/sh\nexit 1\n", 0o755)
	w.venv("v", "3.9.1")
	w.search("v/bin", "a/bin")
	list, err := w.finder().List(context.Background(), Request{Kind: KindAny}, OnlyOutside)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range list {
		got = append(got, filepath.Base(i.Path))
	}
	if got, want := strings.Join(got, " "), "python python3.13 python3.12"; got != want {
		t.Errorf("listed %s, want %s", got, want)
	}
}

func TestFactsAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.venv("v", "3.12.1")
	ask := func() *Interpreter {
		t.Helper()
		i, err := w.finder().Query(context.Background(), w.path("v/bin/python3"))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	first := ask()
	if second := ask(); w.asked() != 1 || second.Version.String() != "3.12.1" {
		t.Fatalf("asked %d times", w.asked())
	} else {
		first.tagsOnce, second.tagsOnce = nil, nil
		if a, b := first.appendFacts(nil), second.appendFacts(nil); string(a) != string(b) || !second.Is64Bit || second.SitePackages[1] != "/b" {
			t.Errorf("the facts changed in the cache:\n%q\n%q", a, b)
		}
	}
	w.write("v/pyvenv.cfg", "home = /other\n", 0o644)
	if ask(); w.asked() != 2 {
		t.Error("a changed pyvenv.cfg must be noticed")
	}
	w.python("v/bin/python3", "3.12.2")
	if i := ask(); i.Version.String() != "3.12.2" {
		t.Errorf("a changed interpreter must be noticed, got %s", i.Version)
	}
	f := w.finder()
	f.Refresh = true
	before := w.asked()
	if _, err := f.Query(context.Background(), w.path("v/bin/python3")); err != nil || w.asked() != before+1 {
		t.Error("a refresh must ask")
	}
	f.Refresh, f.CacheDir = false, ""
	if _, err := f.Query(context.Background(), w.path("v/bin/python3")); err != nil || w.asked() != before+2 {
		t.Error("without a cache every query asks")
	}
}

// What is known of the python3 of an environment is known of its python, if that
// is the same file.
func TestFactsByOtherName(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere each name is asked")
	}
	for _, c := range []struct {
		name  string
		make  func(w *world)
		asked int // by the second name
	}{
		{"an environment", func(w *world) { w.venv("v", "3.12.1") }, 0},
		{"no environment", func(w *world) { w.python("v/bin/python3", "3.12.1") }, 1},
		{"another implementation", func(w *world) { w.venv("v", "3.10.14 pypy") }, 1},
		{"another file", func(w *world) {
			w.venv("v", "3.12.1")
			w.python("v/bin/python", "3.12.1")
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.make(w)
			if c.name != "another file" {
				w.link("python3", "v/bin/python")
			}
			ask := func(name string, refresh bool) *Interpreter {
				t.Helper()
				f := w.finder()
				f.Refresh = refresh
				i, err := f.Query(context.Background(), w.path(name))
				if err != nil {
					t.Fatal(err)
				}
				return i
			}
			ask("v/bin/python3", false)
			got := ask("v/bin/python", false)
			if asked := w.asked() - 1; asked != c.asked {
				t.Errorf("asked %d times by the second name, want %d", asked, c.asked)
			}
			want := ask("v/bin/python", true)
			if a, b := got.appendFacts(nil), want.appendFacts(nil); string(a) != string(b) {
				t.Errorf("the facts are not what the interpreter says by that name:\n%q\n%q", a, b)
			}
		})
	}
}

func TestFreshFilesAreNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now() // before the file is written, however long that takes
	w.python("a/bin/python3", "3.12.1")
	f := w.finder()
	f.now = func() time.Time { return now }
	for range 2 {
		if _, err := f.Query(context.Background(), w.path("a/bin/python3")); err != nil {
			t.Fatal(err)
		}
	}
	if w.asked() != 2 {
		t.Errorf("asked %d times: a file that may change within a clock tick is not remembered", w.asked())
	}
}

func TestShimsAreAskedEachTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.python("elsewhere/bin/python", "3.12.1")
	w.python("shims/python3", "3.12.1 shim")
	for range 2 {
		i, err := w.finder().Query(context.Background(), w.path("shims/python3"))
		if err != nil {
			t.Fatal(err)
		}
		if i.Executable != w.path("elsewhere/bin/python") {
			t.Errorf("executable %s", i.Executable)
		}
	}
	if w.asked() != 2 {
		t.Errorf("asked %d times", w.asked())
	}
}

func TestBrokenFactsAreReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.python("a/bin/python3", "3.12.1")
	query := func() {
		t.Helper()
		if _, err := w.finder().Query(context.Background(), w.path("a/bin/python3")); err != nil {
			t.Fatal(err)
		}
	}
	query()
	entries, err := os.ReadDir(w.path("cache"))
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	file := filepath.Join(w.path("cache"), entries[0].Name())
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(text); n += 1 + len(text)/20 {
		before := w.asked()
		if err := os.WriteFile(file, text[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		if query(); w.asked() != before+1 {
			t.Errorf("an entry cut at %d of %d bytes was believed", n, len(text))
		}
		damaged := slices.Clone(text)
		damaged[n] ^= 1
		if err := os.WriteFile(file, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if query(); w.asked() != before+2 {
			t.Errorf("an entry damaged at %d was believed", n)
		}
	}
}

func TestHangingInterpreter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a/bin/python3", "#!/bin/sh\nexec sleep 100\n", 0o755)
	f := w.finder()
	f.Timeout = 50 * time.Millisecond
	_, err := f.Query(context.Background(), w.path("a/bin/python3"))
	var query *QueryError
	if !errors.As(err, &query) || query.Fault != TimedOut || critical(err) {
		t.Errorf("%v", err)
	}
}

func TestStartupChatterIsNoHarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.python("a/bin/real", "3.12.1")
	w.write("a/bin/python3", "#!/bin/sh\necho 'welcome to {Python}'\nexec '"+w.path("a/bin/real")+"'\n", 0o755)
	i, err := w.finder().Query(context.Background(), w.path("a/bin/python3"))
	if err != nil || i.Version.String() != "3.12.1" {
		t.Errorf("%v, %v", i, err)
	}
}

func TestSatisfies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.venv("v", "3.12.1")
	f := w.finder()
	i, err := f.Query(context.Background(), w.path("v/bin/python3"))
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]bool{
		"default": true, "any": true, "3.12": true, "3.11": false, "cpython": true, "pypy": false, "cp312": true, "pypy@3.12": false,
		"cpython-3.12": true, "linux": true, "cpython-windows": false, "../v": true, "../v/bin/python3": true, "..": false, "./no": false,
		"python3": true, "python9": false,
	} {
		if got := f.Satisfies(i, ParseRequest(request, f.Dir)); got != want {
			t.Errorf("%s: %t", request, got)
		}
	}
}
