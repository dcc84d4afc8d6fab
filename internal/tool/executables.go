package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/pyname"
)

// An Executable is a program that a distribution put into an environment.
type Executable struct {
	Name string // as it is called
	Path string // in the environment
}

// Executables are the programs of an installed distribution that lie in the
// environment's folder for scripts, sorted by name.
func Executables(d *install.Installed, scripts string) ([]Executable, error) {
	record, err := d.Record()
	if err != nil {
		return nil, fmt.Errorf("failed to read what `%s` installed: %w", d.Name, err)
	}
	var out []Executable
	for _, e := range record {
		path := filepath.FromSlash(e.Path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(d.Location(), path)
		}
		if filepath.Dir(path) != filepath.Clean(scripts) || !isExecutable(path) {
			continue
		}
		out = append(out, Executable{executableName(filepath.Base(path)), path})
	}
	slices.SortFunc(out, func(a, b Executable) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func executableName(file string) string {
	if runtime.GOOS == "windows" {
		return strings.TrimSuffix(file, ".exe")
	}
	return file
}

func isExecutable(path string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(filepath.Ext(path), ".exe")
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// An OccupiedError reports executables that exist where those of a tool would
// go, and do not belong to it.
type OccupiedError struct{ Names []string }

func (e *OccupiedError) Error() string {
	what := "Executable already exists"
	if len(e.Names) > 1 {
		what = "Executables already exist"
	}
	return fmt.Sprintf("%s: %s (use `--force` to overwrite)", what, strings.Join(e.Names, ", "))
}

// ExitCode is that of wrong use.
func (e *OccupiedError) ExitCode() int { return 2 }

// Place is where an executable goes in the store's folder.
func (s Store) Place(e Executable) string { return filepath.Join(s.Bin, filepath.Base(e.Path)) }

// Occupied are the names of executables whose place is taken by something else
// than an executable of the receipt, which may be nil.
func (s Store) Occupied(list []Executable, old *Receipt) []string {
	var names []string
	for _, e := range list {
		place := s.Place(e)
		if old != nil && slices.ContainsFunc(old.EntryPoints, func(p EntryPoint) bool { return p.Path == place }) {
			continue
		}
		if _, err := os.Lstat(place); err == nil {
			names = append(names, filepath.Base(place))
		}
	}
	return names
}

// Publish puts the executables of a package into the store's folder: as links,
// on Windows as copies. What is there is replaced.
func (s Store) Publish(list []Executable, from pyname.Package) ([]EntryPoint, error) {
	if err := os.MkdirAll(s.Bin, 0o755); err != nil {
		return nil, fmt.Errorf("failed to create the folder for executables: %w", err)
	}
	var out []EntryPoint
	for _, e := range list {
		place := s.Place(e)
		if err := publish(e.Path, place); err != nil {
			return out, fmt.Errorf("failed to install the executable `%s`: %w", e.Name, err)
		}
		out = append(out, EntryPoint{Name: e.Name, Path: place, From: string(from)})
	}
	return out, nil
}

// publish makes place lead to path, with no moment at which it leads nowhere.
func publish(path, place string) error {
	if runtime.GOOS == "windows" {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return fsx.WriteFile(place, data, 0o755)
	}
	aside := filepath.Join(filepath.Dir(place), fsx.TempPrefix+filepath.Base(place))
	if err := os.Remove(aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(path, aside); err != nil {
		return err
	}
	if err := os.Rename(aside, place); err != nil {
		_ = os.Remove(aside)
		return err
	}
	return nil
}

// Withdraw removes the executables of a receipt. Those that are gone already do
// not matter.
func Withdraw(list []EntryPoint) error {
	for _, e := range list {
		if err := os.Remove(e.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("failed to remove the executable `%s`: %w", e.Name, err)
		}
	}
	return nil
}
