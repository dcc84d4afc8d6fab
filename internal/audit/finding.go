package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A Dependency is one version of a package.
type Dependency struct {
	Name    pyname.Package
	Version pep440.Version
}

// Compare orders by name and version.
func (d Dependency) Compare(other Dependency) int {
	return cmp.Or(cmp.Compare(d.Name, other.Name), d.Version.Compare(other.Version))
}

// A Vulnerability is what a database says against a version of a package.
type Vulnerability struct {
	Dependency Dependency
	ID         string
	// Aliases are the names of the same vulnerability in other databases.
	Aliases []string
	// Summary is one line, Details are a whole text; either may be empty.
	Summary, Details string
	// Link leads to more about it.
	Link string
	// Fixed are the versions of this package that it was repaired in, in the order of
	// the record, each once for each branch that was repaired.
	Fixed []pep440.Version
	// Published and Modified are times of RFC 3339 in UTC; the former may be empty.
	Published, Modified string
}

// Has reports whether the vulnerability goes by a name.
func (v *Vulnerability) Has(id string) bool { return v.ID == id || slices.Contains(v.Aliases, id) }

// DisplayID is the name that says most to people: that of the Python advisory
// database, of GitHub or of CVE, if it has one of these, else its own.
func (v *Vulnerability) DisplayID() string {
	known := func(id string) bool {
		return strings.HasPrefix(id, "PYSEC-") || strings.HasPrefix(id, "GHSA-") || strings.HasPrefix(id, "CVE-")
	}
	if known(v.ID) {
		return v.ID
	}
	if i := slices.IndexFunc(v.Aliases, known); i >= 0 {
		return v.Aliases[i]
	}
	return v.ID
}

// A ProjectStatus is a state of a project that speaks against its use: archived,
// deprecated or quarantined.
type ProjectStatus struct {
	Name   pyname.Package
	Status simple.Status
	Reason string // what the index says about it; may be empty
}

// IsAdverse reports whether a state speaks against the use of a project. States
// that PEP 792 does not have count as active, as it demands.
func IsAdverse(s simple.Status) bool {
	return s == simple.Archived || s == simple.Deprecated || s == simple.Quarantined
}

// A Report is what an audit has found. Its lists are sorted.
type Report struct {
	Packages        int // that were looked at
	Vulnerabilities []Vulnerability
	Statuses        []ProjectStatus
}

// NewReport puts findings in order: by package, version and name.
func NewReport(packages int, vulnerabilities []Vulnerability, statuses []ProjectStatus) *Report {
	slices.SortStableFunc(vulnerabilities, func(a, b Vulnerability) int {
		return cmp.Or(a.Dependency.Compare(b.Dependency), cmp.Compare(a.DisplayID(), b.DisplayID()))
	})
	slices.SortStableFunc(statuses, func(a, b ProjectStatus) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Status, b.Status))
	})
	return &Report{Packages: packages, Vulnerabilities: vulnerabilities, Statuses: statuses}
}

// IsClean reports whether nothing was found.
func (r *Report) IsClean() bool { return len(r.Vulnerabilities)+len(r.Statuses) == 0 }

// Ignores are the names of vulnerabilities that are not to be reported.
type Ignores struct {
	Always     []string
	UntilFixed []string // only as long as no version is known that has them repaired
}

// Apply returns what is left of some findings, and notes in matched which names
// were of use.
func (g *Ignores) Apply(all []Vulnerability, matched map[string]bool) []Vulnerability {
	return slices.DeleteFunc(all, func(v Vulnerability) bool {
		if i := slices.IndexFunc(g.Always, v.Has); i >= 0 {
			matched[g.Always[i]] = true
			return true
		}
		i := slices.IndexFunc(g.UntilFixed, v.Has)
		if i < 0 {
			return false
		}
		matched[g.UntilFixed[i]] = true
		return len(v.Fixed) == 0
	})
}

// Unmatched returns the names that no finding had.
func (g *Ignores) Unmatched(matched map[string]bool) []string {
	return slices.DeleteFunc(slices.Concat(g.Always, g.UntilFixed), func(id string) bool { return matched[id] })
}

// A Fix says from which version on a package is free of what was found.
type Fix struct {
	Dependency
	Least pep440.Version
	IDs   []string // what it repairs, as people know it
}

// Fixes are the least versions above those that were audited that are said to
// have everything repaired that can be. Findings that no version has repaired are
// returned as the rest.
func (r *Report) Fixes() (fixes []Fix, rest []Vulnerability) {
	for i := range r.Vulnerabilities {
		v := &r.Vulnerabilities[i]
		least := pep440.Version{}
		for _, fixed := range v.Fixed {
			if fixed.Compare(v.Dependency.Version) > 0 && (least.IsZero() || fixed.Compare(least) < 0) {
				least = fixed
			}
		}
		if least.IsZero() {
			rest = append(rest, *v)
			continue
		}
		if n := len(fixes); n == 0 || fixes[n-1].Compare(v.Dependency) != 0 {
			fixes = append(fixes, Fix{Dependency: v.Dependency, Least: least})
		}
		f := &fixes[len(fixes)-1]
		if least.Compare(f.Least) > 0 {
			f.Least = least
		}
		f.IDs = append(f.IDs, v.DisplayID())
	}
	return fixes, rest
}
