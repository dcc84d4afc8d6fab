package install

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/dist"
)

func TestShebang(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("x", 123)
	for _, tt := range []struct {
		layout       Layout
		python, want string
	}{
		{Layout{}, "/usr/bin/python3", "#!/usr/bin/python3"},
		{Layout{}, long, "#!" + long},
		{Layout{}, long + "y", "#!/bin/sh\n'''exec' '" + long + "y' \"$0\" \"$@\"\n' '''"},
		{Layout{}, "/usr/bin/my python", "#!/bin/sh\n'''exec' '/usr/bin/my python' \"$0\" \"$@\"\n' '''"},
		{Layout{}, "/it's here/python", "#!/bin/sh\n'''exec' '/it'\"'\"'s here/python' \"$0\" \"$@\"\n' '''"},
		{Layout{Relocatable: true}, "python3", "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python3' \"$0\" \"$@\"\n' '''"},
		{Layout{Windows: true}, `C:\Program Files\python.exe`, `#!C:\Program Files\python.exe`},
	} {
		if diff := cmp.Diff(tt.want, tt.layout.shebang(tt.python)); diff != "" {
			t.Errorf("%+v %s (-want +got):\n%s", tt.layout, tt.python, diff)
		}
	}
}

func TestReserved(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"python": true, "Python3": true, "python3.12": true, "python3.13t": true, "pythonw3.13t": true, "pythonw": true, "pypy3": true, "graalpy": true,
		"python.py": true, "python3.exe": true, "PYTHON3.12.EXE": true, "pythonw3.13": false, "python2": false, "python3.x": false, "python3-config": false,
		"ipython": false, "python3.999": false, "activate": false, "pip": false,
	} {
		if got := isReserved(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestPipScripts(t *testing.T) {
	t.Parallel()
	points, err := dist.ParseEntryPoints([]byte("[console_scripts]\npip = pip:main\npip3 = pip:main\npip3.9 = pip:main\nother3.9 = x:y\n"))
	if err != nil {
		t.Fatal(err)
	}
	l := Layout{Minor: 12}
	console, _ := l.scriptsOf(points)
	var got []string
	for _, p := range console {
		got = append(got, p.Name)
	}
	if diff := cmp.Diff([]string{"pip", "pip3", "other3.9", "pip3.12"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRelocatable(t *testing.T) {
	t.Parallel()
	l := Layout{Python: "/env/bin/python3", Relocatable: true, Scheme: python.Scheme{Scripts: "/env/bin"}}
	s, err := l.entryScript(dist.EntryPoint{Name: "x", Module: "a.b", Attr: "c.d"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\"/'python3' \"$0\"", "\nfrom a.b import c\n", "    sys.exit(c.d())\n"} {
		if !strings.Contains(string(s.data), want) {
			t.Errorf("no %q in\n%s", want, s.data)
		}
	}
}

// On Windows the script is behind a program that pip brings, which can be told
// on any system.
func TestWindowsScript(t *testing.T) {
	t.Parallel()
	stdlib := t.TempDir()
	bundled := filepath.Join(stdlib, "ensurepip", "_bundled")
	if err := os.MkdirAll(bundled, 0o777); err != nil {
		t.Fatal(err)
	}
	var wheel bytes.Buffer
	w := zip.NewWriter(&wheel)
	for _, name := range []string{"t64.exe", "w64.exe", "t64-arm.exe", "w64-arm.exe", "t32.exe", "w32.exe"} {
		f, err := w.Create("pip/_vendor/distlib/" + name)
		if err == nil {
			_, err = f.Write([]byte("MZ" + name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundled, "pip-23.0-py3-none-any.whl"), wheel.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	l := Layout{Windows: true, Python: `C:\My Env\Scripts\python.exe`, Stdlib: stdlib}
	s, err := l.entryScript(dist.EntryPoint{Name: "tool.py", Module: "m", Attr: "f"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if s.name != "tool.exe" || !bytes.HasPrefix(s.data, []byte("MZt")) || !bytes.Contains(s.data, []byte("#!\"C:\\My Env\\Scripts\\python.exe\"\r\n")) {
		t.Errorf("%s: %.80q", s.name, s.data)
	}
	z, err := dist.OpenZip(bytes.NewReader(s.data), int64(len(s.data)))
	if err != nil {
		t.Fatal(err)
	}
	e, err := z.Find("__main__.py")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := z.Read(e); err != nil || !strings.Contains(string(text), "from m import f") {
		t.Errorf("%q, %v", text, err)
	}
	l.Stdlib = ""
	var missing *NoLauncherError
	if _, err := l.entryScript(dist.EntryPoint{Name: "x", Module: "m", Attr: "f"}, true); !errors.As(err, &missing) || len(missing.Hints()) != 1 {
		t.Errorf("without a launcher: %v", err)
	}
	for arch, want := range map[string]string{"amd64": "w64.exe", "386": "w32.exe", "arm64": "w64-arm.exe"} {
		if got := launcherName(true, arch); got != want {
			t.Errorf("%s: %s, want %s", arch, got, want)
		}
	}
}
