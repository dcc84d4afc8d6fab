package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tame-py/tame/internal/bundle"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/ui"
)

// A bundled is what was made.
type bundled struct {
	path string
	size int64
}

// output is where the bundle goes.
func (b *bundling) output() string {
	if b.flags.out != "" {
		return b.app.path(b.flags.out)
	}
	name := b.spec.Name
	switch b.format {
	case bundleZipapp:
		name = b.spec.Entries[0].Name + ".pyz"
	case bundleExecutable:
		name = b.spec.Entries[0].Name
	}
	return filepath.Join(b.target.Dir(), "dist", name)
}

// write puts the bundle into its place, in one step.
func (b *bundling) write() (*bundled, error) {
	out := b.output()
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return nil, err
	}
	if b.flags.out == "" {
		if err := ignoreAll(filepath.Dir(out)); err != nil {
			return nil, err
		}
	}
	if b.format == bundleFolder {
		return b.writeFolder(out)
	}
	info, err := os.Stat(out)
	if err == nil && info.IsDir() {
		return nil, fmt.Errorf("there is a directory where the file would be: `%s`", b.app.shown(out))
	}
	return b.writeFile(out)
}

// writeFile writes one file, which is on the disk before it gets its name.
func (b *bundling) writeFile(out string) (*bundled, error) {
	f, err := fsx.CreateTemp(filepath.Dir(out), 0o777)
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) // it is not there once it has its name
	w := bufio.NewWriterSize(f, 1<<18)
	if b.format == bundleZipapp {
		err = b.spec.Zipapp(w, b.root)
	} else {
		err = b.spec.Executable(w, b.root, b.platform())
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	info, statErr := f.Stat()
	if err := errors.Join(err, statErr, f.Close()); err != nil {
		return nil, err
	}
	return &bundled{out, info.Size()}, fsx.Rename(f.Name(), out)
}

// platform is what native code is for, in words: linux x86_64.
func (b *bundling) platform() string {
	return b.aim.Env.SysPlatform + " " + b.aim.Env.PlatformMachine
}

// writeFolder copies the root beside the place of the folder and renames it. A
// bundle that is there makes way; nothing else does.
func (b *bundling) writeFolder(out string) (*bundled, error) {
	_, err := os.Lstat(out)
	replaces := err == nil
	if replaces {
		entries, err := os.ReadDir(out)
		if err != nil {
			return nil, fmt.Errorf("the folder cannot be made: %w", err)
		}
		if _, err := os.Lstat(filepath.Join(out, bundle.ManifestName)); err != nil && len(entries) > 0 {
			return nil, withHint(fmt.Errorf("`%s` is there already and no bundle", b.app.shown(out)), "`--output` names another place")
		}
	}
	aside, err := fsx.MkdirTemp(filepath.Dir(out))
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = fsx.RemoveAll(aside, nil) }() // what is left of it
	made, old := filepath.Join(aside, "new"), filepath.Join(aside, "old")
	if err := os.Rename(b.root, made); err != nil { // on another filesystem than the cache
		if err := fsx.CopyTree(b.root, made, nil); err != nil {
			return nil, err
		}
	}
	if err := bundle.Settle(made, b.spec.Time); err != nil {
		return nil, err
	}
	size := fsx.Measure(made).Bytes
	if replaces {
		if err := os.Rename(out, old); err != nil {
			return nil, err
		}
	}
	if err := fsx.Rename(made, out); err != nil {
		if replaces {
			err = errors.Join(err, os.Rename(old, out))
		}
		return nil, err
	}
	return &bundled{out, size}, nil
}

// A bundleReport is the form for programs.
type bundleReport struct {
	Path        string           `json:"path"`
	Format      string           `json:"format"`
	Name        string           `json:"name"`
	Version     string           `json:"version,omitempty"`
	EntryPoints []string         `json:"entry_points"`
	Size        int64            `json:"size"` // in bytes
	Python      bundlePython     `json:"python"`
	Packages    []bundle.Package `json:"packages"`
}

type bundlePython struct {
	Version  string `json:"version"`
	Included bool   `json:"included"`
	bundle.Needs
}

// tell says what was made.
func (b *bundling) tell(made *bundled) error {
	a, s := b.app, &b.spec
	if b.flags.report == "json" {
		r := bundleReport{
			Path: made.path, Format: b.format, Name: s.Name, Version: s.Version, EntryPoints: []string{}, Size: made.size,
			Python:   bundlePython{s.Python.Version, b.withPython, s.Needs},
			Packages: append([]bundle.Package{}, s.Packages...),
		}
		for _, e := range s.Entries {
			r.EntryPoints = append(r.EntryPoints, e.Name)
		}
		return a.printJSON(r)
	}
	a.status("Bundled", ui.Count(len(s.Packages), "package"), time.Since(b.begun))
	c := a.print.Color
	shown := made.path
	if b.format == bundleFolder {
		shown = filepath.Join(made.path, "bin", s.Entries[0].Name)
	}
	a.print.Line("Made %s (%s)%s; run %s", c.Cyan(a.shown(made.path)), ui.Bytes(made.size), c.Dim(b.demands()), c.Bold(a.shown(shown)))
	return nil
}

// demands says what the other machine must have.
func (b *bundling) demands() string {
	s := &b.spec
	python := ""
	switch {
	case b.withPython:
		return " with Python " + s.Python.Version + " for " + b.platform()
	case s.Needs.Exact:
		python = fmt.Sprintf(" for Python %d.%d", s.Python.Major, s.Python.Minor)
	default:
		python = fmt.Sprintf(" for Python %d.%d or later", s.Python.Major, s.Python.Minor)
	}
	if s.Needs.System == "" {
		return python
	}
	return python + " on " + b.platform()
}
