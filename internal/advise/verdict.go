package advise

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Package is one of a lock, with what its index has.
type Package struct {
	Name     pyname.Package
	Locked   pep440.Version
	Releases []Release // sorted by version; empty if the index is not known
	// Built is set if the Python at hand builds it from source, too: that it must be
	// built for another holds nothing back.
	Built bool
}

// locked is how the locked release is for a goal. Of a package that is built anyway
// a source distribution will do. known is false if the index does not tell.
func (p *Package) locked(g *Goal) (fit Fit, requires string, known bool) {
	i := slices.IndexFunc(p.Releases, func(r Release) bool { return r.Version.Equal(p.Locked) })
	if i < 0 {
		return Ready, "", false
	}
	fit, _, requires = g.Fit(&p.Releases[i])
	return p.weigh(fit), requires, true
}

func (p *Package) weigh(fit Fit) Fit {
	if fit == SourceOnly && p.Built {
		return Ready
	}
	return fit
}

// An Unblocking is a release that would do.
type Unblocking struct {
	Version string `json:"version"`
	// Date is the day on which the first of its files for the goal was uploaded, or
	// "" if the index does not tell.
	Date string `json:"date,omitempty"`
}

// A Blocker is a package whose locked release holds a version of Python back.
type Blocker struct {
	Name    pyname.Package `json:"name"`
	Locked  string         `json:"locked"`
	Problem Fit            `json:"problem"`
	// RequiresPython is what the release says, if it declines.
	RequiresPython string `json:"requires_python,omitempty"`
	// First and Newest are the lowest and the highest release above the locked one
	// that would do; nil if there is none yet. What else asks for the package may
	// not allow them.
	First  *Unblocking `json:"first,omitempty"`
	Newest *Unblocking `json:"newest,omitempty"`
}

// Blocked are the packages that hold the goal back, and those of which that is not
// known.
func (g *Goal) Blocked(packages []Package) (blockers []Blocker, unknown []pyname.Package) {
	for i := range packages {
		p := &packages[i]
		fit, requires, known := p.locked(g)
		switch {
		case !known:
			unknown = append(unknown, p.Name)
		case fit != Ready:
			b := Blocker{Name: p.Name, Locked: p.Locked.String(), Problem: fit, RequiresPython: requires}
			b.First, b.Newest = p.unblocked(g)
			blockers = append(blockers, b)
		}
	}
	return blockers, unknown
}

// unblocked finds the releases above the locked one that would do. Pre-releases
// count only if the locked one is one.
func (p *Package) unblocked(g *Goal) (first, newest *Unblocking) {
	for i := range p.Releases {
		r := &p.Releases[i]
		if r.Version.Compare(p.Locked) <= 0 || r.Version.IsPrerelease() && !p.Locked.IsPrerelease() {
			continue
		}
		if !slices.ContainsFunc(r.Files, func(f File) bool { return !f.Yanked }) {
			continue
		}
		fit, since, _ := g.Fit(r)
		if p.weigh(fit) != Ready {
			continue
		}
		u := &Unblocking{Version: r.Version.String(), Date: day(since)}
		if newest = u; first == nil {
			first = u
		}
	}
	return first, newest
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// A Status is how a project stands to a version of Python.
type Status string

// The ways, the best first.
const (
	Works       Status = "works"       // the lock will do as it is
	Upgrade     Status = "upgrade"     // other releases are needed, and there are such
	Build       Status = "build"       // releases are needed that have to be built from source
	Unsupported Status = "unsupported" // only against what packages say of the Pythons they are for
	Blocked     Status = "blocked"     // no releases fit together
	Unknown     Status = "unknown"     // not everything could be found out
)

// IsBlocked reports whether there is no way today.
func (s Status) IsBlocked() bool { return s == Unsupported || s == Blocked }

// A Step is what a resolver found at one of the grades of strictness.
type Step struct {
	Solved bool
	Change []Change
	Built  []pyname.Package // to be built from source
}

// A Change is a package that a resolution has in another version than the lock.
type Change struct {
	Name pyname.Package `json:"name"`
	From string         `json:"from,omitempty"` // "" if the lock does not have it for the version
	To   string         `json:"to"`
}

// A Verdict is the answer about one version of Python.
type Verdict struct {
	Status   Status           `json:"status"`
	Blockers []Blocker        `json:"blockers,omitempty"`
	Changes  []Change         `json:"changes,omitempty"`
	Build    []pyname.Package `json:"build,omitempty"`
	Unknown  []pyname.Package `json:"unknown,omitempty"`
	// Reason says why no releases fit together, or not at a better status.
	Reason string `json:"reason,omitempty"`
}

// grades are how strictly to resolve, one after the other until there is a solution:
// with wheels, with source distributions too, and whatever packages say of Python.
var grades = [...]Status{Upgrade, Build, Unsupported}

// ErrUnknown is the error of who solves for Conclude and cannot, because something
// that must be known is not at hand. The reason then says what.
var ErrUnknown = errors.New("not known")

// Conclude makes the verdict. solve is called for the grades from Upgrade to
// Unsupported, until it has solved one; its reason is why it has not. It is not
// called if nothing is blocked.
func Conclude(blockers []Blocker, unknown []pyname.Package, solve func(Status) (Step, string, error)) (Verdict, error) {
	v := Verdict{Status: Works, Blockers: blockers, Unknown: unknown}
	if len(blockers) == 0 {
		if len(unknown) > 0 {
			v.Status = Unknown
		}
		return v, nil
	}
	for _, grade := range grades {
		step, reason, err := solve(grade)
		if errors.Is(err, ErrUnknown) {
			v.Status, v.Reason = Unknown, reason
			return v, nil
		}
		if err != nil {
			return v, err
		}
		if step.Solved {
			v.Status, v.Changes, v.Build = grade, step.Change, step.Built
			slices.SortFunc(v.Changes, func(a, b Change) int { return strings.Compare(string(a.Name), string(b.Name)) })
			slices.Sort(v.Build)
			return v, nil
		}
		v.Reason = reason
	}
	v.Status = Blocked
	return v, nil
}
