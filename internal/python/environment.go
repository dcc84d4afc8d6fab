package python

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
)

// An Environment is an interpreter seen as a place to install into: a virtual
// environment or a Python outside of one.
type Environment struct {
	Root        string // the interpreter's prefix
	Interpreter *Interpreter
}

// NewEnvironment is the environment of an interpreter.
func NewEnvironment(i *Interpreter) *Environment { return &Environment{i.Prefix, i} }

// FindEnvironment finds the environment to work in. That there is none is an
// [*EnvironmentNotFoundError].
func (f *Finder) FindEnvironment(ctx context.Context, r Request, e Environments) (*Environment, error) {
	found, err := f.Find(ctx, r, e)
	var missing *NotFoundError
	if errors.As(err, &missing) {
		return nil, &EnvironmentNotFoundError{Request: r, Environments: e}
	}
	if err != nil {
		return nil, err
	}
	return NewEnvironment(found.Interpreter), nil
}

// EnvironmentAt opens the environment with a given root, which may also be the
// prefix of any Python. A root that does not exist is an
// [*EnvironmentNotFoundError]; one that is something else, a
// [*BrokenEnvironmentError].
func (f *Finder) EnvironmentAt(ctx context.Context, root string) (*Environment, error) {
	root = f.abs(root)
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &EnvironmentNotFoundError{Request: Request{Kind: KindDirectory, Path: root}, Environments: AnyEnvironment}
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, &BrokenEnvironmentError{root, "expected directory but found a file"}
	}
	path := venvPython(root)
	if _, err := os.Lstat(path); err != nil {
		if isEmpty(root) {
			return nil, &BrokenEnvironmentError{root, "directory is empty"}
		}
		return nil, &BrokenEnvironmentError{root, "missing Python executable at `" + path + "`"}
	}
	i, err := f.Query(ctx, path)
	if err != nil {
		return nil, err
	}
	return NewEnvironment(i), nil
}

func isEmpty(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	names, _ := f.Readdirnames(1)
	return len(names) == 0
}

// Config reads the environment's pyvenv.cfg.
func (e *Environment) Config() (Config, error) {
	return ReadConfig(filepath.Join(e.Root, "pyvenv.cfg"))
}

// Uses reports whether the environment runs an interpreter: whether their
// executables are one file.
func (e *Environment) Uses(i *Interpreter) bool {
	return e.Interpreter.Executable == i.Executable || sameFile(e.Interpreter.Executable, i.Executable)
}

// VersionConflict compares the version that pyvenv.cfg tells with that of the
// interpreter, as exactly as the file tells it: they differ when the Python
// below was replaced by another one.
func (e *Environment) VersionConflict() (recorded, actual string, conflict bool) {
	config, err := e.Config()
	if err != nil || config.Version == "" {
		return "", "", false
	}
	recordedVersion, err := pep440.Parse(config.Version)
	if err != nil {
		return "", "", false
	}
	v := e.Interpreter.Version
	switch {
	case recordedVersion.Len() < 3:
		v = v.OnlyRelease().Truncate(2)
	case !recordedVersion.IsPrerelease():
		v = v.OnlyRelease()
	}
	return config.Version, v.String(), !recordedVersion.Equal(v)
}

// ExternallyManaged reports whether another program looks after the packages
// of the interpreter, and the message that it wants to be shown, if any. This
// is never so in virtual environments, targets and prefixes.
//
// See the specification "Externally Managed Environments" (PEP 668).
func (i *Interpreter) ExternallyManaged() (message string, is bool) {
	if i.IsVirtual() || i.target != "" || i.prefix != "" {
		return "", false
	}
	text, err := os.ReadFile(filepath.Join(i.Stdlib, "EXTERNALLY-MANAGED"))
	if err != nil {
		return "", false
	}
	return managedMessage(string(text)), true
}

// managedMessage reads the Error key of the externally-managed section. Values
// go on in lines that are indented (configparser).
func managedMessage(text string) string {
	var lines []string
	inSection, inError := false, false
	scanner := bufio.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		line := scanner.Text()
		trimmed := strings.TrimSpace(line)
		switch {
		case inError && (trimmed == "" || line != strings.TrimLeft(line, " \t")):
			lines = append(lines, trimmed)
			continue
		case strings.HasPrefix(trimmed, "#"), strings.HasPrefix(trimmed, ";"):
			continue
		}
		inError = false
		if strings.HasPrefix(trimmed, "[") {
			inSection = trimmed == "[externally-managed]"
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			key, value, ok = strings.Cut(line, ":")
		}
		if ok && inSection && strings.TrimSpace(key) == "Error" {
			lines, inError = []string{strings.TrimSpace(value)}, true
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
