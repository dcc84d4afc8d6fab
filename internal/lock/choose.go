package lock

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/simple"
	"github.com/tame-py/tame/packaging/tags"
)

// A NoFileError reports a package of which the lock has no file that may be
// installed.
type NoFileError struct {
	Package           string
	Wheel             bool // the source is a single wheel
	NoBinary, NoBuild bool // what was forbidden
	hint              string
}

func (e *NoFileError) Error() string {
	text := "distribution `" + e.Package + "` can't be installed because it "
	switch {
	case e.NoBinary && e.NoBuild:
		return text + "is marked as both `--no-binary` and `--no-build`"
	case e.NoBinary && e.Wheel:
		return text + "is marked as `--no-binary` but is itself a binary distribution"
	case e.NoBinary:
		return text + "is marked as `--no-binary` but has no source distribution"
	case e.NoBuild:
		return text + "is marked as `--no-build` but has no binary distribution"
	case e.Wheel:
		return text + "is a binary distribution for another platform"
	}
	return text + "doesn't have a source distribution or wheel for the current platform"
}

// Hints say which platforms there are wheels for.
func (e *NoFileError) Hints() []string {
	if e.hint == "" {
		return nil
	}
	return []string{e.hint}
}

// A LegacySdistError reports a source distribution in a form that is no longer
// installed (PEP 625).
type LegacySdistError struct{ Package, Filename string }

func (e *LegacySdistError) Error() string {
	return fmt.Sprintf("the source distribution `%s` of `%s` is an archive of a kind that is no longer installed: only `.tar.gz` and `.zip` are", e.Filename, e.Package)
}

// ExitCode is that of wrong use.
func (e *LegacySdistError) ExitCode() int { return 2 }

// Hints say what to do.
func (e *LegacySdistError) Hints() []string {
	return []string{"ask for a wheel, or for a source distribution in the form of PEP 625"}
}

// fileName is the name of a source distribution's file, "" for a source tree.
func fileName(d *source.Dist) string {
	if d.Source.Kind == source.Registry {
		return d.File.Filename
	}
	if d.Source.Kind == source.URL || d.Source.Kind == source.Path {
		return d.Source.Filename()
	}
	return ""
}

// choose is the file of a package to install.
func (p *Package) choose(r *TargetRequest) (*source.Dist, error) {
	noBinary := r.NoBinary != nil && r.NoBinary(p.Name)
	noBuild := r.NoBuild != nil && r.NoBuild(p.Name)
	if !noBinary {
		if i := p.bestWheel(r.Tags); i >= 0 {
			return p.wheelDist(i, r.Root), nil
		}
	}
	if s := p.sdistDist(r.Root); s != nil && !noBuild {
		if name := fileName(s); dist.KindOf(name) == dist.LegacySdistKind {
			return nil, &LegacySdistError{p.ID(), name}
		}
		return s, nil
	}
	e := &NoFileError{Package: p.ID(), Wheel: p.Source.IsWheel(), NoBinary: noBinary, NoBuild: noBuild}
	if !noBinary && !noBuild {
		e.hint = p.wheelHint(r.Tags)
	}
	return nil, e
}

// bestWheel is the wheel that suits best, or -1. Of those that suit equally well
// the highest build tag wins, then the first.
func (p *Package) bestWheel(set *tags.Set) int {
	best, priority := -1, 0
	for i := range p.Wheels {
		m := set.Match(wheelTags(p.Wheels[i].Filename()))
		if !m.OK() {
			continue
		}
		if best < 0 || m.Priority < priority || m.Priority == priority && p.build(i).Compare(p.build(best)) > 0 {
			best, priority = i, m.Priority
		}
	}
	return best
}

// build is the build tag of a wheel.
func (p *Package) build(i int) dist.Build {
	w, err := dist.ParseWheel(p.Wheels[i].Filename())
	if err != nil {
		return dist.Build{}
	}
	return w.Build
}

// wheelTags are the tags in the name of a wheel: its last three parts. The rest
// of the name need not be looked at, which is most of the work.
func wheelTags(name string) tags.Compressed {
	name = strings.TrimSuffix(name, ".whl")
	at := len(name)
	for range 3 {
		if at = strings.LastIndexByte(name[:at], '-'); at < 0 {
			return ""
		}
	}
	return tags.Compressed(name[at+1:])
}

// wheelHint lists the tags of the wheels that do not suit.
func (p *Package) wheelHint(set *tags.Set) string {
	var pythons, platforms []string
	for i := range p.Wheels {
		compressed := wheelTags(p.Wheels[i].Filename())
		pythons = slices.AppendSeq(pythons, compressed.Pythons())
		platforms = slices.AppendSeq(platforms, compressed.Platforms())
	}
	if len(platforms) == 0 {
		return ""
	}
	slices.Sort(pythons)
	slices.Sort(platforms)
	best := set.Best()
	return fmt.Sprintf("you're on `%s` with `%s`, but `%s` (v%s) only has wheels for the following Python implementations and platforms: %s; %s. Consider adding your platform to `tool.uv.required-environments` so that a version with compatible wheels is chosen",
		best.Platform, best.Python, p.Name, p.Version, quoted(slices.Compact(pythons)), quoted(slices.Compact(platforms)))
}

func quoted(all []string) string { return "`" + strings.Join(all, "`, `") + "`" }

// wheelDist is a wheel as a distribution.
func (p *Package) wheelDist(i int, root string) *source.Dist {
	f := &p.Wheels[i]
	if !p.Source.IsRegistry() {
		d := p.dist(root)
		d.Version = p.Version
		d.File.Hashes = f.hashes()
		return d
	}
	d := p.registryDist(f, root)
	if w, err := dist.ParseWheel(d.File.Filename); err == nil {
		d.Wheel = &w
	}
	return d
}

// sdistDist is the source distribution or source tree as a distribution, nil if
// there is none.
func (p *Package) sdistDist(root string) *source.Dist {
	if p.Source.IsRegistry() {
		if p.Sdist == nil {
			return nil
		}
		return p.registryDist(p.Sdist, root)
	}
	if p.Source.IsWheel() {
		return nil
	}
	d := p.dist(root)
	d.Version = p.Version
	if p.Sdist != nil {
		d.File.Hashes = p.Sdist.hashes()
		d.File.Size = p.Sdist.Size
	}
	return d
}

// dist is the distribution behind a source that is no registry.
func (p *Package) dist(root string) *source.Dist {
	return resolve.DirectDist(p.Name, p.Source.Source(root))
}

// registryDist is a file of a registry as a distribution.
func (p *Package) registryDist(f *File, root string) *source.Dist {
	return &source.Dist{
		Name: p.Name, Version: p.Version,
		Source: source.Source{Kind: source.Registry, Index: p.Source.Index(root)},
		File: simple.File{
			Filename: f.Filename(), URL: p.fileURL(f, root), Hashes: f.hashes(), Size: f.Size, UploadTime: f.UploadTime(),
		},
	}
}

// fileURL is where a file is.
func (p *Package) fileURL(f *File, root string) string {
	if f.Path == "" {
		return f.URL
	}
	path := filepath.FromSlash(f.Path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.Source.Absolute(root), path)
	}
	return fileURL(path)
}

// hashes are the digests that the file must have.
func (f *File) hashes() []simple.Hash {
	if h, ok := hashOf(f.Hash); ok {
		return []simple.Hash{h}
	}
	return nil
}

// IndexURL is the URL of the registry that a package is from, "" if it is from
// none. root is the folder of the lock.
func (p *Package) IndexURL(root string) string { return p.Source.Index(root) }
