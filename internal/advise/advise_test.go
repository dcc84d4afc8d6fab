package advise

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// goal is a version of CPython on Linux and, if wanted, Windows.
func goal(t *testing.T, minor int, platforms ...string) *Goal {
	t.Helper()
	g := &Goal{Minor: minor}
	for _, name := range append([]string{"linux"}, platforms...) {
		target, err := tags.ParseTarget(name, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		set, err := tags.For(tags.Interpreter{Implementation: "cpython", Major: 3, Minor: minor, ImplMajor: 3, ImplMinor: minor}, target.Platform)
		if err != nil {
			t.Fatal(err)
		}
		m := target.Markers
		env, err := marker.NewEnv(marker.Env{
			OSName: m.OSName, SysPlatform: m.SysPlatform, PlatformSystem: m.PlatformSystem, PlatformMachine: m.PlatformMachine,
			ImplementationName: "cpython", PlatformPythonImplementation: "CPython",
			ImplementationVersion: VersionText(minor) + ".0", PythonVersion: VersionText(minor), PythonFullVersion: VersionText(minor) + ".0",
		})
		if err != nil {
			t.Fatal(err)
		}
		g.Platforms = append(g.Platforms, Platform{Name: name, Env: &env, Tags: set})
	}
	return g
}

// release reads "VERSION FILE...": a file is "sdist" or the tags of a wheel, perhaps
// with "@DAY" and "?REQUIRES" behind it, and with "!" in front if it is yanked.
func release(t *testing.T, text string) Release {
	t.Helper()
	words := strings.Fields(text)
	r := Release{Version: pep440.MustParse(words[0])}
	for _, word := range words[1:] {
		var f File
		word, f.Requires, _ = strings.Cut(word, "?")
		word, day, _ := strings.Cut(word, "@")
		f.Uploaded, _ = time.Parse(time.DateOnly, day)
		word, f.Yanked = strings.CutPrefix(word, "!")
		if word != "sdist" {
			w, err := dist.ParseWheel("x-" + words[0] + "-" + word + ".whl")
			if err != nil {
				t.Fatal(err)
			}
			f.Wheel = &w
		}
		r.Files = append(r.Files, f)
	}
	return r
}

func TestFit(t *testing.T) {
	t.Parallel()
	const linux, windows = "cp313-cp313-manylinux_2_17_x86_64", "cp313-cp313-win_amd64"
	for _, c := range []struct {
		files string
		want  Fit
	}{
		{"sdist py3-none-any", Ready},
		{linux + " " + windows, Ready},
		{linux + " sdist", SourceOnly}, // Windows has to build it
		{linux, NoFile},
		{"cp38-abi3-manylinux_2_17_x86_64 cp39-abi3-win_amd64", Ready},
		{"cp312-cp312-manylinux_2_17_x86_64 cp312-cp312-win_amd64 sdist", SourceOnly},
		{"py3-none-any?<3.13 sdist?<3.13", Declines},
		{"py3-none-any?>=3.14", Declines},
		{"py3-none-any?<3.13 sdist", SourceOnly}, // an odd release
		{"py3-none-any?<4", Ready},
		{"py3-none-any?>=3.13.2", Ready}, // some patch release of it
		{"py3-none-any?nonsense", Ready},
	} {
		r := release(t, "1.0 "+c.files)
		if got, _, _ := goal(t, 13, "windows").Fit(&r); got != c.want {
			t.Errorf("%s: %s, not %s", c.files, got, c.want)
		}
	}
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	text := func(u *Unblocking) string {
		if u == nil {
			return "-"
		}
		return u.Version + "@" + u.Date
	}
	for _, c := range []struct {
		name, want string
		built      bool
		releases   []string
	}{
		{"works", "", false, []string{"1.0 py3-none-any", "2.0 py3-none-any"}},
		{"a first and a newest", "source only 1.2@2024-10-08 1.3@2025-01-01", false, []string{
			"1.0 cp312-cp312-manylinux_2_17_x86_64 sdist", "1.1 sdist", "1.2rc1 py3-none-any", "1.2 py3-none-any@2024-10-08", "1.3 py3-none-any@2025-01-01", "1.4 sdist", "1.5 !py3-none-any",
		}},
		{"nothing yet", "source only - -", false, []string{"1.0 sdist", "1.1 sdist"}},
		{"built now, too", "", true, []string{"1.0 sdist"}},
		{"declines", "declines 2.0@ 2.0@", false, []string{"1.0 py3-none-any?<3.13", "2.0 py3-none-any"}},
		{"no file", "no file - -", true, []string{"1.0 cp312-cp312-win_amd64"}},
		{"not known", "? x", false, []string{"2.0 sdist"}},
	} {
		p := Package{Name: "x", Locked: pep440.MustParse("1.0"), Built: c.built}
		for _, r := range c.releases {
			p.Releases = append(p.Releases, release(t, r))
		}
		blockers, unknown := goal(t, 13).Blocked([]Package{p})
		got := ""
		for _, b := range blockers {
			got = string(b.Problem) + " " + text(b.First) + " " + text(b.Newest)
		}
		for _, name := range unknown {
			got = "? " + string(name)
		}
		if got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

func TestConclude(t *testing.T) {
	t.Parallel()
	blocker := []Blocker{{Name: "x"}}
	for _, c := range []struct {
		solved  Status // the grade at which there is a solution
		err     error
		blocked []Blocker
		unknown []pyname.Package
		want    Status
		reason  string
	}{
		{want: Works},
		{unknown: []pyname.Package{"x"}, want: Unknown},
		{blocked: blocker, solved: Upgrade, want: Upgrade},
		{blocked: blocker, solved: Build, want: Build, reason: "not upgrade"},
		{blocked: blocker, solved: Unsupported, want: Unsupported, reason: "not build"},
		{blocked: blocker, want: Blocked, reason: "not unsupported"},
		{blocked: blocker, err: ErrUnknown, want: Unknown, reason: "not upgrade"},
	} {
		v, err := Conclude(c.blocked, c.unknown, func(grade Status) (Step, string, error) {
			return Step{Solved: grade == c.solved}, "not " + string(grade), c.err
		})
		if err != nil || v.Status != c.want || v.Reason != c.reason {
			t.Errorf("%+v: %s because of %q, %v", c, v.Status, v.Reason, err)
		}
		if blocked := c.want == Blocked || c.want == Unsupported; v.Status.IsBlocked() != blocked {
			t.Errorf("%s is blocked: %t", v.Status, !blocked)
		}
	}
	failure := errors.New("no network")
	if _, err := Conclude(blocker, nil, func(Status) (Step, string, error) { return Step{}, "", failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}

func TestNeeded(t *testing.T) {
	t.Parallel()
	l, err := lock.ReadText("uv.lock", `version = 1
revision = 3
requires-python = ">=3.8"

[[package]]
name = "app"
version = "1"
source = { virtual = "." }
dependencies = [
    { name = "always" },
    { name = "backport", marker = "python_full_version < '3.11'" },
    { name = "wintool", marker = "sys_platform == 'win32'" },
]

[package.optional-dependencies]
more = [
    { name = "extra" },
]

[package.dev-dependencies]
dev = [
    { name = "grouped" },
]

[[package]]
name = "always"
version = "1"
source = { registry = "https://example.com/simple" }

[[package]]
name = "backport"
version = "1"
source = { registry = "https://example.com/simple" }

[[package]]
name = "extra"
version = "1"
source = { registry = "https://example.com/simple" }

[[package]]
name = "grouped"
version = "1"
source = { registry = "https://example.com/simple" }

[[package]]
name = "wintool"
version = "1"
source = { registry = "https://example.com/simple" }
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		goal *Goal
		want string
	}{
		{goal(t, 13), "always app extra grouped"},
		{goal(t, 10), "always app backport extra grouped"},
		{goal(t, 13, "windows"), "always app extra grouped wintool"},
	} {
		var got []string
		for i, is := range c.goal.Needed(l) {
			if is {
				got = append(got, string(l.Packages[i].Name))
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("Python %s needs %s, not %s", c.goal.Version(), text, c.want)
		}
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{
		"src/app/a.py":           "import imp, parser\nimport asyncore\nasyncore.loop(); asyncore.x\n",
		"src/app/parser.py":      "",
		"b.pyw":                  "try:\n  import imp\nexcept ImportError: pass\nimport symbol, chunk\n",
		"src/symbol/__init__.py": "",
		"chunk.py":               "import ast\nast.Str",
		".hidden/x.py":           "import uu",
		"env/pyvenv.cfg":         "",
		"env/lib/x.py":           "import uu",
		"build/x.py":             "import uu",
		"a/__pycache__/x.py":     "import uu",
		"text.txt":               "import uu",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	sources, err := Scan(context.Background(), fsys, false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range Findings(sources) {
		text := f.Name
		for _, p := range f.Places {
			text += " " + p.Path + ":" + string(rune('0'+p.Line))
			if p.Guarded {
				text += "?"
			}
		}
		got = append(got, text)
	}
	want := "asyncore src/app/a.py:2 src/app/a.py:3\nimp b.pyw:2? src/app/a.py:1\nast.Str chunk.py:2"
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("found\n%s\nnot\n%s", text, want)
	}
	all, err := Scan(context.Background(), fsys, true)
	if err != nil || len(all) != len(sources)+3 {
		t.Errorf("everything is %d files, not %d, %v", len(all), len(sources)+3, err)
	}
}
