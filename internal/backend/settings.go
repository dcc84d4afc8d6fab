package backend

import (
	"slices"

	"github.com/tame-py/tame/packaging/pyproject"
)

// settings are those of [tool.uv.build-backend].
type settings struct {
	moduleRoot      string
	modules         *[]string
	namespace       bool
	sourceInclude   []string
	defaultExcludes bool
	sourceExclude   []string
	wheelExclude    []string
	data            []pair // kind of data and directory, in the order in which they are added
}

func readSettings(r *reader, t pyproject.Value) settings {
	t = r.table(t)
	s := settings{
		moduleRoot:      "src",
		namespace:       r.bool(t, "namespace", false),
		defaultExcludes: r.bool(t, "default-excludes", true),
	}
	if root := r.text(t, "module-root"); root != nil {
		s.moduleRoot = *root
	}
	if name, ok := t.Get("module-name").Text(); ok {
		s.modules = &[]string{name}
	} else {
		s.modules = r.texts(t, "module-name")
	}
	s.sourceInclude = r.list(t, "source-include")
	s.sourceExclude = r.list(t, "source-exclude")
	s.wheelExclude = r.list(t, "wheel-exclude")
	s.data = readData(r, t.Get("data"))
	return s
}

func readData(r *reader, v pyproject.Value) []pair {
	kinds := []string{"purelib", "platlib", "headers", "scripts", "data"}
	out := r.pairs(v)
	for key := range r.table(v).Entries() {
		if !slices.Contains(kinds, key) {
			r.fail(v.KeyErrorf(key, "unknown field `%s`, expected one of `purelib`, `platlib`, `headers`, `scripts`, `data`", key))
		}
	}
	slices.SortFunc(out, func(a, b pair) int { return slices.Index(kinds, a.key) - slices.Index(kinds, b.key) })
	return out
}

// generated are the patterns of files that Python made.
func generated() []string { return []string{"__pycache__", "*.pyc", "*.pyo"} }

// excludes are the patterns of what to leave out: everywhere, or of a wheel,
// which also lacks what the source distribution lacks, so that it is the same
// from a source tree.
func (s *settings) excludes(wheel bool) []string {
	var out []string
	add := func(list []string) {
		for _, text := range list {
			if !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	if s.defaultExcludes {
		add(generated())
	}
	if wheel {
		add(s.wheelExclude)
	}
	add(s.sourceExclude)
	return out
}
