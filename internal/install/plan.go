package install

import (
	"fmt"

	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// Wanted is one distribution of a resolution.
type Wanted struct {
	*source.Dist
	// Installed tells that the resolver chose what is installed, so that there
	// is nothing to fetch even if it seems out of date.
	Installed bool
}

// Plan is what has to be done to make an environment hold a resolution.
type Plan struct {
	// Cached are wheels that lie unpacked in the cache.
	Cached []Wheel
	// Remote are distributions to fetch or build.
	Remote []*source.Dist
	// Reinstalls are to be removed because another form of them comes.
	Reinstalls []*Installed
	// Extraneous are not wanted at all. Whether they are removed is for the
	// caller to decide.
	Extraneous []*Installed
}

// IsEmpty reports whether nothing has to be done, if extraneous distributions
// are removed.
func (p *Plan) IsEmpty() bool {
	return len(p.Cached) == 0 && len(p.Remote) == 0 && len(p.Reinstalls) == 0 && len(p.Extraneous) == 0
}

// PlanOptions decide what a plan does.
type PlanOptions struct {
	Checker Checker
	// Reinstall tells which distributions are to be installed again whatever is
	// there; nil is none. It is called by several goroutines.
	Reinstall func(*source.Dist) bool
	// Cached finds the unpacked wheel of a distribution in the cache. It must not
	// return one that has to be validated anew. Nil finds none. It is called by
	// several goroutines.
	Cached func(*source.Dist) (Wheel, bool, error)
	// KeepSeeds keeps pip and the like from being extraneous.
	KeepSeeds bool
	// Layout tells the Python version, on which the list of seeds depends.
	Layout Layout
}

// NewPlan compares a resolution with what is installed.
func NewPlan(site *Site, wanted []Wanted, opts PlanOptions) (*Plan, error) {
	p := &Plan{}
	names := make(map[pyname.Package]bool, len(wanted))
	kept := compare(site, wanted, &opts)
	found := look(wanted, kept, &opts)
	for i, w := range wanted {
		names[w.Name] = true
		if kept[i] {
			continue
		}
		p.Reinstalls = append(p.Reinstalls, site.Get(w.Name)...)
		if w.Installed {
			return nil, fmt.Errorf("internal error: %s is to be kept but is not installed", w.Dist)
		}
		switch f := &found[i]; {
		case f.err != nil:
			return nil, f.err
		case f.ok:
			p.Cached = append(p.Cached, f.wheel)
		default:
			p.Remote = append(p.Remote, w.Dist)
		}
	}
	for _, d := range site.All() {
		if !names[d.Name] && !(opts.KeepSeeds && opts.Layout.isSeed(string(d.Name))) {
			p.Extraneous = append(p.Extraneous, d)
		}
	}
	return p, nil
}

// compare tells for each distribution whether what is installed may stay. Each
// takes a few small reads, which several processors do together; most runs have
// nothing else to do.
func compare(site *Site, wanted []Wanted, opts *PlanOptions) []bool {
	kept := make([]bool, len(wanted))
	parallel(len(wanted), workersFor(len(wanted)), func(i int) { kept[i] = keep(site.Get(wanted[i].Name), wanted[i], opts) })
	return kept
}

// keep tells whether what is installed may stay; otherwise it is to be removed.
func keep(installed []*Installed, w Wanted, opts *PlanOptions) bool {
	// Which of several distributions of one project is imported is chance, and
	// removing one breaks the other: all must go.
	if len(installed) != 1 || opts.Reinstall != nil && opts.Reinstall(w.Dist) {
		return false
	}
	v := opts.Checker.Check(installed[0], w.Source, w.Version)
	return v == Satisfied || v == OutOfDate && w.Installed
}

// finding is what the cache has of a distribution.
type finding struct {
	wheel Wheel
	ok    bool
	err   error
}

// look finds in the cache what is not kept, on several processors as [compare]
// does.
func look(wanted []Wanted, kept []bool, opts *PlanOptions) []finding {
	found := make([]finding, len(wanted))
	if opts.Cached == nil {
		return found
	}
	missing := make([]int, 0, len(wanted))
	for i := range wanted {
		if !kept[i] && !wanted[i].Installed {
			missing = append(missing, i)
		}
	}
	parallel(len(missing), workersFor(len(missing)), func(n int) {
		f := &found[missing[n]]
		f.wheel, f.ok, f.err = opts.Cached(wanted[missing[n]].Dist)
	})
	return found
}

// workersFor is on how many processors to do a number of small things.
func workersFor(n int) int {
	const few = 16 // not worth another goroutine
	return min(par.Processors(), 1+n/few)
}

// Partition splits a plan in two, to be carried out one after the other:
// distributions to fetch for which first is false come second, because building
// them needs what the first part installs. What those replace, and what is
// extraneous, stays until the second part.
func (p *Plan) Partition(first func(pyname.Package) bool) (a, b *Plan) {
	a, b = &Plan{Cached: p.Cached}, &Plan{}
	late := map[pyname.Package]bool{}
	for _, d := range p.Remote {
		if first(d.Name) {
			a.Remote = append(a.Remote, d)
		} else {
			b.Remote = append(b.Remote, d)
			late[d.Name] = true
		}
	}
	for _, d := range p.Reinstalls {
		if late[d.Name] {
			b.Reinstalls = append(b.Reinstalls, d)
		} else {
			a.Reinstalls = append(a.Reinstalls, d)
		}
	}
	if len(b.Remote) > 0 {
		b.Extraneous = p.Extraneous
	} else {
		a.Extraneous = p.Extraneous
	}
	return a, b
}
