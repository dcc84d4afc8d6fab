package pip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
	"github.com/tame-py/tame/packaging/requirements"
)

// Sources are where requirements are read from, as a user names them.
type Sources struct {
	Packages         []string // requirements themselves
	Editables        []string // paths and URLs of -e
	Files            []string // -r: requirements files, pyproject.toml, scripts, `-`, URLs
	Constraints      []string
	Overrides        []string
	Excludes         []string
	BuildConstraints []string

	Extras    []pyname.Extra // of the projects among Files
	AllExtras bool
	NoExtras  []pyname.Extra // left out in any case
	Groups    []GroupRef
}

// TakesExtra reports whether an extra of a project is to be included.
func (s *Sources) TakesExtra(e pyname.Extra) bool {
	return (s.AllExtras || slices.Contains(s.Extras, e)) && !slices.Contains(s.NoExtras, e)
}

// A GroupRef names a dependency group of a project.
type GroupRef struct {
	File  string // a pyproject.toml; empty is the one in the working directory
	Group pyname.Group
}

// ParseGroupRef reads `[PATH:]NAME`.
func ParseGroupRef(text string) (GroupRef, error) {
	file, name, ok := cutLast(text, ":")
	if !ok {
		file, name = "", text
	}
	group, err := pyname.ParseGroup(name)
	if err != nil {
		return GroupRef{}, err
	}
	if file != "" && filepath.Base(file) != "pyproject.toml" && filepath.Base(file) != "pylock.toml" {
		return GroupRef{}, fmt.Errorf("the file of a dependency group is a pyproject.toml, not `%s`", file)
	}
	return GroupRef{file, group}, nil
}

func cutLast(text, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// A Reader is how Read looks at the world.
type Reader struct {
	Dir    string    // the working directory: what paths in requirements are relative to
	Stdin  io.Reader // for the file named `-`
	Getenv func(string) (string, bool)
	// Fetch returns the content behind an http(s) URL.
	Fetch func(ctx context.Context, url string) ([]byte, error)
	// Loose takes paths and URLs as they are: they need not lead anywhere, and
	// the name of the project there is not looked for.
	Loose bool
	// Workspace says how the sources of projects are applied.
	Workspace workspace.Options
	// Settings are the requirements among the settings of a script that is named
	// as a requirements file; nil if they do not count.
	Settings func(*pyproject.Script) (Settings, error)

	stdin []byte
}

// An Input is one requirement with the digests that may serve it.
type Input struct {
	source.Requirement
	Hashes []string
	// Given is how the user wrote it, for messages.
	Given string

	// Explicit: it was named on the command line, not in a file.
	Explicit bool

	tree *tree // stands for the requirements of a source tree, see Complete
}

// Inputs are what the sources said.
type Inputs struct {
	Requirements     []Input
	Constraints      []Input
	Overrides        []Input
	Excludes         []pyname.Package
	BuildConstraints []Input
	// Scoped are overrides and exclusions of the settings, which may be
	// limited to the dependencies of one project.
	Scoped Settings

	// Options are the settings in the requirements files.
	Options  requirements.Options
	Warnings []requirements.Warning
	// Project is the name of the project whose pyproject.toml was read, if
	// it is only one.
	Project pyname.Package
	// UsedExtras are the extras that some project has.
	UsedExtras map[pyname.Extra]bool
	// Lock is the pylock.toml that the only file is, if it is one: then there
	// are no Requirements.
	Lock   string
	locked *lockSource
	// Empty are requirements files without any requirement.
	Empty []string
}

// A KindError reports a file that cannot be a source of requirements.
type KindError struct {
	File   string
	Reason string
	Advice string
}

func (e *KindError) Error() string { return fmt.Sprintf("`%s`: %s", e.File, e.Reason) }

// Hints says what to do instead.
func (e *KindError) Hints() []string {
	if e.Advice == "" {
		return nil
	}
	return []string{e.Advice}
}

// Read reads all sources, in the order in which uv takes them: packages and
// editables of the command line first, then files, then groups.
func Read(ctx context.Context, s Sources, r *Reader) (*Inputs, error) {
	in := &Inputs{UsedExtras: map[pyname.Extra]bool{}}
	lock, err := s.lockFile()
	if err != nil {
		return nil, err
	}
	for _, text := range s.Packages {
		if err := in.addText(r, text, false); err != nil {
			return nil, err
		}
	}
	for _, text := range s.Editables {
		if err := in.addText(r, text, true); err != nil {
			return nil, err
		}
	}
	for _, name := range s.Files {
		if err := in.addFile(ctx, s, r, name); err != nil {
			return nil, err
		}
	}
	for _, ref := range s.Groups {
		if lock != "" {
			break // they are groups of the lock
		}
		if err := in.addGroup(r, ref); err != nil {
			return nil, err
		}
	}
	for _, part := range []struct {
		names []string
		role  source.Role
		into  *[]Input
	}{
		{s.Constraints, source.Constraint, &in.Constraints},
		{s.Overrides, source.Override, &in.Overrides},
		{s.BuildConstraints, source.Constraint, &in.BuildConstraints},
	} {
		for _, name := range part.names {
			if err := in.addRole(ctx, r, name, part.role, part.into); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range s.Excludes {
		if err := in.addExcludes(ctx, r, name); err != nil {
			return nil, err
		}
	}
	return in, in.checkExtras(s)
}

// checkExtras refuses an extra that no project has.
func (in *Inputs) checkExtras(s Sources) error {
	if (s.AllExtras || len(s.Extras) > 0) && !slices.ContainsFunc(s.Files, hasExtras) {
		return &noExtrasError{}
	}
	if in.Lock != "" || in.hasTrees() {
		return nil // a lock may have been made without them; trees are yet to tell
	}
	var missing []string
	for _, e := range slices.Concat(s.Extras, s.NoExtras) {
		if !in.UsedExtras[e] {
			missing = append(missing, "`"+string(e)+"`")
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("requested extra not found: %s", strings.Join(missing, ", "))
}

// hasExtras reports whether a file is of a kind that extras are chosen of.
func hasExtras(name string) bool {
	switch kindOf(name) {
	case projectFile, legacyProjectFile, lockFile:
		return true
	}
	return false
}

// A noExtrasError reports that extras were asked for where there is no file that
// may have some.
type noExtrasError struct{}

func (*noExtrasError) Error() string {
	return "requesting extras requires a pylock.toml, pyproject.toml, setup.cfg, or setup.py file"
}

// Hints tell how to ask for the extras of a requirement.
func (*noExtrasError) Hints() []string {
	return []string{"write `<directory>[extra]`, or name the file with `-r`"}
}

type fileKind uint8

const (
	requirementsFile fileKind = iota
	projectFile
	legacyProjectFile
	scriptFile
	lockFile
)

func kindOf(name string) fileKind {
	base := filepath.Base(name)
	switch {
	case base == "pyproject.toml":
		return projectFile
	case base == "setup.py", base == "setup.cfg":
		return legacyProjectFile
	case base == "pylock.toml", strings.HasPrefix(base, "pylock.") && strings.HasSuffix(base, ".toml"):
		return lockFile
	case strings.HasSuffix(base, ".py"), strings.HasSuffix(base, ".pyw"):
		return scriptFile
	}
	return requirementsFile
}

func (in *Inputs) addFile(ctx context.Context, s Sources, r *Reader, name string) error {
	switch kindOf(name) {
	case projectFile:
		return in.addProject(r, s, name)
	case legacyProjectFile:
		return in.addTree(r, s, name)
	case scriptFile:
		return in.readScript(ctx, r, name)
	case lockFile:
		return in.readLock(ctx, r, s, name)
	}
	if strings.HasSuffix(name, ".toml") {
		return &KindError{File: name, Reason: "it is no requirements file", Advice: "of TOML files, pyproject.toml and pylock.toml can be read"}
	}
	if info, err := os.Stat(r.path(name)); err == nil && info.IsDir() && name != "-" {
		return &KindError{
			File: name, Reason: "it is a directory, not a requirements file",
			Advice: fmt.Sprintf("to install the project in it, pass `%s` without `-r`", name),
		}
	}
	if path.Ext(filepath.ToSlash(name)) == "" && name != "-" {
		// Programs often have no suffix.
		if text, err := r.open(ctx, name); err == nil {
			if script, err := pyproject.ParseScript(name, text); err == nil && script != nil {
				return in.addScript(r, script, name)
			}
		}
	}
	f, err := requirements.Load(name, r.loader(ctx))
	if err != nil {
		return readError(name, err)
	}
	if len(f.Requirements)+len(f.Constraints) == 0 && reflect.ValueOf(f.Options).IsZero() {
		in.Empty = append(in.Empty, name)
	}
	if err := in.addEntries(r, f.Requirements, source.Wanted, &in.Requirements); err != nil {
		return err
	}
	if err := in.addEntries(r, f.Constraints, source.Constraint, &in.Constraints); err != nil {
		return err
	}
	in.Warnings = append(in.Warnings, f.Warnings...)
	return in.addOptions(f.Options)
}

// readError words a file that cannot be opened.
func readError(name string, err error) error {
	var at *requirements.Error
	if errors.As(err, &at) {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("requirements file not found: `%s`", name)
	}
	return fmt.Errorf("reading requirements from `%s`: %w", name, err)
}

func (in *Inputs) addOptions(o requirements.Options) error {
	to := &in.Options
	if o.IndexURL != nil {
		if to.IndexURL != nil && to.IndexURL.Text != o.IndexURL.Text {
			return fmt.Errorf("`--index-url` differs between requirements files: %s in %s, %s in %s",
				to.IndexURL.Text, to.IndexURL.File, o.IndexURL.Text, o.IndexURL.File)
		}
		to.IndexURL = o.IndexURL
	}
	to.ExtraIndexURLs = append(to.ExtraIndexURLs, o.ExtraIndexURLs...)
	to.FindLinks = append(to.FindLinks, o.FindLinks...)
	to.NoIndex = to.NoIndex || o.NoIndex
	to.NoBinary = append(to.NoBinary, o.NoBinary...)
	to.OnlyBinary = append(to.OnlyBinary, o.OnlyBinary...)
	to.RequireHashes = to.RequireHashes || o.RequireHashes
	return nil
}

// addRole reads a file of constraints or overrides: whatever it requires has
// that role.
func (in *Inputs) addRole(ctx context.Context, r *Reader, name string, role source.Role, into *[]Input) error {
	switch kindOf(name) {
	case projectFile, legacyProjectFile, scriptFile, lockFile:
		return &KindError{File: name, Reason: "only a requirements file can hold constraints and overrides"}
	}
	f, err := requirements.Load(name, r.loader(ctx))
	if err != nil {
		return readError(name, err)
	}
	if err := in.addEntries(r, f.Requirements, role, into); err != nil {
		return err
	}
	if err := in.addEntries(r, f.Constraints, source.Constraint, &in.Constraints); err != nil {
		return err
	}
	in.Warnings = append(in.Warnings, f.Warnings...)
	return in.addOptions(f.Options)
}

func (in *Inputs) addExcludes(ctx context.Context, r *Reader, name string) error {
	var read []Input
	if err := in.addRole(ctx, r, name, source.Wanted, &read); err != nil {
		return err
	}
	for _, e := range read {
		in.Excludes = append(in.Excludes, e.Name)
	}
	return nil
}

// path is a path of the user's as an absolute one.
func (r *Reader) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.Dir, name)
}

// loader opens requirements files: standard input, URLs, paths.
func (r *Reader) loader(ctx context.Context) requirements.Loader {
	return requirements.Loader{
		Getenv: r.variable,
		Open:   func(name string) ([]byte, error) { return r.open(ctx, name) },
	}
}

// variable looks up a variable in a requirements file: PROJECT_ROOT is the
// working directory.
func (r *Reader) variable(name string) (string, bool) {
	if name == "PROJECT_ROOT" {
		return r.Dir, true
	}
	return r.Getenv(name)
}

func (r *Reader) open(ctx context.Context, name string) ([]byte, error) {
	switch {
	case name == "-":
		if r.stdin == nil {
			text, err := io.ReadAll(r.Stdin)
			if err != nil {
				return nil, fmt.Errorf("reading standard input: %w", err)
			}
			r.stdin = append([]byte{}, text...)
		}
		return r.stdin, nil
	case strings.HasPrefix(name, "http://"), strings.HasPrefix(name, "https://"):
		return r.Fetch(ctx, name)
	case strings.HasPrefix(name, "file:"):
		s, err := source.FromURL(name)
		if err != nil {
			return nil, err
		}
		return os.ReadFile(s.Location)
	}
	return os.ReadFile(r.path(name))
}
