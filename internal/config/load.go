package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/tame-py/tame/packaging/pyproject"
)

// A LoadRequest says which settings files count.
type LoadRequest struct {
	// Dir is where the search for project settings starts, going up: the root
	// of the workspace if there is one, else the project's or the working
	// directory. It must be absolute.
	Dir string
	// Workdir is the working directory, for messages and for --config-file.
	Workdir string
	// ConfigFile is a uv.toml that counts instead of all others.
	ConfigFile string
	// NoConfig leaves all files out.
	NoConfig bool
	// UserOnly leaves the project out, as commands about tools do.
	UserOnly bool
	// Getenv looks variables up: HOME, XDG_CONFIG_HOME, XDG_CONFIG_DIRS,
	// APPDATA, SYSTEMDRIVE, UV_NO_SYSTEM_CONFIG.
	Getenv func(string) string
	// ReadFile reads a file, [os.ReadFile] if nil: a caller that has read the
	// same files for other reasons can spare the second time.
	ReadFile func(string) ([]byte, error)
	// ReadProject reads the pyproject.toml of a directory, if it is not nil, so
	// that it need not be parsed a second time.
	ReadProject func(dir string) (*pyproject.File, error)
}

// Result is what [Load] found.
type Result struct {
	Options  Options
	Files    []string // the files that were read, those that come first first
	Warnings []string // what to tell the user, in uv's words, possibly of several lines
}

// Load reads the settings files and combines them: those of the project come
// first, then the user's, then the system's. Of a project's files only the
// nearest counts; in one folder, uv.toml before pyproject.toml.
//
// Errors are about uv.toml files, and about a required-version that is not met.
// A pyproject.toml that is wrong is a warning, and as if it had no settings.
func Load(req LoadRequest) (Result, error) {
	l := loader{LoadRequest: req}
	if l.ReadFile == nil {
		l.ReadFile = os.ReadFile
	}
	if l.Getenv == nil {
		l.Getenv = func(string) string { return "" }
	}
	err := l.load()
	if err == nil {
		err = l.tame()
	}
	if err == nil {
		err = l.Options.CheckRequiredVersion()
	}
	return l.Result, err
}

type loader struct {
	LoadRequest
	Result
	tameSeen bool // a table [tool.tame] was read
}

func (l *loader) load() error {
	if l.ConfigFile != "" {
		return l.configFile()
	}
	if l.NoConfig {
		return nil
	}
	if !l.UserOnly {
		if err := l.project(); err != nil {
			return err
		}
	}
	if err := l.user(); err != nil {
		return err
	}
	return l.system()
}

func (l *loader) warn(format string, args ...any) {
	l.Warnings = append(l.Warnings, fmt.Sprintf(format, args...))
}

// add puts the settings of a file behind those that were found before.
func (l *loader) add(path string, o Options) {
	if l.Files == nil {
		o.Tame = l.Options.Tame
		l.Options = o
	} else {
		l.Options = Combine(l.Options, o)
	}
	l.Files = append(l.Files, path)
	if o.CheckURL != nil {
		l.Options.CheckURL.relativeTo(l.Workdir)
	}
}

func (l *loader) configFile() error {
	path := l.ConfigFile
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.Workdir, path)
	}
	if filepath.Base(path) == "pyproject.toml" {
		l.warn("The `--config-file` argument expects to receive a `uv.toml` file, not a `pyproject.toml`. If you're trying to run a command from another project, use the `--project` argument instead.")
	}
	text, err := l.ReadFile(path)
	if err != nil {
		return fmt.Errorf("failed to open file `%s`: %w", l.ConfigFile, err)
	}
	o, err := readUVToml(display(path, l.Workdir), filepath.Dir(path), text)
	if err != nil {
		return err
	}
	l.add(path, o)
	return nil
}

// project looks for settings in a folder and those above it.
func (l *loader) project() error {
	for dir := filepath.Clean(l.Dir); ; {
		found, err := l.directory(dir)
		var invalid *errInvalidProject
		switch {
		case errors.As(err, &invalid):
			l.warn("Failed to parse `%s` during settings discovery:\n%s", invalid.name, indent(invalid.err.Error()))
		case err != nil || found:
			return err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}

// directory reads the settings of one folder.
func (l *loader) directory(dir string) (found bool, err error) {
	path := filepath.Join(dir, "uv.toml")
	switch text, err := l.ReadFile(path); {
	case err == nil:
		return true, l.uvToml(dir, path, text)
	case !absent(err):
		return false, fmt.Errorf("failed to read `%s`: %w", display(path, l.Workdir), err)
	}
	path = filepath.Join(dir, "pyproject.toml")
	o, err := l.pyproject(dir, path)
	if o == nil || err != nil {
		return false, err
	}
	l.add(path, *o)
	return true, nil
}

// pyproject reads the settings in a pyproject.toml, nil if there are none.
func (l *loader) pyproject(dir, path string) (*Options, error) {
	name := display(path, l.Workdir)
	if l.ReadProject == nil {
		text, err := l.ReadFile(path)
		if absent(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("failed to read `%s`: %w", name, err)
		}
		return readPyproject(name, dir, text)
	}
	f, err := l.ReadProject(dir)
	var broken *pyproject.Error
	switch {
	case absent(err):
		return nil, nil
	case errors.As(err, &broken):
		return nil, &errInvalidProject{name, broken}
	case err != nil:
		return nil, fmt.Errorf("failed to read `%s`: %w", name, err)
	}
	if table := f.TOML().Lookup("tool", "tame"); table != nil && !l.tameSeen {
		l.tameSeen = true
		if err := l.tameTable(name, dir, table, false); err != nil {
			return nil, err
		}
	}
	return readToolUV(f.TOML(), name, dir)
}

// uvToml reads a project's uv.toml and warns of settings beside it that have no
// effect.
func (l *loader) uvToml(dir, path string, text []byte) error {
	o, err := readUVToml(display(path, l.Workdir), dir, text)
	if err != nil {
		return err
	}
	beside := filepath.Join(dir, "pyproject.toml")
	if l.ReadProject != nil {
		if _, err := l.pyproject(dir, beside); err != nil && !errors.As(err, new(*errInvalidProject)) {
			return err
		}
	}
	if text, err := l.ReadFile(beside); err == nil {
		if masked, _ := readPyproject(beside, dir, text); masked != nil {
			if names := maskedFields(masked); len(names) > 0 {
				l.warn("Found both a `uv.toml` file and a `[tool.uv]` section in an adjacent `pyproject.toml`. The following fields from `[tool.uv]` will be ignored in favor of the `uv.toml` file:\n- %s", strings.Join(names, "\n- "))
			}
		}
	}
	o.setOrigin(OriginProject)
	l.add(path, o)
	return nil
}

// absent says that there is no such file, nor could there be.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func (l *loader) user() error {
	dir := UserDir(l.Getenv)
	if dir == "" {
		return nil
	}
	path := filepath.Join(dir, "uv.toml")
	text, err := l.ReadFile(path)
	if absent(err) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to read `%s`: %w", path, err)
	}
	return l.other(path, text, OriginUser)
}

func (l *loader) other(path string, text []byte, origin Origin) error {
	o, err := readUVToml(display(path, l.Workdir), filepath.Dir(path), text)
	if err != nil {
		return err
	}
	o.setOrigin(origin)
	l.add(path, o)
	return nil
}

// UserDir returns the folder of the user's settings: uv in $XDG_CONFIG_HOME or
// ~/.config, on Windows in %APPDATA%; "" if it is unknown.
func UserDir(getenv func(string) string) string {
	if runtime.GOOS == "windows" {
		if dir := getenv("APPDATA"); dir != "" {
			return filepath.Join(dir, "uv")
		}
		return ""
	}
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "uv")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "uv")
	}
	return ""
}

func (l *loader) system() error {
	skip, err := ParseBool("UV_NO_SYSTEM_CONFIG", l.Getenv("UV_NO_SYSTEM_CONFIG"))
	if err != nil || skip {
		return err
	}
	for _, path := range systemFiles(l.Getenv) {
		text, err := l.ReadFile(path)
		if absent(err) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EISDIR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("failed to read `%s`: %w", path, err)
		}
		return l.other(path, text, OriginSystem)
	}
	return nil
}

// systemFiles lists where the system's settings can be; the first that is
// there counts.
func systemFiles(getenv func(string) string) []string {
	if runtime.GOOS == "windows" {
		if drive := getenv("SYSTEMDRIVE"); drive != "" {
			return []string{drive + `\ProgramData\uv\uv.toml`}
		}
		return nil
	}
	dirs := getenv("XDG_CONFIG_DIRS")
	if dirs == "" {
		dirs = "/etc/xdg"
	}
	var out []string
	for dir := range strings.SplitSeq(dirs, ":") {
		if dir == "" {
			break
		}
		out = append(out, filepath.Join(dir, "uv", "uv.toml"))
	}
	return append(out, "/etc/uv/uv.toml")
}

// ForPip returns the settings for pip-like commands: what the pip table says
// comes before what the top level says.
func (o *Options) ForPip() Pip {
	p := o.Pip
	mergeFields(&p.Resolver, &o.Resolver, resolverFields())
	return p
}
