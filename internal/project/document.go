package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A Document is a file of requirements that is edited: that of a project, or a
// script with metadata.
type Document struct {
	// Workspace is that of the project; nil for a script.
	Workspace *workspace.Workspace
	// Member is the project; nil for a script, and for the root of a workspace
	// that has no [project] table.
	Member *workspace.Member
	// Script is the script; nil for a project.
	Script *pyproject.Script
	Path   string // of the file, absolute
	// File is what is edited. It is not the one that Member has.
	File *pyproject.File

	discovery workspace.DiscoverOptions
}

// EditProject opens the file of a member for editing or, if the member is nil,
// that of the workspace's root. The options are those that found the workspace.
func EditProject(w *workspace.Workspace, m *workspace.Member, o workspace.DiscoverOptions) (*Document, error) {
	if o.Files == nil {
		o.Files = &workspace.Files{}
	}
	d := &Document{Workspace: w, Member: m, discovery: o}
	f := w.File
	if m != nil {
		f = m.File
	}
	d.Path = filepath.Join(d.Dir(), "pyproject.toml")
	var err error
	d.File, err = pyproject.Parse(d.Path, f.Bytes())
	return d, err
}

// EditScript opens a script for editing.
func EditScript(path string, s *pyproject.Script) *Document {
	return &Document{Script: s, Path: path, File: s.File}
}

func (d *Document) discover(ctx context.Context, dir string) error {
	var err error
	d.Workspace, d.Member, err = workspace.Discover(ctx, dir, d.discovery)
	return err
}

// Target is what is locked after the edits.
func (d *Document) Target() Target {
	if d.Script != nil {
		return Target{Script: &Script{Path: d.Path, File: d.File}}
	}
	return Target{Workspace: d.Workspace}
}

// Dir is the directory that paths in the file are relative to.
func (d *Document) Dir() string {
	switch {
	case d.Script != nil:
		return filepath.Dir(d.Path)
	case d.Member != nil:
		return d.Member.Dir
	}
	return d.Workspace.Root
}

// HasLock reports whether there is a lock file.
func (d *Document) HasLock() bool {
	_, err := os.Stat(d.Target().LockPath())
	return !errors.Is(err, fs.ErrNotExist)
}

// Bytes is the whole file as it is now.
func (d *Document) Bytes() []byte {
	if d.Script != nil {
		return d.Script.Bytes()
	}
	return d.File.Bytes()
}

// Save writes the file, and reads the workspace again as it is now.
func (d *Document) Save(ctx context.Context, j *Journal) error {
	if err := j.Write(d.Path, d.Bytes()); err != nil {
		return fmt.Errorf("cannot write `%s`: %w", filepath.Base(d.Path), err)
	}
	return d.reload(ctx)
}

// reload reads the workspace again, with the file as it is now.
func (d *Document) reload(ctx context.Context) error {
	if d.Script != nil {
		return nil
	}
	dir := d.Dir()
	f, err := pyproject.Parse(d.Path, d.File.Bytes())
	if err != nil {
		return err
	}
	d.discovery.Files.Put(dir, f)
	return d.discover(ctx, dir)
}
