package cache

import (
	"time"

	"github.com/tame-py/tame/packaging/pyname"
)

// Refresh says which entries must be asked for again although they are there
// (--refresh, --refresh-package, and --upgrade or --reinstall, which imply
// it). Entries written since the moment it was made count as asked for. The
// zero value refreshes nothing. It is not to be changed once shared.
type Refresh struct {
	all      bool
	packages map[pyname.Package]bool
	since    time.Time
}

// RefreshAll refreshes every entry older than now.
func RefreshAll(now time.Time) Refresh { return Refresh{all: true, since: now} }

// RefreshPackages refreshes the entries of some packages older than now.
func RefreshPackages(now time.Time, names ...pyname.Package) Refresh {
	if len(names) == 0 {
		return Refresh{}
	}
	r := Refresh{packages: make(map[pyname.Package]bool, len(names)), since: now}
	for _, name := range names {
		r.packages[name] = true
	}
	return r
}

// And returns what refreshes whatever r or other does.
func (r Refresh) And(other Refresh) Refresh {
	out := Refresh{all: r.all || other.all, since: r.since}
	if other.since.After(out.since) {
		out.since = other.since
	}
	if out.all || len(r.packages)+len(other.packages) == 0 {
		return out
	}
	out.packages = make(map[pyname.Package]bool, len(r.packages)+len(other.packages))
	for name := range r.packages {
		out.packages[name] = true
	}
	for name := range other.packages {
		out.packages[name] = true
	}
	return out
}

// IsZero says whether nothing is to be refreshed.
func (r Refresh) IsZero() bool { return !r.all && len(r.packages) == 0 }

// Since returns when what is written begins to count as asked for.
func (r Refresh) Since() time.Time { return r.since }

// Wants says whether entries of a package are to be refreshed, whenever they
// were written.
func (r Refresh) Wants(name pyname.Package) bool { return r.all || r.packages[name] }

// Stale says whether an entry of a package that was written at the given time
// must be asked for again.
func (r Refresh) Stale(name pyname.Package, written time.Time) bool {
	return r.Wants(name) && written.Before(r.since)
}

// StaleAll is [Refresh.Stale] for an entry that belongs to no package.
func (r Refresh) StaleAll(written time.Time) bool { return r.all && written.Before(r.since) }
