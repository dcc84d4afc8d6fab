package advise

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/pysource"
	"github.com/tame-py/tame/internal/stdlib"
)

// maxSource is the size in bytes up to which a file is read: larger ones were not
// written by a person.
const maxSource = 4 << 20

// A Source is a Python file with the names that it uses.
type Source struct {
	Path  string // with slashes, relative to what was scanned
	Shown string // the path as places name it; "" is Path
	Uses  []pysource.Use
}

// SourceOf reads one file.
func SourceOf(path, text string) Source { return Source{Path: path, Uses: pysource.Uses(text)} }

// Scan reads the Python files of a tree, sorted by path. Folders that are hidden, or
// hold environments, caches or what was built, are left out, unless everything is
// set. Files that cannot be read are left out, too.
func Scan(ctx context.Context, fsys fs.FS, everything bool) ([]Source, error) {
	var out []Source
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && d != nil && d.IsDir():
			return fs.SkipDir
		case err != nil:
			return nil
		case d.IsDir() && name != "." && isForeign(fsys, name, everything):
			return fs.SkipDir
		case d.Type().IsRegular() && (strings.HasSuffix(name, ".py") || strings.HasSuffix(name, ".pyw")):
			out = append(out, Source{Path: name})
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	const readers = 4
	err = par.ForEach(ctx, readers, len(out), func(_ context.Context, i int) error {
		if info, err := fs.Stat(fsys, out[i].Path); err != nil || info.Size() > maxSource {
			return nil
		}
		if text, err := fs.ReadFile(fsys, out[i].Path); err == nil {
			out[i].Uses = pysource.Uses(string(text))
		}
		return nil
	})
	return out, err
}

// isForeign reports whether a folder holds nothing of the project's own.
func isForeign(fsys fs.FS, name string, everything bool) bool {
	base := path.Base(name)
	if base == "__pycache__" {
		return true
	}
	if everything {
		return false
	}
	switch base {
	case "node_modules", "site-packages", "build", "dist":
		return true
	}
	if strings.HasPrefix(base, ".") {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(name, "pyvenv.cfg"))
	return err == nil
}

// A Place is where something is used.
type Place struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Guarded bool   `json:"guarded,omitempty"` // see pysource.Use
}

// A Finding is something that leaves the standard library, or is deprecated, with
// the places that use it.
type Finding struct {
	*stdlib.Change
	Places []Place
}

// Open reports whether some place does not provide for the absence of the name.
func (f *Finding) Open() bool {
	return slices.ContainsFunc(f.Places, func(p Place) bool { return !p.Guarded })
}

// Gone reports whether a version of Python does not have it.
func (f *Finding) Gone(minor int) bool { return f.Removed != stdlib.None && f.Removed <= minor }

// DeprecatedIn reports whether a version of Python, or one before, says that it is
// deprecated.
func (f *Finding) DeprecatedIn(minor int) bool {
	return f.Deprecated != stdlib.None && f.Deprecated <= minor
}

// Findings are what the sources use of what changes, in the order in which it goes.
// Names of modules that the project has itself are not the standard library's: in the
// folder of the file, at the top, or in src.
func Findings(sources []Source) []Finding {
	local := map[string]bool{}
	for _, s := range sources {
		name := strings.TrimSuffix(strings.TrimSuffix(s.Path, ".pyw"), ".py")
		local[strings.TrimSuffix(name, "/__init__")] = true
	}
	byName := map[string]*Finding{}
	for _, s := range sources {
		for _, u := range s.Uses {
			c := stdlib.Find(u.Name)
			if c == nil || isLocal(local, path.Dir(s.Path), u.Name) {
				continue
			}
			f := byName[c.Name]
			if f == nil {
				f = &Finding{Change: c}
				byName[c.Name] = f
			}
			p := Place{cmp.Or(s.Shown, s.Path), u.Line, u.Guarded}
			if n := len(f.Places); n == 0 || f.Places[n-1].Path != p.Path || f.Places[n-1].Line != p.Line {
				f.Places = append(f.Places, p)
			}
		}
	}
	out := make([]Finding, 0, len(byName))
	for _, f := range byName {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Finding) int {
		if x, y := a.Removed, b.Removed; x != y {
			if x == stdlib.None || y == stdlib.None {
				return y - x
			}
			return x - y
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

func isLocal(local map[string]bool, dir, name string) bool {
	top, _, _ := strings.Cut(name, ".")
	return local[path.Join(dir, top)] || local[top] || local["src/"+top]
}
