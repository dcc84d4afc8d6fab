package bundle

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/packaging/tags"
)

// Names in the root of a bundle.
const (
	// ManifestName is the file that says what the bundle is. A folder that has
	// it may be replaced by a newer one.
	ManifestName = "bundle.json"
	// AppDir is where scripts and files go that are in no package.
	AppDir = "app"

	binDir    = "bin"
	libDir    = "lib"
	pythonDir = "python"
)

// An Entry is one way to start the application. Of Module and Script one is
// set.
type Entry struct {
	// Name is that of the launcher.
	Name string
	// Module is run as `python -m` does or, with Attr, imported, and the object
	// at that dotted path is called: what it returns is the exit code.
	Module, Attr string
	// Script is the name of a file in [AppDir].
	Script string
}

// String is how the entry is told of: module:attribute, a module or a script.
func (e Entry) String() string {
	switch {
	case e.Script != "":
		return e.Script
	case e.Attr != "":
		return e.Module + ":" + e.Attr
	}
	return e.Module
}

// check refuses names that are no names of programs.
func (e Entry) check() error {
	ok := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-+", c)
	}
	if e.Name == "" || strings.HasPrefix(e.Name, "-") || strings.HasPrefix(e.Name, ".") || strings.TrimFunc(e.Name, ok) != "" {
		return fmt.Errorf("%q is no name for a program: it may have letters, digits and `-_+.`", e.Name)
	}
	return nil
}

// A Python is the interpreter that a bundle runs.
type Python struct {
	// Version is the version that the packages were chosen for.
	Version string
	// Major and Minor are its beginning.
	Major, Minor int
	// Executable is the interpreter in the root, with slashes. It is "" if
	// the bundle brings none.
	Executable string
	// Site is where that interpreter imports packages from, in the root, with
	// slashes.
	Site string
}

func (p *Python) minor() string { return strconv.Itoa(p.Major) + "." + strconv.Itoa(p.Minor) }

// A Package is a distribution in a bundle.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// A Spec describes a bundle.
type Spec struct {
	// Name and Version are those of the application. The version may be "".
	Name, Version string
	Entries       []Entry
	Python        Python
	Needs         Needs
	Packages      []Package // sorted
	// App: there is a directory [AppDir], which is imported from first.
	App bool
	// Time is when everything in archives was changed; the zero time is the
	// earliest that zip archives know.
	Time time.Time
}

// Site is the directory that packages are installed into, relative to the root,
// with slashes.
func (s *Spec) Site() string {
	if s.Python.Executable != "" {
		return s.Python.Site
	}
	return libDir
}

// Needs is what packages demand of the Python that runs them.
type Needs struct {
	// Exact: the minor version must be the one that they were chosen for. Else
	// later ones will do.
	Exact bool `json:"exact_python"`
	// System is the sys.platform that native code is for, "" if there is none,
	// and Machine the processor, "" if that is any of the system's.
	System  string `json:"system,omitempty"`
	Machine string `json:"machine,omitempty"`
}

// Add adds what a wheel demands, given its tags and, for wheels that tell none,
// whether it is pure Python. System and machine are those of the target.
func (n *Needs) Add(list []tags.Compressed, pure bool, system, machine string) {
	exact, native, universal := !pure, !pure, false
	if len(list) > 0 {
		exact, native = true, true
	}
	for _, c := range list {
		for _, t := range c.Expand() {
			exact = exact && t.ABI != "abi3" && (t.ABI != "none" || !strings.HasPrefix(t.Python, "py"))
			native = native && t.Platform != "any"
			universal = universal || strings.HasSuffix(t.Platform, "_universal2")
		}
	}
	n.Exact = n.Exact || exact
	if !native {
		return
	}
	n.System = system
	if !universal && system == "linux" {
		n.Machine = machine
	}
}

// A manifest is the content of bundle.json.
type manifest struct {
	Name        string            `json:"name"`
	Version     string            `json:"version,omitempty"`
	EntryPoints map[string]string `json:"entry_points"`
	Python      manifestPython    `json:"python"`
	Packages    []Package         `json:"packages"`
}

type manifestPython struct {
	Version  string `json:"version"`
	Included bool   `json:"included"`
	Needs
}

// manifest is the text of the file that says what the bundle is.
func (s *Spec) manifest() ([]byte, error) {
	m := manifest{
		Name: s.Name, Version: s.Version, EntryPoints: map[string]string{}, Packages: s.Packages,
		Python: manifestPython{s.Python.Version, s.Python.Executable != "", s.Needs},
	}
	for _, e := range s.Entries {
		m.EntryPoints[e.Name] = e.String()
	}
	if m.Packages == nil {
		m.Packages = []Package{}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}
