package install

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/venv"
	"github.com/tame-py/tame/packaging/dist"
)

// shebang is the first line of a script, or the first lines.
func (l *Layout) shebang(python string) string {
	return venv.Shebang(python, !l.Windows, l.Relocatable)
}

// executable is the path that scripts run Python by.
func (l *Layout) executable(gui bool) (string, error) {
	python := l.Python
	if l.Windows && gui {
		dir, name := filepath.Split(python)
		if windowed := filepath.Join(dir, strings.Replace(name, "python", "pythonw", 1)); isFile(windowed) {
			python = windowed
		}
	}
	if !l.Relocatable {
		return python, nil
	}
	rel, err := filepath.Rel(l.Scripts, python)
	if err != nil {
		return "", fmt.Errorf("scripts in %s cannot be made relocatable: %w", l.Scripts, err)
	}
	return rel, nil
}

// A ReservedScriptError tells that a wheel has a script with the name of an
// interpreter, which it would replace.
type ReservedScriptError struct{ Script string }

// Error implements error.
func (e *ReservedScriptError) Error() string {
	return fmt.Sprintf("script %q has a name that is reserved for the interpreter", e.Script)
}

// isReserved tells whether a script of this name would stand in for an
// interpreter, on any system.
func isReserved(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(name), ".exe"), ".py")
	switch name {
	case "python", "pythonw", "python3", "graalpy", "pypy", "pypy2", "pypy3":
		return true
	}
	if rest, ok := strings.CutPrefix(name, "python3."); ok {
		return isMinor(strings.TrimSuffix(rest, "t"))
	}
	rest, ok := strings.CutPrefix(name, "pythonw3.")
	return ok && strings.HasSuffix(rest, "t") && isMinor(strings.TrimSuffix(rest, "t"))
}

func isMinor(s string) bool {
	_, err := strconv.ParseUint(s, 10, 8)
	return err == nil
}

// isActivation tells names that environments give to their own scripts.
func isActivation(name string) bool {
	return name == "activate" || name == "activate_this.py" || strings.HasPrefix(name, "activate.")
}

// scriptsOf returns the entry points that become scripts. pip's own wheels name
// launchers for the version they were built with; users expect that of their
// interpreter.
func (l *Layout) scriptsOf(e dist.EntryPoints) (console, gui []dist.EntryPoint) {
	var pip3 *dist.EntryPoint
	for _, p := range e.Console {
		if left, right, ok := strings.Cut(p.Name, "."); ok && left == "pip3" && isMinor(right) {
			continue
		}
		if p.Name == "pip3" {
			pip3 = &p
		}
		console = append(console, p)
	}
	if pip3 != nil {
		versioned := *pip3
		versioned.Name = "pip3." + strconv.Itoa(l.Minor)
		console = append(console, versioned)
	}
	return console, e.GUI
}

// A script is a file to be made in the scripts directory.
type script struct {
	name string
	data []byte
}

// entryScript makes the script of an entry point.
func (l *Layout) entryScript(e dist.EntryPoint, gui bool) (script, error) {
	name := filepath.Clean(filepath.FromSlash(e.Name))
	if !filepath.IsLocal(name) || name == "." {
		return script{}, fmt.Errorf("script %q would lie outside the directory for scripts", e.Name)
	}
	if isReserved(name) {
		return script{}, &ReservedScriptError{e.Name}
	}
	python, err := l.executable(gui)
	if err != nil {
		return script{}, err
	}
	text := venv.Launcher(l.shebang(python), venv.EntryPoint{Module: e.Module, Function: e.Attr})
	if !l.Windows {
		return script{name, []byte(text)}, nil
	}
	data, err := windowsLauncher(l, gui, python, text)
	return script{strings.TrimSuffix(name, ".py") + ".exe", data}, err
}

// rewriteScript gives a script that a wheel brings its first line, if that asks
// for it by starting with #!python or #!pythonw (PEP 427). Otherwise ok is
// false.
func (l *Layout) rewriteScript(data []byte) (out []byte, ok bool, err error) {
	text := string(data)
	rest, ok := strings.CutPrefix(text, "#!python")
	if !ok {
		return nil, false, nil
	}
	end := strings.IndexAny(rest, "\r\n")
	body := ""
	if end >= 0 {
		body = rest[end+1:]
	}
	python, err := l.executable(strings.HasPrefix(rest, "w"))
	if err != nil {
		return nil, false, err
	}
	lineEnd := "\n"
	if l.Windows {
		lineEnd = "\r\n"
	}
	return []byte(l.shebang(python) + lineEnd + body), true, nil
}
