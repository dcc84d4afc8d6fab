package backend

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/tools/txtar"
)

// The archives in testdata hold projects and what uv_build 0.12.5 made of them:
// permissions, names and contents of all members. Lines of the comment prepare
// files: "exec NAME" makes one executable, "trim NAME" removes its last line
// end, "link NAME TARGET" makes a link.
func TestArtifacts(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no test data", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			testArtifacts(t, name)
		})
	}
}

func testArtifacts(t *testing.T, name string) {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir, want := extract(t, a)
	for kind, run := range map[string]func(Options) (string, error){"sdist": Sdist, "wheel": Wheel, "editable": Editable} {
		out := t.TempDir()
		file, err := run(Options{Dir: dir, Out: out})
		if err != nil {
			if want[kind] != "fails\n" {
				t.Errorf("%s: %v", kind, err)
			}
			if left, _ := os.ReadDir(out); len(left) > 0 {
				t.Errorf("%s: the failed build left %v", kind, left)
			}
			continue
		}
		got := file + "\n" + strings.ReplaceAll(dump(t, filepath.Join(out, file)), dir, "$DIR")
		if kind == "editable" {
			got = withoutPth(got)
		}
		if d := cmp.Diff(want[kind], got); d != "" {
			t.Errorf("%s (-uv_build +ours):\n%s", kind, d)
		}
		testSame(t, filepath.Join(out, file), func(o Options) (string, error) { o.Dir = dir; return run(o) })
	}
}

// withoutPth leaves out the line of RECORD whose hash depends on the folder.
func withoutPth(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, ".pth,sha256") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// testSame builds again, and wants the same bytes.
func testSame(t *testing.T, file string, run func(Options) (string, error)) {
	t.Helper()
	out := t.TempDir()
	name, err := run(Options{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(filepath.Join(out, name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("a second build of %s has other bytes", name)
	}
}

// extract writes the project, and returns what is wanted.
func extract(t *testing.T, a *txtar.Archive) (dir string, want map[string]string) {
	t.Helper()
	dir, want = t.TempDir(), map[string]string{}
	changes := map[string]string{}
	for line := range strings.Lines(string(a.Comment)) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name, target, _ := strings.Cut(rest, " "); verb {
		case "exec", "trim", "crlf", "latin1":
			changes[name] += verb + " "
		case "link":
			if runtime.GOOS == "windows" {
				t.Skip("needs symbolic links")
			}
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.Symlink(target, file)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range a.Files {
		if key, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[key] = string(f.Data)
			continue
		}
		writeFile(t, filepath.Join(dir, filepath.FromSlash(f.Name)), f.Data, changes[f.Name])
	}
	return dir, want
}

func writeFile(t *testing.T, file string, data []byte, changes string) {
	t.Helper()
	mode := fs.FileMode(0o644)
	for change := range strings.FieldsSeq(changes) {
		switch change {
		case "exec":
			if mode = 0o711; runtime.GOOS == "windows" {
				t.Skip("needs executable files")
			}
		case "trim":
			data = bytes.TrimSuffix(data, []byte("\n"))
		case "crlf":
			data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
		case "latin1":
			data = []byte("caf\xe9\n")
		}
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, data, mode)); err != nil {
		t.Fatal(err)
	}
}

// dump lists the members of an artifact.
func dump(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".whl") {
		return dumpZip(t, data)
	}
	return dumpTar(t, data)
}

func dumpZip(t *testing.T, data []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range z.File {
		fmt.Fprintf(&b, "%o %s\n", f.Mode().Perm(), f.Name)
		if f.Mode().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(f.Name, err)
		}
		b.WriteString(indented(text))
	}
	return b.String()
}

func dumpTar(t *testing.T, data []byte) string {
	t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(h.Name, "/")
		if h.Typeflag == tar.TypeDir {
			name += "/"
		}
		fmt.Fprintf(&b, "%o %s\n", h.Mode, name)
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(indented(text))
	}
}

func indented(text []byte) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\r", `\r`)) {
		b.WriteString("    " + line)
		if !strings.HasSuffix(line, "\n") {
			b.WriteString("\\\n")
		}
	}
	return b.String()
}

// SOURCE_DATE_EPOCH is the time stamp of all members.
func TestSourceDate(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/minimal.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := extract(t, a)
	at, err := SourceDate("1700000000")
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	name, err := Wheel(Options{Dir: dir, Out: out, Time: at})
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(filepath.Join(out, name))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if !f.Modified.Equal(time.Unix(1700000000, 0)) {
			t.Errorf("%s is of %v", f.Name, f.Modified)
		}
	}
	for _, text := range []string{"-1", "soon", "1.5"} {
		if at, err := SourceDate(text); err == nil {
			t.Errorf("SourceDate(%q) is %v", text, at)
		}
	}
}

func BenchmarkWheel(b *testing.B) {
	dir, out := b.TempDir(), b.TempDir()
	files := map[string]string{"pyproject.toml": "[project]\nname = \"many\"\nversion = \"1\"\n[build-system]\nrequires = [\"uv_build\"]\nbuild-backend = \"uv_build\"\n", "src/many/__init__.py": ""}
	for i := range 500 {
		files[fmt.Sprintf("src/many/m%d/n%d.py", i%20, i)] = strings.Repeat(fmt.Sprintf("def f%d(x):\n    return x * %d\n", i, i), 100)
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := Wheel(Options{Dir: dir, Out: out}); err != nil {
			b.Fatal(err)
		}
	}
}
