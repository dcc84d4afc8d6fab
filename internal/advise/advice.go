package advise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/stdlib"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Supposition is a project as it might be: for other Pythons than it says.
type Supposition struct {
	Python      target.Python
	Required    []marker.Tree // for these every package must have a wheel that may not be built
	Policy      index.Policy
	Constraints []source.Requirement
}

// A ReasonError says why there can be no resolution of a supposition, other than
// that there is no solution.
type ReasonError struct{ Err error }

func (e *ReasonError) Error() string { return e.Err.Error() }
func (e *ReasonError) Unwrap() error { return e.Err }

// A Request asks what stands between a locked project and some Pythons.
type Request struct {
	Lock    *lock.Lock
	Python  string // the version at hand
	Current Goal   // that of the Python at hand
	Goals   []Goal // in ascending order, one at least
	// Index tells of releases, those that Latest admits.
	Index   *index.Client
	Latest  *index.Policy
	Offline bool // what is not known stays so
	// Suppose resolves the project anew; Policy is how. The error is a
	// *resolve.NoSolution or a *ReasonError if nothing would do.
	Suppose func(context.Context, Supposition) (*resolve.Graph, error)
	Policy  index.Policy
	// Dir has the files of the project, or the Script alone if that is set.
	Dir, Script string
	// Installed are directories of dependencies, whose files are looked at too.
	Installed []string
	Shown     func(path string) string // how files are named

	packages []Package // of indexes, those that some goal needs
}

// Advice is what was found out, and its form in JSON.
type Advice struct {
	Python         string      `json:"python"` // of the interpreter at hand
	RequiresPython string      `json:"requires_python"`
	Platforms      []string    `json:"platforms"`
	Versions       []OnVersion `json:"versions"`
	Library        []OnLibrary `json:"standard_library"`
	Dependencies   []OnLibrary `json:"dependencies,omitempty"`
	Offline        bool        `json:"offline,omitempty"`
}

// OnVersion is the advice on one version of Python.
type OnVersion struct {
	Version   string `json:"version"`
	Released  string `json:"released,omitempty"`
	EndOfLife string `json:"end_of_life,omitempty"`
	PEP       int    `json:"pep,omitempty"`
	// Admitted: the requires-python of the project, or script, has the version.
	Admitted bool `json:"admitted"`
	Verdict
	Minor int `json:"-"` // 13 is Python 3.13
}

// OnLibrary is about a part of the standard library that leaves it, or is deprecated.
type OnLibrary struct {
	Name       string  `json:"name"`
	Deprecated string  `json:"deprecated,omitempty"`
	Removed    string  `json:"removed,omitempty"`
	Instead    string  `json:"instead,omitempty"`
	Package    string  `json:"package,omitempty"`  // a project that has it
	Provided   bool    `json:"provided,omitempty"` // it is locked
	Source     string  `json:"source"`
	Places     []Place `json:"places"`
	Finding    Finding `json:"-"`
}

// Run finds everything out.
func (r *Request) Run(ctx context.Context) (*Advice, error) {
	if err := r.lookUp(ctx); err != nil {
		return nil, err
	}
	out := &Advice{Python: r.Python, RequiresPython: r.Lock.RequiresPython.String(), Offline: r.Offline}
	for _, p := range r.Current.Platforms {
		out.Platforms = append(out.Platforms, p.Name)
	}
	for i := range r.Goals {
		v, err := r.version(ctx, &r.Goals[i])
		if err != nil {
			return nil, err
		}
		out.Versions = append(out.Versions, v)
	}
	var err error
	if out.Library, err = r.ownFindings(ctx); err != nil {
		return nil, err
	}
	out.Dependencies, err = r.installedFindings(ctx)
	return out, err
}

// lookUp asks the indexes about all packages that some goal needs, at once.
func (r *Request) lookUp(ctx context.Context) error {
	needed := r.Current.Needed(r.Lock)
	for i := range r.Goals {
		for at, is := range r.Goals[i].Needed(r.Lock) {
			needed[at] = needed[at] || is
		}
	}
	for i := range r.Lock.Packages {
		if p := &r.Lock.Packages[i]; needed[i] && !p.Source.IsTree() && (p.Source.IsRegistry() || len(p.Wheels) > 0) {
			r.packages = append(r.packages, Package{Name: p.Name, Locked: p.Version})
		}
	}
	const lookups = 50
	return par.ForEach(ctx, lookups, len(r.packages), func(ctx context.Context, i int) error {
		p := &r.packages[i]
		if err := r.releases(ctx, p); err != nil {
			return fmt.Errorf("looking for releases of %s: %w", p.Name, err)
		}
		p.Built = r.isBuilt(p)
		return nil
	})
}

// isBuilt reports whether the Python at hand has to build the locked release.
func (r *Request) isBuilt(p *Package) bool {
	for i := range p.Releases {
		if release := &p.Releases[i]; release.Version.Equal(p.Locked) {
			fit, _, _ := r.Current.Fit(release)
			return fit == SourceOnly
		}
	}
	return false
}

// releases fills in the locked release of a package, and later ones.
func (r *Request) releases(ctx context.Context, p *Package) error {
	locked := r.locked(p.Name, p.Locked)
	url := locked.IndexURL(r.Dir)
	if url == "" {
		p.Releases = []Release{lockedRelease(locked)}
		return nil
	}
	answer, err := r.Index.Versions(ctx, p.Name, url, r.Latest)
	switch {
	case web.IsOffline(err), err == nil && len(answer.Lists) == 0:
		return nil
	case err != nil:
		return err
	}
	m := answer.Lists[0]
	for i := m.LowerBound(p.Locked); i < m.Len(); i++ {
		if v := m.Version(i); v.Equal(p.Locked) || !m.Hidden(i) {
			files := m.Candidate(i).Released()
			if v.Equal(p.Locked) {
				files = m.Files(i)
			}
			p.Releases = append(p.Releases, ReleaseOf(v, files))
		}
	}
	return nil
}

func (r *Request) locked(name pyname.Package, v pep440.Version) *lock.Package {
	first, end := r.Lock.Named(name)
	for i := first; i < end; i++ {
		if p := &r.Lock.Packages[i]; p.Version.Equal(v) {
			return p
		}
	}
	return &r.Lock.Packages[first]
}

// lockedRelease is what the lock alone tells of a release.
func lockedRelease(p *lock.Package) Release {
	r := Release{Version: p.Version}
	for i := range p.Wheels {
		if w, err := dist.ParseWheel(p.Wheels[i].Filename()); err == nil {
			r.Files = append(r.Files, File{Wheel: &w, Uploaded: p.Wheels[i].UploadTime()})
		}
	}
	if p.Sdist != nil {
		r.Files = append(r.Files, File{Uploaded: p.Sdist.UploadTime()})
	}
	return r
}

// version is the advice on one version of Python.
func (r *Request) version(ctx context.Context, g *Goal) (OnVersion, error) {
	out := OnVersion{Version: g.Version(), Minor: g.Minor, Admitted: g.Admits(r.Lock.RequiresPython.Specifiers())}
	for _, python := range stdlib.Releases() {
		if python.Minor == g.Minor {
			out.Released, out.EndOfLife, out.PEP = python.Released, python.EndOfLife, python.PEP
		}
	}
	needed := r.neededOf(g)
	var here []Package
	for _, p := range r.packages {
		if slices.ContainsFunc(needed[p.Name], p.Locked.Equal) {
			here = append(here, p)
		}
	}
	blockers, unknown := g.Blocked(here)
	var err error
	out.Verdict, err = Conclude(blockers, unknown, func(grade Status) (Step, string, error) {
		return r.solve(ctx, g, grade, blockers, needed)
	})
	return out, err
}

// neededOf are the versions of each package that the lock has for a goal.
func (r *Request) neededOf(g *Goal) map[pyname.Package][]pep440.Version {
	out := map[pyname.Package][]pep440.Version{}
	for i, is := range g.Needed(r.Lock) {
		if p := &r.Lock.Packages[i]; is {
			out[p.Name] = append(out[p.Name], p.Version)
		}
	}
	return out
}

// solve resolves the project for a goal at a grade of strictness.
func (r *Request) solve(ctx context.Context, g *Goal, grade Status, blockers []Blocker, needed map[pyname.Package][]pep440.Version) (Step, string, error) {
	s := Supposition{Python: g.Python(), Policy: r.Policy}
	if grade != Unsupported {
		s.Policy.Admits = g.Admits
	}
	if grade == Upgrade {
		s.Policy.NoBuild = r.wheelsOnly(s.Policy.NoBuild)
		for _, p := range g.Platforms {
			s.Required = append(s.Required, p.Marker())
		}
	}
	var err error
	if s.Constraints, err = noOlder(blockers, needed); err != nil {
		return Step{}, "", err
	}
	graph, err := r.Suppose(ctx, s)
	var unsolved *resolve.NoSolution
	var reason *ReasonError
	switch {
	case err == nil:
		return r.step(g, graph, needed), "", nil
	case r.Offline && (errors.As(err, &unsolved) || web.IsOffline(err)):
		return Step{}, "the network is off, and the cache does not have everything that the resolver asks for", ErrUnknown
	case errors.As(err, &unsolved):
		return Step{}, unsolved.Unwrap().Error(), nil
	case errors.As(err, &reason):
		return Step{}, err.Error(), nil
	}
	return Step{}, "", err
}

// noOlder keeps a resolver from releases older than the locked ones of what holds a
// Python back: they only say less of the Pythons they are for.
func noOlder(blockers []Blocker, needed map[pyname.Package][]pep440.Version) ([]source.Requirement, error) {
	var out []source.Requirement
	for i := range blockers {
		name := blockers[i].Name
		specifiers, err := pep440.ParseSpecifiers(">=" + slices.MinFunc(needed[name], pep440.Version.Compare).String())
		if err != nil {
			return nil, err
		}
		requirement, err := source.FromPEP508(pep508.Requirement{Name: name, Specifiers: specifiers})
		if err != nil {
			return nil, err
		}
		out = append(out, requirement)
	}
	return out, nil
}

// wheelsOnly adds the packages to a selection that must not be built.
func (r *Request) wheelsOnly(s index.Selection) index.Selection {
	packages := map[pyname.Package]bool{}
	for name, is := range s.Packages {
		packages[name] = is
	}
	for i := range r.packages {
		if p := &r.packages[i]; !p.Built {
			packages[p.Name] = true
		}
	}
	s.Packages = packages
	return s
}

// step tells a resolution from the lock.
func (r *Request) step(g *Goal, graph *resolve.Graph, needed map[pyname.Package][]pep440.Version) Step {
	out := Step{Solved: true}
	for _, n := range graph.Nodes {
		if n.Dist == nil || n.Candidate == nil || n.OnlyGroups || !g.Holds(n.Marker) {
			continue
		}
		if r.mustBuild(g, n) && !slices.Contains(out.Built, n.Name) {
			out.Built = append(out.Built, n.Name)
		}
		first, end := r.Lock.Named(n.Name)
		same := func(p lock.Package) bool { return p.Version.Equal(n.Version) }
		if slices.ContainsFunc(r.Lock.Packages[first:end], same) {
			continue
		}
		was := needed[n.Name]
		if len(was) == 0 && first < end {
			continue // the lock has it for other Pythons only
		}
		texts := make([]string, len(was))
		for i, v := range was {
			texts[i] = v.String()
		}
		out.Change = append(out.Change, Change{Name: n.Name, From: strings.Join(texts, ", "), To: n.Version.String()})
	}
	return out
}

// mustBuild reports whether a package has to be built from source for a goal that
// need not be built now.
func (r *Request) mustBuild(g *Goal, n *resolve.Node) bool {
	i := slices.IndexFunc(r.packages, func(p Package) bool { return p.Name == n.Name })
	if i >= 0 && r.packages[i].Built {
		return false
	}
	release := ReleaseOf(n.Version, n.Candidate.Released())
	fit, _, _ := g.Fit(&release)
	return fit == SourceOnly || fit == Declines && !n.Dist.IsWheel()
}

// ownFindings are about the files of the project, or the script.
func (r *Request) ownFindings(ctx context.Context) ([]OnLibrary, error) {
	sources, err := Scan(ctx, os.DirFS(r.Dir), false)
	if err != nil {
		return nil, err
	}
	if r.Script != "" {
		name := filepath.Base(r.Script)
		sources = slices.DeleteFunc(sources, func(s Source) bool { return s.Path != name })
		if len(sources) == 0 { // its name does not end in .py
			text, err := os.ReadFile(r.Script)
			if err != nil {
				return nil, err
			}
			sources = []Source{SourceOf(name, string(text))}
		}
	}
	for i := range sources {
		sources[i].Shown = filepath.ToSlash(r.Shown(filepath.Join(r.Dir, filepath.FromSlash(sources[i].Path))))
	}
	return r.findings(sources), nil
}

// installedFindings are about the files of what is installed; of what is deprecated
// there only its authors need to know.
func (r *Request) installedFindings(ctx context.Context) ([]OnLibrary, error) {
	var out []OnLibrary
	for _, dir := range r.Installed {
		sources, err := Scan(ctx, os.DirFS(dir), true)
		if err != nil {
			return nil, err
		}
		for _, f := range r.findings(sources) {
			if f.Removed != "" && f.Finding.Open() {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// findings are those that matter: gone in the newest version asked about, or
// deprecated by then.
func (r *Request) findings(sources []Source) []OnLibrary {
	newest := r.Goals[len(r.Goals)-1].Minor
	out := []OnLibrary{}
	for _, f := range Findings(sources) {
		if !f.Gone(newest) && !f.DeprecatedIn(newest) {
			continue
		}
		ad := OnLibrary{
			Name: f.Name, Deprecated: versionOrNone(f.Deprecated), Removed: versionOrNone(f.Removed), Instead: f.Instead,
			Package: f.Package, Source: f.Page(), Places: f.Places, Finding: f,
		}
		if f.Package != "" {
			first, end := r.Lock.Named(pyname.Package(f.Package))
			ad.Provided = first < end
		}
		out = append(out, ad)
	}
	return out
}

func versionOrNone(minor int) string {
	if minor == stdlib.None {
		return ""
	}
	return "3." + strconv.Itoa(minor)
}
