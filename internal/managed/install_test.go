package managed

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/fsx"
)

// A part is an entry of an archive: a file, or a link if its text begins with
// an arrow.
type part struct{ name, text string }

// pack makes a tar, compressed as the name tells.
func pack(t testing.TB, name string, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if strings.HasSuffix(name, ".zst") {
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	out := tar.NewWriter(w)
	for _, p := range parts {
		head := &tar.Header{Name: p.name, Mode: 0o755, Size: int64(len(p.text)), Typeflag: tar.TypeReg}
		if link, ok := strings.CutPrefix(p.text, "-> "); ok {
			head.Typeflag, head.Linkname, head.Size = tar.TypeSymlink, link, 0
		}
		if err := out.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if head.Size > 0 {
			if _, err := io.WriteString(out, p.text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(out.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// aPython is a small Python: what of one is looked at.
func aPython(top string) []part {
	return []part{
		{top + "bin/python3.12", "#!"},
		{top + "bin/python3", "-> python3.12"},
		{top + "lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py", sysconfigHeader + "build_time_vars = {'prefix': '/install'}\n"},
		{top + "lib/pkgconfig/python3.pc", "prefix=/install\n"},
	}
}

func theKey(t testing.TB) Key {
	t.Helper()
	k, err := ParseKey("cpython-3.12.3-linux-x86_64-gnu")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// installerOf has a store that is locked, and one file to download.
func installerOf(t testing.TB, data []byte) (*Installer, *int) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the Pythons are those of Linux")
	}
	opened := 0
	in := &Installer{Store: NewStore(filepath.Join(t.TempDir(), "uv", "python")), Open: func(context.Context, string) (io.ReadCloser, int64, error) {
		opened++
		return io.NopCloser(bytes.NewReader(data)), int64(len(data)), nil
	}}
	lock, err := in.Store.Lock(t.Context(), fsx.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Release() })
	return in, &opened
}

// listing is all that is in a directory.
func listing(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if target, err := os.Readlink(path); err == nil {
			rel += " -> " + target
		}
		if !d.IsDir() || d.Name() == ".temp" {
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestInstall(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, top string }{
		{"a.tar.gz", "python/"},
		{"a.tar.zst", "python/install/"},
		{"a.tgz", ""},
	} {
		data := pack(t, test.name, aPython(test.top)...)
		in, opened := installerOf(t, data)
		d := Download{Key: theKey(t), URL: "https://example.com/" + test.name + "#x", SHA256: strings.ToUpper(sum(data)), Build: "20250101"}
		for range 2 { // the second time there is nothing to do
			i, err := in.Install(t.Context(), d, false)
			if err != nil || i.Build() != "20250101" || *opened != 1 {
				t.Fatalf("%s: %v, build %s, opened %d times", test.name, err, i.Build(), *opened)
			}
			want := []string{
				"BUILD", "bin/python -> python3.12", "bin/python3 -> python3.12", "bin/python3.12",
				"lib/pkgconfig/python3.pc", "lib/python3.12/EXTERNALLY-MANAGED", "lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py",
			}
			if got := listing(t, i.Path); !slices.Equal(got, want) {
				t.Errorf("%s: got %v", test.name, got)
			}
			text, _ := os.ReadFile(filepath.Join(i.Path, "lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py"))
			if !strings.Contains(string(text), `"prefix": "`+i.Path+`"`) {
				t.Errorf("%s: sysconfig says %s", test.name, text)
			}
		}
		if got := listing(t, in.Store.scratch()); len(got) > 0 {
			t.Errorf("%s: left over: %v", test.name, got)
		}
	}
}

// Nothing of an archive that is not right can be seen, nor is anything outside
// of the store written.
func TestInstallRefuses(t *testing.T) {
	t.Parallel()
	good := pack(t, "a.tar.gz", aPython("python/")...)
	missing := aPython("python/")[1:]
	var hash *HashError
	var bad *archive.Error
	for name, test := range map[string]struct {
		data []byte
		sha  string
		as   any
	}{
		"wrong bytes":      {pack(t, "a.tar.gz", append(aPython("python/"), part{"python/x", "y"})...), sum(good), &hash},
		"truncated":        {good[:len(good)/2], sum(good), &bad},
		"empty":            {nil, sum(good), nil},
		"no archive":       {[]byte("<html>not found</html>"), "", &bad},
		"appended":         {append(slices.Clone(good), "more"...), "", &bad},
		"leads out":        {pack(t, "a.tar.gz", append(aPython("python/"), part{"python/../../../evil", "x"})...), "", &bad},
		"absolute":         {pack(t, "a.tar.gz", append(aPython("python/"), part{"/evil", "x"})...), "", &bad},
		"link leads out":   {pack(t, "a.tar.gz", append(aPython("python/"), part{"python/lib/x", "-> ../../../evil"})...), "", &bad},
		"absolute link":    {pack(t, "a.tar.gz", append(aPython("python/"), part{"python/lib/x", "-> /etc"})...), "", &bad},
		"through a link":   {pack(t, "a.tar.gz", append(aPython("python/"), part{"python/l", "-> bin"}, part{"python/l/x", "y"})...), "", &bad},
		"no executable":    {pack(t, "a.tar.gz", missing...), "", nil},
		"no stdlib":        {pack(t, "a.tar.gz", aPython("python/")[:1]...), "", nil},
		"broken sysconfig": {pack(t, "a.tar.gz", part{"p/bin/python3.12", ""}, part{"p/lib/python3.12/_sysconfigdata_x.py", "import os"}), "", nil},
	} {
		in, _ := installerOf(t, test.data)
		_, err := in.Install(t.Context(), Download{Key: theKey(t), URL: "https://example.com/a.tar.gz", SHA256: test.sha}, false)
		if err == nil || test.as != nil && !errors.As(err, test.as) {
			t.Errorf("%s: %v", name, err)
		}
		if got := listing(t, filepath.Dir(filepath.Dir(in.Store.Root()))); !slices.Equal(got, []string{"uv/python/.gitignore", "uv/python/.lock", "uv/python/.temp"}) {
			t.Errorf("%s: there is %v", name, got)
		}
	}
	in, _ := installerOf(t, good)
	for _, url := range []string{"https://example.com/a.exe", "https://example.com/", ""} {
		if _, err := in.Install(t.Context(), Download{Key: theKey(t), URL: url}, false); err == nil || !strings.Contains(err.Error(), "name of an archive") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// An installation that fails to be replaced stays.
func TestInstallAgain(t *testing.T) {
	t.Parallel()
	data := pack(t, "a.tar.gz", aPython("python/")...)
	in, _ := installerOf(t, data)
	d := Download{Key: theKey(t), URL: "https://example.com/a.tar.gz", SHA256: sum(data)}
	i, err := in.Install(t.Context(), d, false)
	if err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(i.Path, "mark")
	if err := os.WriteFile(mark, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	wrong := d
	wrong.SHA256 = strings.Repeat("0", 64)
	if _, err := in.Install(t.Context(), wrong, true); err == nil {
		t.Error("a wrong archive was installed")
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error(err)
	}
	if _, err := in.Install(t.Context(), d, true); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mark); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was not replaced: %v", err)
	}
}

// Archives are kept by the names that uv gives them, and read again; damaged
// ones are downloaded anew.
func TestArchiveDir(t *testing.T) {
	t.Parallel()
	data := pack(t, "a.tar.gz", aPython("python/")...)
	in, opened := installerOf(t, data)
	in.ArchiveDir = filepath.Join(t.TempDir(), "archives")
	d := Download{Key: theKey(t), URL: "https://example.com/a%2B1.tar.gz", SHA256: sum(data)}
	install := func() error {
		_, err := in.Install(t.Context(), d, true)
		return err
	}
	in.Offline = true
	var offline *OfflineError
	if err := install(); !errors.As(err, &offline) {
		t.Fatal(err)
	}
	in.Offline = false
	if err := install(); err != nil {
		t.Fatal(err)
	}
	kept := d.SHA256[:9] + "-a-1.tar.gz"
	if got := listing(t, in.ArchiveDir); !slices.Equal(got, []string{kept}) {
		t.Fatalf("kept: %v", got)
	}
	in.Offline = true
	if err := install(); err != nil || *opened != 1 {
		t.Fatalf("%v, opened %d times", err, *opened)
	}
	for n, damage := range [][]byte{data[:len(data)/2], []byte("x"), pack(t, "a.tar.gz", aPython("other/")...)} {
		in.Offline = true
		if err := os.WriteFile(filepath.Join(in.ArchiveDir, kept), damage, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := install(); err == nil {
			t.Error("a damaged archive was installed")
		}
		in.Offline = false
		if err := install(); err != nil || *opened != 2+n {
			t.Errorf("%v, opened %d times", err, *opened)
		}
	}
	d.SHA256 = ""
	if err := install(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(in.ArchiveDir, "none-a-1.tar.gz")); err != nil {
		t.Error(err)
	}
}

// Who takes the lock removes what a killed process has left.
func TestLockCleans(t *testing.T) {
	t.Parallel()
	s := NewStore(filepath.Join(t.TempDir(), "python"))
	left := filepath.Join(s.scratch(), ".tmp-x", "unpacked")
	if err := os.MkdirAll(left, 0o777); err != nil {
		t.Fatal(err)
	}
	lock, err := s.Lock(t.Context(), fsx.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Release() }()
	if got := listing(t, s.Root()); !slices.Equal(got, []string{".gitignore", ".lock", ".temp"}) {
		t.Errorf("there is %v", got)
	}
}

func TestExecutableNames(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("names of Unix")
	}
	for key, want := range map[string]string{
		"cpython-3.12.3-linux-x86_64-gnu":                    "python3.12 python3 python",
		"cpython-3.13.0+freethreaded-linux-x86_64-gnu":       "python3.13t python3t pythont",
		"cpython-3.13.0+debug-linux-x86_64-gnu":              "python3.13d python3d pythond",
		"pypy-3.10.16-linux-x86_64-gnu":                      "pypy3.10 pypy3 pypy",
		"graalpy-3.11.0-linux-x86_64-gnu":                    "graalpy3.11 graalpy3 graalpy",
		"cpython-3.13.2-emscripten-wasm32-musl":              "pyodide3.13 pyodide3 pyodide",
		"cpython-3.13.0+freethreaded+debug-linux-x86_64-gnu": "python3.13td python3td pythontd",
	} {
		k, err := ParseKey(key)
		if got := strings.Join(k.ExecutableNames(true), " "); err != nil || got != want {
			t.Errorf("%s: %s, %v", key, got, err)
		}
	}
}

func TestIsUpgradeOf(t *testing.T) {
	t.Parallel()
	at := func(version, build string) Installation {
		k, err := ParseKey("cpython-" + version + "-linux-x86_64-gnu")
		if err != nil {
			t.Fatal(err)
		}
		i := Installation{Path: t.TempDir(), Key: k}
		if build != "" {
			if err := os.WriteFile(filepath.Join(i.Path, "BUILD"), []byte(build), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		return i
	}
	for _, test := range []struct {
		a, aBuild, b, bBuild string
		want                 bool
	}{
		{"3.12.2", "", "3.12.1", "", true},
		{"3.12.1", "", "3.12.2", "", false},
		{"3.12.1", "", "3.12.1", "", false},
		{"3.12.1", "20250102", "3.12.1", "20250101", true},
		{"3.12.1", "20250102", "3.12.1", "", true},
		{"3.12.1", "", "3.12.1", "20250101", false},
		{"3.13.1", "", "3.12.1", "", false},
		{"3.13.0", "", "3.13.0rc1", "", true},
		{"3.13.0rc2", "", "3.13.0rc1", "", true},
		{"3.13.0rc2", "", "3.13.0", "", false},
		{"3.13.1+freethreaded", "", "3.13.0", "", false},
	} {
		if got := at(test.a, test.aBuild).IsUpgradeOf(at(test.b, test.bBuild)); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestCompareBuilds(t *testing.T) {
	t.Parallel()
	for _, test := range [][2]string{{"20250101", "20250102"}, {"7.3.9", "7.3.20"}, {"24", "24.1"}, {"9", "10"}} {
		if CompareBuilds(test[0], test[1]) >= 0 || CompareBuilds(test[1], test[0]) <= 0 || CompareBuilds(test[0], test[0]) != 0 {
			t.Errorf("%v are not in order", test)
		}
	}
}

// How long an archive takes that is like those of portable builds: some
// thousand files.
func BenchmarkInstall(b *testing.B) {
	parts := aPython("python/")
	for n := range 3000 {
		parts = append(parts, part{fmt.Sprintf("python/lib/python3.12/m%d.py", n), strings.Repeat("x = 1  # a line\n", 600)})
	}
	data := pack(b, "a.tar.gz", parts...)
	in, _ := installerOf(b, data)
	d := Download{Key: theKey(b), URL: "https://example.com/a.tar.gz", SHA256: sum(data)}
	for b.Loop() {
		if _, err := in.Install(b.Context(), d, true); err != nil {
			b.Fatal(err)
		}
	}
}
