package resolve

import (
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
)

// scope is the environments a fork solves for, and what of conflicting items is
// active in it.
type scope struct {
	env    *marker.Env // the only one, if there is only one
	marker marker.Tree // else those where this holds
	// Items of conflicts that are active here, and that are not. All others may
	// be either. Both are sorted and not changed once shared.
	include, exclude []source.ConflictItem
}

// admits tells whether a marker may hold in the scope. For one environment that
// is for Evaluate to say.
func (s *scope) admits(m marker.Tree) bool {
	return s.env != nil || !s.marker.Disjoint(m)
}

// admitsItem tells whether an extra, a group or a project may be active in the
// scope. An extra comes with its project, and so is excluded with it, unless it
// was said to be active; a group does not.
func (s *scope) admitsItem(item source.ConflictItem) bool {
	if len(s.exclude) == 0 {
		return true
	}
	if slices.Contains(s.exclude, item) {
		return false
	}
	if item.Extra != "" && slices.Contains(s.exclude, source.ConflictItem{Package: item.Package}) {
		return slices.Contains(s.include, item)
	}
	return true
}

// narrow returns the part of the scope in which a marker holds.
func (s scope) narrow(m marker.Tree) scope {
	s.marker = s.marker.And(m)
	return s
}

// with returns the part of the scope in which some items are active and others
// are not. It is false if there is none.
func (s scope) with(active, inactive []source.ConflictItem) (scope, bool) {
	for _, item := range active {
		if slices.Contains(s.exclude, item) {
			return s, false
		}
		s.include = inserted(s.include, item)
	}
	for _, item := range inactive {
		if slices.Contains(s.include, item) {
			return s, false
		}
		s.exclude = inserted(s.exclude, item)
	}
	return s, true
}

// inserted returns a sorted list with one more item, leaving the old one alone.
func inserted(list []source.ConflictItem, item source.ConflictItem) []source.ConflictItem {
	at, found := slices.BinarySearchFunc(list, item, source.ConflictItem.Compare)
	if found {
		return list
	}
	return slices.Insert(slices.Clip(list), at, item)
}

// universal is the scope as a marker, in which extras stand for items.
func (s *scope) universal() marker.Tree {
	out := s.marker
	for _, item := range s.include {
		out = out.And(item.Marker())
	}
	for _, item := range s.exclude {
		out = out.And(item.Marker().Not())
	}
	return out
}

// pythons returns the bounds of the Pythons in the scope, if it has any.
func (s *scope) pythons() (pep440.Interval, bool) { return pythonBounds(s.marker) }

// pythonBounds returns the bounds of the Pythons for which a marker may hold, if
// it sets any.
func pythonBounds(m marker.Tree) (pep440.Interval, bool) {
	if m.IsTrue() || m.IsFalse() {
		return pep440.Interval{}, false
	}
	set := m.PythonRange()
	if set.IsEmpty() || set.IsFull() {
		return pep440.Interval{}, false
	}
	return set.Span(), true
}

// String is how uv's log names a scope.
func (s *scope) String() string {
	switch {
	case s.env != nil:
		return "marker environment"
	case s.marker.IsTrue():
		return "all marker environments"
	}
	return "split `" + markerText(s.marker) + "`"
}

// describe says what tells the scope from others, or nothing if it is all there
// is.
func (s *scope) describe() string {
	var parts []string
	if !s.marker.IsTrue() {
		parts = append(parts, "markers: "+markerText(s.marker))
	}
	if len(s.include) > 0 {
		parts = append(parts, "included: "+itemsText(s.include))
	}
	if len(s.exclude) > 0 {
		parts = append(parts, "excluded: "+itemsText(s.exclude))
	}
	if s.env != nil || len(parts) == 0 {
		return ""
	}
	return "split (" + strings.Join(parts, "; ") + ")"
}

func markerText(m marker.Tree) string {
	if m.IsTrue() {
		return "true"
	}
	return m.String()
}

func itemsText(items []source.ConflictItem) string {
	var out []string
	for _, item := range items {
		text := item.String()
		if item.Group != "" {
			text = string(item.Package) + "[group:" + string(item.Group) + "]"
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// forkScope says in which forks something that a requirement says is meant.
type forkScope struct {
	marker marker.Tree
	item   source.ConflictItem // that must not be excluded; zero is none
}

// meantFor returns the forks that a requirement is meant for: those where its
// marker may hold and, if it stands in a group or its source is that of an extra
// or group, those where that may be active.
func meantFor(r *source.Requirement) forkScope {
	s := forkScope{marker: r.Marker, item: r.Source.Conflict}
	if s.item == (source.ConflictItem{}) && r.Origin.Group != "" && r.Origin.Project != "" {
		s.item = source.ConflictItem{Package: r.Origin.Project, Group: r.Origin.Group}
	}
	return s
}

func (f *forkScope) in(s *scope) bool {
	return s.admits(f.marker) && (f.item == (source.ConflictItem{}) || s.admitsItem(f.item))
}
