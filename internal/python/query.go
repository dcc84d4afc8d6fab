package python

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/managed"
)

// Query returns the facts about the interpreter at path, from the cache if
// the file is still the one that told them, else by running it. Every error
// is a [*QueryError].
//
// Scripts that lead to some other Python, as pyenv's shims, are asked anew each
// time: what they lead to depends on more than can be seen.
func (f *Finder) Query(ctx context.Context, path string) (*Interpreter, error) {
	path = f.abs(path)
	now := f.witnessOf(path)
	entry := f.entry(now)
	if entry != "" && !f.Refresh {
		if i, ok := readFacts(entry, now); ok {
			f.trace("Found cached facts of Python %s at `%s`", i.Env.PythonFullVersion, path)
			return i, nil
		}
		if i, ok := f.byOtherName(now); ok {
			f.trace("Found cached facts of Python %s at `%s`, by the name `python3`", i.Env.PythonFullVersion, path)
			return i, nil
		}
	}
	if err := checkExecutable(path); err != nil {
		return nil, err
	}
	i, err := f.probe(ctx, path)
	if err != nil {
		return nil, err
	}
	if entry != "" && sameFile(path, i.Executable) {
		f.remember(entry, now, i)
	}
	return i, nil
}

func (f *Finder) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(f.Dir, path)
}

// witnessOf is what is known before anything is read. Two variables make a
// Python take itself for another one (macOS framework builds, venv launchers).
func (f *Finder) witnessOf(path string) witness {
	w := witness{path: path, host: hostRelease()}
	if a, b := f.Getenv("PYTHONEXECUTABLE"), f.Getenv("__PYVENV_LAUNCHER__"); a != "" || b != "" {
		w.overrides = a + "\x00" + b
	}
	return w
}

// entry is the cache's file for an interpreter, or nothing without a cache.
func (f *Finder) entry(w witness) string {
	if f.CacheDir == "" {
		return ""
	}
	return f.CacheDir + string(filepath.Separator) + hashName(w.path+"\x00"+w.overrides)
}

func hashName(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// readFacts reads an entry and checks its witness: one stat of the
// interpreter, one of its loader, and the text of pyvenv.cfg.
func readFacts(entry string, now witness) (*Interpreter, bool) {
	text, ok := readSmall(entry)
	if !ok {
		return nil, false
	}
	r := openFacts(text)
	then := r.witness()
	if r.bad || then.path != now.path || then.overrides != now.overrides || then.host != now.host {
		return nil, false
	}
	if id, err := fsx.Identify(now.path); err != nil || id != then.executable {
		return nil, false
	}
	if then.loader != "" {
		if id, err := fsx.Identify(then.loader); err != nil || id != then.loaderID {
			return nil, false
		}
	}
	if config, _ := readSmall(configOf(now.path)); config != then.config {
		return nil, false
	}
	i, err := r.interpreter()
	return i, err == nil
}

// byOtherName finds the facts about the `python` of an environment where they are
// kept of its `python3`, as they are when the environment is new: what CPython
// says of itself in one differs in the name alone if both names mean one file.
func (f *Finder) byOtherName(now witness) (*Interpreter, bool) {
	dir, name := filepath.Split(now.path)
	if name != "python" || runtime.GOOS != "linux" {
		return nil, false
	}
	other := f.witnessOf(dir + "python3")
	i, ok := readFacts(f.entry(other), other)
	if !ok || i.Implementation() != CPython || !i.IsVirtual() || i.Executable != other.path {
		return nil, false
	}
	here, err := fsx.Identify(now.path)
	if err != nil {
		return nil, false
	}
	if there, err := fsx.Identify(other.path); err != nil || here != there {
		return nil, false
	}
	i.Path, i.Executable = now.path, now.path
	return i, true
}

// configOf is where CPython looks for the pyvenv.cfg of an executable in an
// environment's bin directory.
func configOf(executable string) string {
	return filepath.Join(filepath.Dir(filepath.Dir(executable)), "pyvenv.cfg")
}

// remember writes an entry. Failing to is no error: the next run asks again.
func (f *Finder) remember(entry string, w witness, i *Interpreter) {
	id, err := fsx.Identify(w.path)
	if err != nil || !id.Settled(f.clock()) {
		return
	}
	w.executable = id
	w.config, _ = readSmall(configOf(w.path))
	if loader, err := managed.ELFInterpreter(w.path); err == nil {
		if w.loaderID, err = fsx.Identify(loader); err == nil {
			w.loader = loader
		}
	}
	text := encodeFacts(w, i)
	if err = fsx.WriteFile(entry, text, 0o644); errors.Is(err, fs.ErrNotExist) {
		if os.MkdirAll(f.CacheDir, 0o755) == nil {
			err = fsx.WriteFile(entry, text, 0o644)
		}
	}
	if err != nil {
		f.trace("Cannot keep the facts about `%s`: %v", w.path, err)
	}
}

// Remember keeps the facts about the interpreter of an environment that was
// just made (see [Interpreter.InEnvironment]), so that the command that uses
// it first need not run it. Where facts can differ from what the interpreter
// would say, nothing is kept.
func (f *Finder) Remember(i *Interpreter) {
	if f.CacheDir == "" || i.Implementation() != CPython || !i.IsVirtual() || runtime.GOOS != "linux" {
		return
	}
	for _, dir := range i.SitePackages {
		if !strings.HasPrefix(dir, i.Prefix+"/") {
			return
		}
	}
	found := *i
	found.Path = venvPython(i.Prefix)
	found.Executable = found.Path
	w := f.witnessOf(found.Path)
	f.remember(f.entry(w), w, &found)
}

func (f *Finder) clock() time.Time {
	if f.now != nil {
		return f.now()
	}
	return time.Now()
}

// checkExecutable tells a missing file from a link whose target is gone.
func checkExecutable(path string) error {
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return &QueryError{Path: path, Fault: NotStarted, Err: err}
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return &QueryError{Path: path, Fault: BrokenLink}
	}
	return &QueryError{Path: path, Fault: Missing}
}

// isVenvExecutable reports whether a path is that of an environment's Python.
func isVenvExecutable(path string) bool {
	return isRegular(configOf(path))
}

func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// venvPython is the executable of an environment or installation: bin/python3
// if it works, else bin/python. Without either it is where one should be.
func venvPython(root string) string {
	if runtime.GOOS == "windows" {
		first := filepath.Join(root, "Scripts", "python.exe")
		for _, path := range []string{first, filepath.Join(root, "bin", "python.exe"), filepath.Join(root, "python.exe")} {
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
		return first
	}
	first := filepath.Join(root, "bin", "python3")
	if _, err := os.Stat(first); err != nil {
		if second := filepath.Join(root, "bin", "python"); exists(second) {
			return second
		}
	}
	return first
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
