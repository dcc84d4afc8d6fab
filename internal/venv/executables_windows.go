package venv

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/python"
)

// binName is the name of the scripts directory in activation scripts.
const binName = "Scripts"

// executables copies the launchers that Python brings for environments: they
// read pyvenv.cfg and start the base Python. python.exe comes last.
func (p *plan) executables(s *site) error {
	major, minor := "python"+strconv.Itoa(p.i.Major()), "python"+p.i.MinorVersion()
	var names []string
	switch p.i.Implementation() {
	case python.GraalPy:
		names = []string{"graalpy.exe", major + ".exe"}
	case python.PyPy:
		pypy := "pypy" + strings.TrimPrefix(minor, "python")
		names = []string{
			major + ".exe", minor + ".exe", "pythonw.exe", "pypy.exe", "pypy" + strconv.Itoa(p.i.Major()) + ".exe",
			pypy + ".exe", "pypyw.exe", pypy + "w.exe",
		}
	default:
		names = []string{"pythonw.exe"}
		if p.i.FreeThreaded {
			names = append(names, minor+"t.exe", "pythonw"+p.i.MinorVersion()+"t.exe")
		}
	}
	for _, name := range append(names, "python.exe") {
		if err := p.launcher(s, name); err != nil {
			return err
		}
	}
	return nil
}

// launcher copies one: under its own name or, from 3.13 on, that of its kind;
// from the standard library or, as conda has it, from beside the interpreter.
// An embeddable Python has none and is copied itself.
func (p *plan) launcher(s *site, name string) error {
	kind := "venvlauncher"
	if strings.HasPrefix(name, "pythonw") || strings.HasSuffix(name, "w.exe") {
		kind = "venvwlauncher"
	}
	if p.i.FreeThreaded {
		kind += "t"
	}
	kind += ".exe"
	nt := filepath.Join(p.i.Stdlib, "venv", "scripts", "nt")
	home := filepath.Dir(p.base)
	to := filepath.Join(s.tree.Path(), p.i.Virtual.Scripts, name)
	for _, from := range []string{filepath.Join(nt, name), filepath.Join(nt, kind), filepath.Join(home, kind)} {
		if err := copyFile(from, to); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	err := copyFile(filepath.Join(home, name), to)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("could not find a suitable Python executable for the virtual environment based on the interpreter: " + p.base)
	}
	if err != nil {
		return err
	}
	for _, dir := range []string{home, filepath.Join(p.i.BasePrefix, "DLLs")} {
		if err := copyLibraries(dir, filepath.Dir(to)); err != nil {
			return err
		}
	}
	return nil
}

// copyLibraries copies what an interpreter must have beside it.
func copyLibraries(from, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".dll", ".pyd", ".zip":
			if err := copyFile(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// lockDir does nothing: files that are open cannot be removed on Windows.
func lockDir(string) (release func(), err error) { return nil, nil }
