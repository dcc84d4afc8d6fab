package engine

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/tame-py/tame/internal/backend"
	"github.com/tame-py/tame/internal/build"
	"github.com/tame-py/tame/internal/git"
)

// own is the backend of our own at work on a source tree. It needs neither an
// environment nor Python.
type own struct {
	options backend.Options
	system  *build.System
}

// ownBackend returns our own backend for a tree that asks for it, else nil.
func (e *Engine) ownBackend(dir string, system *build.System) worker {
	if system.File == nil || backend.Check(system.File) != nil {
		return nil
	}
	return &own{e.backendOptions(context.Background(), dir), system}
}

// backendOptions are those of every build in process. A SOURCE_DATE_EPOCH that
// is no number is as if there was none: who builds by the way of installing has
// not set it for this.
func (e *Engine) backendOptions(ctx context.Context, dir string) backend.Options {
	o := backend.Options{Dir: dir, JSON: e.Previews.MetadataJSON, Version: func(s backend.VersionSource) (string, error) { return e.gitVersion(ctx, s) }}
	if e.Getenv != nil {
		text, _ := e.Getenv("SOURCE_DATE_EPOCH")
		o.Time, _ = backend.SourceDate(text)
	}
	o.Warn = e.Warn
	return o
}

// gitVersion asks git for the version of a source tree.
func (e *Engine) gitVersion(ctx context.Context, s backend.VersionSource) (string, error) {
	local := git.Local{Dir: s.Dir, Environ: e.Environ}
	at, err := local.Describe(ctx, s.TagPrefix)
	if (errors.Is(err, git.ErrNoTag) || errors.Is(err, git.ErrNotInstalled)) && s.Fallback != "" {
		return s.Fallback, nil
	}
	if err != nil {
		return "", err
	}
	return s.Of(backend.Commit{Tag: at.Tag, Commits: at.Commits, ID: at.Commit, Dirty: at.Dirty})
}

// Metadata implements worker.
func (o *own) Metadata(ctx context.Context, _ build.Kind, dir string) (string, error) {
	options := o.options
	options.Out = dir
	name, err := backend.Metadata(options)
	return filepath.Join(dir, name), err
}

// Build implements worker.
func (o *own) Build(ctx context.Context, k build.Kind, dir string) (string, error) {
	options := o.options
	options.Out = dir
	run := backend.Wheel
	switch k {
	case build.Editable:
		run = backend.Editable
	case build.Sdist:
		run = backend.Sdist
	}
	name, err := run(options)
	return filepath.Join(dir, name), err
}

// System implements worker.
func (o *own) System() *build.System { return o.system }

// Close implements worker.
func (o *own) Close() error { return nil }
