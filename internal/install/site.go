package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Site is what is installed in an environment.
type Site struct {
	// Dirs are the directories that were looked into, purelib first.
	Dirs []string
	// Warnings tell what was passed over.
	Warnings []string

	dists     []*Installed
	byName    map[pyname.Package][]*Installed
	leftovers []string
	memories  []*memory // see Remember
}

// Open lists what is installed in directories, normally those of
// [python.Interpreter.InstalledIn]. Directories that do not exist are empty. It
// reads the names of the directories' entries, and of distributions of old
// their metadata where the name does not tell the version.
func Open(dirs ...string) (*Site, error) {
	s := &Site{Dirs: dirs}
	for _, dir := range dirs {
		if err := s.scan(dir); err != nil {
			return nil, err
		}
	}
	s.index()
	return s, nil
}

func (s *Site) index() {
	s.byName = make(map[pyname.Package][]*Installed, len(s.dists))
	for _, d := range s.dists {
		s.byName[d.Name] = append(s.byName[d.Name], d)
	}
}

// scan adds the distributions of one directory, in order of their file names.
func (s *Site) scan(dir string) error {
	dir = filepath.Clean(dir)
	entries, err := list(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading site-packages: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !s.interesting(dir, e) })
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	var tree *fsx.Tree
	if len(entries) > 0 {
		if tree, err = fsx.OpenTree(dir); err != nil {
			return fmt.Errorf("reading site-packages: %w", err)
		}
	}
	for _, e := range entries {
		d, err := read(dir, e)
		switch {
		case err == nil && d != nil:
			if d.Kind == DistInfo {
				d.tree = tree
			}
			s.dists = append(s.dists, d)
		case err != nil && strings.HasPrefix(e.Name(), "~"):
			s.Warnings = append(s.Warnings, fmt.Sprintf("ignoring dangling temporary directory: `%s`", filepath.Join(dir, e.Name())))
		case err != nil:
			return fmt.Errorf("failed to read metadata from: `%s`: %w", filepath.Join(dir, e.Name()), err)
		}
	}
	return nil
}

func list(dir string) ([]fs.DirEntry, error) {
	f, err := fsx.OpenFile(dir, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

// interesting tells whether an entry may be a distribution, and notes what a
// killed process left behind.
func (s *Site) interesting(dir string, e fs.DirEntry) bool {
	name := e.Name()
	switch {
	case strings.HasSuffix(name, ".dist-info"):
		return e.IsDir() || e.Type()&fs.ModeSymlink != 0
	case strings.HasSuffix(name, ".egg-info"), strings.HasSuffix(name, ".egg-link"):
		return true
	case strings.HasPrefix(name, hiddenPrefix) && e.IsDir():
		s.leftovers = append(s.leftovers, filepath.Join(dir, name))
	}
	return false
}

// read makes a distribution of a directory's entry; nil means that it is none.
func read(dir string, e fs.DirEntry) (*Installed, error) {
	name := e.Name()
	path := dir + string(filepath.Separator) + name
	if stem, ok := strings.CutSuffix(name, ".dist-info"); ok {
		return readDistInfo(path, stem)
	}
	if stem, ok := strings.CutSuffix(name, ".egg-link"); ok {
		return readEggLink(path, stem)
	}
	return readEggInfo(path, name)
}

func readDistInfo(path, stem string) (*Installed, error) {
	text, version, ok := strings.Cut(stem, "-")
	if !ok {
		return nil, nil
	}
	name, err := pyname.ParsePackage(text)
	if err != nil {
		return nil, err
	}
	v, err := pep440.Parse(version)
	if err != nil {
		return nil, err
	}
	return &Installed{Name: name, Version: v, Path: path, info: path + string(filepath.Separator) + "METADATA"}, nil
}

// readEggInfo reads an .egg-info file or directory, whose metadata tells the
// version if its name does not.
func readEggInfo(path, filename string) (*Installed, error) {
	name, version, ok, err := dist.ParseEggInfo(filename)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil // a dangling link
	}
	d := &Installed{Name: name, Version: version, Kind: EggInfoFile, Path: path, info: path}
	if info.IsDir() {
		d.Kind, d.info = EggInfoDir, filepath.Join(path, "PKG-INFO")
	}
	if ok {
		return d, nil
	}
	_, d.Version, err = identity(d.info)
	if errors.Is(err, errNoMetadata) {
		return nil, nil
	}
	return d, err
}

// readEggLink reads an .egg-link file: its first line names the directory of a
// project, relative to the file's, in which an .egg-info directory lies.
func readEggLink(path, stem string) (*Installed, error) {
	data, err := fsx.ReadFile(path)
	if err != nil {
		return nil, err
	}
	target := firstLine(data)
	if target == "" {
		return nil, nil
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	d := &Installed{Kind: EggLink, Path: path, Target: filepath.Clean(target)}
	d.info = filepath.Join(target, strings.ReplaceAll(stem, "-", "_")+".egg-info", "PKG-INFO")
	d.Name, d.Version, err = identity(d.info)
	if errors.Is(err, errNoMetadata) {
		return nil, nil
	}
	return d, err
}

// firstLine is the first line of a text that is not empty, trimmed.
func firstLine(data []byte) string {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return string(line)
		}
	}
	return ""
}

// errNoMetadata tells that a file has no name or version, or is not there: what
// it belongs to is then no distribution.
var errNoMetadata = errors.New("no metadata")

// identity reads name and version out of a metadata file.
func identity(path string) (name pyname.Package, version pep440.Version, err error) {
	data, err := fsx.ReadFile(path)
	if err != nil {
		return "", version, errNoMetadata
	}
	h := metadata.ParseHeaders(data)
	text, ok := h.Get("Name")
	versionText, ok2 := h.Get("Version")
	if !ok || !ok2 {
		return "", version, errNoMetadata
	}
	if name, err = pyname.ParsePackage(text); err != nil {
		return "", version, errNoMetadata
	}
	version, err = pep440.Parse(versionText)
	return name, version, err
}

// All lists the distributions by directory and file name. The list must not be
// changed.
func (s *Site) All() []*Installed { return s.dists }

// Get returns the distributions of a project: normally none or one. More than
// one is a broken environment, in which which of them is imported is chance.
func (s *Site) Get(name pyname.Package) []*Installed { return s.byName[name] }

// FromURL returns the distributions whose origin is the URL, as
// [Installed.URL] has it.
func (s *Site) FromURL(url string) []*Installed {
	var out []*Installed
	for _, d := range s.dists {
		if d.Kind == DistInfo && d.URL() == url {
			out = append(out, d)
		}
	}
	return out
}

// Preload calls f for every distribution on several goroutines. It is for
// reading ahead what all of them will be asked for; f gets no way to fail,
// since whoever asks later gets the same answer.
func (s *Site) Preload(ctx context.Context, workers int, f func(*Installed)) {
	parallel(len(s.dists), workers, func(i int) {
		if ctx.Err() == nil {
			f(s.dists[i])
		}
	})
}

// parallel calls f with the numbers below n, on several goroutines.
func parallel(n, workers int, f func(int)) {
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
