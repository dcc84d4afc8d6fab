package source

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// A ConflictItem is something that was declared not to go together with
// something else: an extra or a group of a project or, with neither, the project
// itself.
type ConflictItem struct {
	Package pyname.Package
	Extra   pyname.Extra
	Group   pyname.Group
}

// Compare orders items as uv.lock does: by project, and extras before groups
// before the project itself.
func (i ConflictItem) Compare(o ConflictItem) int {
	return cmp.Or(cmp.Compare(i.Package, o.Package), cmp.Compare(i.kind(), o.kind()),
		cmp.Compare(i.Extra, o.Extra), cmp.Compare(i.Group, o.Group))
}

func (i ConflictItem) kind() int {
	switch {
	case i.Extra != "":
		return 0
	case i.Group != "":
		return 1
	}
	return 2
}

// Encoded is the extra that stands for the item in the markers of a lock file:
// `extra-3-foo-bar` is the extra bar of foo, `group-3-foo-dev` its group dev and
// `project-3-foo` foo itself. The number is the length of the project's name.
func (i ConflictItem) Encoded() pyname.Extra {
	name := strconv.Itoa(len(i.Package)) + "-" + string(i.Package)
	switch i.kind() {
	case 0:
		return pyname.Extra("extra-" + name + "-" + string(i.Extra))
	case 1:
		return pyname.Extra("group-" + name + "-" + string(i.Group))
	}
	return pyname.Extra("project-" + name)
}

// Marker is the condition that the item is active.
func (i ConflictItem) Marker() marker.Tree { return marker.Extra(i.Encoded()) }

// String names the item as messages do: `foo[bar]`, `foo:dev` or `foo`.
func (i ConflictItem) String() string {
	switch i.kind() {
	case 0:
		return string(i.Package) + "[" + string(i.Extra) + "]"
	case 1:
		return string(i.Package) + ":" + string(i.Group)
	}
	return string(i.Package)
}

// DecodeConflict reads the extra that stands for an item in a marker.
func DecodeConflict(encoded pyname.Extra) (ConflictItem, error) {
	kind, rest, _ := strings.Cut(string(encoded), "-")
	length, rest, _ := strings.Cut(rest, "-")
	n, err := strconv.Atoi(length)
	if err != nil || n <= 0 || n > len(rest) {
		return ConflictItem{}, fmt.Errorf("the extra `%s` of a conflict marker has no project", encoded)
	}
	item := ConflictItem{Package: pyname.Package(rest[:n])}
	tail, separated := strings.CutPrefix(rest[n:], "-")
	switch {
	case kind == "project" && rest[n:] == "":
		return item, nil
	case kind == "extra" && separated && tail != "":
		item.Extra = pyname.Extra(tail)
		return item, nil
	case kind == "group" && separated && tail != "":
		item.Group = pyname.Group(tail)
		return item, nil
	}
	return ConflictItem{}, fmt.Errorf("`%s` is no extra of a conflict marker", encoded)
}

// A ConflictSet is items of which at most one may be active at a time, sorted,
// each once.
type ConflictSet []ConflictItem

// NewConflictSet sorts items into a set.
func NewConflictSet(items ...ConflictItem) ConflictSet {
	s := slices.Clone(items)
	slices.SortFunc(s, ConflictItem.Compare)
	return slices.Compact(s)
}

// Has tells whether an item is in the set.
func (s ConflictSet) Has(item ConflictItem) bool { return slices.Contains(s, item) }

// Equal tells whether two sets have the same items.
func (s ConflictSet) Equal(o ConflictSet) bool { return slices.Equal(s, o) }

// Conflicts are sets of which each holds, in the order of declaration.
type Conflicts []ConflictSet

// Has tells whether an item is in one of the sets.
func (c Conflicts) Has(item ConflictItem) bool {
	return slices.ContainsFunc(c, func(s ConflictSet) bool { return s.Has(item) })
}

// HaveProject tells whether one of the items is a project as a whole.
func (c Conflicts) HaveProject() bool {
	return slices.ContainsFunc(c, func(s ConflictSet) bool {
		return slices.ContainsFunc(s, func(i ConflictItem) bool { return i.Extra == "" && i.Group == "" })
	})
}

// Equal tells whether two declarations have the same sets in the same order.
func (c Conflicts) Equal(o Conflicts) bool { return slices.EqualFunc(c, o, ConflictSet.Equal) }

// Marker is the condition that no set has two active items. It is true without
// conflicts.
func (c Conflicts) Marker() marker.Tree {
	out := marker.True()
	for _, set := range c {
		for i := range set {
			for j := range set[:i] {
				out = out.And(set[i].Marker().And(set[j].Marker()).Not())
			}
		}
	}
	return out
}
