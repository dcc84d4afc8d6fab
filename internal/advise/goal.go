package advise

import (
	"slices"
	"strconv"
	"time"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// A Platform is where a project is to run: the environment that its markers see,
// and the wheels that fit.
type Platform struct {
	Name string // for people
	Env  *marker.Env
	Tags *tags.Set
}

// Marker is true where wheels for the platform are used, in the terms in which
// resolvers see wheels.
func (p *Platform) Marker() marker.Tree {
	best := p.Tags.Best()
	return target.WheelPlatforms(tags.Compress([]tags.Tag{{Python: "py3", ABI: "none", Platform: best.Platform}}))
}

// A Goal is a minor version of Python on some platforms.
type Goal struct {
	Minor     int // 13 is Python 3.13
	Platforms []Platform
}

// Version is the text of the version: 3.13.
func (g *Goal) Version() string { return VersionText(g.Minor) }

// VersionText is the text of a minor version.
func VersionText(minor int) string { return "3." + strconv.Itoa(minor) }

// Python are all patch releases of the version.
func (g *Goal) Python() target.Python {
	specifiers, err := pep440.ParseSpecifiers("==" + g.Version() + ".*")
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return target.FromSpecifiers(specifiers)
}

// Admits reports whether a Requires-Python is for some patch release of the version,
// its upper bounds included. Resolvers leave these out of account, for good reasons;
// yet they are what an author says.
func (g *Goal) Admits(requires pep440.Specifiers) bool {
	return len(requires) == 0 || !pep440.ReleaseSet(requires).Disjoint(g.Python().Span().Set())
}

// Needed tells for every package of a lock whether an installation with all extras
// and groups needs it on some of the platforms.
func (g *Goal) Needed(l *lock.Lock) []bool {
	w := &walk{lock: l, goal: g, seen: map[visit]bool{}, needed: make([]bool, len(l.Packages))}
	for _, name := range l.Members() {
		w.root(name)
	}
	for i := range l.Manifest.Requirements {
		w.named(&l.Manifest.Requirements[i])
	}
	for i := range l.Manifest.Groups {
		for j := range l.Manifest.Groups[i].Requirements {
			w.named(&l.Manifest.Groups[i].Requirements[j])
		}
	}
	for len(w.queue) > 0 {
		v := w.queue[0]
		w.queue = w.queue[1:]
		p := &l.Packages[v.at]
		if v.extra != "" {
			w.follow(p.Extra(v.extra))
		} else {
			w.follow(p.Dependencies)
		}
	}
	return w.needed
}

// A visit is a package of the lock, or one of its extras.
type visit struct {
	at    int
	extra pyname.Extra
}

type walk struct {
	lock   *lock.Lock
	goal   *Goal
	seen   map[visit]bool
	queue  []visit
	needed []bool
}

func (w *walk) enter(at int, extras []pyname.Extra) {
	w.needed[at] = true
	for _, extra := range append([]pyname.Extra{""}, extras...) {
		if v := (visit{at, extra}); !w.seen[v] {
			w.seen[v] = true
			w.queue = append(w.queue, v)
		}
	}
}

// Holds reports whether a marker may hold on some platform.
func (g *Goal) Holds(m marker.Tree) bool {
	m = m.WithoutExtras()
	return slices.ContainsFunc(g.Platforms, func(p Platform) bool { return m.Evaluate(p.Env, nil) })
}

func (w *walk) follow(list []lock.Dependency) {
	for i := range list {
		if w.goal.Holds(list[i].Marker) {
			w.enter(list[i].To, list[i].Extras)
		}
	}
}

// root enters a project with all its extras and groups.
func (w *walk) root(name pyname.Package) {
	first, end := w.lock.Named(name)
	for at := first; at < end; at++ {
		p := &w.lock.Packages[at]
		if !p.Source.IsTree() {
			continue
		}
		var extras []pyname.Extra
		for i := range p.Extras {
			extras = append(extras, p.Extras[i].Name)
		}
		w.enter(at, extras)
		for i := range p.Groups {
			w.follow(p.Groups[i].Dependencies)
		}
	}
}

// named enters what a requirement of no project asks for.
func (w *walk) named(r *lock.Requirement) {
	if !w.goal.Holds(r.Marker) {
		return
	}
	first, end := w.lock.Named(r.Name)
	for at := first; at < end; at++ {
		if forks := w.lock.Packages[at].Forks; len(forks) == 0 || slices.ContainsFunc(forks, w.goal.Holds) {
			w.enter(at, r.Extras)
		}
	}
}

// A File is a distribution of a release.
type File struct {
	Wheel    *dist.Wheel // nil for a source distribution
	Requires string      // its Requires-Python, as written
	Uploaded time.Time   // zero if it is not known
	Yanked   bool
}

// A Release is a version of a project with its files.
type Release struct {
	Version pep440.Version
	Files   []File
}

// ReleaseOf is a release in the terms of an index.
func ReleaseOf(v pep440.Version, files []source.Dist) Release {
	r := Release{Version: v, Files: make([]File, len(files))}
	for i := range files {
		f := &files[i]
		r.Files[i] = File{Wheel: f.Wheel, Requires: f.File.RequiresPython, Uploaded: f.File.UploadTime, Yanked: f.File.Yanked}
	}
	return r
}

// A Fit is how a release is for a goal.
type Fit string

// The ways. Ready is a wheel for every platform.
const (
	Ready      Fit = "ready"
	SourceOnly Fit = "source only" // somewhere it has to be built
	Declines   Fit = "declines"    // its Requires-Python excludes the version
	NoFile     Fit = "no file"     // there is neither a wheel nor a source distribution
)

// Fit tells how a release is for the goal, when the first of the files that are
// was uploaded, and, if it declines, what it requires.
func (g *Goal) Fit(r *Release) (fit Fit, since time.Time, requires string) {
	var admitted []*File
	for i := range r.Files {
		f := &r.Files[i]
		specifiers, err := pep440.ParseSpecifiersLenient(f.Requires)
		if err == nil && !g.Admits(specifiers) {
			requires = f.Requires
			continue
		}
		admitted = append(admitted, f)
	}
	if len(admitted) == 0 && requires != "" {
		return Declines, time.Time{}, requires
	}
	first := func(f *File) {
		if !f.Uploaded.IsZero() && (since.IsZero() || f.Uploaded.Before(since)) {
			since = f.Uploaded
		}
	}
	missing := false
	for _, p := range g.Platforms {
		here := false
		for _, f := range admitted {
			if f.Wheel != nil && p.Tags.Match(f.Wheel.Tags).OK() {
				here = true
				first(f)
			}
		}
		missing = missing || !here
	}
	if !missing {
		return Ready, since, ""
	}
	for _, f := range admitted {
		if f.Wheel == nil {
			first(f)
			return SourceOnly, since, ""
		}
	}
	return NoFile, time.Time{}, ""
}
