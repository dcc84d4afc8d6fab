package managed

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func env(vars ...string) func(string) string {
	return func(name string) string {
		for _, v := range vars {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestDefaultStore(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Unix paths")
	}
	for _, c := range []struct {
		want string
		env  []string
	}{
		{"/data/py", []string{"UV_PYTHON_INSTALL_DIR=/data/py", "HOME=/h"}},
		{"/srv/py", []string{"UV_PYTHON_INSTALL_DIR=py/", "HOME=/h"}},
		{"/xdg/uv/python", []string{"XDG_DATA_HOME=/xdg", "HOME=/h"}},
		{"/h/.local/share/uv/python", []string{"XDG_DATA_HOME=xdg", "HOME=/h"}},
		{"/srv/.uv/python", nil},
	} {
		if got := DefaultStore(env(c.env...), "/srv").Root(); got != c.want {
			t.Errorf("with %v: %s, want %s", c.env, got, c.want)
		}
	}
	for _, c := range []struct {
		want string
		env  []string
	}{
		{"/b", []string{"UV_PYTHON_BIN_DIR=/b", "HOME=/h"}},
		{"/xdg/bin", []string{"XDG_BIN_HOME=/xdg/bin", "HOME=/h"}},
		{"/xdg/bin", []string{"XDG_DATA_HOME=/xdg/share", "HOME=/h"}},
		{"/h/.local/bin", []string{"HOME=/h"}},
	} {
		if got, _ := BinDir(env(c.env...), "/srv"); got != c.want {
			t.Errorf("bin with %v: %s, want %s", c.env, got, c.want)
		}
	}
}

func mkdirs(t *testing.T, root string, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := os.MkdirAll(filepath.Join(root, n), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInstalled(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	mkdirs(t, root,
		"cpython-3.9.5-linux-x86_64-gnu/bin", "cpython-3.12.3-linux-x86_64-gnu", "pypy-3.10.1-linux-x86_64-gnu",
		"cpython-3.13.0+freethreaded-linux-x86_64-gnu", ".temp", ".cpython-3.8.0-linux-x86_64-gnu", "notes")
	if err := os.WriteFile(filepath.Join(root, "cpython-3.11.0-linux-x86_64-gnu"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "cpython-3.9.5-linux-x86_64-gnu", "BUILD"), []byte("20250101\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	store := NewStore(root)
	link := filepath.Join(root, "cpython-3.9-linux-x86_64-gnu")
	if err := os.Symlink(filepath.Join(root, "cpython-3.9.5-linux-x86_64-gnu"), link); err != nil {
		t.Skip(err)
	}
	installed, err := store.Installed()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range installed {
		names = append(names, filepath.Base(i.Path))
	}
	want := []string{
		"cpython-3.13.0+freethreaded-linux-x86_64-gnu", "cpython-3.12.3-linux-x86_64-gnu",
		"cpython-3.9.5-linux-x86_64-gnu", "pypy-3.10.1-linux-x86_64-gnu",
	}
	if !slices.Equal(names, want) {
		t.Errorf("installed %q, want %q", names, want)
	}
	old := installed[2]
	if got := old.Build(); got != "20250101" {
		t.Errorf("build %q", got)
	}
	if minor, ok := old.MinorLink(); !ok || minor.Path != link || !minor.Exists() {
		t.Errorf("minor link %+v, %t, exists %t", minor, ok, minor.Exists())
	}
	if minor, ok := installed[1].MinorLink(); !ok || minor.Exists() {
		t.Errorf("3.12 has no link, got %+v %t", minor, ok)
	}
	if _, ok := installed[3].MinorLink(); ok {
		t.Error("PyPy has no minor links")
	}
	if found, ok := store.Find(filepath.Join(link, "bin")); !ok || filepath.Base(found.Path) != "cpython-3.9.5-linux-x86_64-gnu" {
		t.Errorf("found %v, %t through the link", found, ok)
	}
	for _, path := range []string{root, t.TempDir(), filepath.Join(root, "notes")} {
		if found, ok := store.Find(path); ok {
			t.Errorf("%s is in no installation, found %s", path, found.Path)
		}
	}
}

func TestInstalledInNoStore(t *testing.T) {
	t.Parallel()
	if got, err := NewStore(filepath.Join(t.TempDir(), "none")).Installed(); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestExecutable(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Unix names")
	}
	for name, want := range map[string]string{
		"cpython-3.12.3-linux-x86_64-gnu":              "bin/python3.12",
		"cpython-3.13.0+freethreaded-linux-x86_64-gnu": "bin/python3.13t",
		"cpython-3.13.0+debug-linux-x86_64-gnu":        "bin/python3.13d",
		"pypy-3.10.1-linux-x86_64-gnu":                 "bin/pypy3.10",
		"graalpy-3.11.0-linux-x86_64-gnu":              "bin/graalpy",
		"pyodide-3.13.2-emscripten-wasm32-musl":        "python",
	} {
		key, err := ParseKey(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Installation{"/s/" + name, key}).Executable(); got != "/s/"+name+"/"+want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestHost(t *testing.T) {
	t.Parallel()
	host, err := Host(env())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParsePlatform(host.OS, host.Arch, host.Libc); err != nil {
		t.Errorf("%s: %v", host, err)
	}
	if runtime.GOOS != "linux" {
		return
	}
	if host, err := Host(env("UV_LIBC=musl")); err != nil || host.Libc != "musl" {
		t.Errorf("%s, %v", host, err)
	}
	if _, err := Host(env("UV_LIBC=dietlibc")); err == nil {
		t.Error("an unknown libc must be refused")
	}
}

func TestELFInterpreter(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "linux" {
		if loader, err := ELFInterpreter("/bin/sh"); err != nil || !strings.Contains(loader, "/ld") {
			t.Errorf("/bin/sh: %q, %v", loader, err)
		}
	}
	for _, junk := range []string{"", "#!/bin/sh\n", "\x7fELF", "\x7fELF\x02\x01" + strings.Repeat("\xff", 200)} {
		if loader, err := elfInterpreter(bytes.NewReader([]byte(junk))); err == nil {
			t.Errorf("%q has the loader %q", junk, loader)
		}
	}
}

func FuzzELFInterpreter(f *testing.F) {
	if text, err := os.ReadFile("/bin/sh"); err == nil && len(text) > 1024 {
		f.Add(text[:1024])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = elfInterpreter(bytes.NewReader(text))
	})
}
