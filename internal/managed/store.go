package managed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
)

// A Store is the directory that holds the managed Pythons. It need not exist.
type Store struct {
	root string
}

// NewStore makes a store of the directory root.
func NewStore(root string) Store { return Store{root} }

// DefaultStore is the store that the environment asks for:
// UV_PYTHON_INSTALL_DIR, else python in uv's data directory. Relative paths
// are taken from dir, the working directory.
func DefaultStore(getenv func(string) string, dir string) Store {
	if root := getenv("UV_PYTHON_INSTALL_DIR"); root != "" {
		return Store{absolute(dir, root)}
	}
	return Store{filepath.Join(DataDir(getenv, dir), "python")}
}

// DataDir is uv's directory for persistent state: $XDG_DATA_HOME/uv, else
// ~/.local/share/uv (on Windows %APPDATA%\uv\data), else .uv in dir when there
// is no home. On macOS an existing ~/Library/Application Support/uv wins.
func DataDir(getenv func(string) string, dir string) string {
	home := getenv("HOME")
	switch runtime.GOOS {
	case "windows":
		if base := getenv("APPDATA"); base != "" {
			return filepath.Join(base, "uv", "data")
		}
		if home = getenv("USERPROFILE"); home != "" {
			return filepath.Join(home, "AppData", "Roaming", "uv", "data")
		}
	case "darwin":
		legacy := filepath.Join(home, "Library", "Application Support", "uv")
		if _, err := os.Stat(legacy); home != "" && err == nil {
			return legacy
		}
	}
	if base := getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "uv")
	}
	if home != "" {
		return filepath.Join(home, ".local", "share", "uv")
	}
	return filepath.Join(dir, ".uv")
}

// BinDir is where executables of managed Pythons are linked, made by
// `python install`: UV_PYTHON_BIN_DIR, else $XDG_BIN_HOME, else bin beside
// $XDG_DATA_HOME, else ~/.local/bin. It reports false when there is no home.
func BinDir(getenv func(string) string, dir string) (string, bool) {
	if bin := getenv("UV_PYTHON_BIN_DIR"); bin != "" {
		return absolute(dir, bin), true
	}
	return UserBinDir(getenv)
}

// UserBinDir is the directory for the executables of a user: $XDG_BIN_HOME, else
// bin beside $XDG_DATA_HOME, else ~/.local/bin. It is not ok if there is no home.
func UserBinDir(getenv func(string) string) (bin string, ok bool) {
	if bin := getenv("XDG_BIN_HOME"); filepath.IsAbs(bin) {
		return bin, true
	}
	if data := getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "..", "bin"), true
	}
	home := getenv("HOME")
	if runtime.GOOS == "windows" {
		home = getenv("USERPROFILE")
	}
	return filepath.Join(home, ".local", "bin"), home != ""
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// Root is the store's directory, an absolute path.
func (s Store) Root() string { return s.root }

// scratch is where downloads are unpacked; it is on the filesystem of the store.
func (s Store) scratch() string { return filepath.Join(s.root, ".temp") }

// Lock makes the store, if need be, and takes the lock that all who change it
// hold, uv included. What a killed process has left half done is removed.
func (s Store) Lock(ctx context.Context, o fsx.LockOptions) (*fsx.Lock, error) {
	if err := os.MkdirAll(s.scratch(), 0o777); err != nil {
		return nil, fmt.Errorf("making the Python installation directory: %w", err)
	}
	ignore := filepath.Join(s.root, ".gitignore")
	if _, err := os.Lstat(ignore); errors.Is(err, fs.ErrNotExist) {
		if err := fsx.WriteFile(ignore, []byte("*"), 0o666); err != nil {
			return nil, err
		}
	}
	l, err := fsx.Acquire(ctx, filepath.Join(s.root, ".lock"), fsx.Exclusive, o)
	if err != nil {
		return nil, fmt.Errorf("failed to lock the Pythons at `%s`: %w", s.root, err)
	}
	entries, _ := os.ReadDir(s.scratch())
	for _, e := range entries {
		_, _ = fsx.RemoveAll(filepath.Join(s.scratch(), e.Name()), nil)
	}
	return l, nil
}

// Remove removes an installation; it is out of sight before the first of its
// files goes. The caller holds the lock.
func (s Store) Remove(i Installation) error {
	dir, err := fsx.MkdirTemp(s.scratch())
	if err != nil {
		return err
	}
	aside := filepath.Join(dir, "removed")
	if err := fsx.Rename(i.Path, aside); err != nil {
		return errors.Join(err, os.Remove(dir))
	}
	_, err = fsx.RemoveAll(dir, nil)
	return err
}

// Installed lists the installations in the store, the most preferable first
// (see [Key.Compare]). Directories whose names are no keys, links and hidden
// entries are passed over; a store that does not exist is empty.
func (s Store) Installed() ([]Installation, error) {
	entries, err := os.ReadDir(s.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the Python installation directory: %w", err)
	}
	var out []Installation
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if key, err := ParseKey(e.Name()); err == nil {
			out = append(out, Installation{Path: filepath.Join(s.root, e.Name()), Key: key})
		}
	}
	slices.SortFunc(out, func(a, b Installation) int { return b.Key.Compare(a.Key) })
	return out, nil
}

// Find returns the installation that path lies in, path being a prefix or any
// other file of an interpreter. Links on the way are resolved; a path outside
// the store, or below a directory that is no installation, is not found.
func (s Store) Find(path string) (Installation, bool) {
	path, root := resolved(path), resolved(s.root)
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
		return Installation{}, false
	}
	name, _, _ := strings.Cut(rel, string(filepath.Separator))
	key, err := ParseKey(name)
	if err != nil {
		return Installation{}, false
	}
	return Installation{Path: filepath.Join(root, name), Key: key}, true
}

func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

// An Installation is one Python in a [Store].
type Installation struct {
	Path string // its directory, absolute
	Key  Key
}

// Build is the date stamp of the build, such as 20250409, or nothing when the
// installation does not record it.
func (i Installation) Build() string {
	text, err := os.ReadFile(filepath.Join(i.Path, "BUILD"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// home is the directory with the Python itself: older distributions have it
// one level down.
func (i Installation) home() string {
	install := filepath.Join(i.Path, "install")
	if info, err := os.Stat(install); err == nil && info.IsDir() {
		return install
	}
	return i.Path
}

// Executable is the interpreter that the installation's other names link to:
// bin/python3.12 for CPython on Unix, python.exe on Windows.
func (i Installation) Executable() string {
	home := i.home()
	path := i.in(home, i.executableName())
	if runtime.GOOS == "windows" && i.Key.Variant == Freethreaded {
		if _, err := os.Stat(path); err != nil {
			// Builds of October 2024 lack the plain name.
			return filepath.Join(home, "python"+i.minor()+"t.exe")
		}
	}
	return path
}

func (i Installation) minor() string {
	return strconv.Itoa(i.Key.Major) + "." + strconv.Itoa(i.Key.Minor)
}

func (i Installation) executableName() string {
	name, suffix, exe := "python", "", ""
	if runtime.GOOS == "windows" {
		exe = ".exe"
	} else {
		suffix = i.Key.Variant.ExecutableSuffix()
	}
	switch i.Key.ImplementationName() {
	case "cpython":
		if exe == "" {
			name += i.minor()
		}
	case "pypy":
		name = "pypy" + i.minor()
	case "graalpy":
		name, suffix = "graalpy", ""
	}
	return name + suffix + exe
}

// in is where an executable lies below an installation's (or link's) home.
func (i Installation) in(home, name string) string {
	switch {
	case i.Key.ImplementationName() == "graalpy":
		return filepath.Join(home, "bin", name)
	case i.Key.Platform.OS == "emscripten", i.Key.Platform.OS == "windows":
		return filepath.Join(home, name)
	}
	return filepath.Join(home, "bin", name)
}

// A MinorLink is the link beside an installation that names just its minor
// version. Environments made through it follow patch upgrades.
type MinorLink struct {
	Path       string // the link: <store>/cpython-3.12-linux-x86_64-gnu
	Executable string // the interpreter, through the link
	Target     string // the home directory that the link has to point at
}

// MinorLink returns where the installation's minor-version link is, or false
// for implementations that have none (all but CPython). The link may be
// missing or point at another patch release; see [MinorLink.Exists].
func (i Installation) MinorLink() (MinorLink, bool) {
	if i.Key.ImplementationName() != "cpython" {
		return MinorLink{}, false
	}
	home := i.home()
	link := filepath.Join(filepath.Dir(home), i.Key.MinorName())
	if link == home {
		return MinorLink{}, false
	}
	return MinorLink{Path: link, Executable: i.in(link, i.executableName()), Target: home}, true
}

// Exists reports whether the link is there and points at its installation.
func (l MinorLink) Exists() bool {
	target, err := os.Readlink(l.Path)
	if err != nil {
		return false
	}
	return absolute(filepath.Dir(l.Path), strings.TrimPrefix(target, `\\?\`)) == l.Target
}
