package install_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/metadata"
)

const fooMain = "def main(): pass\n"

// full is a wheel with one of everything.
func full(t testing.TB) install.Wheel {
	return newWheel(t, "foo", "1.0", files{
		"foo/__init__.py":                    fooMain,
		"foo/sub/deep/a.py":                  "",
		"foo/odd, name.txt":                  "q",
		"INFO/entry_points.txt":              "[console_scripts]\nfoo = foo:main\nfoo-b = foo:main.x [extra]\n[gui_scripts]\nfoo-gui = foo:main\n",
		"INFO/licenses/LICENSE":              "free",
		"foo-1.0.data/data/etc/x":            "hi",
		"foo-1.0.data/headers/f.h":           "h",
		"foo-1.0.data/purelib/p.py":          "",
		"foo-1.0.data/platlib/sub/q.py":      "",
		"foo-1.0.data/scripts/run.sh":        "#!/bin/sh\necho\n",
		"foo-1.0.data/scripts/run.py":        "#!python -x\nprint(1)\n",
		"foo-1.0.data/scripts/runw.py":       "#!pythonw\r\nprint(1)\r\n",
		"foo-1.0.data/scripts/foo":           "#!python\n",
		"foo-1.0.data/scripts/foo-script.py": "#!python\n",
	})
}

func TestInstallEverything(t *testing.T) {
	t.Parallel()
	for _, withManifest := range []bool{false, true} {
		l := newLayout(t)
		w := full(t)
		if withManifest {
			w.Manifest = manifest(t, w.Dir)
		}
		w.DirectURL = &metadata.DirectURL{URL: "https://example.com/foo.whl", Archive: &metadata.ArchiveInfo{}}
		w.CacheInfo = &install.CacheInfo{Timestamp: &install.Timestamp{Secs: 1, Nanos: 2}}
		w.BuildInfo = []byte(`{"config_settings":{"a":"b"}}`)
		apply(t, l, install.Changes{Install: []install.Wheel{w}})
		got := tree(t, l.Data)
		const site, info = "lib/python3.12/site-packages/", "lib/python3.12/site-packages/foo-1.0.dist-info/"
		const text = "#!/env/bin/python\n# -*- coding: utf-8 -*-\nimport sys\nfrom foo import main\nif __name__ == \"__main__\":\n" +
			"    if sys.argv[0].endswith(\"-script.pyw\"):\n        sys.argv[0] = sys.argv[0][:-11]\n" +
			"    elif sys.argv[0].endswith(\".exe\"):\n        sys.argv[0] = sys.argv[0][:-4]\n    sys.exit(main())\n"
		want := files{
			"bin/foo": text, "bin/foo-gui": text, "bin/foo-b": strings.Replace(text, "main()", "main.x()", 1),
			"bin/run.sh": "#!/bin/sh\necho\n", "bin/run.py": "#!/env/bin/python\nprint(1)\n", "bin/runw.py": "#!/env/bin/python\n\nprint(1)\r\n",
			"etc/x": "hi", "include/site/python3.12/foo/f.h": "h",
			site + "foo/__init__.py": fooMain, site + "foo/sub/deep/a.py": "", site + "foo/odd, name.txt": "q", site + "p.py": "", site + "sub/q.py": "",
			info + "METADATA": got[info+"METADATA"], info + "WHEEL": got[info+"WHEEL"], info + "entry_points.txt": got[info+"entry_points.txt"],
			info + "licenses/LICENSE": "free", info + "INSTALLER": "uv", info + "REQUESTED": "",
			info + "direct_url.json": `{"url":"https://example.com/foo.whl","archive_info":{}}`,
			info + "uv_cache.json":   `{"timestamp":{"secs_since_epoch":1,"nanos_since_epoch":2},"commit":null,"tags":null,"env":{},"directories":{}}`,
			info + "uv_build.json":   `{"config_settings":{"a":"b"}}`,
			info + "RECORD":          got[info+"RECORD"],
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("manifest %v (-want +got):\n%s", withManifest, diff)
		}
		checkRecord(t, l, got[info+"RECORD"])
		for _, name := range []string{"foo", "foo-gui", "run.sh", "run.py"} {
			if info, err := os.Stat(filepath.Join(l.Scripts, name)); err != nil || info.Mode()&0o111 != 0o111 {
				t.Errorf("%s cannot be run: %v", name, err)
			}
		}
	}
}

// checkRecord compares the RECORD of foo with what an installer of the past
// wrote for the same files.
func checkRecord(t *testing.T, l install.Layout, record string) {
	t.Helper()
	var paths []string
	for line := range strings.Lines(record) {
		path, _, _ := strings.Cut(line, ",sha256=")
		paths = append(paths, strings.TrimSuffix(path, "\n"))
	}
	want := []string{
		"../../../bin/foo", "../../../bin/foo-b", "../../../bin/foo-gui", "../../../bin/run.py", "../../../bin/run.sh", "../../../bin/runw.py",
		"../../../etc/x", "../../../include/site/python3.12/foo/f.h",
		"foo-1.0.dist-info/INSTALLER", "foo-1.0.dist-info/METADATA", "foo-1.0.dist-info/RECORD,,", "foo-1.0.dist-info/REQUESTED", "foo-1.0.dist-info/WHEEL",
		"foo-1.0.dist-info/direct_url.json", "foo-1.0.dist-info/entry_points.txt", "foo-1.0.dist-info/licenses/LICENSE",
		"foo-1.0.dist-info/uv_build.json", "foo-1.0.dist-info/uv_cache.json",
		"foo/__init__.py", `"foo/odd, name.txt"`, "foo/sub/deep/a.py", "p.py", "sub/q.py",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("RECORD (-want +got):\n%s", diff)
	}
	for _, d := range open(t, l).All() {
		entries, err := d.Record()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			info, err := os.Stat(filepath.Join(l.Purelib, filepath.FromSlash(e.Path)))
			if err != nil || e.Size >= 0 && info.Size() != e.Size {
				t.Errorf("%s: %v, %d bytes recorded", e.Path, err, e.Size)
			}
		}
	}
}

// What is installed can be removed again, and nothing is left but what was
// there before.
func TestUninstallEverything(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	write(t, l.Data, files{"bin/mine": "", "lib/python3.12/site-packages/mine.py": "", "pyvenv.cfg": ""})
	before := names(t, l.Data)
	apply(t, l, install.Changes{Install: []install.Wheel{full(t), newWheel(t, "bar", "2.0", files{"bar/x.py": "", "foo/shared/y.py": ""})}})
	write(t, l.Purelib, files{"foo/__pycache__/__init__.cpython-312.pyc": "", "foo/sub/deep/__pycache__/a.pyc": ""})
	apply(t, l, install.Changes{Remove: open(t, l).Get("foo")})
	if got := listed(open(t, l)); got != "bar 2.0\n" {
		t.Errorf("left are %s", got)
	}
	if _, err := os.Stat(filepath.Join(l.Purelib, "foo/shared/y.py")); err != nil {
		t.Error("a file of another distribution is gone")
	}
	apply(t, l, install.Changes{Remove: open(t, l).All()})
	if diff := cmp.Diff(before, names(t, l.Data)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if entries, err := os.ReadDir(l.Purelib); err != nil || len(entries) != 1 {
		t.Errorf("empty directories are left: %v", entries)
	}
}

// Bytecode of a module that is removed would be run in place of the next module
// of that name, if time and size of the two are the same.
func TestUninstallModule(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	apply(t, l, install.Changes{Install: []install.Wheel{newWheel(t, "foo", "1.0", files{"foo.py": "1"})}})
	write(t, l.Purelib, files{
		"__pycache__/foo.cpython-312.pyc": "", "__pycache__/foo.cpython-312.opt-1.pyc": "", "__pycache__/food.cpython-312.pyc": "",
	})
	apply(t, l, install.Changes{Remove: open(t, l).Get("foo")})
	if diff := cmp.Diff([]string{"__pycache__/food.cpython-312.pyc"}, names(t, l.Purelib)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	apply(t, l, install.Changes{Install: []install.Wheel{newWheel(t, "foo", "1.0", files{"foo/a.py": "1", "foo/old.py": ""})}})
	apply(t, l, install.Changes{
		Remove:  open(t, l).Get("foo"),
		Install: []install.Wheel{newWheel(t, "foo", "2.0", files{"foo/a.py": "2", "foo/new.py": ""})},
	})
	got := names(t, l.Purelib)
	want := []string{
		"foo-2.0.dist-info/INSTALLER", "foo-2.0.dist-info/METADATA", "foo-2.0.dist-info/RECORD", "foo-2.0.dist-info/REQUESTED",
		"foo-2.0.dist-info/WHEEL", "foo/a.py", "foo/new.py",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("foo 2.0\n", listed(open(t, l))); diff != "" {
		t.Error(diff)
	}
}

// Installing over what is there replaces files and the .dist-info directory.
func TestInstallOver(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	for _, content := range []string{"one", "two"} {
		apply(t, l, install.Changes{Install: []install.Wheel{newWheel(t, "foo", "1.0", files{"foo.py": content, "INFO/" + content: ""})}})
	}
	got := tree(t, l.Purelib)
	if got["foo.py"] != "two" {
		t.Errorf("foo.py is %q", got["foo.py"])
	}
	if _, ok := got["foo-1.0.dist-info/one"]; ok {
		t.Error("the old .dist-info directory was merged with the new one")
	}
}

func TestNoMetadata(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	w := newWheel(t, "foo", "1.0", files{"foo.py": ""})
	w.DirectURL = &metadata.DirectURL{URL: "file:///x", Dir: &metadata.DirInfo{}}
	if err := install.Install(t.Context(), l, []install.Wheel{w}, install.Options{NoMetadata: true}); err != nil {
		t.Fatal(err)
	}
	want := []string{"foo-1.0.dist-info/METADATA", "foo-1.0.dist-info/RECORD", "foo-1.0.dist-info/WHEEL", "foo.py"}
	if diff := cmp.Diff(want, names(t, l.Purelib)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A RECORD that does not tell the truth about the wheel is mended.
func TestWrongRecord(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	w := newWheel(t, "foo", "1.0", files{
		"foo.py": "x", "unlisted.py": "",
		"INFO/RECORD": "./foo.py,sha512=abc,1\nabsent.py,sha256=abc,3\n../../../etc/passwd,,\nfoo-1.0.dist-info/RECORD,,\n",
	})
	apply(t, l, install.Changes{Install: []install.Wheel{w}})
	record := tree(t, l.Purelib)["foo-1.0.dist-info/RECORD"]
	for _, want := range []string{"\nfoo.py,sha512=abc,1\n", "\nunlisted.py,", "METADATA,"} {
		if !strings.Contains(record, want) {
			t.Errorf("no %q in\n%s", want, record)
		}
	}
	for _, bad := range []string{"absent", "passwd"} {
		if strings.Contains(record, bad) {
			t.Errorf("%q in\n%s", bad, record)
		}
	}
}

// Nothing is touched if a wheel is not as it must be.
func TestRefusedWheels(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]files{
		"other name":        {"INFO/METADATA": "Name: bar\nVersion: 1.0\n"},
		"other version":     {"INFO/METADATA": "Name: foo\nVersion: 1.1\n"},
		"no name":           {"INFO/METADATA": "Version: 1.1\n"},
		"wheel version":     {"INFO/WHEEL": "Wheel-Version: 2.0\n"},
		"two infos":         {"bar-1.0.dist-info/METADATA": ""},
		"unknown data":      {"foo-1.0.data/lib/x": ""},
		"data file":         {"foo-1.0.data/x": ""},
		"script directory":  {"foo-1.0.data/scripts/a/b": ""},
		"reserved script":   {"foo-1.0.data/scripts/python3.12": ""},
		"reserved program":  {"foo-1.0.data/scripts/Python.EXE": ""},
		"reserved by data":  {"foo-1.0.data/data/bin/python": ""},
		"reserved entry":    {"INFO/entry_points.txt": "[console_scripts]\npython3.13t = foo:main\n"},
		"reserved entry.py": {"INFO/entry_points.txt": "[gui_scripts]\npypy3.py = foo:main\n"},
		"entry outside":     {"INFO/entry_points.txt": "[console_scripts]\n../x = foo:main\n"},
		"entry absolute":    {"INFO/entry_points.txt": "[console_scripts]\n/x = foo:main\n"},
		"broken entry":      {"INFO/entry_points.txt": "[console_scripts]\nx\n"},
		"broken record":     {"INFO/RECORD": "a,b,c\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLayout(t)
			w := newWheel(t, "foo", "1.0", content)
			old := newWheel(t, "old", "1.0", files{"old.py": ""})
			apply(t, l, install.Changes{Install: []install.Wheel{old}})
			before := names(t, l.Data)
			err := install.Apply(t.Context(), l, open(t, l), install.Changes{Remove: open(t, l).All(), Install: []install.Wheel{w}}, install.Options{})
			if err == nil {
				t.Error("no error")
			}
			if diff := cmp.Diff(before, names(t, l.Data)); diff != "" {
				t.Errorf("(-before +after):\n%s", diff)
			}
		})
	}
}

func TestAcceptedWheels(t *testing.T) {
	t.Parallel()
	local := newWheel(t, "foo", "1.0", nil)
	local.Version = mustVersion("1.0+local")
	other := newWheel(t, "foo", "1.0", nil)
	other.Name = "bar"
	old := newWheel(t, "foo", "1.0", files{"INFO/WHEEL": "Wheel-Version: 0.1\nRoot-Is-Purelib: true\n"})
	for name, w := range map[string]install.Wheel{"local version": local, "any name": other, "ancient": old} {
		if err := install.Install(t.Context(), newLayout(t), []install.Wheel{w}, install.Options{AnyName: name == "any name"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	w := newWheel(t, "foo", "1.0", files{"INFO/entry_points.txt": "[console_scripts]\nactivate.sh = foo:main\n"})
	var warnings []string
	opts := install.Options{Warn: func(s string) { warnings = append(warnings, s) }}
	if err := install.Install(t.Context(), newLayout(t), []install.Wheel{w}, opts); err != nil || len(warnings) != 1 {
		t.Errorf("%v, warnings %q", err, warnings)
	}
}

func TestLinkModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []fsx.LinkMode{fsx.Clone, fsx.Hardlink, fsx.Copy, fsx.Symlink} {
		l := newLayout(t)
		w := newWheel(t, "foo", "1.0", files{"foo/a.py": "a", "foo-1.0.data/scripts/s": "text"})
		if err := install.Install(t.Context(), l, []install.Wheel{w}, install.Options{LinkMode: mode}); err != nil {
			t.Errorf("%s: %v", mode, err)
			continue
		}
		// What may be written to later must never be the cache's file.
		for _, name := range []string{"bin/s", "lib/python3.12/site-packages/foo-1.0.dist-info/RECORD"} {
			if err := os.WriteFile(filepath.Join(l.Data, name), []byte("changed"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got := tree(t, w.Dir)["foo-1.0.data/scripts/s"]; got != "text" {
			t.Errorf("%s: the cache was written to", mode)
		}
	}
}

func TestTargetLayout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := newLayout(t)
	l.Purelib, l.Platlib, l.Data, l.Scripts, l.Include = dir, dir, dir, filepath.Join(dir, "bin"), filepath.Join(dir, "include")
	apply(t, l, install.Changes{Install: []install.Wheel{newWheel(t, "foo", "1.0", files{
		"foo.py": "", "INFO/entry_points.txt": "[console_scripts]\nfoo = foo:main\n", "foo-1.0.data/data/share/x": "",
	})}})
	record := tree(t, dir)["foo-1.0.dist-info/RECORD"]
	if !strings.HasPrefix(record, "bin/foo,") || !strings.Contains(record, "\nshare/x,") {
		t.Errorf("RECORD is\n%s", record)
	}
	apply(t, l, install.Changes{Remove: open(t, l).All()})
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wheels []install.Wheel
	for _, name := range []string{"a", "b", "c"} {
		wheels = append(wheels, newWheel(t, name, "1", files{name + ".py": ""}))
	}
	err := install.Install(ctx, l, wheels, install.Options{Workers: 1, Installed: func(*install.Wheel) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	// What is visible is whole, and of the rest there is nothing.
	if site := open(t, l); len(site.All()) != 1 {
		t.Errorf("installed: %s", listed(site))
	}
	if got := names(t, l.Purelib); len(got) != 6 {
		t.Errorf("files: %v", got)
	}
}

func TestFailureTakesBack(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	write(t, l.Purelib, files{"foo": "a file where a directory must be"})
	w := newWheel(t, "foo", "1.0", files{"a.py": "", "foo/b.py": ""})
	err := install.Install(t.Context(), l, []install.Wheel{w}, install.Options{})
	var pathError *fs.PathError
	if err == nil || !errors.As(err, &pathError) && !strings.Contains(err.Error(), "link") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"foo"}, names(t, l.Purelib)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Wheels that bring scripts and files of the same names are installed at once: one
// of each name is there in the end.
func TestSameNamesAtOnce(t *testing.T) {
	t.Parallel()
	var wheels []install.Wheel
	for i := range 8 {
		name := fmt.Sprintf("one%d", i)
		list := files{"same.py": name, "same/deep.py": name}
		var entries strings.Builder
		entries.WriteString("[console_scripts]\n")
		for n := range 10 {
			fmt.Fprintf(&entries, "script%d = %s:main\n", n, name)
			list[fmt.Sprintf("%s-1.0.data/scripts/other%d", name, n)] = "#!python\n" + name
		}
		list["INFO/entry_points.txt"] = entries.String()
		wheels = append(wheels, newWheel(t, name, "1.0", list))
	}
	for range 4 {
		l := newLayout(t)
		if err := install.Install(t.Context(), l, wheels, install.Options{Workers: 8}); err != nil {
			t.Fatal(err)
		}
		for n := range 10 {
			for _, name := range []string{"script", "other"} {
				if _, err := os.Stat(filepath.Join(l.Scripts, fmt.Sprint(name, n))); err != nil {
					t.Error(err)
				}
			}
		}
		if left, _ := filepath.Glob(filepath.Join(l.Scripts, ".*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}
