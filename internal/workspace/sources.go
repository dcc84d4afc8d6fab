// Package workspace knows projects on disk. [Sources] are the
// `[tool.uv.sources]` of a project, which say for its requirements where they
// come from during development; [Sources.Lower] applies them.
package workspace

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// Options say how sources are applied.
type Options struct {
	// Disabled and DisabledFor leave requirements as they are: all, or those
	// on some projects (--no-sources, --no-sources-package).
	Disabled    bool
	DisabledFor []pyname.Package
	// Index returns the URL of the index that the project in a directory knows
	// by a name; file is its pyproject.toml.
	Index func(file *pyproject.File, name string) (url string, ok bool)
	// Getenv looks up variables that URLs of requirements contain; nil has none.
	Getenv func(string) (string, bool)
	// Check, if not nil, refuses a pyproject.toml whose other settings are
	// wrong.
	Check func(file *pyproject.File) error
}

// Sources are the sources of one project.
type Sources struct {
	options Options
	dir     string
	file    *pyproject.File
	table   map[pyname.Package][]entry

	// Of a member of a workspace.
	workspace *Workspace
	self      pyname.Package // the project
	root      *Sources       // those of the root, which count where table has nothing
}

// An entry is one source of a requirement. Of the places exactly one is given.
type entry struct {
	url, path, index, git string
	workspace             bool
	workspacePath         string // of another workspace
	at                    pyproject.Value

	rev, tag, branch, subdirectory string
	editable                       *bool
	lfs                            bool
	isPackage                      *bool

	marker marker.Tree
	extra  pyname.Extra
	group  pyname.Group
}

// ReadSources reads the sources of the project in a directory, whose
// pyproject.toml is given. The error is of type *pyproject.Error, or that of Options.Check.
func ReadSources(f *pyproject.File, dir string, o Options) (*Sources, error) {
	if o.Check != nil {
		if err := o.Check(f); err != nil {
			return nil, err
		}
	}
	return readSources(f, dir, o)
}

func readSources(f *pyproject.File, dir string, o Options) (*Sources, error) {
	s := &Sources{options: o, dir: dir, file: f, table: map[pyname.Package][]entry{}}
	if o.Disabled {
		return s, nil
	}
	table := f.Tool("uv").Get("sources")
	if !table.IsZero() && !table.IsTable() {
		return nil, table.Errorf("invalid type: %s, expected the table `tool.uv.sources`", table.Kind())
	}
	for key, v := range table.Entries() {
		name, err := pyname.ParsePackage(key)
		if err != nil {
			return nil, table.KeyErrorf(key, "%s", err)
		}
		if _, twice := s.table[name]; twice {
			return nil, table.KeyErrorf(key, "duplicate sources for package `%s`", name)
		}
		list, err := readEntries(v)
		if err != nil {
			return nil, err
		}
		s.table[name] = list
	}
	return s, nil
}

// readEntries reads one source, or a list of sources for different
// environments.
func readEntries(v pyproject.Value) ([]entry, error) {
	if !v.IsArray() {
		e, err := readEntry(v)
		return []entry{e}, err
	}
	var list []entry
	for _, one := range v.Elems() {
		e, err := readEntry(one)
		if err != nil {
			return nil, err
		}
		for _, other := range list {
			if other.extra == e.extra && other.group == e.group && !other.marker.Disjoint(e.marker) {
				return nil, v.Errorf("source markers must be disjoint, but the following markers overlap: `%s` and `%s`", other.marker, e.marker)
			}
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		return nil, v.Errorf("at least one source is expected")
	}
	return list, nil
}

func readEntry(v pyproject.Value) (entry, error) {
	e := entry{at: v}
	if !v.IsTable() {
		return e, v.Errorf("invalid type: %s, expected a table such as `{ path = \"…\" }`", v.Kind())
	}
	places := 0
	for key, field := range v.Entries() {
		isPlace, err := e.read(key, field)
		if err != nil {
			return e, err
		}
		if isPlace {
			places++
		}
	}
	if e.git != "" && e.path != "" {
		places-- // of an archive in the repository
	}
	if places != 1 {
		return e, v.Errorf("exactly one of `git`, `url`, `path`, `index` and `workspace` is expected")
	}
	return e, e.check(v)
}

// read takes one key; isPlace is whether it says where the source is.
func (e *entry) read(key string, v pyproject.Value) (isPlace bool, err error) {
	if to, isPlace := e.field(key); to != nil {
		var ok bool
		if *to, ok = v.Text(); !ok {
			return false, v.Errorf("invalid type: %s, expected a string", v.Kind())
		}
		return isPlace, nil
	}
	switch key {
	case "workspace":
		on, isBool := v.Bool()
		text, isText := v.Text()
		switch {
		case !isBool && !isText:
			return true, v.Errorf("invalid type: %s, expected a boolean or the path of a workspace", v.Kind())
		case isBool && !on:
			return true, v.Errorf("`workspace = false` is not yet supported")
		}
		e.workspace, e.workspacePath = true, text
		return true, nil
	case "editable", "lfs", "package":
		on, ok := v.Bool()
		if !ok {
			return false, v.Errorf("invalid type: %s, expected a boolean", v.Kind())
		}
		switch key {
		case "editable":
			e.editable = &on
		case "lfs":
			e.lfs = on
		default:
			e.isPackage = &on
		}
		return false, nil
	}
	return false, e.readCondition(key, v)
}

// field is where the text of a key goes, and whether it says where the source is;
// nil for a key that has no text, or is none.
func (e *entry) field(key string) (to *string, isPlace bool) {
	switch key {
	case "url":
		return &e.url, true
	case "path":
		return &e.path, true
	case "index":
		return &e.index, true
	case "git":
		return &e.git, true
	case "rev":
		return &e.rev, false
	case "tag":
		return &e.tag, false
	case "branch":
		return &e.branch, false
	case "subdirectory":
		return &e.subdirectory, false
	}
	return nil, false
}

// readCondition reads when a source applies.
func (e *entry) readCondition(key string, v pyproject.Value) error {
	text, ok := v.Text()
	if !ok && slices.Contains([]string{"marker", "extra", "group"}, key) {
		return v.Errorf("invalid type: %s, expected a string", v.Kind())
	}
	var err error
	switch key {
	case "marker":
		e.marker, _, err = marker.Parse(text)
	case "extra":
		e.extra, err = pyname.ParseExtra(text)
	case "group":
		e.group, err = pyname.ParseGroup(text)
	default:
		return v.Errorf("unknown field `%s` of a source", key)
	}
	if err != nil {
		return v.Errorf("%w", err)
	}
	return nil
}

// check refuses keys that do not go with the place.
func (e *entry) check(v pyproject.Value) error {
	references := 0
	for _, text := range []string{e.rev, e.tag, e.branch} {
		if text != "" {
			references++
		}
	}
	switch {
	case references > 1:
		return v.Errorf("expected at most one of `rev`, `tag`, or `branch`")
	case references > 0 && e.git == "":
		return v.Errorf("`rev`, `tag` and `branch` are for `git` sources")
	case e.extra != "" && e.group != "":
		return v.Errorf("cannot specify both `extra` and `group`")
	case e.editable != nil && *e.editable && e.path == "" && !e.workspace:
		return v.Errorf("`editable` is for `path` and `workspace` sources")
	case e.subdirectory != "" && e.git == "" && e.url == "":
		return v.Errorf("`subdirectory` is for `git` and `url` sources")
	}
	return nil
}

// An IndexError reports a source that names an index which is not defined.
type IndexError struct {
	Package pyname.Package
	Index   string
}

func (e *IndexError) Error() string {
	return fmt.Sprintf("package `%s` references an undeclared index: `%s`", e.Package, e.Index)
}

// Hints says where it can be defined.
func (e *IndexError) Hints() []string {
	return []string{fmt.Sprintf("define it in the same pyproject.toml: `[[tool.uv.index]]` with `name = \"%s\"` and `url`", e.Index)}
}
