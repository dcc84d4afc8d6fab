package workspace

import (
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// readConflicts reads [tool.uv.conflicts] of a file, whose items without a
// package are of the project self.
func readConflicts(f *pyproject.File, self pyname.Package) (source.Conflicts, error) {
	list := f.Tool("uv").Get("conflicts")
	if list.IsZero() {
		return nil, nil
	}
	if !list.IsArray() {
		return nil, list.Errorf("invalid type: %s, expected a sequence", list.Kind())
	}
	var out source.Conflicts
	for _, one := range list.Elems() {
		if !one.IsArray() {
			return nil, one.Errorf("invalid type: %s, expected a sequence", one.Kind())
		}
		var items []source.ConflictItem
		for _, v := range one.Elems() {
			item, err := readConflictItem(v, self)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		set := source.NewConflictSet(items...)
		switch len(set) {
		case 0:
			return nil, one.Errorf("each set of conflicts must have at least two entries, but found none")
		case 1:
			return nil, one.Errorf("each set of conflicts must have at least two entries, but found only one")
		}
		out = append(out, set)
	}
	return out, nil
}

func readConflictItem(v pyproject.Value, self pyname.Package) (item source.ConflictItem, err error) {
	if !v.IsTable() {
		return item, v.Errorf("invalid type: %s, expected a table such as `{ extra = \"…\" }`", v.Kind())
	}
	for key, field := range v.Entries() {
		text, ok := field.Text()
		if !ok {
			return item, field.Errorf("invalid type: %s, expected a string", field.Kind())
		}
		switch key {
		case "package":
			item.Package, err = pyname.ParsePackage(text)
		case "extra":
			item.Extra, err = pyname.ParseExtra(text)
		case "group":
			item.Group, err = pyname.ParseGroup(text)
		default:
			return item, v.KeyErrorf(key, "unknown field `%s`, expected one of `package`, `extra`, `group`", key)
		}
		if err != nil {
			return item, field.Errorf("%w", err)
		}
	}
	switch {
	case item.Extra != "" && item.Group != "":
		return item, v.Errorf("expected one of `extra` or `group` in conflicting entry, but found both")
	case item == source.ConflictItem{}:
		return item, v.Errorf("expected `package`, `extra` or `group` field in conflicting entry")
	case item.Package == "" && self == "":
		return item, v.Errorf("expected `package` field in conflicting entry")
	case item.Package == "":
		item.Package = self
	}
	return item, nil
}

// includers lists for each group of a file the groups that include it, directly
// or through others.
func includers(f *pyproject.File) (map[pyname.Group][]pyname.Group, error) {
	groups, err := f.Groups()
	if err != nil {
		return nil, err
	}
	direct := map[pyname.Group][]pyname.Group{}
	for _, name := range groups.Names() {
		items, err := groups.Items(name)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			if item.Include != "" {
				direct[item.Include] = append(direct[item.Include], name)
			}
		}
	}
	all := map[pyname.Group][]pyname.Group{}
	for name := range direct {
		seen := map[pyname.Group]bool{name: true}
		for queue := direct[name]; len(queue) > 0; queue = queue[1:] {
			if at := queue[0]; !seen[at] {
				seen[at] = true
				all[name] = append(all[name], at)
				queue = append(queue, direct[at]...)
			}
		}
		slices.Sort(all[name])
	}
	return all, nil
}

// withIncluders adds the conflicts that follow from groups of the root's
// project that include conflicting ones.
func (w *Workspace) withIncluders(c source.Conflicts) (source.Conflicts, error) {
	root := w.At(w.Root)
	hasGroup := slices.ContainsFunc(c, func(s source.ConflictSet) bool {
		return slices.ContainsFunc(s, func(i source.ConflictItem) bool { return i.Group != "" })
	})
	if root == nil || !hasGroup {
		return c, nil
	}
	by, err := includers(root.File)
	if err != nil || len(by) == 0 {
		return c, err
	}
	known := slices.Clone(c)
	for i := 0; i < len(known); i++ {
		for _, item := range known[i] {
			if item.Group == "" {
				continue
			}
			for _, includer := range by[item.Group] {
				set := slices.Clone(known[i])
				at := slices.Index(set, item)
				set[at] = source.ConflictItem{Package: root.Name, Group: includer}
				set = source.NewConflictSet(set...)
				if !slices.ContainsFunc(known, set.Equal) {
					known = append(known, set)
				}
			}
		}
	}
	return known, nil
}

// readMarkers reads a marker or a list of markers.
func readMarkers(v pyproject.Value) ([]marker.Tree, error) {
	if v.IsZero() {
		return nil, nil
	}
	if text, ok := v.Text(); ok {
		m, _, err := marker.Parse(text)
		if err != nil {
			return nil, v.Errorf("%w", err)
		}
		return []marker.Tree{m}, nil
	}
	if !v.IsArray() {
		return nil, v.Errorf("invalid type: %s, expected a string or a list of strings", v.Kind())
	}
	out := make([]marker.Tree, 0, v.Len())
	for _, one := range v.Elems() {
		text, ok := one.Text()
		if !ok {
			return nil, one.Errorf("invalid type: %s, expected a string", one.Kind())
		}
		m, _, err := marker.Parse(text)
		if err != nil {
			return nil, one.Errorf("%w", err)
		}
		out = append(out, m)
	}
	return out, nil
}
