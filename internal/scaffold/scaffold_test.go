package scaffold

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyproject"
)

// Every kind of project with every backend is a valid project, whose files
// have no placeholders left.
func TestProjectsAreValid(t *testing.T) {
	t.Parallel()
	requires, err := pep440.ParseSpecifiers(">=3.9")
	if err != nil {
		t.Fatal(err)
	}
	text := `with "quotes" and a \`
	for _, name := range slices.Concat(Backends(), BackendAliases()) {
		backend, ok := ParseBackend(name)
		if !ok {
			t.Errorf("the backend %q is not known", name)
		}
		for kind := Application; kind <= BarePackage; kind++ {
			p := &Project{
				Name: "my-app", Kind: kind, Backend: backend, RequiresPython: requires,
				Description: &text, Readme: true, Author: Author{Name: text, Email: "a@example.com"},
			}
			files := p.Files()
			last := files[len(files)-1]
			if last.Name != "pyproject.toml" {
				t.Errorf("%s %d: the last file is %s", name, kind, last.Name)
			}
			f, err := pyproject.Parse("pyproject.toml", []byte(last.Text))
			if err != nil {
				t.Fatalf("%s %d: %v\n%s", name, kind, err, last.Text)
			}
			if errs := f.Validate(); len(errs) > 0 {
				t.Errorf("%s %d: %v", name, kind, errs)
			}
			if f.HasBuildSystem() != kind.IsPackage() {
				t.Errorf("%s %d: has a build system: %t", name, kind, f.HasBuildSystem())
			}
			for _, f := range files {
				for _, left := range []string{"{name}", "{module}"} {
					if strings.Contains(f.Name+f.Text, left) {
						t.Errorf("%s %d: %s has %s", name, kind, f.Name, left)
					}
				}
			}
		}
	}
}

func TestWriteKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "README.md")
	if err := os.WriteFile(path, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := (&Project{Name: "x", Readme: true}).Write(dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("README.md is %q, %v", text, err)
	}
}

// A file that gets metadata keeps its text and its line ends, and the metadata
// is found again.
func TestTakeIn(t *testing.T) {
	t.Parallel()
	requires := pep440.Specifiers{{Op: pep440.GreaterEqual, Version: pep440.FromRelease(3, 9)}}
	const block = "# /// script\n# requires-python = \">=3.9\"\n# dependencies = []\n# ///\n"
	for _, test := range []struct{ text, want string }{
		{"", block + "\n"},
		{"print(1)", block + "\nprint(1)"},
		{"# a comment\n", block + "\n# a comment\n"},
		{"#!/bin/x\nprint(1)\n", "#!/bin/x\n#\n" + block + "\nprint(1)\n"},
		{"#!/bin/x", "#!/bin/x\n#\n" + block + "\n"},
		{"\ufeffprint(1)\n", "\ufeff\n" + block + "\nprint(1)\n"},
		{"x = 1\r\n", "# /// script\r\n# requires-python = \">=3.9\"\r\n# dependencies = []\r\n# ///\r\n\r\nx = 1\r\n"},
	} {
		got := TakeIn([]byte(test.text), requires)
		if string(got) != test.want {
			t.Errorf("%q\nbecame %q\nwant   %q", test.text, got, test.want)
		}
		if script, err := pyproject.ParseScript("x.py", got); err != nil || script == nil {
			t.Errorf("%q: %v, %v", got, script, err)
		}
	}
}
