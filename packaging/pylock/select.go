package pylock

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// Tags says how well a wheel suits: the place of the best of its tags in a
// list of which the first is best, or false if none is in it. *tags.Set is
// one.
type Tags interface {
	Priority([]tags.Tag) (int, bool)
}

// A Target is what packages are selected for.
type Target struct {
	Env    *marker.Env
	Tags   Tags // which wheels suit; none, if nil
	Extras []pyname.Extra
	Groups []pyname.Group // nil means the default groups of the lock

	// NoBinary and NoBuild say for which packages wheels, or anything that has
	// to be built, must not be taken. Nil means for none.
	NoBinary, NoBuild func(pyname.Package) bool
	// AnyEnvironment takes the lock for environments too that it does not
	// name, as uv does.
	AnyEnvironment bool
}

// A Choice is what to install of a package: exactly one field beside Package
// is set.
type Choice struct {
	Package   *Package
	Wheel     *File
	Sdist     *File
	Directory *Directory
	VCS       *VCS
	Archive   *Archive
}

// Select returns what to install, in the order of the lock. The error is a
// *SelectError.
func (l *Lock) Select(t Target) ([]Choice, error) {
	if reason := l.refuses(t); reason != "" {
		return nil, &SelectError{Reason: reason}
	}
	groups := t.Groups
	if groups == nil {
		groups = l.DefaultGroups
	}
	var out []Choice
	chosen := map[pyname.Package]int{}
	for i := range l.Packages {
		p := &l.Packages[i]
		if !p.Marker.EvaluateLock(t.Env, t.Extras, groups) {
			continue
		}
		if other, twice := chosen[p.Name]; twice {
			return nil, p.errorf("multiple packages with the name `%s` are selected: packages[%d] and packages[%d]", p.Name, other, i)
		}
		chosen[p.Name] = i
		c, err := p.choose(t)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// refuses says why the lock as a whole is not for the target.
func (l *Lock) refuses(t Target) (reason string) {
	if !admits(l.RequiresPython, t.Env) {
		return fmt.Sprintf("the lock requires Python %s, but the target Python version is %s", l.RequiresPython, t.Env.PythonFullVersion)
	}
	if l.Environments == nil || t.AnyEnvironment {
		return ""
	}
	if slices.ContainsFunc(l.Environments, func(m marker.Tree) bool { return m.Evaluate(t.Env, nil) }) {
		return ""
	}
	return "the environment is none of those the lock was made for"
}

// admits looks at the release segments of the Python version alone, so that
// pre-releases of a Python count as that Python.
func admits(s pep440.Specifiers, env *marker.Env) bool {
	return len(s) == 0 || pep440.ReleaseSet(s).Contains(env.Python().OnlyRelease())
}

func (p *Package) errorf(format string, args ...any) *SelectError {
	return &SelectError{Package: string(p.Name), Reason: fmt.Sprintf(format, args...)}
}

// choose takes the best wheel, else whatever else the package has.
func (p *Package) choose(t Target) (Choice, error) {
	c := Choice{Package: p}
	if !admits(p.RequiresPython, t.Env) {
		return c, p.errorf("package `%s` requires Python %s, but the target Python version is %s", p.Name, p.RequiresPython, t.Env.PythonFullVersion)
	}
	if reason := p.checkSource(); reason != "" {
		return c, p.errorf("package `%s`: %s", p.Name, reason)
	}
	noBinary := t.NoBinary != nil && t.NoBinary(p.Name)
	noBuild := t.NoBuild != nil && t.NoBuild(p.Name)
	isWheel := p.Archive != nil && p.Archive.IsWheel()
	if w := p.bestWheel(t.Tags); w != nil && !noBinary {
		c.Wheel = w
		return c, nil
	}
	switch {
	case isWheel && !noBinary:
		c.Archive = p.Archive
	case isWheel || noBuild:
		return c, p.unsuitable(noBinary, noBuild, isWheel)
	case p.Sdist != nil:
		c.Sdist = p.Sdist
	case p.Directory != nil:
		c.Directory = p.Directory
	case p.VCS != nil:
		c.VCS = p.VCS
	case p.Archive != nil:
		c.Archive = p.Archive
	default:
		return c, p.unsuitable(noBinary, noBuild, isWheel)
	}
	return c, nil
}

// unsuitable is the error when there is nothing that may be installed.
func (p *Package) unsuitable(noBinary, noBuild, isWheel bool) error {
	const cannot = "package `%s` can't be installed because it "
	switch {
	case noBinary && noBuild:
		return p.errorf(cannot+"is marked as both `--no-binary` and `--no-build`", p.Name)
	case noBinary && isWheel:
		return p.errorf(cannot+"is marked as `--no-binary` but is itself a binary distribution", p.Name)
	case noBinary:
		return p.errorf(cannot+"is marked as `--no-binary` but has no source distribution", p.Name)
	case noBuild:
		return p.errorf(cannot+"is marked as `--no-build` but has no binary distribution", p.Name)
	}
	err := p.errorf(cannot+"doesn't have a source distribution or wheel for the current platform", p.Name)
	var names []string
	for i := range p.Wheels {
		names = append(names, p.Wheels[i].Filename())
	}
	if len(names) > 0 {
		err.hints = []string{fmt.Sprintf("the lock has these wheels of `%s`: %q", p.Name, names)}
	}
	return err
}

// bestWheel returns the wheel with the best tag and, among those, the highest
// build number.
func (p *Package) bestWheel(supported Tags) *File {
	if supported == nil {
		return nil
	}
	var best *File
	bestAt, bestBuild := 0, buildTag{}
	for i := range p.Wheels {
		w, ok := parseWheelName(p.Wheels[i].Filename())
		if !ok {
			continue
		}
		at, ok := supported.Priority(w.tags)
		if !ok || best != nil && (at > bestAt || at == bestAt && !bestBuild.less(w.build)) {
			continue
		}
		best, bestAt, bestBuild = &p.Wheels[i], at, w.build
	}
	return best
}
