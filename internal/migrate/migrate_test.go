package migrate

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"
)

// convert converts the files of an archive.
func convert(t *testing.T, a *txtar.Archive) (*Result, error) {
	t.Helper()
	r := &Request{Name: "folder"}
	for _, f := range a.Files {
		if !strings.HasPrefix(f.Name, "want/") {
			r.Names = append(r.Names, f.Name)
		}
	}
	r.Read = func(name string) ([]byte, error) {
		for _, f := range a.Files {
			if f.Name == name {
				return f.Data, nil
			}
		}
		return nil, fs.ErrNotExist
	}
	r.Describe = func() ([]byte, error) {
		text, err := r.Read("METADATA")
		if err != nil {
			return nil, errors.New("the build failed\n\nwith much output")
		}
		return text, nil
	}
	return Convert(r)
}

func TestConvert(t *testing.T) {
	files, err := fs.Glob(testdata, "testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(name, "testdata/"), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := fs.ReadFile(testdata, name)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(text)
			result, err := convert(t, a)
			if err != nil {
				t.Fatal(err)
			}
			want, got := map[string]string{}, map[string]string{}
			for _, f := range a.Files {
				if w, ok := strings.CutPrefix(f.Name, "want/"); ok {
					want[w] = string(f.Data)
				}
			}
			for _, f := range result.Files {
				got[f.Path] = string(f.Text)
			}
			got["report"] = report(result)
			if *update {
				a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want/") })
				for _, name := range sortedKeys(got) {
					a.Files = append(a.Files, txtar.File{Name: "want/" + name, Data: []byte(got[name])})
				}
				write(t, name, txtar.Format(a))
				return
			}
			for _, name := range sortedKeys(got) {
				if got[name] != want[name] {
					t.Errorf("%s", diff.Diff("want/"+name, []byte(want[name]), "got", []byte(got[name])))
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d files are written, %d expected", len(got), len(want))
			}
		})
	}
}

// report is what a result has beside its files.
func report(r *Result) string {
	var b strings.Builder
	for _, k := range r.From {
		b.WriteString("from " + string(k) + "\n")
	}
	for _, p := range r.Pins {
		b.WriteString("pin " + string(p.Name) + " " + p.Version.String() + p.Commit)
		if !p.Marker.IsTrue() {
			b.WriteString(" ; " + p.Marker.String())
		}
		b.WriteString("\n")
	}
	for _, n := range r.Notes {
		b.WriteString("note " + n.Where + ": " + n.Message + "\n")
	}
	for _, name := range r.Kept {
		b.WriteString("kept " + name + "\n")
	}
	for _, name := range r.Obsolete {
		b.WriteString("obsolete " + name + "\n")
	}
	return b.String()
}

func TestConstraint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"^1.2.3": ">=1.2.3,<2", "^1.2": ">=1.2,<2", "^1": ">=1,<2", "^0.2.3": ">=0.2.3,<0.3", "^0.0.3": ">=0.0.3,<0.0.4", "^0.0": ">=0.0,<0.1", "^0": ">=0,<1",
		"~1.2.3": ">=1.2.3,<1.3", "~1.2": ">=1.2,<1.3", "~1": ">=1,<2", "~=1.4": "~=1.4", "*": "", "1.*": "==1.*", "==1.*": "==1.*", "1.2.3": "==1.2.3", "=1.2": "==1.2",
		">= 1.2, < 1.5": ">=1.2,<1.5", ">=1.2 <1.5": ">=1.2,<1.5", "!=1.3": "!=1.3", ">=1.*": ">=1", "1.x": "==1.*", "@^4.0": ">=4.0,<5",
		"^1 || ^2": ">=1,<3", "^3.5 | ^2.7": ">=2.7,!=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*,!=3.4.*,<4", "": "",
	} {
		c, err := parseConstraint(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if s, _ := c.specifiers(); s.Join(",") != want {
			t.Errorf("%q became %q, want %q", text, s.Join(","), want)
		}
	}
	for _, text := range []string{"^", "~x", "latest", ">=", "1.2.3.*.1", "^1 || foo"} {
		if _, err := parseConstraint(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestPlatforms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"linux": "sys_platform == 'linux'", "!=win32": "sys_platform != 'win32'",
		"linux || darwin": "sys_platform == 'darwin' or sys_platform == 'linux'", "*": "",
	} {
		if got := platforms(text).String(); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestPyenvVersion(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"3.11.4": "3.11.4", "3.8.1/envs/work": "3.8.1", "pypy3.9-7.3.9": "pypy3.9", "3.13-dev": "3.13", "3.13t": "3.13t",
		"miniconda3-4.7.12": "", "system": "", "my-env": "", "3.a": "", "1.2": "", "3.1.2.3": "",
	} {
		if got, _ := pyenvVersion(word); got != want {
			t.Errorf("%q became %q, want %q", word, got, want)
		}
	}
}

// FuzzConvert feeds each format with noise: what comes out must be a document,
// or an error.
func FuzzConvert(f *testing.F) {
	files, err := fs.Glob(testdata, "testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(testdata, name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(text).Files {
			if !strings.HasPrefix(file.Name, "want/") {
				f.Add(file.Name, string(file.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		a := &txtar.Archive{Files: []txtar.File{{Name: name, Data: []byte(text)}}}
		if name == "poetry.lock" || name == "pdm.lock" || name == "Pipfile.lock" {
			tool := map[string]string{"poetry.lock": "[tool.poetry]\nname='x'\n", "pdm.lock": "[project]\nname='x'\n"}[name]
			a.Files = append(a.Files, txtar.File{Name: "pyproject.toml", Data: []byte(tool)}, txtar.File{Name: "Pipfile"})
		}
		result, err := convert(t, a)
		if err != nil {
			return
		}
		for _, file := range result.Files {
			if file.Path == "pyproject.toml" && len(file.Text) == 0 {
				t.Errorf("an empty %s is written", file.Path)
			}
		}
	})
}
