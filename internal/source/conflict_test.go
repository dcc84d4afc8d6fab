package source

import (
	"testing"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

func TestConflictItems(t *testing.T) {
	t.Parallel()
	for text, item := range map[string]ConflictItem{
		"extra-3-foo-bar":       {Package: "foo", Extra: "bar"},
		"extra-7-foo-bar-a-b":   {Package: "foo-bar", Extra: "a-b"},
		"group-3-foo-dev-tools": {Package: "foo", Group: "dev-tools"},
		"project-7-foo-bar":     {Package: "foo-bar"},
	} {
		if got := string(item.Encoded()); got != text {
			t.Errorf("%s is encoded as %s", item, got)
		}
		got, err := DecodeConflict(item.Encoded())
		if err != nil || got != item {
			t.Errorf("%s is read as %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "cpu", "extra-9-foo-bar", "extra-3-foo", "extra-3-foo-", "extra-3-foobar", "project-3-foo-x", "extra-x-foo-bar"} {
		if got, err := DecodeConflict(pyname.Extra(bad)); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

func TestConflictsMarker(t *testing.T) {
	t.Parallel()
	a, b, c := ConflictItem{Package: "p", Extra: "a"}, ConflictItem{Package: "p", Group: "b"}, ConflictItem{Package: "p"}
	set := NewConflictSet(c, b, a, b)
	if !set.Equal(ConflictSet{a, b, c}) {
		t.Errorf("the set is %v", set)
	}
	conflicts := Conflicts{set}
	if !conflicts.Has(b) || conflicts.Has(ConflictItem{Package: "q"}) {
		t.Error("Has is wrong")
	}
	m := conflicts.Marker()
	for _, both := range []marker.Tree{a.Marker().And(b.Marker()), a.Marker().And(c.Marker()), b.Marker().And(c.Marker())} {
		if !m.Disjoint(both) {
			t.Errorf("%s may hold together with %s", both, m)
		}
	}
	if m.Disjoint(a.Marker()) || m.Disjoint(a.Marker().Not().And(b.Marker().Not())) {
		t.Errorf("%s is too strict", m)
	}
	if !Conflicts(nil).Marker().IsTrue() {
		t.Error("no conflicts are no condition")
	}
}
