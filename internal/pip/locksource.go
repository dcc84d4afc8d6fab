package pip

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pylock"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// lockSource is a pylock.toml (PEP 751) that is installed from: it says what
// there is to install, so that nothing is resolved.
type lockSource struct {
	name   string
	dir    string // what paths in it are relative to
	lock   *pylock.Lock
	extras []pyname.Extra
	groups []pyname.Group // nil are the lock's own default groups
}

// lockFile finds the lock among the sources, which must then be alone.
func (s Sources) lockFile() (string, error) {
	lock := ""
	for _, name := range s.Files {
		switch {
		case kindOf(name) != lockFile:
		case lock != "":
			return "", fmt.Errorf("multiple `pylock.toml` files specified: `%s` vs. `%s`", lock, name)
		default:
			lock = name
		}
	}
	if lock == "" {
		return "", nil
	}
	const beside = " alongside a `pylock.toml` file"
	switch {
	case len(s.Files)+len(s.Packages)+len(s.Editables) > 1:
		return "", errors.New("cannot specify additional requirements" + beside)
	case len(s.Constraints) > 0:
		return "", errors.New("cannot specify constraints" + beside)
	case len(s.Overrides) > 0:
		return "", errors.New("cannot specify overrides" + beside)
	case !pylock.IsFileName(filepath.Base(lock)):
		return "", fmt.Errorf("`%s` is not a valid PEP 751 filename: expected `pylock.toml` or `pylock.<name>.toml`, where `<name>` is not empty and has no dots", lock)
	}
	for _, g := range s.Groups {
		if g.File != "" {
			return "", errors.New("cannot specify paths for groups" + beside + ": all groups are those of the lock")
		}
	}
	return lock, nil
}

// readLock reads a lock to install from, with what of it is wanted.
func (in *Inputs) readLock(ctx context.Context, r *Reader, s Sources, name string) error {
	text, err := r.open(ctx, name)
	if err != nil {
		return readError(name, err)
	}
	lock, err := pylock.ParseLenient(text)
	if err != nil {
		return fmt.Errorf("not a valid `pylock.toml` file: `%s`: %w", name, err)
	}
	from := &lockSource{name: name, dir: r.Dir, lock: lock}
	if !strings.Contains(name, "://") {
		from.dir = filepath.Dir(r.path(name))
	}
	from.extras = s.Extras
	if s.AllExtras {
		from.extras = lock.Extras
	}
	from.extras = slices.DeleteFunc(slices.Clone(from.extras), func(e pyname.Extra) bool { return !s.TakesExtra(e) })
	for _, g := range s.Groups {
		from.groups = append(from.groups, g.Group)
	}
	in.Lock, in.locked = name, from
	return nil
}

// selectLocked is what the lock has for the target.
func (req *InstallRequest) selectLocked() ([]install.Wanted, error) {
	from := req.Inputs.locked
	target := pylock.Target{
		Env: req.Target.Env, Tags: req.Target.Tags, Extras: from.extras, Groups: from.groups, AnyEnvironment: true,
		NoBinary: req.Policy.NoBinary.Has, NoBuild: req.Policy.NoBuild.Has,
	}
	choices, err := from.lock.Select(target)
	if err != nil {
		return nil, err
	}
	policy := source.HashPolicy{Required: req.Hashes == RequireHashes, Allowed: map[pyname.Package][]simple.Hash{}, Sizes: map[pyname.Package]int64{}}
	out := make([]install.Wanted, 0, len(choices))
	for _, c := range choices {
		d, err := from.dist(c)
		if err != nil {
			return nil, fmt.Errorf("package `%s` of `%s`: %w", c.Package.Name, from.name, err)
		}
		if policy.Required && len(d.File.Hashes) == 0 {
			return nil, &HashError{string(d.Name), "have a hash, but none were provided for"}
		}
		if len(d.File.Hashes) > 0 {
			policy.Allowed[d.Name] = d.File.Hashes
		}
		if f := fileOf(c); f != nil && f.Size > 0 {
			if err := from.checkSize(f); err != nil {
				return nil, err
			}
			policy.Sizes[d.Name] = f.Size
		}
		out = append(out, install.Wanted{Dist: d})
	}
	req.Policy.Hashes = policy
	return out, nil
}

// checkSize compares a file of this machine with the size that the lock has of
// it: nothing needs to be prepared to refuse it. Others are compared when they
// are fetched.
func (l *lockSource) checkSize(f *pylock.File) error {
	if f.Path == "" {
		return nil
	}
	path := l.path(f.Path)
	info, err := os.Stat(path)
	if err != nil || info.Size() == f.Size {
		return nil //nolint:nilerr // what is not there is told by who reads it
	}
	return fmt.Errorf("archive `%s` has size %d, but the lock records %d", path, info.Size(), f.Size)
}

// fileOf is the file that was chosen, nil if it is a directory or a commit.
func fileOf(c pylock.Choice) *pylock.File {
	switch {
	case c.Wheel != nil:
		return c.Wheel
	case c.Sdist != nil:
		return c.Sdist
	case c.Archive != nil:
		return &c.Archive.File
	}
	return nil
}

// dist is a choice as a distribution.
func (l *lockSource) dist(c pylock.Choice) (*source.Dist, error) {
	switch {
	case c.Wheel != nil:
		return l.file(c.Package, c.Wheel)
	case c.Sdist != nil:
		return l.file(c.Package, c.Sdist)
	case c.Archive != nil:
		return l.archive(c.Package, c.Archive)
	case c.Directory != nil:
		s := source.Source{
			Kind: source.Directory, Location: l.path(c.Directory.Path), Given: c.Directory.Path,
			Subdirectory: c.Directory.Subdirectory, Editable: c.Directory.Editable != nil && *c.Directory.Editable,
		}
		return resolve.DirectDist(c.Package.Name, s), nil
	}
	return l.checkout(c.Package, c.VCS)
}

// file is a file that came from an index.
func (l *lockSource) file(p *pylock.Package, f *pylock.File) (*source.Dist, error) {
	d := &source.Dist{Name: p.Name, Version: p.Version, Source: source.Source{Kind: source.Registry, Index: p.Index}}
	location, err := l.url(f)
	if err != nil {
		return nil, err
	}
	d.File = simple.File{Filename: f.Filename(), URL: location, Size: f.Size, UploadTime: f.UploadTime, Hashes: hashesOf(f)}
	if d.File.Size == 0 {
		d.File.Size = -1
	}
	if dist.KindOf(d.File.Filename) == dist.WheelKind {
		w, err := dist.ParseWheel(d.File.Filename)
		if err != nil {
			return nil, err
		}
		d.Wheel, d.Version = &w, w.Version
		return d, nil
	}
	sdist, err := dist.ParseSdist(d.File.Filename, p.Name)
	if err == nil && d.Version.IsZero() {
		d.Version = sdist.Version
	}
	return d, err
}

// url is where a file is. A path is preferred: it needs no network.
func (l *lockSource) url(f *pylock.File) (string, error) {
	if f.Path != "" {
		return source.Source{Kind: source.Path, Location: l.path(f.Path)}.FileURL(), nil
	}
	u, err := url.Parse(f.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "file" {
		return "", fmt.Errorf("invalid artifact URL: `%s`", f.URL)
	}
	return f.URL, nil
}

// archive is a direct reference to an archive.
func (l *lockSource) archive(p *pylock.Package, a *pylock.Archive) (*source.Dist, error) {
	s := source.Source{Kind: source.Path, Location: l.path(a.Path), Given: a.Path, Subdirectory: a.Subdirectory}
	if a.Path == "" {
		var err error
		if s, err = source.FromURL(a.URL); err != nil {
			return nil, err
		}
		s.Subdirectory = a.Subdirectory
	}
	d := resolve.DirectDist(p.Name, s)
	if d.Wheel != nil && d.Wheel.Name != p.Name {
		return nil, fmt.Errorf("the archive `%s` is of another project", s)
	}
	if d.Wheel == nil {
		d.Version = p.Version
	}
	d.File.Hashes = hashesOf(&a.File)
	return d, nil
}

// checkout is a commit of a repository.
func (l *lockSource) checkout(p *pylock.Package, v *pylock.VCS) (*source.Dist, error) {
	if v.Type != "git" {
		return nil, fmt.Errorf("the version control system `%s` is not supported: git is", v.Type)
	}
	s := source.Source{Kind: source.Git, Location: v.URL, Subdirectory: v.Subdirectory}
	if v.Path != "" {
		s.Location = source.Source{Kind: source.Directory, Location: l.path(v.Path)}.FileURL()
	}
	s.Reference.Rev, s.Reference.Commit = v.RequestedRevision, v.CommitID
	s.Given = "git+" + s.Location + "@" + v.CommitID
	return resolve.DirectDist(p.Name, s), nil
}

func (l *lockSource) path(name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(l.dir, name)
}

func hashesOf(f *pylock.File) []simple.Hash {
	out := make([]simple.Hash, 0, len(f.Hashes))
	for _, h := range f.Hashes {
		out = append(out, simple.Hash{Algorithm: h.Algorithm, Digest: strings.ToLower(h.Digest)})
	}
	return out
}
