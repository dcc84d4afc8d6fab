package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/advise"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/stdlib"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// adviseFlags are those of `python advise`, which uv does not have.
type adviseFlags struct {
	script, format, check string
	platforms             []string
	dependencies          bool
	resolutionFlags
}

func pythonAdviseCommand() command {
	return command{
		path: "python advise", late: true, own: true, args: "[VERSIONS]...", short: "Say what stands between a project and newer Pythons",
		long: "For each newer Python, or those named: whether the lock will do as it is, which packages hold it back, which releases of them would do and since when, and what else the resolver would change; " +
			"what the project's own files use of the standard library that is removed or deprecated; and how long that Python is maintained. Nothing is changed.",
		prepare: func(f *flags) work {
			var o adviseFlags
			f.Text(&o.check, "check", "VERSION", "Exit with 1 if this version of Python is blocked")
			f.List(&o.platforms, "python-platform", "PLATFORM", "Look for wheels for this platform, instead of the one at hand: linux, windows, macos or a target triple; may be given several times")
			f.Bool(&o.dependencies, "dependencies", "Look at the files of the installed dependencies, too")
			f.Text(&o.script, "script", "FILE", "Advise on this script")
			f.Choice(&o.format, "output-format", "FORMAT", "How to answer", "text", "json")
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.advise(ctx, &o, args) }
		},
	}
}

// An advising is one call of `python advise`.
type advising struct {
	*lockReading
	flags    *adviseFlags
	current  advise.Goal
	goals    []advise.Goal
	packages []advise.Package // of indexes, those that some goal needs
	request  *project.LockRequest
}

// advice is what was found out, and its form in JSON.
type advice struct {
	Python         string      `json:"python"` // of the interpreter at hand
	RequiresPython string      `json:"requires_python"`
	Platforms      []string    `json:"platforms"`
	Versions       []versionAd `json:"versions"`
	Library        []findingAd `json:"standard_library"`
	Dependencies   []findingAd `json:"dependencies,omitempty"`
	Offline        bool        `json:"offline,omitempty"`
	current        int
}

// A versionAd is the advice on one version of Python.
type versionAd struct {
	Version   string `json:"version"`
	Released  string `json:"released,omitempty"`
	EndOfLife string `json:"end_of_life,omitempty"`
	PEP       int    `json:"pep,omitempty"`
	// Admitted: the requires-python of the project, or script, has the version.
	Admitted bool `json:"admitted"`
	advise.Verdict
	minor int
}

// A findingAd is a part of the standard library that leaves it, or is deprecated.
type findingAd struct {
	Name       string         `json:"name"`
	Deprecated string         `json:"deprecated,omitempty"`
	Removed    string         `json:"removed,omitempty"`
	Instead    string         `json:"instead,omitempty"`
	Package    string         `json:"package,omitempty"`  // a project that has it
	Provided   bool           `json:"provided,omitempty"` // it is locked
	Source     string         `json:"source"`
	Places     []advise.Place `json:"places"`
	finding    advise.Finding
}

func (a *app) advise(ctx context.Context, o *adviseFlags, args []string) error {
	minors, err := minorVersions(args)
	if err != nil {
		return err
	}
	var checked []int
	if o.check != "" {
		if checked, err = minorVersions([]string{o.check}); err != nil {
			return err
		}
		if minors = append(minors, checked...); len(args) > 0 {
			slices.Sort(minors)
			minors = slices.Compact(minors)
		}
	}
	r, err := a.readLockAsItIs(ctx, &o.resolutionFlags, o.script)
	if err != nil {
		return err
	}
	d := &advising{lockReading: r, flags: o}
	if err := d.settle(minors); err != nil {
		return err
	}
	found, err := d.adviseAll(ctx)
	if err != nil {
		return err
	}
	if o.format == "json" {
		err = a.printJSON(found)
	} else {
		a.print.Data("%s", a.adviceText(found))
	}
	if err != nil {
		return err
	}
	for i := range found.Versions {
		switch v := &found.Versions[i]; {
		case !slices.Contains(checked, v.minor):
		case v.Status.IsBlocked():
			return exitStatus(exitFailed)
		case v.Status == advise.Unknown:
			return withHint(fmt.Errorf("whether Python %s is blocked is not known", v.Version), "without `--offline` the indexes are asked")
		}
	}
	return nil
}

// minorVersions reads versions as a person writes them: 3.13, 3.13.1 or 313.
func minorVersions(args []string) ([]int, error) {
	var out []int
	for _, text := range args {
		v, err := python.ParseTargetVersion(dotted(text))
		if err != nil || v.Segment(0) != 3 || v.Segment(1) > 99 {
			return nil, usageError(fmt.Sprintf("a version of Python is expected, such as 3.13, not `%s`", text))
		}
		out = append(out, int(v.Segment(1)))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// settle decides on which versions to advise: those named or, without any, that of
// the interpreter and all newer ones that are released.
func (d *advising) settle(minors []int) error {
	now := int(d.interpreter.Version.Segment(1))
	if len(minors) == 0 {
		minors = []int{now}
		today := d.app.now().UTC().Format(time.DateOnly)
		for _, r := range stdlib.Releases() {
			if r.Minor > now && r.Released <= today {
				minors = append(minors, r.Minor)
			}
		}
	}
	var err error
	if d.current, err = d.goal(now); err != nil {
		return err
	}
	for _, minor := range minors {
		g, err := d.goal(minor)
		if err != nil {
			return err
		}
		d.goals = append(d.goals, g)
	}
	return nil
}

// goal is a version of Python on the platforms that are asked about.
func (d *advising) goal(minor int) (advise.Goal, error) {
	g := advise.Goal{Minor: minor}
	platforms := d.flags.platforms
	if len(platforms) == 0 {
		platforms = []string{""}
	}
	for _, name := range platforms {
		t, err := d.interpreter.Target(advise.VersionText(minor), name, d.app.environment.Get)
		if err != nil {
			return g, err
		}
		if name == "" {
			name = t.Env.SysPlatform + " " + t.Env.PlatformMachine
		}
		g.Platforms = append(g.Platforms, advise.Platform{Name: name, Env: t.Env, Tags: t.Tags})
	}
	return g, nil
}

// adviseAll finds everything out.
func (d *advising) adviseAll(ctx context.Context) (*advice, error) {
	if err := d.lookUp(ctx); err != nil {
		return nil, err
	}
	offline, err := d.app.offline()
	if err != nil {
		return nil, err
	}
	out := &advice{Python: d.interpreter.Version.String(), RequiresPython: d.lock.RequiresPython.String(), Offline: offline, current: d.current.Minor}
	for _, p := range d.current.Platforms {
		out.Platforms = append(out.Platforms, p.Name)
	}
	for i := range d.goals {
		v, err := d.version(ctx, &d.goals[i], offline)
		if err != nil {
			return nil, err
		}
		out.Versions = append(out.Versions, v)
	}
	if out.Library, err = d.ownFindings(ctx); err != nil {
		return nil, err
	}
	if d.flags.dependencies {
		out.Dependencies, err = d.installedFindings(ctx)
	}
	return out, err
}

// lookUp asks the indexes about all packages that some goal needs, at once.
func (d *advising) lookUp(ctx context.Context) error {
	needed := d.current.Needed(d.lock)
	for i := range d.goals {
		for at, is := range d.goals[i].Needed(d.lock) {
			needed[at] = needed[at] || is
		}
	}
	for i := range d.lock.Packages {
		if p := &d.lock.Packages[i]; needed[i] && !p.Source.IsTree() && (p.Source.IsRegistry() || len(p.Wheels) > 0) {
			d.packages = append(d.packages, advise.Package{Name: p.Name, Locked: p.Version})
		}
	}
	req, err := d.latestRequest(ctx)
	if err != nil {
		return err
	}
	const lookups = 50
	return par.ForEach(ctx, lookups, len(d.packages), func(ctx context.Context, i int) error {
		p := &d.packages[i]
		if err := d.releases(ctx, req, p); err != nil {
			return fmt.Errorf("looking for releases of %s: %w", p.Name, err)
		}
		p.Built = d.isBuilt(p)
		return nil
	})
}

// isBuilt reports whether the Python at hand has to build the locked release.
func (d *advising) isBuilt(p *advise.Package) bool {
	for i := range p.Releases {
		if r := &p.Releases[i]; r.Version.Equal(p.Locked) {
			fit, _, _ := d.current.Fit(r)
			return fit == advise.SourceOnly
		}
	}
	return false
}

// releases fills in the locked release of a package, and later ones.
func (d *advising) releases(ctx context.Context, req *pip.LatestRequest, p *advise.Package) error {
	locked := d.locked(p.Name, p.Locked)
	url := locked.IndexURL(d.target.Dir())
	if url == "" {
		p.Releases = []advise.Release{lockedRelease(locked)}
		return nil
	}
	answer, err := req.Client.Versions(ctx, p.Name, url, req.Policy)
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
			p.Releases = append(p.Releases, advise.ReleaseOf(v, files))
		}
	}
	return nil
}

func (d *advising) locked(name pyname.Package, v pep440.Version) *lock.Package {
	first, end := d.lock.Named(name)
	for i := first; i < end; i++ {
		if p := &d.lock.Packages[i]; p.Version.Equal(v) {
			return p
		}
	}
	return &d.lock.Packages[first]
}

// lockedRelease is what the lock alone tells of a release.
func lockedRelease(p *lock.Package) advise.Release {
	r := advise.Release{Version: p.Version}
	for i := range p.Wheels {
		if w, err := dist.ParseWheel(p.Wheels[i].Filename()); err == nil {
			r.Files = append(r.Files, advise.File{Wheel: &w, Uploaded: p.Wheels[i].UploadTime()})
		}
	}
	if p.Sdist != nil {
		r.Files = append(r.Files, advise.File{Uploaded: p.Sdist.UploadTime()})
	}
	return r
}

// version is the advice on one version of Python.
func (d *advising) version(ctx context.Context, g *advise.Goal, offline bool) (versionAd, error) {
	out := versionAd{Version: g.Version(), minor: g.Minor, Admitted: g.Admits(d.lock.RequiresPython.Specifiers())}
	for _, r := range stdlib.Releases() {
		if r.Minor == g.Minor {
			out.Released, out.EndOfLife, out.PEP = r.Released, r.EndOfLife, r.PEP
		}
	}
	needed := d.neededOf(g)
	var here []advise.Package
	for _, p := range d.packages {
		if slices.ContainsFunc(needed[p.Name], p.Locked.Equal) {
			here = append(here, p)
		}
	}
	blockers, unknown := g.Blocked(here)
	var err error
	out.Verdict, err = advise.Conclude(blockers, unknown, func(grade advise.Status) (advise.Step, string, error) {
		return d.solve(ctx, g, grade, blockers, needed, offline)
	})
	return out, err
}

// neededOf are the versions of each package that the lock has for a goal.
func (d *advising) neededOf(g *advise.Goal) map[pyname.Package][]pep440.Version {
	out := map[pyname.Package][]pep440.Version{}
	for i, is := range g.Needed(d.lock) {
		if p := &d.lock.Packages[i]; is {
			out[p.Name] = append(out[p.Name], p.Version)
		}
	}
	return out
}

// solve resolves the project for a goal at a grade of strictness.
func (d *advising) solve(ctx context.Context, g *advise.Goal, grade advise.Status, blockers []advise.Blocker, needed map[pyname.Package][]pep440.Version, offline bool) (advise.Step, string, error) {
	if d.request == nil {
		var err error
		if d.request, err = d.lockRequest(project.DryRun, "", d.interpreter); err != nil {
			return advise.Step{}, "", err
		}
	}
	s := project.Supposition{Python: g.Python(), Policy: d.request.Policy}
	if grade != advise.Unsupported {
		s.Policy.Admits = g.Admits
	}
	if grade == advise.Upgrade {
		s.Policy.NoBuild = d.wheelsOnly(s.Policy.NoBuild)
		for _, p := range g.Platforms {
			s.Required = append(s.Required, p.Marker())
		}
	}
	request := *d.request
	var err error
	if request.Constraints, err = noOlder(blockers, needed); err != nil {
		return advise.Step{}, "", err
	}
	graph, err := project.Suppose(ctx, &request, s, d.lock)
	var unsolved *resolve.NoSolution
	var elsewhere *project.ElsewhereError
	switch {
	case err == nil:
		return d.step(g, graph, needed), "", nil
	case offline && (errors.As(err, &unsolved) || web.IsOffline(err)):
		return advise.Step{}, "the network is off, and the cache does not have everything that the resolver asks for", advise.ErrUnknown
	case errors.As(err, &unsolved):
		return advise.Step{}, unsolved.Unwrap().Error(), nil
	case errors.As(err, &elsewhere):
		return advise.Step{}, err.Error(), nil
	}
	return advise.Step{}, "", err
}

// noOlder keeps a resolver from releases older than the locked ones of what holds a
// Python back: they only say less of the Pythons they are for.
func noOlder(blockers []advise.Blocker, needed map[pyname.Package][]pep440.Version) ([]source.Requirement, error) {
	var out []source.Requirement
	for i := range blockers {
		name := blockers[i].Name
		specifiers, err := pep440.ParseSpecifiers(">=" + slices.MinFunc(needed[name], pep440.Version.Compare).String())
		if err != nil {
			return nil, err
		}
		r, err := source.FromPEP508(pep508.Requirement{Name: name, Specifiers: specifiers})
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// wheelsOnly adds the packages to a selection that must not be built.
func (d *advising) wheelsOnly(s index.Selection) index.Selection {
	packages := map[pyname.Package]bool{}
	for name, is := range s.Packages {
		packages[name] = is
	}
	for i := range d.packages {
		if p := &d.packages[i]; !p.Built {
			packages[p.Name] = true
		}
	}
	s.Packages = packages
	return s
}

// step tells a resolution from the lock.
func (d *advising) step(g *advise.Goal, graph *resolve.Graph, needed map[pyname.Package][]pep440.Version) advise.Step {
	out := advise.Step{Solved: true}
	for _, n := range graph.Nodes {
		if n.Dist == nil || n.Candidate == nil || n.OnlyGroups || !g.Holds(n.Marker) {
			continue
		}
		if d.mustBuild(g, n) && !slices.Contains(out.Built, n.Name) {
			out.Built = append(out.Built, n.Name)
		}
		first, end := d.lock.Named(n.Name)
		same := func(p lock.Package) bool { return p.Version.Equal(n.Version) }
		if slices.ContainsFunc(d.lock.Packages[first:end], same) {
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
		out.Change = append(out.Change, advise.Change{Name: n.Name, From: strings.Join(texts, ", "), To: n.Version.String()})
	}
	return out
}

// mustBuild reports whether a package has to be built from source for a goal that
// need not be built now.
func (d *advising) mustBuild(g *advise.Goal, n *resolve.Node) bool {
	i := slices.IndexFunc(d.packages, func(p advise.Package) bool { return p.Name == n.Name })
	if i >= 0 && d.packages[i].Built {
		return false
	}
	r := advise.ReleaseOf(n.Version, n.Candidate.Released())
	fit, _, _ := g.Fit(&r)
	return fit == advise.SourceOnly || fit == advise.Declines && !n.Dist.IsWheel()
}

// ownFindings are about the files of the project, or the script.
func (d *advising) ownFindings(ctx context.Context) ([]findingAd, error) {
	dir := d.target.Dir()
	sources, err := advise.Scan(ctx, os.DirFS(dir), false)
	if err != nil {
		return nil, err
	}
	if s := d.target.Script; s != nil {
		name := filepath.Base(s.Path)
		sources = slices.DeleteFunc(sources, func(s advise.Source) bool { return s.Path != name })
		if len(sources) == 0 { // its name does not end in .py
			text, err := os.ReadFile(s.Path)
			if err != nil {
				return nil, err
			}
			sources = []advise.Source{advise.SourceOf(name, string(text))}
		}
	}
	for i := range sources {
		sources[i].Shown = filepath.ToSlash(d.app.shown(filepath.Join(dir, filepath.FromSlash(sources[i].Path))))
	}
	return d.findings(sources), nil
}

// installedFindings are about the files of what is installed in the environment of
// the project; of what is deprecated there only its authors need to know.
func (d *advising) installedFindings(ctx context.Context) ([]findingAd, error) {
	root, err := d.environmentRoot(nil)
	if err != nil {
		return nil, err
	}
	env, err := d.seeker.EnvironmentAt(ctx, root)
	if err != nil {
		d.app.print.Warn("there is no environment to look at for `--dependencies`; `%s sync` makes one", d.app.name)
		return nil, nil //nolint:nilerr // it is said
	}
	dirs := []string{env.Interpreter.Scheme.Purelib, env.Interpreter.Scheme.Platlib}
	var out []findingAd
	for _, dir := range slices.Compact(dirs) {
		sources, err := advise.Scan(ctx, os.DirFS(dir), true)
		if err != nil {
			return nil, err
		}
		for _, f := range d.findings(sources) {
			if f.Removed != "" && f.finding.Open() {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// findings are those that matter: gone in the newest version asked about, or
// deprecated by then.
func (d *advising) findings(sources []advise.Source) []findingAd {
	newest := d.goals[len(d.goals)-1].Minor
	out := []findingAd{}
	for _, f := range advise.Findings(sources) {
		if !f.Gone(newest) && !f.DeprecatedIn(newest) {
			continue
		}
		ad := findingAd{
			Name: f.Name, Deprecated: versionOrNone(f.Deprecated), Removed: versionOrNone(f.Removed), Instead: f.Instead,
			Package: f.Package, Source: f.Page(), Places: f.Places, finding: f,
		}
		if f.Package != "" {
			first, end := d.lock.Named(pyname.Package(f.Package))
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
