package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/backend"
	"github.com/tame-py/tame/internal/build"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// An ArtifactRequest says what to build of one source, for its author to
// publish.
type ArtifactRequest struct {
	// Source is a source tree, or a source distribution: absolute.
	Source string
	// Out is the directory to build into; it must exist.
	Out string
	// Sdist and Wheel are what is asked for. Of a source tree neither means both,
	// the wheel from the source distribution.
	Sdist, Wheel bool
	// List only tells what the artifacts would hold.
	List bool
	// ForcePEP517 has even our own backend run as any other.
	ForcePEP517 bool
	// Output gets what backends write; nil is nobody. Hidden keeps it out of errors
	// as well, where it stands if nobody has seen it.
	Output io.Writer
	Hidden bool
	// Stage is told what is being built.
	Stage func(text string)
	// Warn is told what is odd about the project.
	Warn func(text string)
	// Ready prepares the engine for builds that need Python: it calls SetBuild. It
	// is called at most once, before the first of them.
	Ready func(context.Context) error
}

// An Artifact is what was built, or would be.
type Artifact struct {
	Filename string
	Tree     string           // what it was built of
	Listing  *backend.Listing // if only that was asked for
	id       identity
}

// identity is which release an artifact says that it is of.
type identity struct {
	name    pyname.Package
	version pep440.Version
}

// BuildArtifacts builds source distributions and wheels.
func (e *Engine) BuildArtifacts(ctx context.Context, r ArtifactRequest) ([]Artifact, error) {
	j := &artifacts{engine: e, ArtifactRequest: r}
	info, err := os.Stat(r.Source)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		err = j.ofFile(ctx)
	} else {
		err = j.ofTree(ctx)
	}
	return j.built, err
}

// TreeMetadata has the build backend of a source tree tell its metadata, as the
// METADATA of a wheel: by a hook for that, or by building one. Of the request
// only Source, which is a directory, and Ready count.
func (e *Engine) TreeMetadata(ctx context.Context, r ArtifactRequest) ([]byte, error) {
	if err := r.Ready(ctx); err != nil {
		return nil, err
	}
	b := e.builds
	d := &source.Dist{Source: source.Source{Kind: source.Directory, Location: r.Source}}
	tree := &fetch.Work{Dist: d, Open: func(context.Context) (*fetch.Checkout, error) {
		return &fetch.Checkout{Dir: r.Source, Root: r.Source}, nil
	}}
	s, err := b.open(enter(ctx, d), tree)
	if err != nil {
		return nil, err
	}
	defer s.close()
	dir, err := e.Cache.TempDir()
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = fsx.RemoveAll(dir, nil) }()
	path, err := s.Metadata(ctx, build.Wheel, dir)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(path, "METADATA"))
}

// artifacts is one run of BuildArtifacts.
type artifacts struct {
	engine *Engine
	ArtifactRequest
	ready bool
	built []Artifact
}

// ofFile builds a wheel of a source distribution.
func (j *artifacts) ofFile(ctx context.Context) error {
	switch {
	case j.Sdist:
		return errors.New("building an `--sdist` from a source distribution is not supported")
	case !j.Wheel:
		return errors.New("pass `--wheel` to build a wheel from a source distribution")
	}
	if _, ok := archive.FormatOf(j.Source); !ok || dist.KindOf(filepath.Base(j.Source)) == dist.WheelKind {
		return fmt.Errorf("`%s` is not a valid build source: a source directory is expected, or a source distribution such as a `.tar.gz` or `.zip`", j.Source)
	}
	if j.List {
		if err := j.checkFileListed(); err != nil {
			return err
		}
	}
	var expected *identity
	if s, err := dist.ParseSdistStrict(filepath.Base(j.Source)); err == nil {
		expected = &identity{s.Name, s.Version}
	}
	return j.wheelOfArchive(ctx, j.Source, expected)
}

func (j *artifacts) checkFileListed() error {
	if j.ForcePEP517 {
		return errListForced
	}
	return &unlistedError{j.Source, errors.New("it is a source distribution")}
}

func (j *artifacts) ofTree(ctx context.Context) error {
	if j.List {
		if err := j.checkListed(); err != nil {
			return err
		}
	}
	switch {
	case j.Sdist && j.Wheel:
		if err := j.sdist(ctx, j.List); err != nil {
			return err
		}
		return j.wheel(ctx, j.Source, "wheel", &j.built[0].id)
	case j.Sdist:
		return j.sdist(ctx, j.List)
	case j.Wheel:
		return j.wheel(ctx, j.Source, "wheel", nil)
	}
	if j.List {
		if err := j.sdist(ctx, true); err != nil {
			return err
		}
	}
	if err := j.sdist(ctx, false); err != nil {
		return err
	}
	s := j.built[len(j.built)-1]
	return j.wheelOfArchive(ctx, filepath.Join(j.Out, s.Filename), &s.id)
}

var errListForced = errors.New("`--force-pep517` can not be used with `--list`")

// unlistedError reports a project of which only its own backend knows what goes
// into its artifacts.
type unlistedError struct {
	source string
	reason error
}

func (e *unlistedError) Error() string {
	return fmt.Sprintf("`--list` can only be used with the backend `uv_build`, but `%s` is not for it because %s", e.source, e.reason)
}

func (j *artifacts) checkListed() error {
	if j.ForcePEP517 {
		return errListForced
	}
	system, err := build.ReadSystem(j.Source)
	if err != nil {
		return err
	}
	if system.File == nil {
		return &unlistedError{j.Source, errors.New("it has no `pyproject.toml`")}
	}
	if reason := backend.Check(system.File); reason != nil {
		return &unlistedError{j.Source, reason}
	}
	return nil
}

// wheelOfArchive unpacks a source distribution and builds a wheel of it.
func (j *artifacts) wheelOfArchive(ctx context.Context, file string, expected *identity) error {
	dir, err := j.engine.Cache.TempDir()
	if err != nil {
		return err
	}
	defer func() { _, _ = fsx.RemoveAll(dir, nil) }()
	d := &source.Dist{Source: source.Source{Kind: source.Path, Location: file}}
	tree, err := j.engine.fetcher(source.HashPolicy{}, nil).UnpackSdist(ctx, &fetch.Sdist{Dist: d, Path: file}, dir)
	if err != nil {
		return unpackError(err)
	}
	return j.wheel(ctx, tree, "wheel from source distribution", expected)
}

// unpackError adds advice where an archive holds a virtual environment.
func unpackError(err error) error {
	var bad *archive.Error
	if errors.As(err, &bad) && (strings.HasPrefix(filepath.Base(bad.Name), "python") || strings.Contains(bad.Name, ".venv/")) {
		return &venvError{err}
	}
	return err
}

type venvError struct{ error }

func (e *venvError) Unwrap() error { return e.error }

// Hints says what is most likely wrong.
func (e *venvError) Hints() []string {
	return []string{"the source distribution seems to include a virtual environment, which must be excluded from it"}
}

func (j *artifacts) sdist(ctx context.Context, list bool) error {
	if list {
		return j.list(ctx, j.Source, backend.ListSdist)
	}
	j.say("source distribution")
	path, err := j.run(ctx, j.Source, build.Sdist)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	s, err := dist.ParseSdistStrict(name)
	if err != nil {
		return fmt.Errorf("the source distribution that was built has an invalid file name: %w", err)
	}
	j.built = append(j.built, Artifact{Filename: name, Tree: j.Source, id: identity{s.Name, s.Version}})
	return nil
}

func (j *artifacts) wheel(ctx context.Context, tree, what string, expected *identity) error {
	if j.List {
		if err := j.list(ctx, tree, backend.ListWheel); err != nil {
			return err
		}
	} else {
		j.say(what)
		path, err := j.run(ctx, tree, build.Wheel)
		if err != nil {
			return err
		}
		w, err := dist.ParseWheel(filepath.Base(path))
		if err != nil {
			return fmt.Errorf("the wheel that was built has an invalid file name: %w", err)
		}
		j.built = append(j.built, Artifact{Filename: filepath.Base(path), Tree: tree, id: identity{w.Name, w.Version}})
	}
	if expected == nil {
		return nil
	}
	return expected.check(j.built[len(j.built)-1].id)
}

// check refuses a wheel of another release than the source distribution.
func (i identity) check(wheel identity) error {
	switch {
	case i.name != wheel.name:
		return fmt.Errorf("the source distribution declares name %s, but the wheel declares name %s", i.name, wheel.name)
	case !i.version.Equal(wheel.version):
		return fmt.Errorf("the source distribution declares version %s, but the wheel declares version %s", i.version, wheel.version)
	}
	return nil
}

func (j *artifacts) say(what string) {
	if j.Stage != nil {
		j.Stage("Building " + what + "...")
	}
}

func (j *artifacts) options(ctx context.Context, dir string) backend.Options {
	o := j.engine.backendOptions(ctx, dir)
	o.Warn = j.Warn
	return o
}

func (j *artifacts) list(ctx context.Context, tree string, list func(backend.Options) (*backend.Listing, error)) error {
	l, err := list(j.options(ctx, tree))
	if err != nil {
		return err
	}
	a := Artifact{Filename: l.Filename, Tree: tree, Listing: l}
	if s, err := dist.ParseSdistStrict(l.Filename); err == nil {
		a.id = identity{s.Name, s.Version}
	} else if w, err := dist.ParseWheel(l.Filename); err == nil {
		a.id = identity{w.Name, w.Version}
	}
	j.built = append(j.built, a)
	return nil
}

// run builds one artifact: with our own backend where the tree asks for it, else
// with the tree's.
func (j *artifacts) run(ctx context.Context, tree string, k build.Kind) (string, error) {
	system, err := build.ReadSystem(tree)
	if err != nil {
		return "", err
	}
	if !j.ForcePEP517 && system.File != nil && backend.Check(system.File) == nil {
		return (&own{j.options(ctx, tree), system}).Build(ctx, k, j.Out)
	}
	j.warnUnused(system)
	if !j.ready && j.Ready != nil {
		if err := j.Ready(ctx); err != nil {
			return "", err
		}
		j.ready = true
	}
	return j.session(ctx, tree, system, k)
}

// warnUnused says that a project has settings for a backend that it does not
// name.
func (j *artifacts) warnUnused(s *build.System) {
	if s.File == nil || s.File.HasBuildSystem() || s.File.Tool("uv").Get("build-backend").IsZero() || j.Warn == nil {
		return
	}
	name := j.Source
	if p, err := s.File.Project(); err == nil && p != nil {
		name = p.RawName
	}
	j.Warn(fmt.Sprintf("`%s` defines settings for `uv_build` in `tool.uv.build-backend`, but the `build-system` table is missing", name))
}

// session has the tree's backend build. Sources of build requirements are those
// of the project that is worked on, also where a copy is built.
func (j *artifacts) session(ctx context.Context, tree string, system *build.System, k build.Kind) (string, error) {
	b := j.engine.builds
	var name pyname.Package
	if system.File != nil {
		if p, err := system.File.Project(); err == nil && p != nil {
			name = p.Name
		}
	}
	d := &source.Dist{Name: name, Source: source.Source{Kind: source.Directory, Location: j.Source}}
	if info, err := os.Stat(j.Source); err == nil && info.Mode().IsRegular() {
		d.Source.Kind = source.Path
	}
	ctx = enter(ctx, d)
	s, err := build.Open(ctx, build.Request{
		Dir: tree, Label: filepath.Base(j.Source), System: system,
		Settings: b.settings(name), Provisioner: &provisioner{builds: b, name: name, dist: d, dir: j.Source},
		Env: j.engine.Environ, Variables: b.options.Variables[name],
		Output: j.Output, Timeout: b.options.Timeout, Queue: b.queue, Rank: b.rank(ctx), Pool: &b.pool,
	})
	if err != nil {
		return "", j.shown(err)
	}
	defer s.Close()
	path, err := s.Build(ctx, k, j.Out)
	return path, j.shown(err)
}

// shown keeps an error from repeating what was shown already.
func (j *artifacts) shown(err error) error {
	var failed *build.Error
	if (j.Output != nil || j.Hidden) && errors.As(err, &failed) {
		return &shownError{failed}
	}
	return err
}

// shownError is a failed build whose output was seen.
type shownError struct{ failed *build.Error }

func (e *shownError) Error() string {
	brief := *e.failed
	brief.Output = ""
	return brief.Error()
}

// Hints says where to look.
func (e *shownError) Hints() []string {
	return []string{"build failures usually indicate a problem with the package or the build environment"}
}
