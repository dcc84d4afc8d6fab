package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// addFlags are those of `add`.
type addFlags struct {
	editFlags
	placeFlags
	filterFlags
	requirements, constraints []string
	marker                    *string
	editable                  *bool
	notEditable               []string
	raw                       bool
	bounds                    string
	rev, tag, branch          string
	lfs                       bool
	extras                    []string
	workspace                 *bool
}

func addCommand() command {
	return command{
		path: "add", args: "<PACKAGES|--requirements <FILE>>...", short: "Add dependencies to the project",
		long: "Writes the packages into the pyproject.toml, or into the metadata of a script, then updates the lock and the environment. " +
			"A package without a version gets a lower bound, that of the version that was found. If something fails, the files are as they were before.",
		prepare: func(f *flags) work {
			var o addFlags
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.add(ctx, &o, args) }
		},
	}
}

func (o *addFlags) register(f *flags) {
	f.List(&o.requirements, "requirements,r", "FILE", "Add what this requirements file lists").Alias("requirement")
	f.List(&o.constraints, "constraints,c", "FILE", "Keep to the versions in this requirements file").Alias("constraint").FromEnv("UV_CONSTRAINT")
	f.Optional(&o.marker, "marker,m", "MARKER", "Add the packages under this condition")
	o.placeFlags.register(f, "Add to")
	f.Pair(&o.editable, "editable", "no-editable", "Install directories in place")
	f.List(&o.notEditable, "no-editable-package", "NAME", "").Hide()
	f.Bool(&o.raw, "raw", "Write the requirements as they are given, without `tool.uv.sources` and bounds").Alias("raw-sources")
	f.Choice(&o.bounds, "bounds", "KIND", "What bounds packages without a version get", "lower", "major", "minor", "exact")
	f.Text(&o.rev, "rev", "REV", "The commit of Git repositories")
	f.Text(&o.tag, "tag", "TAG", "The tag of Git repositories")
	f.Text(&o.branch, "branch", "BRANCH", "The branch of Git repositories")
	f.Bool(&o.lfs, "lfs", "Use Git LFS").FromEnv("UV_GIT_LFS")
	f.Commas(&o.extras, "extra", "EXTRA", "Ask for this extra of the packages")
	f.Pair(&o.workspace, "workspace", "no-workspace", "Make directories members of the workspace").
		Negated("Make no directory a member of the workspace")
	o.editFlags.register(f, true)
	f.Under("Installer options")
	o.filterFlags.register(f)
	for _, what := range []string{"project", "workspace", "local", "package"} {
		for _, other := range []string{"frozen", "no-sync"} {
			f.Exclusive(other, "no-install-"+what)
			f.Exclusive(other, "only-install-"+what)
		}
	}
	for _, other := range []string{"editable", "no-editable", "rev", "tag", "branch"} {
		f.Exclusive("raw", other)
	}
	f.Exclusive("rev", "tag", "branch")
	f.Exclusive("script", "workspace")
}

func (a *app) add(ctx context.Context, o *addFlags, args []string) error {
	if len(args)+len(o.requirements) == 0 {
		return usageError("a package to add is expected, or a file of `--requirements`")
	}
	o.warnIndexes(a)
	place, err := o.place(a)
	if err != nil {
		return err
	}
	choice, err := o.sourceChoice(a)
	if err != nil {
		return err
	}
	e, err := a.startEdit(ctx, &o.editFlags, true)
	if err != nil {
		return err
	}
	e.choosePlace(place)
	if e.filter, err = o.filter(a); err != nil {
		return err
	}
	if f := e.filter; (e.mode == project.Frozen || e.noSync) && (f.NoProject || f.OnlyProject || f.NoWorkspace || f.OnlyWorkspace || f.NoLocal || f.OnlyLocal) {
		return usageError("what is installed cannot be chosen where nothing is: with `--frozen`, `--no-sync` or their variables")
	}
	in, err := a.requirementsToAdd(ctx, o, e.settings, args)
	if err != nil {
		return err
	}
	if err := e.nameAll(ctx, in, &choice); err != nil {
		return err
	}
	r := &project.AddRequest{Document: e.document, Place: place, Choice: choice, Workspace: o.workspace, Journal: &e.journal}
	r.Joined = func(path string) { a.print.Line("Added `%s` to workspace members", a.print.Color.Cyan(path)) }
	for _, i := range in.Requirements {
		r.Requirements = append(r.Requirements, i.Requirement)
	}
	if err := r.Check(); err != nil {
		return err
	}
	if err := e.prepare(ctx); err != nil {
		return err
	}
	e.reinstallTrees(in, len(args))
	if r.Indexes, err = a.newIndexes(&o.index, e.document.Dir()); err != nil {
		return err
	}
	if len(r.Indexes) == 1 {
		r.Choice.Index = r.Indexes[0].Name
	}
	return e.end(e.add(ctx, o, r, in))
}

// freshScript is a Python file with a block of metadata, which it does not have
// yet.
func (a *app) freshScript(ctx context.Context, path string, text []byte, asked *string) (*pyproject.Script, error) {
	q, err := a.pythonQuestion(asked)
	if err != nil {
		return nil, err
	}
	if text, err = project.GiveMetadata(ctx, text, a.projectDir(), &q); err != nil {
		return nil, err
	}
	return a.parseScript(path, text)
}

// choosePlace lets only what the edit is about be synced.
func (e *edit) choosePlace(p pyproject.Place) {
	e.groups = project.Groups{Include: map[pyname.Group]bool{}, Exclude: map[pyname.Group]bool{}}
	e.extras = project.Extras{Include: map[pyname.Extra]bool{}, NoDefault: true}
	switch p.Kind {
	case pyproject.LegacyDev:
		e.groups.Include[workspace.DevGroup] = true
	case pyproject.InGroup:
		e.groups.Include[p.Group] = true
	case pyproject.OptionalExtra:
		e.extras.Include[p.Extra] = true
		e.groups.Exclude[workspace.DevGroup] = true
	default:
		e.groups.Exclude[workspace.DevGroup] = true
	}
}

// add edits, locks, sets the bounds, locks again and syncs.
func (e *edit) add(ctx context.Context, o *addFlags, r *project.AddRequest, in *pip.Inputs) error {
	added, err := project.Add(ctx, r)
	if err != nil {
		return err
	}
	e.edited()
	if e.mode == project.Frozen {
		return nil
	}
	var constraints []source.Requirement
	for _, c := range in.Constraints {
		constraints = append(constraints, c.Requirement)
	}
	l, err := e.lock(ctx, constraints)
	if err != nil {
		return explainAdd(err)
	}
	if !o.raw {
		if l, err = e.setBounds(ctx, o, added, l); err != nil {
			return err
		}
	}
	return e.sync(ctx, l, false)
}

// setBounds writes the bounds of what was added without any, and locks again.
func (e *edit) setBounds(ctx context.Context, o *addFlags, added []project.Addition, l *lock.Lock) (*lock.Lock, error) {
	a := e.app
	bounds := pyproject.LowerBound
	kind := first(o.bounds, text(a.config.AddBounds))
	if kind != "" {
		var err error
		if bounds, err = pyproject.ParseBounds(kind); err != nil {
			return nil, err
		}
	}
	changed, explicit, err := project.SetBounds(e.document, added, bounds, project.LowestVersions(l))
	if err != nil {
		return nil, err
	}
	for _, r := range explicit {
		if kind != "" {
			a.print.Line("%s Using explicit requirement `%s` over bounds preference `%s`", a.print.Color.Bold("note:"), r, bounds)
		}
	}
	if !changed {
		return l, nil
	}
	if err := e.document.Save(ctx, &e.journal); err != nil {
		return nil, err
	}
	e.edited()
	if e.member != nil && e.mode == project.WriteLock {
		rebound, err := project.Rebound(ctx, e.engine, l, e.target.Workspace, e.member, added)
		if err != nil || rebound != nil {
			return rebound, errors.Join(err, e.writeLock(rebound))
		}
	}
	report, warn := e.engine.Report, e.engine.Warn
	e.engine.Report, e.engine.Warn = nil, func(string) {} // it was told already
	defer func() { e.engine.Report, e.engine.Warn = report, warn }()
	return e.lock(ctx, nil)
}

func (e *edit) writeLock(l *lock.Lock) error {
	if l == nil {
		return nil
	}
	return e.target.WriteLock(l, &e.journal)
}

// explainAdd says what else can be done where there is no solution.
func explainAdd(err error) error {
	var unsolved *resolve.NoSolution
	if errors.As(err, &unsolved) {
		return withHint(err, "if you want to add the package regardless of the failed resolution, provide the `--frozen` flag to skip locking and syncing")
	}
	return err
}

// warnIndexes names the flags whose indexes do not become settings.
func (o *addFlags) warnIndexes(a *app) {
	where := "pyproject.toml"
	if o.script != nil {
		where = "script"
	}
	if v := a.textOrEnv(o.index.IndexURL, "UV_INDEX_URL"); v != nil && *v != "" {
		a.print.Warn("The index of `--index-url` is not written to the %s; that of `--default-index` is", where)
	}
	if len(a.listOrEnv(o.index.ExtraIndexURL, "UV_EXTRA_INDEX_URL")) > 0 {
		a.print.Warn("The indexes of `--extra-index-url` are not written to the %s; those of `--index` are", where)
	}
}

// sourceChoice is what the flags say about where packages come from.
func (o *addFlags) sourceChoice(a *app) (project.SourceChoice, error) {
	c := project.SourceChoice{Raw: o.raw, Rev: o.rev, Tag: o.tag, Branch: o.branch, LFS: o.lfs, Editable: o.editable}
	var err error
	if c.Editable == nil {
		no, err := a.flagOrEnv(nil, "UV_NO_EDITABLE")
		if err != nil {
			return c, err
		}
		if isTrue(no) {
			off := false
			c.Editable = &off
		}
	}
	lfs, err := a.flagOrEnv(nil, "UV_GIT_LFS")
	if err != nil {
		return c, err
	}
	c.DefaultLFS = isTrue(lfs)
	for _, text := range o.extras {
		e, err := pyname.ParseExtra(text)
		if err != nil {
			return c, fmt.Errorf("invalid value for `--extra`: %w", err)
		}
		c.Extras = append(c.Extras, e)
	}
	c.NotEditable, err = settings.Packages("no-editable-package", o.notEditable)
	return c, err
}

// requirementsToAdd reads the requirements, and the constraints that hold for
// them this time.
func (a *app) requirementsToAdd(ctx context.Context, o *addFlags, s *workSettings, args []string) (*pip.Inputs, error) {
	for _, name := range o.requirements {
		base := filepath.Base(name)
		switch {
		case base == "pyproject.toml", base == "setup.py", base == "setup.cfg", base == "pylock.toml", strings.HasSuffix(base, ".py"):
			return nil, fmt.Errorf("requirements cannot be added from `%s`: only from requirements files", name)
		}
	}
	in, err := a.readInputs(ctx, a.reader(s), pip.Sources{
		Packages: args, Files: o.requirements, Constraints: a.listOrEnv(o.constraints, "UV_CONSTRAINT"),
	})
	if err != nil || o.marker == nil {
		return in, err
	}
	condition, _, err := marker.Parse(*o.marker)
	if err != nil {
		return nil, fmt.Errorf("invalid value for `--marker`: %w", err)
	}
	for i := range in.Requirements {
		in.Requirements[i].Marker = in.Requirements[i].Marker.And(condition)
	}
	return in, nil
}

// nameAll asks builds for the names of projects that were given by place.
func (e *edit) nameAll(ctx context.Context, in *pip.Inputs, c *project.SourceChoice) error {
	if !in.Incomplete() {
		return nil
	}
	for i := range in.Requirements {
		c.Augment(&in.Requirements[i].Requirement)
	}
	if err := e.prepare(ctx); err != nil {
		return err
	}
	i := e.python
	if i == nil {
		var err error
		if i, err = e.lockInterpreter(ctx); err != nil {
			return err
		}
	}
	en, err := e.connected(ctx, i)
	if err != nil {
		return err
	}
	return in.Complete(ctx, en)
}

// reinstallTrees lets source trees that were named be installed again: whoever
// names one has changed it. They are among the first of the requirements.
func (e *edit) reinstallTrees(in *pip.Inputs, named int) {
	for _, r := range in.Requirements[:min(named, len(in.Requirements))] {
		if r.Source.Kind == source.Directory {
			e.settings.Pip.ReinstallPackage = append(e.settings.Pip.ReinstallPackage, r.Name)
		}
	}
}

// newIndexes are the indexes of the command line that become settings of the
// project, the most important first.
func (a *app) newIndexes(i *indexFlags, dir string) ([]project.NewIndex, error) {
	list, err := i.Chosen(a.layers())
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	var out []project.NewIndex
	for _, x := range list {
		if names[x.Name] {
			continue
		}
		names[x.Name] = x.Name != ""
		entry, ok, err := a.newIndex(x, dir)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, entry)
		}
	}
	return out, nil
}

// newIndex is an index as the file in a directory gets it. An empty directory
// is none.
func (a *app) newIndex(x config.Index, dir string) (project.NewIndex, bool, error) {
	same := func(url string) bool {
		at, err := locationFrom(dir, url)
		return err == nil && source.Canonical(at) == source.Canonical(x.URL)
	}
	out := project.NewIndex{IndexEntry: pyproject.IndexEntry{Name: x.Name, URL: withoutCredentials(x.URL), Default: x.Default, Flat: x.Flat}, Same: same}
	s, err := source.FromURL(x.URL)
	if err != nil || !strings.HasPrefix(x.URL, "file:") {
		return out, true, nil
	}
	entries, err := os.ReadDir(s.Location)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return out, false, fmt.Errorf("directory not found for index: %s", x.URL)
	case err != nil:
		return out, false, err
	case len(entries) == 0:
		a.print.Warn("Index directory `%s` is empty, skipping", x.URL)
		return out, false, nil
	}
	out.URL = filepath.ToSlash(s.Location)
	if rel, err := filepath.Rel(dir, s.Location); err == nil && !filepath.IsAbs(x.Given) && !strings.HasPrefix(x.Given, "file:") {
		out.URL = filepath.ToSlash(rel)
	}
	return out, true, nil
}
