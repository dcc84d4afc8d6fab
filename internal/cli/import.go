package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/migrate"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyproject"
)

// importFlags are those of `import`.
type importFlags struct {
	from   string
	dryRun bool
	noLock bool
	format string
	resolutionFlags
}

func importCommand() command {
	return command{
		path: "import", late: true, args: "[REQUIREMENTS]...", short: "Take a project over from poetry, pipenv, pdm, pip-tools or pyenv",
		long: "Converts what the other tool has into the standard tables of pyproject.toml and `tool.uv`, and locks it: what the other tool's lock pins keeps its version, where that is possible. " +
			"A report names what could not be carried over. The old files stay; of those that change a copy is kept beside them. Named files are requirements files.",
		prepare: func(f *flags) work {
			var o importFlags
			f.Choice(&o.from, "from", "TOOL", "The tool to take it over from; found out if not given", "poetry", "pipenv", "pdm", "requirements", "pyenv")
			f.Bool(&o.dryRun, "dry-run", "Show what would be written, and write nothing")
			f.Bool(&o.noLock, "no-lock", "Only convert: make no lock")
			f.Choice(&o.format, "output-format", "FORMAT", "The form of the report", "text", "json")
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.importProject(ctx, &o, args) }
		},
	}
}

// An importReport tells what an import did. It is the answer in JSON, too.
type importReport struct {
	From     []migrate.Kind `json:"from"`
	Written  []string       `json:"written"`
	Copies   []string       `json:"copies"`   // of files as they were
	Obsolete []string       `json:"obsolete"` // files that can be removed
	Notes    []migrate.Note `json:"notes"`
	// Locked counts the packages that kept their version; Changed are those that
	// could not.
	Locked  int               `json:"locked"`
	Changed []importChange    `json:"changed"`
	Texts   map[string]string `json:"files,omitempty"` // in a dry run: what would be written
}

// An importChange is a package whose version could not stay.
type importChange struct {
	Name string   `json:"name"`
	Was  []string `json:"was"`
	Is   []string `json:"is"`
}

func (a *app) importProject(ctx context.Context, o *importFlags, args []string) error {
	if err := a.lockEdits(ctx, &editFlags{}); err != nil {
		return err
	}
	dir := a.projectDir()
	r := &migrate.Request{Name: filepath.Base(dir), Kind: migrate.Kind(o.from)}
	var err error
	if r.Names, err = importable(dir); err != nil {
		return err
	}
	for _, name := range args {
		rel, err := filepath.Rel(dir, a.path(name))
		if err != nil {
			return err
		}
		r.Files = append(r.Files, filepath.ToSlash(rel))
	}
	if len(args) > 0 && o.from == "" {
		r.Kind = migrate.Requirements
	}
	r.Read = func(name string) ([]byte, error) {
		if strings.Contains(name, "://") {
			s, err := a.projectSettings(&o.resolutionFlags)
			if err != nil {
				return nil, err
			}
			return a.reader(s).Fetch(ctx, name)
		}
		return os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	}
	r.Describe = func() ([]byte, error) { return a.describeTree(ctx, o, dir) }
	result, err := migrate.Convert(r)
	if err != nil {
		return err
	}
	report := &importReport{From: result.From, Obsolete: result.Obsolete, Notes: result.Notes}
	if unusable(filepath.Join(dir, ".venv")) {
		report.Notes = append(report.Notes, migrate.Note{Where: ".venv", Message: fmt.Sprintf("has no environment, so that `sync` would refuse it: `%s venv --clear` replaces it", a.name)})
	}
	if o.dryRun {
		report.plan(result)
		return a.showImport(o, report)
	}
	i := &importing{app: a, flags: o, result: result, report: report, dir: dir}
	i.journal.Path = project.JournalPath(filepath.Join(dir, lock.FileName))
	if err := i.run(ctx); err != nil {
		if back := i.journal.Revert(); back != nil {
			return errors.Join(err, fmt.Errorf("the files could not be brought back to what they were: %w", back))
		}
		return withHint(err, "nothing was changed; `%s import --no-lock` converts without locking, to see to it by hand", a.name)
	}
	i.journal.Commit()
	return a.showImport(o, report)
}

// unusable reports whether something else than an environment is at a path:
// pipenv puts its environments where a folder .venv is, which is kept in a
// repository by some file, or where a file of that name says.
func unusable(path string) bool {
	if _, err := os.Stat(filepath.Join(path, "pyvenv.cfg")); err == nil {
		return false
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		_, err = os.Stat(path)
		return err == nil
	}
	return len(entries) > 0
}

// describeTree has the project's build backend write its metadata.
func (a *app) describeTree(ctx context.Context, o *importFlags, dir string) ([]byte, error) {
	j := &buildJob{app: a, flags: &buildCommandFlags{
		python: o.python, index: o.index, resolver: o.resolver, installer: o.installer, build: o.build, binary: o.binary, refresh: o.refresh,
	}}
	var err error
	if j.settings, err = j.flags.settings(a); err != nil {
		return nil, err
	}
	if j.engine, err = a.newEngine(ctx, j.settings); err != nil {
		return nil, err
	}
	if err := j.readConstraints(ctx); err != nil {
		return nil, err
	}
	return j.engine.TreeMetadata(ctx, engine.ArtifactRequest{
		Source: dir, Ready: func(ctx context.Context) error { return j.ready(ctx, j.engine, dir) },
	})
}

// importable are the files of a project that may be of use.
func importable(dir string) ([]string, error) {
	var out []string
	for _, below := range []string{"", "requirements"} {
		entries, err := os.ReadDir(filepath.Join(dir, below))
		if errors.Is(err, fs.ErrNotExist) && below != "" {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() {
				out = append(out, path.Join(below, e.Name()))
			}
		}
	}
	return out, nil
}

// plan notes what would be written.
func (r *importReport) plan(result *migrate.Result) {
	r.Texts = map[string]string{}
	for _, f := range result.Files {
		r.Written = append(r.Written, f.Path)
		r.Texts[f.Path] = string(f.Text)
	}
	for _, name := range result.Kept {
		r.Copies = append(r.Copies, name+".orig")
	}
}

// An importing is the command on its way.
type importing struct {
	app     *app
	flags   *importFlags
	result  *migrate.Result
	report  *importReport
	dir     string
	journal project.Journal
}

// run writes the files and makes the lock.
func (i *importing) run(ctx context.Context) error {
	for _, f := range i.result.Files {
		to := filepath.Join(i.dir, filepath.FromSlash(f.Path))
		if slices.Contains(i.result.Kept, f.Path) {
			if err := i.keep(to, f.Was); err != nil {
				return err
			}
		}
		if err := i.journal.Write(to, f.Text); err != nil {
			return fmt.Errorf("cannot write `%s`: %w", f.Path, err)
		}
		i.report.Written = append(i.report.Written, f.Path)
	}
	i.app.files = nil // what was read before is old
	if i.flags.noLock || slices.Equal(i.result.From, []migrate.Kind{migrate.Pyenv}) {
		return nil
	}
	return i.lock(ctx)
}

// keep makes a copy of a file as it was, in a place that is free.
func (i *importing) keep(path string, was []byte) error {
	to := path + ".orig"
	for n := 2; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		to = fmt.Sprintf("%s.orig.%d", path, n)
	}
	if err := i.journal.Write(to, was); err != nil {
		return fmt.Errorf("cannot keep a copy of `%s`: %w", filepath.Base(path), err)
	}
	i.report.Copies = append(i.report.Copies, i.app.shown(to))
	return nil
}

// lock locks the project, with the versions of the old lock.
func (i *importing) lock(ctx context.Context) error {
	p, err := i.app.openProject(ctx, &i.flags.resolutionFlags, discovery{dir: i.dir})
	if err != nil {
		return err
	}
	if err := i.journal.Remember(p.target.LockPath()); err != nil {
		return err
	}
	interpreter, err := p.lockInterpreter(ctx)
	if err != nil {
		return err
	}
	r, err := p.lockRequest(project.WriteLock, "", interpreter)
	if err != nil {
		return err
	}
	r.Journal, r.Preferences, r.Commits = &i.journal, i.preferences(), i.commits(p.projectFile())
	result, err := project.Lock(ctx, r)
	if err != nil {
		return err
	}
	i.report.Written = append(i.report.Written, lock.FileName)
	i.compare(result.Lock)
	return nil
}

// preferences are the versions of the old lock.
func (i *importing) preferences() []resolve.Preference {
	var out []resolve.Preference
	for _, p := range i.result.Pins {
		if p.Git == "" {
			out = append(out, resolve.Preference{Name: p.Name, Version: p.Version, Marker: p.Marker, AnyIndex: true, From: resolve.FromLock})
		}
	}
	return out
}

// commits are the git sources of the project with the commits of the old lock.
func (i *importing) commits(f *pyproject.File) []source.Source {
	repository := func(text string) string {
		return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(text, "/"), ".git"))
	}
	var out []source.Source
	add := func(v *toml.Value) {
		field := func(key string) string { text, _ := v.Get(key).Text(); return text }
		for _, p := range i.result.Pins {
			if p.Git == "" || repository(p.Git) != repository(field("git")) {
				continue
			}
			s, err := source.FromURL("git+" + field("git"))
			if err != nil {
				continue
			}
			s.Subdirectory = field("subdirectory")
			s.Reference = source.Reference{Branch: field("branch"), Tag: field("tag"), Rev: field("rev")}
			out = append(out, s.Pinned(p.Commit))
		}
	}
	for e := range f.TOML().Lookup("tool", "uv", "sources").Entries() {
		add(e.Value)
		for _, v := range e.Value.Elems() {
			add(v)
		}
	}
	return out
}

// compare finds out which packages have another version than before.
func (i *importing) compare(l *lock.Lock) {
	was := map[string][]pep440.Version{}
	var names []string
	for _, p := range i.result.Pins {
		name := string(p.Name)
		if was[name] == nil {
			names = append(names, name)
		}
		if p.Git == "" && !hasVersion(was[name], p.Version) {
			was[name] = append(was[name], p.Version)
		}
	}
	is := map[string][]pep440.Version{}
	for at := range l.Packages {
		p := &l.Packages[at]
		if p.Source.IsRegistry() {
			is[string(p.Name)] = append(is[string(p.Name)], p.Version)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case len(was[name]) == 0 || len(is[name]) == 0:
		case slices.ContainsFunc(is[name], func(v pep440.Version) bool { return !hasVersion(was[name], v) }):
			i.report.Changed = append(i.report.Changed, importChange{name, versionTexts(was[name]), versionTexts(is[name])})
		default:
			i.report.Locked++
		}
	}
}

// hasVersion reports whether a version is among others; 2.5.0 is 2.5.
func hasVersion(all []pep440.Version, v pep440.Version) bool {
	return slices.ContainsFunc(all, v.Equal)
}

func versionTexts(all []pep440.Version) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = v.String()
	}
	return out
}

// showImport prints the report.
func (a *app) showImport(o *importFlags, r *importReport) error {
	if o.format == "json" {
		return a.printJSON(r)
	}
	c := a.print.Color
	verb := func(did, would string) string {
		if o.dryRun {
			return would
		}
		return did
	}
	kinds := make([]string, len(r.From))
	for i, k := range r.From {
		kinds[i] = string(k)
	}
	a.print.Line("%s from %s: %s", verb("Imported", "Would import"), strings.Join(kinds, " and "), strings.Join(r.Written, ", "))
	if len(r.Copies) > 0 {
		a.print.Line("%s a copy as it was: %s", verb("Kept", "Would keep"), strings.Join(r.Copies, ", "))
	}
	if r.Locked+len(r.Changed) > 0 {
		a.print.Line("%d of %d locked versions stay", r.Locked, r.Locked+len(r.Changed))
	}
	for _, x := range r.Changed {
		a.print.Line(" %s %s %s -> %s", c.Yellow("~"), x.Name, strings.Join(x.Was, ", "), strings.Join(x.Is, ", "))
	}
	for _, n := range r.Notes {
		a.print.Warn("%s: %s", n.Where, n.Message)
	}
	if len(r.Obsolete) > 0 {
		a.print.Line("No longer needed: %s", strings.Join(r.Obsolete, ", "))
	}
	if o.dryRun {
		for _, name := range r.Written {
			a.print.Data("--- %s\n%s", name, r.Texts[name])
		}
	}
	return nil
}
