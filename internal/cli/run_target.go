package cli

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/web"
)

// A runKind is what `run` is asked to run.
type runKind uint8

const (
	runCommandKind runKind = iota // a program that is looked up
	runPythonKind                 // the interpreter itself
	runModuleKind
	runScriptKind // a Python file
	runGUIKind    // a Python file that needs no console
	runTreeKind   // a directory or zip archive with a __main__.py
	runStdinKind  // the program comes by standard input
)

// A runTarget is what to run, with its arguments.
type runTarget struct {
	kind runKind
	name string // as given, or the path of what was downloaded
	args []string
	// file is the absolute path of a script or tree; empty for what is no file
	// of the user's.
	file string
	// text is the content of a script, if it could be read.
	text []byte
	// origin names what was read from elsewhere than a file: a URL, or `-`.
	origin string
	remove string // a file to remove when all is done
}

// isScript reports whether the target may have metadata.
func (t *runTarget) isScript() bool {
	return t.kind == runScriptKind || t.kind == runGUIKind || t.kind == runStdinKind
}

// findTarget tells from the first argument what to run. Nil is nothing.
func (a *app) findTarget(ctx context.Context, o *runFlags, args []string) (*runTarget, error) {
	if len(args) == 0 {
		return nil, nil
	}
	t := &runTarget{name: args[0], args: args[1:]}
	switch {
	case o.module && t.name == "-":
		return nil, usageError("cannot run a Python module from standard input")
	case o.module:
		t.kind = runModuleKind
		return t, nil
	case strings.HasPrefix(t.name, "http://"), strings.HasPrefix(t.name, "https://"):
		return t, a.fetchTarget(ctx, o, t)
	case t.name == "-":
		return t, t.readStdin(a.stdio.In)
	case o.script, o.guiScript:
		t.kind = runScriptKind
		if o.guiScript {
			t.kind = runGUIKind
		}
		return t, t.readFile(a.path(t.name))
	case strings.EqualFold(t.name, "python"), runtime.GOOS == "windows" && strings.EqualFold(t.name, "python.exe"):
		t.kind = runPythonKind
		return t, nil
	}
	return t, t.look(a.path(t.name))
}

// look finds out whether the target is a file that Python can run.
func (t *runTarget) look(path string) error {
	info, err := os.Stat(path)
	if err != nil || t.name == "" {
		return nil
	}
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case info.IsDir():
		if main, err := os.Stat(filepath.Join(path, "__main__.py")); err == nil && main.Mode().IsRegular() {
			t.kind, t.file = runTreeKind, path
		}
		return nil
	case !info.Mode().IsRegular():
		return nil
	case ext == ".pyw":
		t.kind = runGUIKind
	case ext == ".py":
		t.kind = runScriptKind
	case isZipApp(path):
		t.kind, t.file = runTreeKind, path
		return nil
	default:
		return nil
	}
	return t.readFile(path)
}

// readFile reads a script. That there is none is for Python to say.
func (t *runTarget) readFile(path string) error {
	t.file = path
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to read from file `%s`: %w", t.name, err)
	}
	t.text = text
	return nil
}

func (t *runTarget) readStdin(in io.Reader) error {
	t.kind, t.origin = runStdinKind, "-"
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("reading the script from standard input: %w", err)
	}
	t.text = text
	return nil
}

// isZipApp reports whether a file is a zip archive with a __main__.py, perhaps
// behind a `#!` line.
func isZipApp(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var mark [2]byte
	info, err := f.Stat()
	if err != nil {
		return false
	}
	if _, err := io.ReadFull(f, mark[:]); err != nil || string(mark[:]) != "PK" && string(mark[:]) != "#!" {
		return false
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return false
	}
	return slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "__main__.py" })
}

// fetchTarget downloads a script to a temporary file.
func (a *app) fetchTarget(ctx context.Context, o *runFlags, t *runTarget) error {
	t.origin = t.name
	w := &runWork{running: &running{app: a, flags: o}}
	s, err := w.settings()
	if err != nil {
		return err
	}
	client, err := a.plainClient(s)
	if err != nil {
		return err
	}
	url := t.name
	if id, ok := gistID(url); ok {
		if url, err = a.gistScript(ctx, client, id); err != nil {
			return err
		}
	}
	_, text, err := client.Get(ctx, web.Request{URL: url})
	if err != nil {
		return fmt.Errorf("failed to download the script `%s`: %w", auth.Redact(t.origin), err)
	}
	base := path.Base(strings.SplitN(url, "?", 2)[0])
	base = strings.TrimSuffix(strings.Map(fileRune, base), ".py")
	f, err := os.CreateTemp("", base+"*.py")
	if err != nil {
		return err
	}
	t.kind, t.text, t.name, t.remove = runScriptKind, text, f.Name(), f.Name()
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// fileRune keeps of a URL what is harmless in the name of a file.
func fileRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_':
		return r
	}
	return '-'
}

// temporaryFile is a file that the child reads, and that has to be removed in
// the end.
type temporaryFile string

// Inherit implements keeper: nobody else would remove the file.
func (temporaryFile) Inherit() error { return errors.ErrUnsupported }

// Release implements keeper.
func (f temporaryFile) Release() error { return os.Remove(string(f)) }
