package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
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

// NotMemberError says that a workspace has no member of a name.
type NotMemberError struct{ Name pyname.Package }

func (e *NotMemberError) Error() string {
	return fmt.Sprintf("package `%s` not found in workspace", e.Name)
}

// OpenProject finds the project in a directory or above it, or the member of its
// workspace that is named.
func OpenProject(ctx context.Context, dir string, name pyname.Package, o workspace.DiscoverOptions) (*Document, error) {
	if o.Files == nil {
		o.Files = &workspace.Files{}
	}
	d := &Document{discovery: o}
	if err := d.discover(ctx, dir); err != nil {
		return nil, err
	}
	if name != "" {
		if d.Member = d.Workspace.Member(name); d.Member == nil {
			return nil, &NotMemberError{name}
		}
	}
	f := d.Workspace.File
	if d.Member != nil {
		f = d.Member.File
	}
	d.Path = filepath.Join(d.Dir(), "pyproject.toml")
	var err error
	d.File, err = pyproject.Parse(d.Path, f.Bytes())
	return d, err
}

func (d *Document) discover(ctx context.Context, dir string) error {
	var err error
	d.Workspace, d.Member, err = workspace.Discover(ctx, dir, d.discovery)
	return err
}

// OpenScript is a script; the error matches ErrNotScript if the file has no
// metadata.
func OpenScript(path string) (*Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := pyproject.ParseScript(path, text)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, ErrNotScript
	}
	return &Document{Script: s, Path: path, File: s.File}, nil
}

// ErrNotScript says that a Python file has no metadata.
var ErrNotScript = errors.New("it does not contain a PEP 723 metadata tag")

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

// LockPath is the lock file that belongs to the target.
func (d *Document) LockPath() string {
	if d.Script != nil {
		return d.Path + ".lock"
	}
	return filepath.Join(d.Workspace.Root, "uv.lock")
}

// HasLock reports whether the lock file is there.
func (d *Document) HasLock() bool {
	_, err := os.Stat(d.LockPath())
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
