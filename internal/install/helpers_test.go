package install_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// files are contents by slash path.
type files map[string]string

func write(t testing.TB, dir string, list files) {
	t.Helper()
	for name, content := range list {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// tick waits until the clock of the filesystem has moved on: what is written from
// now on is told apart from what was before.
func tick(t testing.TB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clock")
	look := func() time.Time {
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	for first := look(); !look().After(first); {
		time.Sleep(time.Millisecond)
	}
}

// tree reads a directory: contents by slash path, links as "-> target".
func tree(t testing.TB, dir string) files {
	t.Helper()
	out := files{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// names lists the files of a directory.
func names(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	for name := range tree(t, dir) {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// newWheel unpacks an invented wheel: content, plus METADATA, WHEEL and RECORD
// unless they are given.
func newWheel(t testing.TB, name, version string, content files) install.Wheel {
	t.Helper()
	stem := strings.ReplaceAll(name, "-", "_") + "-" + version
	info := stem + ".dist-info/"
	all := files{
		info + "METADATA": "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n",
		info + "WHEEL":    "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
	}
	for file, text := range content {
		all[strings.ReplaceAll(file, "INFO/", info)] = text
	}
	var rows []dist.RecordEntry
	for file, text := range all {
		rows = append(rows, dist.RecordEntry{Path: file, Hash: dist.HashSHA256(sha256.Sum256([]byte(text))), Size: int64(len(text))})
	}
	if all[info+"RECORD"] == "" {
		rows = append(rows, dist.RecordEntry{Path: info + "RECORD", Size: -1})
		all[info+"RECORD"] = string(dist.FormatRecord(rows))
	}
	dir := filepath.Join(t.TempDir(), stem)
	write(t, dir, all)
	return install.Wheel{Name: pyname.MustParsePackage(name), Version: pep440.MustParse(version), Dir: dir}
}

// manifest makes the list that unpacking would have made.
func manifest(t testing.TB, dir string) *archive.Manifest {
	t.Helper()
	m := &archive.Manifest{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			m.Dirs = append(m.Dirs, filepath.ToSlash(rel))
			return nil
		}
		data, err := os.ReadFile(path)
		m.Files = append(m.Files, archive.File{Path: filepath.ToSlash(rel), Size: int64(len(data)), SHA256: sha256.Sum256(data), Mode: 0o644})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(m.Files, func(a, b archive.File) int { return strings.Compare(a.Path, b.Path) })
	slices.Sort(m.Dirs)
	return m
}

// newLayout is that of a virtual environment in a new directory.
func newLayout(t testing.TB) install.Layout {
	t.Helper()
	return layoutAt(t.TempDir())
}

func layoutAt(root string) install.Layout {
	site := filepath.Join(root, "lib", "python3.12", "site-packages")
	return install.Layout{
		Scheme: python.Scheme{
			Purelib: site, Platlib: site, Scripts: filepath.Join(root, "bin"), Data: root,
			Include: filepath.Join(root, "include", "site", "python3.12"),
		},
		Python: filepath.Join("/env", "bin", "python"), Minor: 12,
	}
}

func open(t testing.TB, l install.Layout) *install.Site {
	t.Helper()
	site, err := install.Open(l.Purelib)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func apply(t testing.TB, l install.Layout, c install.Changes) {
	t.Helper()
	if err := install.Apply(t.Context(), l, open(t, l), c, install.Options{}); err != nil {
		t.Fatal(err)
	}
}

// listed is the site as "name version" lines.
func listed(s *install.Site) string {
	var b strings.Builder
	for _, d := range s.All() {
		fmt.Fprintf(&b, "%s %s\n", d.Name, d.Version)
	}
	return b.String()
}
