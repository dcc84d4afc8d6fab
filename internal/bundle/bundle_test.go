package bundle_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/bundle"
	"github.com/tame-py/tame/packaging/tags"
)

// python is an interpreter of this machine, and its minor version.
func python(t *testing.T) (path string, minor int) {
	t.Helper()
	for _, name := range []string{"python3.12", "python3.11", "python3"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		out, err := exec.Command(path, "-I", "-c", "import sys; sys.stdout.write(chr(sys.version_info[1]))").Output()
		if err == nil && len(out) == 1 && out[0] >= 8 {
			return path, int(out[0])
		}
	}
	t.Skip("there is no Python 3.8 or later on the PATH")
	return "", 0
}

// write makes files below a directory.
func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// program is a bundle whose content has to be unpacked, in a new root.
func program(t *testing.T, minor int) (*bundle.Spec, string) {
	t.Helper()
	root := t.TempDir()
	write(t, root, map[string]string{
		"lib/app.py":       "import os\ndef main():\n    print(open(os.path.join(os.path.dirname(__file__), 'app.txt')).read())\n",
		"lib/app.txt":      "whole",
		"lib/big/data.txt": strings.Repeat("0123456789abcdef", 1<<16),
	})
	s := &bundle.Spec{
		Name: "app", Entries: []bundle.Entry{{Name: "app", Module: "app", Attr: "main"}},
		Python: bundle.Python{Version: "3", Major: 3, Minor: minor},
	}
	if err := s.Finish(root); err != nil {
		t.Fatal(err)
	}
	return s, root
}

func zipapp(t *testing.T, s *bundle.Spec, root string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Zipapp(&b, root); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// save writes a bundle that is one file, to be run.
func save(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(path, data, 0o777); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tags string
		want bundle.Needs
	}{
		{"py3-none-any", bundle.Needs{}},
		{"py2.py3-none-any", bundle.Needs{}},
		{"cp38-abi3-manylinux_2_17_x86_64 py3-none-any", bundle.Needs{}},
		{"cp38-abi3-manylinux_2_17_x86_64", bundle.Needs{System: "linux", Machine: "x86_64"}},
		{"cp312-cp312-manylinux_2_17_x86_64", bundle.Needs{Exact: true, System: "linux", Machine: "x86_64"}},
		{"py3-none-manylinux_2_17_x86_64", bundle.Needs{System: "linux", Machine: "x86_64"}},
		{"cp312-none-any", bundle.Needs{Exact: true}},
		{"", bundle.Needs{Exact: true, System: "linux", Machine: "x86_64"}},
	} {
		var list []tags.Compressed
		for _, text := range strings.Fields(c.tags) {
			list = append(list, tags.Compressed(text))
		}
		var have bundle.Needs
		have.Add(list, false, "linux", "x86_64")
		if have != c.want {
			t.Errorf("%q: needs %+v, want %+v", c.tags, have, c.want)
		}
	}
}

func TestSameBytes(t *testing.T) {
	t.Parallel()
	s, root := program(t, 12)
	first := zipapp(t, s, root)
	late := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(root, "lib", "app.py"), late, late); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "lib", "app.py"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, zipapp(t, s, root)) {
		t.Error("times or permissions of the root change the archive")
	}
	if s, root := executable(t, "/bin/true", 12); s != nil {
		var a, b bytes.Buffer
		if err := errors.Join(s.Executable(&a, root, "x"), s.Executable(&b, root, "x")); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("two executables differ, %v", err)
		}
	}
	if bytes.Contains(first, []byte(root)) {
		t.Error("the archive tells where it was made")
	}
	s.Time = time.Unix(1_700_000_000, 0)
	if bytes.Equal(first, zipapp(t, s, root)) {
		t.Error("the time is not obeyed")
	}
}

func TestNamesOfPrograms(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "-x", ".x", "a b", "a/b", "a'b", "a\nb", "$x"} {
		s := &bundle.Spec{Entries: []bundle.Entry{{Name: name, Module: "m"}}}
		if err := s.Finish(t.TempDir()); err == nil {
			t.Errorf("%q is taken for the name of a program", name)
		}
	}
}

// A form is a bundle that is one file, and what runs it.
type form struct {
	name string
	run  []string
	data []byte
}

// forms are the program as a zip archive and as an executable, whose Python is a
// script that runs that of this machine.
func forms(t *testing.T) []form {
	t.Helper()
	path, minor := python(t)
	s, root := program(t, minor)
	out := []form{{"zipapp", []string{path}, zipapp(t, s, root)}}
	s, root = executable(t, path, minor)
	var b bytes.Buffer
	if err := s.Executable(&b, root, "this machine"); err != nil {
		t.Fatal(err)
	}
	return append(out, form{"executable", nil, b.Bytes()})
}

func executable(t *testing.T, python string, minor int) (*bundle.Spec, string) {
	t.Helper()
	root := t.TempDir()
	write(t, root, map[string]string{
		"python/bin/python3": "#!/bin/sh\nexec '" + python + "' \"$@\"\n",
		"app/app.py":         "import helper\n",
		"app/helper.py":      "import os\nprint(open(os.path.join(os.path.dirname(__file__), 'app.txt')).read())\n",
		"app/app.txt":        "whole",
		// Longer than the names in headers of tar, and than a block is large.
		"app/" + strings.Repeat("long/", 30) + "data.bin": noise(5 << 20),
	})
	if err := os.Chmod(filepath.Join(root, "python/bin/python3"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("python3", filepath.Join(root, "python/bin/python")); err != nil {
		t.Fatal(err)
	}
	s := &bundle.Spec{
		Name: "app", Entries: []bundle.Entry{{Name: "app", Script: "app.py"}}, App: true,
		Python: bundle.Python{Version: "3", Major: 3, Minor: minor, Executable: "python/bin/python3", Site: "python/site"},
	}
	if err := s.Finish(root); err != nil {
		t.Fatal(err)
	}
	return s, root
}

// noise cannot be compressed.
func noise(n int) string {
	b := make([]byte, n)
	state := uint32(1)
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = byte(state >> 24)
	}
	return string(b)
}

// start runs a file with a cache, and returns what it prints, with its error.
func (f *form) start(file, cache string, env ...string) string {
	args := append(slices.Clone(f.run), file)
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(env, "PATH="+os.Getenv("PATH"))
	if cache != "" {
		c.Env = append(c.Env, "TAME_BUNDLE_DIR="+cache)
	}
	out, err := c.CombinedOutput()
	if err != nil {
		return string(out) + err.Error()
	}
	return string(out)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.Name()
	}
	return out
}

// TestTogether starts a bundle in many processes at once, before it was ever
// unpacked: all of them work, and there is one folder.
func TestTogether(t *testing.T) {
	t.Parallel()
	for _, f := range forms(t) {
		file, cache := save(t, f.data), filepath.Join(t.TempDir(), "a cache")
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if out := f.start(file, cache); out != "whole\n" {
					t.Errorf("%s: a process says %q", f.name, out)
				}
			})
		}
		group.Wait()
		if have := names(t, cache); len(have) != 1 || !strings.HasPrefix(have[0], "app-") {
			t.Errorf("%s: the cache has %q", f.name, have)
		}
	}
}

// TestKilled leaves what a killed process leaves: that does not count, and goes
// when it is old.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, f := range forms(t) {
		file, cache := save(t, f.data), t.TempDir()
		write(t, cache, map[string]string{".unpack-old/new/lib/app.py": "", ".unpack-new/new/lib/app.py": ""})
		old := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(filepath.Join(cache, ".unpack-old"), old, old); err != nil {
			t.Fatal(err)
		}
		if out := f.start(file, cache); out != "whole\n" {
			t.Errorf("%s: it says %q", f.name, out)
		}
		have := names(t, cache)
		if slices.Contains(have, ".unpack-old") || !slices.Contains(have, ".unpack-new") {
			t.Errorf("%s: the cache has %q", f.name, have)
		}
	}
}

// TestCutOff cuts bundles off, and changes a byte: each time there is an error,
// and nothing to be taken for the bundle.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, f := range forms(t) {
		damaged := slices.Clone(f.data)
		damaged[len(damaged)/2] ^= 0x55
		n := len(f.data)
		for name, data := range map[string][]byte{"half": f.data[:n/2], "short": f.data[:n-1], "end": f.data[:n-9], "damaged": damaged} {
			cache := t.TempDir()
			out := f.start(save(t, data), cache)
			if !strings.Contains(out, "exit status 1") ||
				(f.name == "executable" || name == "damaged") && !strings.Contains(out, "is damaged") {
				t.Errorf("%s, %s: it says %q", f.name, name, out)
			}
			if have := names(t, cache); len(have) > 0 {
				t.Errorf("%s, %s: the cache has %q", f.name, name, have)
			}
		}
	}
}

// TestPlaces unpacks into the user's cache, or where that cannot be, into the
// directory for temporary files: never where others may write.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, f := range forms(t) {
		file, home, temp := save(t, f.data), t.TempDir(), t.TempDir()
		if out := f.start(file, "", "HOME="+home, "TMPDIR="+temp); out != "whole\n" {
			t.Errorf("%s: it says %q", f.name, out)
		}
		cache := filepath.Join(home, ".cache", "tame-bundle")
		if len(names(t, cache)) != 1 {
			t.Errorf("%s: the cache has %q", f.name, names(t, cache))
		}
		if info, err := os.Stat(cache); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: the cache is %v, %v", f.name, info.Mode(), err)
		}
		for _, variables := range [][]string{{"HOME=" + filepath.Join(home, "none")}, {"HOME="}, {"XDG_CACHE_HOME=/dev/null/x"}} {
			if out := f.start(file, "", append(variables, "TMPDIR="+temp)...); out != "whole\n" {
				t.Errorf("%s: with %q it says %q", f.name, variables, out)
			}
		}
		if have := names(t, temp); len(have) != 1 || !strings.HasPrefix(have[0], "tame-bundle-") {
			t.Errorf("%s: the directory for temporary files has %q", f.name, have)
		}
		out := f.start(file, "/dev/null/x")
		if !strings.Contains(out, "TAME_BUNDLE_DIR names") || !strings.Contains(out, "exit status 1") {
			t.Errorf("%s: it says %q", f.name, out)
		}
	}
}

// TestOthers refuses to run what somebody else may have put into the cache.
func TestOthers(t *testing.T) {
	t.Parallel()
	for _, f := range forms(t) {
		file, home, temp := save(t, f.data), t.TempDir(), t.TempDir()
		shared := filepath.Join(home, ".cache", "tame-bundle")
		if err := os.MkdirAll(shared, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(shared, 0o777); err != nil {
			t.Fatal(err)
		}
		if out := f.start(file, "", "HOME="+home, "TMPDIR="+temp); out != "whole\n" {
			t.Errorf("%s: it says %q", f.name, out)
		}
		if len(names(t, shared)) > 0 || len(names(t, temp)) != 1 {
			t.Errorf("%s: it is in %q and %q", f.name, names(t, shared), names(t, temp))
		}
	}
}

// TestStub looks for the archive where the script says that it is.
func TestStub(t *testing.T) {
	t.Parallel()
	f := forms(t)[1]
	_, rest, _ := strings.Cut(string(f.data), " skip=")
	text, _, _ := strings.Cut(rest, " ")
	at, err := strconv.Atoi(text)
	if err != nil || !bytes.HasPrefix(f.data[at-1:], []byte{0x1f, 0x8b}) {
		t.Errorf("there is no archive at %q, %v", text, err)
	}
	if bytes.Contains(f.data[:at-1], []byte{0}) {
		t.Error("the script is not text")
	}
}

func TestCopyPython(t *testing.T) {
	t.Parallel()
	prefix, root := t.TempDir(), t.TempDir()
	config := "build_time_vars = {'prefix': '" + prefix + "'}\n"
	write(t, prefix, map[string]string{
		"bin/python3.12": "", "bin/pip": "", "include/Python.h": "", "BUILD": "", "share/man/x": "", "share/terminfo/x/xterm": "",
		"lib/libpython3.12.a": "", "lib/pkgconfig/python3.pc": "", "lib/tcl8.6/init.tcl": "",
		"lib/python3.12/os.py": "", "lib/python3.12/__pycache__/os.cpython-312.pyc": "", "lib/python3.12/EXTERNALLY-MANAGED": "",
		"lib/python3.12/unittest/case.py": "", "lib/python3.12/test/test_os.py": "", "lib/python3.12/ctypes/test/x.py": "",
		"lib/python3.12/config-3.12-x86_64-linux-gnu/Makefile": "", "lib/python3.12/site-packages/mine/__init__.py": "",
		"lib/python3.12/_sysconfigdata__linux_x86_64.py": config, "lib/python3.12/lib-dynload/_testcapi.so": "", "lib/python3.12/lib-dynload/math.so": "",
		"lib/libpython3.12.so.1.0": "",
	})
	if err := os.Symlink("libpython3.12.so.1.0", filepath.Join(prefix, "lib", "libpython3.12.so")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", filepath.Join(prefix, "lib", "elsewhere")); err != nil {
		t.Fatal(err)
	}
	p, err := bundle.CopyPython(root, bundle.PythonSource{
		Prefix: prefix, Executable: "bin/python3.12", Stdlib: "lib/python3.12", Site: "lib/python3.12/site-packages",
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.Executable != "python/bin/python3.12" || p.Site != "python/lib/python3.12/site-packages" {
		t.Errorf("it is %+v", p)
	}
	var have []string
	err = filepath.WalkDir(filepath.Join(root, "python"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(filepath.Join(root, "python"), path)
			have = append(have, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"bin/python", "bin/python3", "bin/python3.12",
		"lib/libpython3.12.so", "lib/libpython3.12.so.1.0",
		"lib/python3.12/_sysconfigdata__linux_x86_64.py", "lib/python3.12/lib-dynload/math.so", "lib/python3.12/os.py", "lib/python3.12/unittest/case.py",
		"lib/tcl8.6/init.tcl", "share/terminfo/x/xterm",
	}
	if !slices.Equal(have, want) {
		t.Errorf("there are\n%s\nand not\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
	text, err := os.ReadFile(filepath.Join(root, "python/lib/python3.12/_sysconfigdata__linux_x86_64.py"))
	if err != nil || string(text) != "build_time_vars = {'prefix': '/install'}\n" {
		t.Errorf("sysconfig has %q, %v", text, err)
	}
}
