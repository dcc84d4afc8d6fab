package pip

import (
	"fmt"
	"os"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pylock"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/requirements"
	"github.com/tame-py/tame/packaging/simple"
)

// Pins are the versions of an earlier output, which are kept where nothing
// speaks against them, with the digests that stand beside them.
type Pins struct {
	Preferences []resolve.Preference
	hashes      map[pyname.Package][]pinned
}

// A pinned is a version with its digests.
type pinned struct {
	version pep440.Version
	hashes  []simple.Hash
}

// of returns the digests that a version was written with.
func (p *Pins) of(name pyname.Package, v pep440.Version) []simple.Hash {
	for _, x := range p.hashes[name] {
		if x.version.Equal(v) {
			return x.hashes
		}
	}
	return nil
}

// ReadPins reads the pins of an output file, without those to upgrade. A file
// that is not there has none.
func ReadPins(r *Reader, name string, lock bool, upgrade Choice) (*Pins, error) {
	p := &Pins{hashes: map[pyname.Package][]pinned{}}
	if name == "" || upgrade.All {
		return p, nil
	}
	if _, err := os.Stat(r.path(name)); err != nil {
		return p, nil //nolint:nilerr // it will be written anew
	}
	if lock {
		return p, p.readLock(r.path(name), name, upgrade)
	}
	return p, p.readText(r, name, upgrade)
}

// readText takes the pins of a requirements file: entries of a name and one
// `==`. Constraints are no pins.
func (p *Pins) readText(r *Reader, name string, upgrade Choice) error {
	f, err := requirements.Load(name, requirements.Loader{
		Getenv: r.variable,
		Open:   func(name string) ([]byte, error) { return os.ReadFile(r.path(name)) },
	})
	if err != nil {
		return err
	}
	for _, e := range f.Requirements {
		req := e.Requirement
		if req == nil || req.URL != "" || len(req.Specifiers) != 1 || req.Specifiers[0].Op != pep440.Equal || upgrade.Has(req.Name) {
			continue
		}
		x := pinned{version: req.Specifiers[0].Version}
		for _, text := range e.Hashes {
			h, ok := source.ParseHash(text)
			if !ok {
				return fmt.Errorf("%s:%d: invalid hash `%s`", e.File, e.Line, text)
			}
			x.hashes = append(x.hashes, h)
		}
		p.Preferences = append(p.Preferences, resolve.Preference{
			Name: req.Name, Version: x.version, Marker: req.Marker, AnyIndex: true, From: resolve.FromRequirements,
		})
		p.hashes[req.Name] = append(p.hashes[req.Name], x)
	}
	return nil
}

// readLock takes the versions of a pylock.toml.
func (p *Pins) readLock(path, name string, upgrade Choice) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	l, err := pylock.ParseLenient(text)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", name, err)
	}
	for i := range l.Packages {
		if x := &l.Packages[i]; !x.Version.IsZero() && !upgrade.Has(x.Name) {
			p.Preferences = append(p.Preferences, resolve.Preference{
				Name: x.Name, Version: x.Version, Index: x.Index, From: resolve.FromLock,
			})
		}
	}
	return nil
}
