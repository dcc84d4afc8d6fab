package pip

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A DownloadRequest is the work of `pip download` and `pip wheel`: a folder with
// all files that requirements come down to, for one or more environments.
type DownloadRequest struct {
	Engine *engine.Engine
	Inputs *Inputs
	// Lock is a uv.lock to take everything from; then Inputs has no requirements.
	Lock        *ProjectLock
	Interpreter *python.Interpreter
	Targets     []DownloadTarget // at least one
	Dir         string           // where the files go
	// Wheels makes wheels of source distributions.
	Wheels bool
	// Omit are projects to leave out, NoLocal all that lie on this machine.
	Omit    map[pyname.Package]bool
	NoLocal bool
	DryRun  bool
	// Begin, when not nil, is told of each target that is looked at.
	Begin func(DownloadTarget)

	Options resolve.Options
	Policy  index.Policy
	Static  []engine.StaticMetadata
	Hashes  HashMode
}

// A DownloadTarget is an environment that files are wanted for.
type DownloadTarget struct {
	python.Target
	Label string // in messages, such as `Python 3.12 on windows`
}

// A ProjectLock is a uv.lock, with what of it is wanted.
type ProjectLock struct {
	*lock.Lock
	Root   string // the folder it stands in
	Extra  func(pyname.Extra) bool
	Groups []pyname.Group
	// Alternatives takes, of extras, groups and projects that were declared not to go
	// together, each with all else, instead of refusing them.
	Alternatives bool
}

// Downloaded is what a download came to.
type Downloaded struct {
	Dir     string
	Targets []DownloadTarget
	Files   []DownloadedFile // sorted by name
}

// Coherent reports whether the files can be installed together in each of the
// environments: there are no two versions of a package for one.
func (d *Downloaded) Coherent() bool {
	for i := 1; i < len(d.Files); i++ {
		x, y := &d.Files[i-1], &d.Files[i]
		shared := slices.ContainsFunc(x.For, func(target int) bool { return slices.Contains(y.For, target) })
		if x.Package == y.Package && !x.Version.Equal(y.Version) && shared {
			return false
		}
	}
	return true
}

// A DownloadedFile is a file of the folder; in a dry run Saved holds nothing but
// the distribution and its name, if that is known.
type DownloadedFile struct {
	*fetch.Saved
	Package pyname.Package
	Version pep440.Version
	// For tells which of the targets need it, by their place.
	For []int
}

// A TargetError says for which of several environments something failed.
type TargetError struct {
	Target string
	Err    error
}

func (e *TargetError) Error() string { return "for " + e.Target }

// Unwrap is what failed.
func (e *TargetError) Unwrap() error { return e.Err }

// A BuiltForError reports a wheel that was built here and cannot be used where it
// is wanted.
type BuiltForError struct {
	Name   pyname.Package
	File   string
	Target string
}

func (e *BuiltForError) Error() string {
	return fmt.Sprintf("`%s` has no wheel for %s, and what is built of it here is for this machine only: %s", e.Name, e.Target, e.File)
}

// Hints say what can be done.
func (e *BuiltForError) Hints() []string {
	return []string{
		"`--only-binary " + string(e.Name) + "` looks for a version that has wheels",
		"`pip download` takes the source distribution along instead; or run `pip wheel` on such a machine",
	}
}

// Download brings the files of everything that requirements need into a folder.
func Download(ctx context.Context, req *DownloadRequest) (*Downloaded, error) {
	d := &download{req: req, at: map[string]int{}}
	d.hashes.Required = req.Hashes == RequireHashes
	for i, t := range req.Targets {
		if req.Begin != nil {
			req.Begin(t)
		}
		err := d.add(ctx, i, t)
		if err != nil && len(req.Targets) > 1 && ctx.Err() == nil {
			err = &TargetError{t.Label, err}
		}
		if err != nil {
			return nil, err
		}
	}
	return d.finish(ctx)
}

// A download is under way.
type download struct {
	req    *DownloadRequest
	dists  []*source.Dist
	wanted [][]int        // by which targets
	at     map[string]int // in dists, by identity
	hashes source.HashPolicy
}

// add finds out what a target needs.
func (d *download) add(ctx context.Context, at int, t DownloadTarget) error {
	list, hashes, err := d.find(ctx, t)
	if err != nil {
		return err
	}
	for name, digests := range hashes.Allowed {
		if d.hashes.Allowed == nil {
			d.hashes.Allowed = map[pyname.Package][]simple.Hash{}
		}
		for _, h := range digests {
			if !slices.Contains(d.hashes.Allowed[name], h) {
				d.hashes.Allowed[name] = append(slices.Clip(d.hashes.Allowed[name]), h)
			}
		}
	}
	for _, one := range list {
		local := one.Source.Kind == source.Directory || one.Source.Kind == source.Path
		if d.req.Omit[one.Name] || one.Source.Virtual || d.req.NoLocal && local {
			continue
		}
		if err := d.fits(one, t); err != nil {
			return err
		}
		id := one.ID()
		i, known := d.at[id]
		if !known {
			i = len(d.dists)
			d.at[id] = i
			d.dists, d.wanted = append(d.dists, one), append(d.wanted, nil)
		}
		d.wanted[i] = append(d.wanted[i], at)
	}
	return nil
}

// find is what a target needs: of a lock, or else found by resolving.
func (d *download) find(ctx context.Context, t DownloadTarget) ([]*source.Dist, source.HashPolicy, error) {
	if d.req.Lock != nil {
		return d.req.Lock.find(t, &d.req.Policy)
	}
	one := &InstallRequest{
		Engine: d.req.Engine, Inputs: d.req.Inputs, Environment: &python.Environment{Interpreter: d.req.Interpreter}, Target: t.Target,
		Options: d.req.Options, Policy: d.req.Policy, Static: d.req.Static, Hashes: d.req.Hashes,
	}
	list, _, err := one.wanted(ctx)
	if err != nil {
		return nil, source.HashPolicy{}, err
	}
	out := make([]*source.Dist, len(list))
	for i, w := range list {
		out[i] = w.Dist
	}
	return out, one.Policy.Hashes, nil
}

// find is what of a lock a target needs.
func (l *ProjectLock) find(t DownloadTarget, p *index.Policy) ([]*source.Dist, source.HashPolicy, error) {
	if err := l.CheckEnvironment(t.Env); err != nil {
		return nil, source.HashPolicy{}, err
	}
	roots := lock.Roots{
		Members: l.Members(),
		Extra:   l.Extra,
		Group:   func(_ pyname.Package, g pyname.Group) bool { return slices.Contains(l.Groups, g) },
	}
	all := []lock.Roots{roots}
	if l.Alternatives {
		all = l.alternatives(roots)
	} else if err := l.CheckConflicts(&roots); err != nil {
		return nil, source.HashPolicy{}, err
	}
	return l.union(all, t, p)
}

// union is what a target needs of a lock for one choice of roots or another.
func (l *ProjectLock) union(choices []lock.Roots, t DownloadTarget, p *index.Policy) ([]*source.Dist, source.HashPolicy, error) {
	var dists []*source.Dist
	known := map[string]bool{}
	hashes := source.HashPolicy{Allowed: map[pyname.Package][]simple.Hash{}}
	for _, roots := range choices {
		selection, err := l.Target(lock.TargetRequest{
			Root: l.Root, Roots: roots, Env: t.Env, Tags: t.Tags, NoBinary: p.NoBinary.Has, NoBuild: p.NoBuild.Has,
		})
		if err != nil {
			return nil, source.HashPolicy{}, err
		}
		hashes.Required = hashes.Required || selection.Hashes.Required
		for _, one := range selection.Dists() {
			if id := one.ID(); !known[id] {
				known[id] = true
				dists = append(dists, one)
				hashes.Allowed[one.Name] = append(hashes.Allowed[one.Name], one.File.Hashes...)
			}
		}
	}
	return dists, hashes, nil
}

// fits refuses a wheel that a user named and that is for something else.
func (d *download) fits(one *source.Dist, t DownloadTarget) error {
	if one.IsWheel() && one.Source.IsDirect() && t.Tags != nil {
		if m := t.Tags.Match(one.Wheel.Tags); !m.OK() {
			return &PlatformError{one, m.Reason}
		}
	}
	return nil
}

// finish brings the files.
func (d *download) finish(ctx context.Context) (*Downloaded, error) {
	out := &Downloaded{Dir: d.req.Dir, Targets: d.req.Targets}
	saved := make([]*fetch.Saved, len(d.dists))
	for i, one := range d.dists {
		saved[i] = &fetch.Saved{Dist: one, Name: one.File.Filename, Wheel: one.Wheel}
	}
	if !d.req.DryRun {
		var err error
		saved, err = d.req.Engine.Save(ctx, engine.SaveRequest{Dists: d.dists, Dir: d.req.Dir, Build: d.req.Wheels, Hashes: d.hashes})
		if err != nil {
			return nil, err
		}
	}
	for i, s := range saved {
		file := DownloadedFile{Saved: s, Package: s.Dist.Name, Version: s.Dist.Version, For: d.wanted[i]}
		if s.Wheel != nil {
			file.Version = s.Wheel.Version
		} else if parsed, err := dist.ParseSdist(s.Name, s.Dist.Name); err == nil && file.Version.IsZero() {
			file.Version = parsed.Version
		}
		if err := d.checkBuilt(&file); err != nil {
			return nil, err
		}
		out.Files = append(out.Files, file)
	}
	slices.SortFunc(out.Files, func(a, b DownloadedFile) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), a.Version.Compare(b.Version), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// checkBuilt refuses a wheel that was built here if it is of no use where it is
// wanted.
func (d *download) checkBuilt(f *DownloadedFile) error {
	if !f.Built {
		return nil
	}
	for _, i := range f.For {
		if t := d.req.Targets[i]; t.Tags != nil && !t.Tags.Match(f.Wheel.Tags).OK() {
			return &BuiltForError{f.Package, f.Name, t.Label}
		}
	}
	return nil
}

// Origin is where the file came from, without secrets; "" for what was built.
func (f *DownloadedFile) Origin() string {
	switch {
	case f.Built:
		return ""
	case f.Dist.Source.Kind == source.URL:
		return auth.Redact(f.Dist.Source.Location)
	case f.Dist.Source.Kind == source.Path:
		return f.Dist.Source.FileURL()
	}
	return auth.Redact(f.Dist.File.URL)
}

// Sources are the source distributions among the files: where they are
// installed, they have to be built.
func (d *Downloaded) Sources() []DownloadedFile {
	var out []DownloadedFile
	for _, f := range d.Files {
		if f.Wheel == nil && f.Name != "" {
			out = append(out, f)
		}
	}
	return out
}

// Requirements is a requirements file that names all files by their digests and
// looks for them nowhere else: `pip install -r` of it needs no network, and gets
// nothing but these.
// links is where they are, as named from the folder of the requirements file.
func (d *Downloaded) Requirements(links string) string {
	conditions := d.conditions()
	var b strings.Builder
	b.WriteString("--no-index\n--find-links " + links + "\n")
	for i := 0; i < len(d.Files); {
		f := &d.Files[i]
		needed := map[int]bool{}
		var digests []string
		for ; i < len(d.Files) && d.Files[i].Package == f.Package && d.Files[i].Version.Equal(f.Version); i++ {
			for _, t := range d.Files[i].For {
				needed[t] = true
			}
			digests = append(digests, "sha256:"+d.Files[i].SHA256())
		}
		b.WriteString(string(f.Package) + "==" + f.Version.String())
		if m := condition(conditions, needed); !m.IsTrue() {
			b.WriteString(" ; " + m.String())
		}
		slices.Sort(digests)
		for _, h := range slices.Compact(digests) {
			b.WriteString(" \\\n    --hash=" + h)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// conditions tell the targets from each other: by Python and by platform, each
// true if it is the same for all.
func (d *Downloaded) conditions() []targetCondition {
	differ := func(value func(DownloadTarget) string) bool {
		return slices.ContainsFunc(d.Targets, func(t DownloadTarget) bool { return value(t) != value(d.Targets[0]) })
	}
	python := differ(func(t DownloadTarget) string { return t.Env.PythonVersion })
	system := differ(func(t DownloadTarget) string { return t.Env.SysPlatform })
	machine := differ(func(t DownloadTarget) string { return t.Env.PlatformMachine })
	out := make([]targetCondition, len(d.Targets))
	for i, t := range d.Targets {
		c := &out[i]
		if python {
			c.python = marker.Python(pep440.FromSpecifier(pep440.Specifier{Op: pep440.EqualStar, Version: t.Version.OnlyRelease().Truncate(2)}))
		}
		if system {
			c.platform = marker.Equal(marker.SysPlatform, t.Env.SysPlatform)
		}
		if machine {
			c.platform = c.platform.And(marker.Equal(marker.PlatformMachine, t.Env.PlatformMachine))
		}
	}
	return out
}

// A targetCondition is when a target is at hand.
type targetCondition struct{ python, platform marker.Tree }

// condition is when any of the targets is at hand that something is needed for;
// always, if it is all of them. What all targets of a Python need, whatever the
// platform, depends on the Python only, and the other way round.
func condition(all []targetCondition, needed map[int]bool) marker.Tree {
	if len(needed) == len(all) {
		return marker.True()
	}
	whole := func(same func(a, b targetCondition) bool, i int) bool {
		for j := range all {
			if same(all[i], all[j]) && !needed[j] {
				return false
			}
		}
		return true
	}
	out := marker.False()
	for i, c := range all {
		switch {
		case !needed[i]:
		case whole(func(a, b targetCondition) bool { return a.python == b.python }, i):
			out = out.Or(c.python)
		case whole(func(a, b targetCondition) bool { return a.platform == b.platform }, i):
			out = out.Or(c.platform)
		default:
			out = out.Or(c.python.And(c.platform))
		}
	}
	return out
}
