package project

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A Target is what is locked in one file: a workspace, a script, or a tool.
// Exactly one of the fields is set.
type Target struct {
	Workspace *workspace.Workspace
	Script    *Script
	Tool      *Tool
}

// A Script is a Python file with metadata of its own (PEP 723).
type Script struct {
	Path string // absolute
	File *pyproject.File
}

// A Tool is a program that is installed for a user, in an environment of its own.
// What it asks for is known already; no settings of a project add to it.
type Tool struct {
	Dir                                         string // of the environment, absolute
	Requirements, Constraints, BuildConstraints []source.Requirement
	Overrides                                   []resolve.Override
	Excludes                                    []resolve.Exclude
}

// Dir is the directory of the lock.
func (t Target) Dir() string {
	switch {
	case t.Script != nil:
		return filepath.Dir(t.Script.Path)
	case t.Tool != nil:
		return t.Tool.Dir
	}
	return t.Workspace.Root
}

// LockPath is where the lock is.
func (t Target) LockPath() string {
	if t.Script != nil {
		return t.Script.Path + ".lock"
	}
	return filepath.Join(t.Dir(), lock.FileName)
}

// LockName is the name of the lock, for messages.
func (t Target) LockName() string { return filepath.Base(t.LockPath()) }

// A Demand is one requires-python.
type Demand struct {
	Project    pyname.Package
	Group      pyname.Group // whose it is, or none
	Specifiers pep440.Specifiers
}

// where names the key that demands something.
func (d Demand) where(several bool) string {
	key := "project.requires-python"
	if d.Group != "" {
		key = "tool.uv.dependency-groups." + string(d.Group) + ".requires-python"
	}
	if several {
		return string(d.Project) + ": " + key
	}
	return key
}

// Demands are the requires-python of the members, and of those of their groups
// that a function selects.
func Demands(w *workspace.Workspace, groups func(pyname.Group) bool) ([]Demand, error) {
	var out []Demand
	for _, m := range w.Members {
		if r := m.Project.RequiresPython; r != nil {
			out = append(out, Demand{Project: m.Name, Specifiers: *r})
		}
		list, err := m.Groups()
		if err != nil {
			return nil, err
		}
		for _, g := range list {
			if len(g.RequiresPython) > 0 && groups != nil && groups(g.Name) {
				out = append(out, Demand{m.Name, g.Name, g.RequiresPython})
			}
		}
	}
	return out, nil
}

// A Pythons is what is demanded of Python, all together.
type Pythons struct {
	Demands []Demand
	Several bool // the workspace has several members
	Range   target.Python
	// Open is set if nothing is demanded; Range is then every Python.
	Open bool
}

// PythonsOf joins demands. No Python may satisfy them all.
func PythonsOf(demands []Demand, several bool) (Pythons, error) {
	p := Pythons{Demands: demands, Several: several, Open: len(demands) == 0}
	if p.Open {
		return p, nil
	}
	all := make([]pep440.Specifiers, len(demands))
	for i, d := range demands {
		all[i] = d.Specifiers
	}
	var ok bool
	if p.Range, ok = target.Intersect(all...); ok {
		return p, nil
	}
	var b strings.Builder
	b.WriteString("found conflicting Python requirements:")
	for _, d := range demands {
		name := string(d.Project)
		if d.Group != "" {
			name += ":" + string(d.Group)
		}
		fmt.Fprintf(&b, "\n- %s: %s", name, d.Specifiers)
	}
	return p, errors.New(b.String())
}

// Admits reports whether a version of Python satisfies all demands.
func (p *Pythons) Admits(v pep440.Version) bool { return p.Open || p.Range.Contains(v) }

// Refusals names the keys whose demand a version does not satisfy, in a form for
// the end of a message.
func (p *Pythons) Refusals(v pep440.Version) string {
	var out []string
	for _, d := range p.Demands {
		if !pep440.ReleaseSet(d.Specifiers).Contains(v.OnlyRelease()) {
			out = append(out, "`"+d.where(p.Several)+"`")
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (from " + strings.Join(out, ", ") + ")"
}
