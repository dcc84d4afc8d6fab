package pip

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// project reads a pyproject.toml; the [project] table may be missing.
func (r *Reader) project(name string) (*pyproject.File, *pyproject.Project, error) {
	text, err := os.ReadFile(r.path(name))
	if err != nil {
		return nil, nil, readError(name, err)
	}
	f, err := pyproject.Parse(name, text)
	if err != nil {
		return nil, nil, fmt.Errorf("reading `%s`: %w", name, err)
	}
	p, err := f.Project()
	if err != nil {
		return nil, nil, fmt.Errorf("reading `%s`: %w", name, err)
	}
	return f, p, nil
}

// sources are those of the project or script in a file.
func (r *Reader) sources(f *pyproject.File, name string) (*workspace.Sources, error) {
	s, err := workspace.ReadSources(f, filepath.Dir(r.path(name)), r.Workspace)
	if err != nil {
		return nil, fmt.Errorf("reading `%s`: %w", name, err)
	}
	return s, nil
}

// A declared is the dependencies that one file declares.
type declared struct {
	*Reader
	name    string // of the file
	sources *workspace.Sources
	out     []source.Requirement
}

// add reads dependencies and applies the sources to them.
func (d *declared) add(list []pyproject.Dependency, extra pyname.Extra, group pyname.Group) error {
	for _, one := range list {
		p, err := pep508.Parse(one.Text)
		if err != nil {
			return fmt.Errorf("reading `%s`: %w", d.name, &pyproject.Error{
				Name: d.name, Line: one.Line, Column: one.Column, Message: "invalid requirement", Err: err,
			})
		}
		if extra != "" {
			p.Marker = p.Marker.And(marker.Extra(extra))
		}
		plain := func(p pep508.Requirement) (source.Requirement, error) { return d.named(p, false) }
		reqs, err := d.sources.Lower(p, extra, group, plain)
		if err != nil {
			return fmt.Errorf("reading `%s`: %w", d.name, err)
		}
		d.out = append(d.out, reqs...)
	}
	return nil
}

// addTo adds what was read as requirements of an origin.
func (d *declared) addTo(in *Inputs, origin source.Origin) {
	for _, req := range d.out {
		req.Origin = origin
		in.Requirements = append(in.Requirements, Input{Requirement: req, Given: req.String()})
	}
}

func (in *Inputs) addProject(r *Reader, s Sources, name string) error {
	f, p, err := r.project(name)
	if err != nil {
		return err
	}
	if p == nil || p.IsDynamic("dependencies") || p.IsDynamic("optional-dependencies") || !p.HasDependencies && !f.Tool("poetry").IsZero() {
		return in.addTree(r, s, name)
	}
	in.Project = p.Name
	d := &declared{Reader: r, name: name}
	if d.sources, err = r.sources(f, name); err != nil {
		return err
	}
	if err := d.add(p.Dependencies, "", ""); err != nil {
		return err
	}
	var extras []pyname.Extra
	for _, o := range p.Optional {
		if err := d.add(o.Dependencies, o.Extra, ""); err != nil {
			return err
		}
		extras = append(extras, o.Extra)
	}
	d.out = in.chosen(s, p.Name, d.out, extras)
	d.addTo(in, source.Origin{File: name, Project: p.Name})
	return nil
}

// chosen are the requirements of a project with those extras that are asked for.
func (in *Inputs) chosen(s Sources, name pyname.Package, list []source.Requirement, extras []pyname.Extra) []source.Requirement {
	var active []pyname.Extra
	for _, e := range extras {
		in.UsedExtras[e] = true
		if s.TakesExtra(e) {
			active = append(active, e)
		}
	}
	out := flatten(list, name)
	for i := range out {
		out[i].Marker = out[i].Marker.SimplifyExtras(active)
	}
	return out
}

// flatten replaces what a project requires of itself, as in
// `all = ["name[a,b]"]`, by what these extras require. A version that is asked
// for on such an occasion stays as a requirement of its own.
func flatten(list []source.Requirement, self pyname.Package) []source.Requirement {
	type step struct {
		extra  pyname.Extra
		marker marker.Tree
	}
	var queue []step
	enqueue := func(r *source.Requirement) {
		for _, extra := range r.Extras {
			queue = append(queue, step{extra, r.Marker})
		}
	}
	all := slices.Clone(list)
	for i := range list {
		if list[i].Name == self {
			enqueue(&list[i])
		}
	}
	seen := map[step]bool{}
	for ; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if seen[at] {
			continue
		}
		seen[at] = true
		for _, r := range list {
			if r.Marker = at.marker.And(forExtra(r.Marker, at.extra)); r.Marker.IsFalse() {
				continue
			}
			if r.Name == self {
				enqueue(&r)
			}
			all = append(all, r)
		}
	}
	var out, own []source.Requirement
	for _, r := range all {
		switch {
		case r.Name != self:
			out = append(out, r)
		case r.Source.IsDirect() || len(r.Source.Specifiers) > 0:
			r.Extras = nil
			own = append(own, r)
		}
	}
	return append(out, own...)
}

// forExtra is where a requirement applies on behalf of an extra, and not in any
// case.
func forExtra(m marker.Tree, extra pyname.Extra) marker.Tree {
	always := m.SimplifyNotExtrasWith(func(pyname.Extra) bool { return true })
	return m.SimplifyExtras([]pyname.Extra{extra}).
		SimplifyNotExtrasWith(func(e pyname.Extra) bool { return e != extra }).And(always.Not())
}

func (in *Inputs) addGroup(r *Reader, ref GroupRef) error {
	file := ref.File
	if file == "" {
		file = "pyproject.toml"
	}
	f, p, err := r.project(file)
	if err != nil {
		return err
	}
	groups, err := f.Groups()
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", file, err)
	}
	if !groups.Has(ref.Group) {
		return fmt.Errorf("the dependency group '%s' was not found in the project: %s", ref.Group, file)
	}
	items, err := groups.Resolve(ref.Group)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", file, err)
	}
	d := &declared{Reader: r, name: file}
	if d.sources, err = r.sources(f, file); err != nil {
		return err
	}
	if err := d.add(items, "", ref.Group); err != nil {
		return err
	}
	origin := source.Origin{File: file, Group: ref.Group}
	if p != nil {
		origin.Project = p.Name
	}
	d.addTo(in, origin)
	return nil
}

func (in *Inputs) readScript(ctx context.Context, r *Reader, name string) error {
	text, err := r.open(ctx, name)
	if err != nil {
		return readError(name, err)
	}
	script, err := pyproject.ParseScript(name, text)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", name, err)
	}
	if script == nil {
		return &KindError{File: name, Reason: "it has no PEP 723 metadata block (`# /// script`) to read dependencies from"}
	}
	return in.addScript(r, script, name)
}

// addScript adds the dependencies of a script that is named as a requirements
// file, and the requirements among its settings.
func (in *Inputs) addScript(r *Reader, script *pyproject.Script, name string) error {
	if err := in.AddScript(r, script, filepath.Dir(r.path(name))); err != nil || r.Settings == nil {
		return err
	}
	own, err := r.Settings(script)
	if err != nil {
		return err
	}
	return in.AddSettings(own)
}

// AddScript adds the dependencies of a script, whose sources are relative to
// dir.
func (in *Inputs) AddScript(r *Reader, script *pyproject.Script, dir string) error {
	name := script.Name()
	sources, err := workspace.ReadSources(script.File, dir, r.Workspace)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", name, err)
	}
	deps := script.Root().Get("dependencies")
	if !deps.IsZero() && !deps.IsArray() {
		return deps.Errorf("invalid type: %s, expected a sequence", deps.Kind())
	}
	var list []pyproject.Dependency
	for _, v := range deps.Elems() {
		one := pyproject.Dependency{}
		one.Line, one.Column = v.Position()
		ok := false
		if one.Text, ok = v.Text(); !ok {
			return v.Errorf("a dependency is a string")
		}
		list = append(list, one)
	}
	d := &declared{Reader: r, name: name, sources: sources}
	if err := d.add(list, "", ""); err != nil {
		return err
	}
	d.addTo(in, source.Origin{}) // as uv: comments do not name scripts
	return nil
}
