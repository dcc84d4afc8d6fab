package venv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/python"
)

// Version is the version of uv that pyvenv.cfg names: the one whose layout
// this is. Programs look for the key to tell uv's environments.
const Version = "0.12.5"

// Existing says what to do with what is already where the environment shall
// be. An empty directory is always used.
type Existing uint8

// What to do with something that exists.
const (
	Refuse   Existing = iota // fail with an [*ExistsError]
	Allow                    // keep other files, replace those of an environment
	Clear                    // remove an environment, refuse other directories
	ClearAny                 // remove any directory
)

// Options are how an environment is made; the zero value is the default.
type Options struct {
	// Prompt is shown by shells instead of the directory's name.
	Prompt string
	// SystemPackages lets the environment see the base Python's packages.
	SystemPackages bool
	// Relocatable keeps absolute paths out of scripts.
	Relocatable bool
	// Seed records that the caller installs pip into it.
	Seed bool
	// NoDistutilsPatch leaves out the guard against distutils configuration
	// where Python needs none, from 3.10 on.
	NoDistutilsPatch bool
	// Upgradeable links to a managed Python by its minor version, so that
	// the environment follows patch upgrades. Store is where those are.
	Upgradeable bool
	Store       managed.Store
	// Existing is for a directory that is not empty.
	Existing Existing
}

// An ExistsError says that there is something in the way.
type ExistsError struct {
	Path string
	Venv bool // it is a virtual environment
}

func (e *ExistsError) name() string {
	if e.Venv {
		return "virtual environment"
	}
	return "directory"
}

func (e *ExistsError) Error() string { return "a " + e.name() + " already exists at: " + e.Path }

// Hints tells how to have it replaced.
func (e *ExistsError) Hints() []string {
	return []string{"Use the `--clear` flag or set `UV_VENV_CLEAR=1` to replace the existing " + e.name()}
}

// A NotVenvError refuses to clear a directory that is something else than an
// environment.
type NotVenvError struct{ Path string }

func (e *NotVenvError) Error() string {
	return "will not clear a directory that is not a virtual environment: " + e.Path
}

// Hints tells how to have it cleared nevertheless.
func (e *NotVenvError) Hints() []string {
	return []string{"Use the `--force` flag to remove the existing directory anyway"}
}

// ErrBusy says that another process is making an environment in the same
// place.
var ErrBusy = errors.New("another process is creating a virtual environment there")

// IsVenv reports whether a directory is a virtual environment: whether it has
// a pyvenv.cfg.
func IsVenv(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "pyvenv.cfg"))
	return err == nil && info.Mode().IsRegular()
}

// Create makes a virtual environment in dir, an absolute path, for an
// interpreter, and returns it. Should the process die on the way, the
// directory holds an environment without interpreter, which the next Create
// replaces.
func Create(ctx context.Context, dir string, i *python.Interpreter, o Options) (*python.Environment, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !utf8.ValidString(dir) {
		return nil, fmt.Errorf("virtual environment path is not valid UTF-8: %q", dir)
	}
	p, err := newPlan(dir, i, o)
	if err != nil {
		return nil, err
	}
	site, err := occupy(dir, o.Existing)
	if err != nil {
		return nil, err
	}
	defer site.release()
	if err := p.build(site); err != nil {
		return nil, err
	}
	return python.NewEnvironment(i.InEnvironment(p.root, p.base, o.SystemPackages)), nil
}

// A plan is what goes into an environment.
type plan struct {
	root    string
	i       *python.Interpreter
	o       Options
	base    string // the base Python's executable
	target  string // what bin/python points at: base, or a link to it
	minor   bool   // target is a link that follows patch upgrades
	scripts []script
}

func newPlan(dir string, i *python.Interpreter, o Options) (*plan, error) {
	base, err := i.BasePython()
	if err != nil {
		return nil, fmt.Errorf("finding the base Python of `%s`: %w", i.Executable, err)
	}
	p := &plan{root: filepath.Clean(dir), i: i, o: o, base: base, target: base}
	if o.Upgradeable {
		if installed, ok := o.Store.Find(i.BasePrefix); ok {
			if link, ok := installed.MinorLink(); ok && link.Exists() {
				p.target, p.minor = link.Executable, true
			}
		}
	}
	libs, err := p.relativeLibs()
	if err != nil {
		return nil, err
	}
	p.scripts = activation{root: p.root, prompt: o.Prompt, libs: libs, relocatable: o.Relocatable}.scripts()
	return p, nil
}

// relativeLibs are the directories of packages as seen from the scripts.
func (p *plan) relativeLibs() (string, error) {
	v := p.i.Virtual
	var out []string
	for _, lib := range []string{v.Purelib, v.Platlib} {
		rel, err := filepath.Rel(v.Scripts, lib)
		if err != nil {
			return "", fmt.Errorf("unusable install scheme of `%s`: %w", p.i.Executable, err)
		}
		if !slices.Contains(out, rel) {
			out = append(out, rel)
		}
	}
	return strings.Join(out, string(filepath.ListSeparator)), nil
}

// config is the text of pyvenv.cfg.
func (p *plan) config() string {
	version := p.i.Env.PythonFullVersion
	if p.minor {
		version = p.i.MinorVersion()
	}
	home := filepath.Dir(p.target)
	var b strings.Builder
	set := func(key, value string) { b.WriteString(key + " = " + value + "\n") }
	set("home", home)
	set("implementation", p.i.Env.PlatformPythonImplementation)
	set("uv", Version)
	set("version_info", version)
	set("include-system-site-packages", map[bool]string{true: "true", false: "false"}[p.o.SystemPackages])
	if p.o.Relocatable {
		set("relocatable", "true")
	}
	if p.o.Seed {
		set("seed", "true")
	}
	if p.o.Prompt != "" {
		set("prompt", oneLine(p.o.Prompt))
	}
	if binName == "Scripts" && p.i.Implementation() == python.GraalPy {
		set("venvlauncher_command", filepath.Join(home, "graalpy.exe"))
	}
	return b.String()
}

// build writes the files. pyvenv.cfg comes first, so that a directory half
// full is known for what it is, and the interpreter last, so that none is
// taken for a whole one.
func (p *plan) build(s *site) error {
	v := p.i.Virtual
	if s.write("pyvenv.cfg", p.config()); s.fresh && errors.Is(s.err, fs.ErrExist) {
		// Between being made and being locked, another process was faster.
		return &ExistsError{p.root, true}
	}
	s.write(".gitignore", "*")
	if !s.tree.Exists("CACHEDIR.TAG") {
		s.write("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55")
	}
	s.mkdirAll(v.Purelib)
	if v.Platlib != v.Purelib {
		s.mkdirAll(v.Platlib)
	}
	s.mkdirAll(v.Scripts)
	if p.i.Is64Bit && p.i.Env.OSName == "posix" && p.i.Env.SysPlatform != "darwin" && !s.tree.Exists("lib64") {
		s.link("lib", "lib64")
	}
	for _, script := range p.scripts {
		s.write(filepath.Join(v.Scripts, script.name), script.text)
	}
	if !p.o.NoDistutilsPatch || !p.i.AtLeast(3, 10) {
		s.write(filepath.Join(v.Purelib, "_virtualenv.py"), distutilsPatch)
		s.write(filepath.Join(v.Purelib, "_virtualenv.pth"), "import _virtualenv")
	}
	if s.err == nil {
		s.err = p.executables(s)
	}
	if s.err != nil {
		return fmt.Errorf("writing the virtual environment: %w", s.err)
	}
	return nil
}

// A site is the directory that is built in. After the first error it does
// nothing more.
type site struct {
	tree  *fsx.Tree
	fresh bool // it was empty: nothing is in the way of new files
	err   error
	lock  func()
}

func (s *site) release() {
	if s.lock != nil {
		s.lock()
	}
	_ = s.tree.Close()
}

// clear removes what has the name of a file to make. It reports whether to go on.
func (s *site) clear(name string) bool {
	if s.err == nil && !s.fresh {
		if err := s.tree.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.err = err
		}
	}
	return s.err == nil
}

// write makes a file. One that is there, even a link to somewhere else, is
// replaced and not written through.
func (s *site) write(name, text string) {
	if !s.clear(name) {
		return
	}
	f, err := s.tree.Open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		s.err = err
		return
	}
	_, err = f.WriteString(text)
	s.err = errors.Join(err, f.Close())
}

// mkdirAll makes a directory and those above it.
func (s *site) mkdirAll(name string) {
	for at := range name {
		if name[at] == filepath.Separator {
			s.mkdir(name[:at])
		}
	}
	s.mkdir(name)
}

func (s *site) mkdir(name string) {
	if s.err != nil {
		return
	}
	if err := s.tree.Mkdir(name); err != nil && !errors.Is(err, fs.ErrExist) {
		s.err = err
	}
}

// link makes a symbolic link in place of whatever file has its name.
func (s *site) link(target, name string) {
	if !s.clear(name) {
		return
	}
	s.err = s.tree.Symlink(target, name)
}
