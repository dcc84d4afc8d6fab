package workspace

import (
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// checkTable holds what [tool.uv] says of a project itself against the types that
// it has to have, whether or not the command at hand looks at it: as uv does with
// every pyproject.toml that it takes for that of a project.
func checkTable(f *pyproject.File) error {
	uv := f.Tool("uv")
	if !uv.IsTable() {
		return nil
	}
	for _, check := range []func(pyproject.Value) error{checkSwitches, checkWorkspace, checkSources, checkGroupTables} {
		if err := check(uv); err != nil {
			return err
		}
	}
	_, err := readConflicts(f, "self")
	return err
}

func wrongType(v pyproject.Value, expected string) error {
	return v.Errorf("invalid type: %s, expected %s", v.Kind(), expected)
}

func checkSwitches(uv pyproject.Value) error {
	for _, key := range []string{"managed", "package"} {
		v := uv.Get(key)
		if _, ok := v.Bool(); !ok && !v.IsZero() {
			return wrongType(v, "a boolean")
		}
	}
	return nil
}

func checkWorkspace(uv pyproject.Value) error {
	table := uv.Get("workspace")
	if !table.IsZero() && !table.IsTable() {
		return wrongType(table, "a table with `members` and `exclude`")
	}
	for key, v := range table.Entries() {
		if key != "members" && key != "exclude" {
			return table.KeyErrorf(key, "unknown field `%s`, expected `members` or `exclude`", key)
		}
		if _, ok := v.Strings(); !ok {
			return wrongType(v, "a list of strings")
		}
	}
	return nil
}

func checkSources(uv pyproject.Value) error {
	table := uv.Get("sources")
	if !table.IsZero() && !table.IsTable() {
		return wrongType(table, "the table `tool.uv.sources`")
	}
	for _, v := range table.Entries() {
		if _, err := readEntries(v); err != nil {
			return err
		}
	}
	return nil
}

func checkGroupTables(uv pyproject.Value) error {
	if dev := uv.Get("dev-dependencies"); !dev.IsZero() {
		if _, ok := dev.Strings(); !ok {
			return wrongType(dev, "a list of requirements")
		}
	}
	settings := uv.Get("dependency-groups")
	if !settings.IsZero() && !settings.IsTable() {
		return wrongType(settings, "a table of groups")
	}
	for _, v := range settings.Entries() {
		if !v.IsTable() {
			return wrongType(v, "a table such as `{ requires-python = \"…\" }`")
		}
	}
	_, err := chosenGroups(uv.Get("default-groups"))
	return err
}

// chosenGroups are the names that `tool.uv.default-groups` lists, if it does not
// say all.
func chosenGroups(v pyproject.Value) ([]pyname.Group, error) {
	if text, ok := v.Text(); v.IsZero() || ok && text == "all" {
		return nil, nil
	} else if ok {
		return nil, v.Errorf("the `default-groups` field must be \"all\" or a list of groups, but is \"%s\"", text)
	}
	list, ok := v.Strings()
	if !ok {
		return nil, wrongType(v, "\"all\" or a list of groups")
	}
	names := make([]pyname.Group, 0, len(list))
	for _, text := range list {
		name, err := pyname.ParseGroup(text)
		if err != nil {
			return nil, v.Errorf("%w", err)
		}
		names = append(names, name)
	}
	return names, nil
}
