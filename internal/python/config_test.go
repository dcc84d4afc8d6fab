package python

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseConfig(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Config{
		"": {SystemPackages: true},
		"home = /usr/bin\nimplementation = CPython\nuv = 0.1\nversion_info = 3.12.1\ninclude-system-site-packages = false\n" +
			"relocatable = True\nseed = true\nprompt = a = b\r\n": {
			Home: "/usr/bin", Version: "3.12.1", Prompt: "a = b", UV: true, Relocatable: true, Seed: true,
		},
		"virtualenv=20\nversion=3.8.1\nno equals sign\nrelocatable=yes": {Virtualenv: true, Version: "3.8.1", SystemPackages: true},
	} {
		if got := ParseConfig(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestSetConfig(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"home = /a\nversion = 3.8\n", "home = /a\nversion = 3.9\n"},
		{"home = /a", "home = /a\nversion = 3.9\n"},
		{"version=3.8\nversions=1\n", "version = 3.9\nversions=1\n"},
		{"", "version = 3.9\n"},
	} {
		if got := SetConfig(c[0], "version", "3.9"); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}

func TestVersionFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("config/uv/.python-version", "3.8\n")
	write("a/.python-version", "# pinned\n\n  3.12  \nfoo\npypy@3.10\n")
	write("a/.python-versions", "3.11\n3.12")
	write("a/b/c/x", "")
	getenv := func(name string) string {
		if name == "XDG_CONFIG_HOME" || name == "APPDATA" {
			return filepath.Join(root, "config")
		}
		return ""
	}
	for _, c := range []struct {
		dir     string
		options VersionFileOptions
		want    string
	}{
		{"a", VersionFileOptions{}, "a/.python-version: 3.12 pypy@3.10 (foo)"},
		{"a/b/c", VersionFileOptions{}, "a/.python-version: 3.12 pypy@3.10 (foo)"},
		{"a/b/c", VersionFileOptions{Plural: true}, "a/.python-versions: 3.11 3.12 ()"},
		{"a/b/c", VersionFileOptions{StopAt: filepath.Join(root, "a/b")}, "config/uv/.python-version: 3.8 ()"},
		{"a/b/c", VersionFileOptions{StopAt: filepath.Join(root, "a")}, "a/.python-version: 3.12 pypy@3.10 (foo)"},
		{"a", VersionFileOptions{NoLocal: true}, "config/uv/.python-version: 3.8 ()"},
		{"a", VersionFileOptions{NoConfig: true}, ""},
		{".", VersionFileOptions{}, "config/uv/.python-version: 3.8 ()"},
	} {
		c.options.Getenv = getenv
		file, err := FindVersionFile(filepath.Join(root, c.dir), c.options)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if file != nil {
			rel, _ := filepath.Rel(root, file.Path)
			got = filepath.ToSlash(rel) + ":"
			for _, r := range file.Requests {
				got += " " + r.Canonical()
			}
			got += " (" + strings.Join(file.Ignored, " ") + ")"
		}
		if got != c.want {
			t.Errorf("%s %+v: %q, want %q", c.dir, c.options, got, c.want)
		}
	}
	file := &VersionFile{Path: filepath.Join(root, "new/dir/.python-version"), Requests: []Request{ParseRequest("312", "/"), ParseRequest("pp", "/")}}
	if err := file.Write(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file.Path); err != nil || string(text) != "3.12\npypy\n" {
		t.Errorf("%q, %v", text, err)
	}
	if r, ok := file.Request(); !ok || r.Canonical() != "3.12" {
		t.Errorf("%v", r)
	}
	if _, ok := (&VersionFile{}).Request(); ok {
		t.Error("an empty file has no request")
	}
}

func FuzzFacts(f *testing.F) {
	i := &Interpreter{SitePackages: []string{"/a"}}
	i.Env.PythonFullVersion, i.Env.ImplementationVersion, i.Env.PythonVersion = "3.12.1", "3.12.1", "3.12"
	f.Add(i.appendFacts(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := reader{rest: string(text)}
		i, err := r.interpreter()
		if err != nil {
			return
		}
		again := reader{rest: string(i.appendFacts(nil))}
		if j, err := again.interpreter(); err != nil || string(j.appendFacts(nil)) != string(i.appendFacts(nil)) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
