package migrate

import (
	"bufio"
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// An ownPackage is what setup.py or setup.cfg make of the project: a package
// whose fields they go on to tell, so that [project] names them as dynamic.
type ownPackage struct {
	name    pyname.Package
	python  pep440.Specifiers
	dynamic []string
}

// legacyBackend is what builds a project that names no backend (PEP 517).
const legacyBackend = "setuptools.build_meta:__legacy__"

// findOwn finds out whether the project is a package by its setup.py or
// setup.cfg. itself is set if it asks to be installed itself: without that, and
// without a [build-system], a setup.py is no reason to install it.
func (c *conversion) findOwn(itself bool, files []string) {
	if c.lookup("project") != nil || !c.has("setup.py") && !c.has("setup.cfg") {
		return
	}
	if backend := field(c.root(), "build-system", "build-backend"); backend != "" && !strings.HasPrefix(backend, "setuptools") {
		return
	}
	system := c.lookup("build-system") != nil
	if !itself && !system && !slices.ContainsFunc(files, c.setupReads) {
		c.noteSetup(nil)
		return
	}
	own, err := c.describeOwn()
	if own == nil {
		if c.noteSetup(err); system {
			c.draft.set(toml.LitBool(false), "tool", "uv", "package")
		}
		return
	}
	c.own = own
	if !system {
		c.draft.set(toml.LitStrings("setuptools"), "build-system", "requires")
		c.draft.set(toml.LitString(legacyBackend), "build-system", "build-backend")
	}
	name := "setup.py"
	if !c.has(name) {
		name = "setup.cfg"
	}
	c.note(name, "is still what describes the package `%s`; all that it sets is `dynamic` in [project]", own.name)
}

// setupReads reports whether setup.py reads a requirements file, by its text.
// What is compiled of one that it reads, or the other way round, is the same.
func (c *conversion) setupReads(file string) bool {
	setup, _ := c.read("setup.py")
	stem := strings.TrimSuffix(file, path.Ext(file))
	return bytes.Contains(setup, []byte(stem+".in")) || bytes.Contains(setup, []byte(stem+".txt"))
}

// root is the root of the pyproject.toml, nil if there is none.
func (c *conversion) root() *toml.Value {
	if c.old == nil {
		return nil
	}
	return c.old.Root()
}

// noteSetup says that setup.py and setup.cfg were passed over.
func (c *conversion) noteSetup(err error) {
	for _, name := range []string{"setup.py", "setup.cfg"} {
		switch {
		case !c.has(name):
		case err != nil:
			c.note(name, "could not be asked for the metadata of the package, which belong into [project]: %s", firstLine(err))
			return
		default:
			c.note(name, "was not read: if it describes a package, its metadata belong into [project], with a [build-system]")
		}
	}
}

// firstLine is what an error says before the output of a build.
func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// describeOwn asks the build backend what the package is. It is nil if it is
// none.
func (c *conversion) describeOwn() (*ownPackage, error) {
	if c.Describe == nil {
		return nil, nil
	}
	text, err := c.Describe()
	if err != nil || text == nil {
		return nil, err
	}
	m, err := metadata.Parse(text)
	if err != nil {
		return nil, err
	}
	if m.Name == "unknown" || m.Name == "" { // what setuptools calls a package without a name
		return nil, nil
	}
	return &ownPackage{name: m.Name, python: m.RequiresPython, dynamic: dynamicFields(text)}, nil
}

// dynamicFields are the keys of [project] that a backend told something about.
// setuptools refuses to call a key dynamic that setup.py does not set, except for
// those that may be empty.
func dynamicFields(text []byte) []string {
	out := []string{"version", "dependencies", "optional-dependencies", "scripts", "gui-scripts", "entry-points"}
	set := map[string]bool{}
	add := func(key string) {
		if key != "" && !set[key] {
			set[key] = true
			out = append(out, key)
		}
	}
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, len(text)+1)
	for s.Scan() && s.Text() != "" {
		name, value, ok := strings.Cut(s.Text(), ":")
		if ok && strings.TrimSpace(value) != "" && strings.TrimSpace(value) != "UNKNOWN" {
			add(dynamicKey(name))
		}
	}
	if _, body, ok := bytes.Cut(text, []byte("\n\n")); ok && len(bytes.TrimSpace(body)) > 0 {
		add("readme")
	}
	return out
}

// dynamicKey is the key of [project] for a field of the core metadata, "" for
// those without one, or that are always there.
func dynamicKey(name string) string {
	switch name {
	case "Summary":
		return "description"
	case "Description":
		return "readme"
	case "License":
		return "license"
	case "Author", "Author-email":
		return "authors"
	case "Maintainer", "Maintainer-email":
		return "maintainers"
	case "Keywords":
		return "keywords"
	case "Classifier":
		return "classifiers"
	case "Project-URL":
		return "urls"
	}
	return ""
}

// writeOwn begins a [project] for a package that its setup.py describes.
func (c *conversion) writeOwn() {
	t := c.draft.table("project")
	t.set("name", line{text: toml.LitString(string(c.own.name))})
	t.set("dynamic", line{text: toml.LitStrings(c.own.dynamic...)})
	if c.own.python != nil {
		t.set("requires-python", line{text: toml.LitString(c.own.python.String())})
	}
}

// isItself reports whether a path is that of the project.
func isItself(location string) bool {
	return location != "" && path.Clean(strings.TrimPrefix(location, "file:")) == "."
}
