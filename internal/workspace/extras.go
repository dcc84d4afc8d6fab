package workspace

import (
	"fmt"

	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// DefaultExtras are the extras that a file installs without being asked:
// `default-extras` of `[tool.tame]`, which uv does not know. all says that it is
// every extra. The error is that of a value that is none, or names an extra that the
// project does not have.
func DefaultExtras(f *pyproject.File) (names []pyname.Extra, all bool, err error) {
	chosen := f.Tool("tame").Get("default-extras")
	if chosen.IsZero() {
		return nil, false, nil
	}
	if text, ok := chosen.Text(); ok && text == "all" {
		return nil, true, nil
	}
	list, ok := chosen.Strings()
	if !ok {
		return nil, false, wrongType(chosen, "\"all\" or a list of extras")
	}
	declared := f.Root().Get("project", "optional-dependencies")
	dynamic, _ := f.Root().Get("project", "dynamic").Strings()
	known := map[pyname.Extra]bool{}
	for text := range declared.Entries() {
		if name, err := pyname.ParseExtra(text); err == nil {
			known[name] = true
		}
	}
	for _, text := range dynamic {
		if text == "optional-dependencies" {
			known = nil // only the build knows them
		}
	}
	for _, text := range list {
		name, err := pyname.ParseExtra(text)
		if err != nil {
			return nil, false, chosen.Errorf("%w", err)
		}
		if known != nil && !known[name] {
			return nil, false, fmt.Errorf("default extra `%s` (from `tool.tame.default-extras`) is not defined in the project's `optional-dependencies` table", name)
		}
		names = append(names, name)
	}
	return names, false, nil
}
