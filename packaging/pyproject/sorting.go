package pyproject

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
)

// orders are the ways in which a list of dependencies can be sorted, in the
// order in which uv tries them: by name and then specifiers without regard to
// case, the same with regard to it, as plain text without and with.
func orders() []func(a, b string) int {
	return []func(a, b string) int{
		func(a, b string) int { return compareSpecifiers(strings.ToLower(a), strings.ToLower(b)) },
		compareSpecifiers,
		func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) },
		cmp.Compare[string],
	}
}

// compareSpecifiers compares first what is in front of the specifiers (name and
// extras), then the rest.
func compareSpecifiers(a, b string) int {
	nameA, restA := splitSpecifiers(a)
	nameB, restB := splitSpecifiers(b)
	return cmp.Or(cmp.Compare(nameA, nameB), cmp.Compare(restA, restB))
}

func splitSpecifiers(req string) (name, specifiers string) {
	if i := strings.IndexAny(req, "><=~!@"); i >= 0 {
		name, specifiers = req[:i], req[i:]
	} else {
		name = req
	}
	return strings.TrimSpace(name), strings.TrimSpace(specifiers)
}

// insertionIndex returns where a new requirement goes: its place if the
// requirements of the list are sorted, else behind the last of them. Groups that
// a list includes count for neither, so that they can stay at its end.
func insertionIndex(v *toml.Value, req string) int {
	var texts []string
	last := v.Len()
	for i, e := range v.Elems() {
		if text, ok := e.Text(); ok {
			texts = append(texts, text)
			last = i + 1
		}
	}
	for _, order := range orders() {
		if !slices.IsSortedFunc(texts, order) {
			continue
		}
		for i, e := range v.Elems() {
			if text, ok := e.Text(); ok && order(text, req) > 0 {
				return i
			}
		}
		break
	}
	return last
}
