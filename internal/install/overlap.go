package install

import (
	"cmp"
	"slices"
	"strings"
)

// An Overlap is a file that several wheels have, and not the same in each: which
// of them is in the environment afterwards is a matter of luck.
type Overlap struct {
	Path   string   // below site-packages, with slashes
	Wheels []*Wheel // sorted by name; two at least
}

// Overlaps finds files that several of the wheels have: of each top-level name
// the first. Files of one size are taken for the same, so that namespace packages
// may share what they have in common.
func Overlaps(wheels []Wheel) ([]Overlap, error) {
	type provider struct {
		wheel *Wheel
		size  int64
	}
	files := map[string][]provider{}
	for i := range wheels {
		m, err := wheels[i].files()
		if err != nil {
			return nil, err
		}
		for _, f := range m.Files {
			files[f.Path] = append(files[f.Path], provider{&wheels[i], f.Size})
		}
	}
	var out []Overlap
	for path, all := range files {
		if !slices.ContainsFunc(all, func(p provider) bool { return p.size != all[0].size }) {
			continue
		}
		o := Overlap{Path: path}
		for _, p := range all {
			o.Wheels = append(o.Wheels, p.wheel)
		}
		slices.SortFunc(o.Wheels, func(a, b *Wheel) int { return cmp.Compare(a.Name, b.Name) })
		out = append(out, o)
	}
	slices.SortFunc(out, Overlap.compare)
	return slices.CompactFunc(out, func(a, b Overlap) bool { return a.top() == b.top() }), nil
}

// top is the file or directory of site-packages that the file is, or is in.
func (o Overlap) top() string {
	top, _, _ := strings.Cut(o.Path, "/")
	return top
}

// compare orders by top-level name; then files that are less deep come first.
func (o Overlap) compare(other Overlap) int {
	depth := func(x Overlap) int { return strings.Count(x.Path, "/") }
	return cmp.Or(cmp.Compare(o.top(), other.top()), cmp.Compare(depth(o), depth(other)), cmp.Compare(o.Path, other.Path))
}
