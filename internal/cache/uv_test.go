package cache_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/pyname"
)

// write makes files, and links where the text begins with "->".
func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		if len(text) > 2 && text[:2] == "->" {
			err = os.Symlink(text[2:], path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCleanPackagesOfUV(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	write(t, outside, map[string]string{"payload": "x"})
	write(t, root, map[string]string{
		"CACHEDIR.TAG":               "",
		"archive-v0/one/a":           "x",
		"archive-v0/both/a":          "x",
		"archive-v0/other/a":         "x",
		"simple-v24/pypi/flask.rkyv": "x", "simple-v24/pypi/flask-login.rkyv": "x",
		"simple-v20/index/0123/flask.rkyv":     "x",
		"wheels-v6/pypi/flask/1.0":             "->../../../archive-v0/one",
		"wheels-v6/pypi/flask/1.0.http":        "x",
		"wheels-v6/index/0123/flask/1.0":       "->../../../../archive-v0/both",
		"wheels-v6/index/0123/flask/escape":    "->" + outside,
		"wheels-v6/index/0123/flask/up":        "->../../..",
		"wheels-v6/url/0123/django/1.0":        "->../../../../archive-v0/both",
		"wheels-v6/url/0123/django/2.0":        "->../../../../archive-v0/other",
		"sdists-v9/git/0123/abcd/flask/x.whl":  "x",
		"sdists-v9/url/0123/django/src/flask":  "x",
		"sdists-v9/pypi/django/1.0/flask/data": "x",
	})
	x := clean(t, root)
	defer x.Close()
	before := count(t, root)
	got, err := x.Packages([]pyname.Package{"flask"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	after := count(t, root)
	if want := (fsx.Removal{Files: before.Files - after.Files, Dirs: before.Dirs - after.Dirs, Bytes: before.Bytes - after.Bytes}); counted(got) != want {
		t.Errorf("told of %+v, removed %+v", got, want)
	}
	for name, there := range map[string]bool{
		"archive-v0/one": false, "archive-v0/both/a": true, "archive-v0/other/a": true,
		"simple-v24/pypi/flask.rkyv": false, "simple-v24/pypi/flask-login.rkyv": true, "simple-v20/index/0123/flask.rkyv": false,
		"wheels-v6/pypi/flask": false, "wheels-v6/index/0123/flask": false, "wheels-v6/url/0123/django/2.0": true,
		"sdists-v9/git/0123/abcd/flask": false, "sdists-v9/url/0123/django/src/flask": true, "sdists-v9/pypi/django/1.0/flask/data": true,
	} {
		if _, err := os.Lstat(filepath.Join(root, name)); (err == nil) != there {
			t.Errorf("%s is there: %v, want %v", name, err == nil, there)
		}
	}
	if _, err := os.Stat(filepath.Join(outside, "payload")); err != nil {
		t.Errorf("a link was followed out of the cache: %v", err)
	}
}

func TestPruneOldFormatsOfUV(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	names := map[string]bool{
		"simple-v4": false, "simple-v24": true, "simple-v99": true, "wheels-v5": false, "wheels-v6": true,
		"python-v0": true, "environments-v1": false, "environments-v2": true, "other-v1": true, "simple-v": true, "simple": true,
	}
	for name := range names {
		write(t, root, map[string]string{name + "/file": "x"})
	}
	x := clean(t, root)
	defer x.Close()
	if _, err := x.Prune(false); err != nil {
		t.Fatal(err)
	}
	for name, there := range names {
		if _, err := os.Lstat(filepath.Join(root, name)); (err == nil) != there {
			t.Errorf("%s is there: %v, want %v", name, err == nil, there)
		}
	}
}
