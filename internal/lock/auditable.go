package lock

import (
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// An Auditable is a package that others can know something about: it is no
// project of the workspace, and has a version.
type Auditable struct {
	*Package
	Marker marker.Tree // where it is installed
}

// Auditable are the packages that the roots lead to, for all environments of the
// lock, each version once. They are sorted by name and version. The error is a
// *RootError.
func (l *Lock) Auditable(roots Roots) ([]Auditable, error) {
	all, err := l.exports(&ExportRequest{Roots: roots})
	if err != nil {
		return nil, err
	}
	members := map[pyname.Package]bool{}
	for _, name := range l.Members() {
		members[name] = true
	}
	var out []Auditable
	for i := range all {
		p := &l.Packages[all[i].at]
		if members[p.Name] || p.Version.IsZero() {
			continue
		}
		// The lock is sorted, so that versions of two sources are neighbours.
		if n := len(out); n > 0 && out[n-1].Name == p.Name && out[n-1].Version.Equal(p.Version) {
			out[n-1].Marker = out[n-1].Marker.Or(all[i].marker)
			continue
		}
		out = append(out, Auditable{p, all[i].marker})
	}
	return slices.Clip(out), nil
}

// Describing is the distribution of a package that is asked what it says of
// itself: a wheel if there is one, since that needs no build. It is nil if the lock
// has none. root is the folder of the lock.
func (p *Package) Describing(root string) *source.Dist {
	if len(p.Wheels) > 0 {
		return p.wheelDist(0, root)
	}
	return p.sdistDist(root)
}
