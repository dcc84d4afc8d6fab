package lock

import (
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// Below are the items of conflicts that decide over what those of a set lead to, in
// some environment: whether one of them is active may then matter only if one of the
// set is.
func (l *Lock) Below(set source.ConflictSet) map[source.ConflictItem]bool {
	b := &below{lock: l, tour: tour{seen: map[variant]bool{}}, out: map[source.ConflictItem]bool{}}
	for _, item := range set {
		b.start(item)
	}
	for i := range l.Packages {
		p := &l.Packages[i]
		b.mentions(set, p.Dependencies)
		for _, x := range p.Extras {
			b.mentions(set, x.Dependencies)
		}
		for _, g := range p.Groups {
			b.mentions(set, g.Dependencies)
		}
	}
	for v, ok := b.take(); ok; v, ok = b.take() {
		if v.extra != "" {
			b.out[source.ConflictItem{Package: l.Packages[v.at].Name, Extra: v.extra}] = true
		}
		b.follow(l.edges(v))
	}
	return b.out
}

// below is a walk from what items of conflicts lead to.
type below struct {
	lock *Lock
	tour
	out map[source.ConflictItem]bool
}

// start begins at what an item has a project need.
func (b *below) start(item source.ConflictItem) {
	first, end := b.lock.Named(item.Package)
	for at := first; at < end; at++ {
		p := &b.lock.Packages[at]
		switch {
		case item.Extra != "":
			b.follow(p.Extra(item.Extra))
		case item.Group != "":
			b.follow(p.Group(item.Group))
		default:
			b.follow(p.Dependencies)
			for _, x := range p.Extras {
				b.follow(x.Dependencies)
			}
			for _, g := range p.Groups {
				b.follow(g.Dependencies)
			}
		}
	}
}

// mentions begins at edges that an item of the set decides over.
func (b *below) mentions(set source.ConflictSet, all []Dependency) {
	for i := range all {
		d := &all[i]
		for _, extra := range d.Marker.Extras() {
			item, err := source.DecodeConflict(extra)
			if err == nil && slices.Contains(set, item) ||
				err != nil && slices.ContainsFunc(set, func(x source.ConflictItem) bool { return x.Extra == extra }) {
				b.follow(all[i : i+1])
				break
			}
		}
	}
}

// follow goes along edges, and notes what decides over them.
func (b *below) follow(all []Dependency) {
	for i := range all {
		d := &all[i]
		b.decides(d.Marker)
		b.push(d.To, d.Extras)
	}
}

// decides notes the items of a marker. Whose an extra without a project is nobody
// knows: it may be any of the name.
func (b *below) decides(m marker.Tree) {
	for _, extra := range m.Extras() {
		if item, err := source.DecodeConflict(extra); err == nil {
			b.out[item] = true
			continue
		}
		b.named(extra)
	}
}

func (b *below) named(extra pyname.Extra) {
	for _, set := range b.lock.Conflicts {
		for _, item := range set {
			if item.Extra == extra {
				b.out[item] = true
			}
		}
	}
}
