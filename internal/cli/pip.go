package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
)

func pipGroup() command {
	return command{path: "pip", short: "Packages of an environment, with an interface like pip's"}
}

// pipFlags are what all pip commands have.
type pipFlags struct {
	environmentFlags
	cert   string
	strict *bool
}

func (p *pipFlags) registerPip(f *flags, strict bool) {
	f.Text(&p.cert, "cert", "FILE", "Trust the certificates in this PEM file")
	if strict {
		f.Pair(&p.strict, "strict", "no-strict", "Say which packages miss something or do not fit together")
	}
	f.Bool(new(bool), "disable-pip-version-check", "Has no effect; for compatibility with pip").Hide()
}

// settings are those of the pip table under the flags.
func (p *pipFlags) settings(a *app) (config.Pip, error) {
	s, err := settings.Combine(a.layers(), a.config.ForPip(), &p.environmentFlags)
	if err != nil {
		return config.Pip{}, err
	}
	override(&s.Pip.Strict, p.strict)
	return s.Pip, nil
}

// opened is an environment with what is in it.
type opened struct {
	env  *python.Environment
	site *install.Site
	pip  config.Pip
}

func (a *app) openSite(ctx context.Context, p *pipFlags) (*opened, error) {
	s, err := p.settings(a)
	if err != nil {
		return nil, err
	}
	env, err := a.pipEnvironment(ctx, &s, toInspect)
	if err != nil {
		return nil, err
	}
	site, err := a.site(env)
	return &opened{env, site, s}, err
}

// warnStrict says what does not fit together, for --strict.
func (a *app) warnStrict(o *opened) error {
	if !isTrue(o.pip.Strict) {
		return nil
	}
	i := o.env.Interpreter
	set, err := i.Tags()
	if err != nil {
		return err
	}
	for _, d := range o.site.Diagnose(install.DiagnoseOptions{Env: &i.Env, Tags: set}) {
		a.print.Warn("%s", d.String())
	}
	return nil
}

// sortedSite are the distributions by name and version.
func sortedSite(site *install.Site) []*install.Installed {
	all := slices.Clone(site.All())
	slices.SortStableFunc(all, func(a, b *install.Installed) int {
		if c := strings.Compare(string(a.Name), string(b.Name)); c != 0 {
			return c
		}
		return a.Version.Compare(b.Version)
	})
	return all
}

func pipFreezeCommand() command {
	return command{
		path: "pip freeze", reads: true, short: "List what is installed, as a requirements file",
		prepare: func(f *flags) work {
			var p pipFlags
			var noEditable bool
			var exclude, paths []string
			f.Bool(&noEditable, "exclude-editable", "Leave out editable projects")
			f.List(&exclude, "exclude", "NAME", "Leave out this package")
			f.List(&paths, "path", "DIR", "Look in this directory instead of an environment").Alias("paths")
			p.registerPip(f, true)
			p.register(f, false)
			p.registerPlaces(f)
			return func(ctx context.Context, a *app, _ []string) error {
				return a.pipFreeze(ctx, &p, noEditable, exclude, paths)
			}
		},
	}
}

func (a *app) pipFreeze(ctx context.Context, p *pipFlags, noEditable bool, exclude, paths []string) error {
	o, err := a.openSite(ctx, p)
	if err != nil {
		return err
	}
	if len(paths) > 0 {
		for i := range paths {
			paths[i] = a.path(paths[i])
		}
		if o.site, err = install.Open(paths...); err != nil {
			return err
		}
	}
	skip, err := settings.Packages("exclude", exclude)
	if err != nil {
		return err
	}
	o.site.Preload(ctx, 0, func(i *install.Installed) { _, _ = i.DirectURL() })
	var lines []string
	for _, i := range sortedSite(o.site) {
		if slices.Contains(skip, i.Name) || noEditable && i.IsEditable() {
			continue
		}
		if line := freezeLine(i); len(lines) == 0 || lines[len(lines)-1] != line {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 {
		a.print.Data("%s\n", strings.Join(lines, "\n"))
	}
	return a.warnStrict(o)
}

func freezeLine(i *install.Installed) string {
	switch url := i.URL(); {
	case i.Kind == install.EggLink:
		return "-e " + i.Target
	case i.IsEditable():
		return "-e " + url
	case url != "":
		return string(i.Name) + " @ " + url
	}
	return i.String()
}

func pipShowCommand() command {
	return command{
		path: "pip show", reads: true, args: "[PACKAGE]...", short: "Show what is known of installed packages",
		prepare: func(f *flags) work {
			var p pipFlags
			var files bool
			f.Bool(&files, "files,f", "List the files of each package")
			p.registerPip(f, true)
			p.register(f, false)
			p.registerPlaces(f)
			return func(ctx context.Context, a *app, args []string) error { return a.pipShow(ctx, &p, args, files) }
		},
	}
}

func (a *app) pipShow(ctx context.Context, p *pipFlags, args []string, files bool) error {
	if len(args) == 0 {
		a.print.Warn("Please provide a package name or names.")
		return exitStatus(exitFailed)
	}
	names, err := settings.Packages("PACKAGE", args)
	if err != nil {
		return err
	}
	o, err := a.openSite(ctx, p)
	if err != nil {
		return err
	}
	wanted, missing := map[string]bool{}, []string{}
	for _, n := range names {
		if len(o.site.Get(n)) == 0 {
			missing = append(missing, string(n))
		}
		wanted[string(n)] = true
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		a.print.Warn("Package(s) not found for: %s", strings.Join(slices.Compact(missing), ", "))
	}
	shown, err := pip.Show(ctx, o.site, &o.env.Interpreter.Env, wanted, files)
	if err != nil {
		return err
	}
	if len(shown) == 0 {
		return exitStatus(exitFailed)
	}
	for at, s := range shown {
		if at > 0 {
			a.print.Text("---\n")
		}
		a.showPackage(s, files)
	}
	return a.warnStrict(o)
}

func (a *app) showPackage(s pip.Shown, files bool) {
	field := func(name, value string) {
		if value != "" {
			value = " " + value
		}
		a.print.Text("%s:%s\n", name, value)
	}
	field("Name", string(s.Name))
	field("Version", s.Version.String())
	field("Location", s.Location())
	if at := s.EditableLocation(); at != "" {
		field("Editable project location", at)
	}
	if s.Damage != nil {
		a.print.Warn("%s is damaged: %v", s.Name, s.Damage)
		return
	}
	field("Requires", strings.Join(s.Requires, ", "))
	field("Required-by", strings.Join(s.RequiredBy, ", "))
	if files {
		a.print.Text("Files:\n")
		for _, f := range s.Files {
			a.print.Text("  %s\n", f.Path)
		}
	}
}

func pipCheckCommand() command {
	return command{
		path: "pip check", reads: true, short: "Find packages that miss something or do not fit together",
		prepare: func(f *flags) work {
			var p pipFlags
			var platform platformFlags
			p.registerPip(f, false)
			p.register(f, false)
			platform.register(f)
			return func(ctx context.Context, a *app, _ []string) error { return a.pipCheck(ctx, &p, &platform) }
		},
	}
}

func (a *app) pipCheck(ctx context.Context, p *pipFlags, platform *platformFlags) error {
	start := time.Now()
	o, err := a.openSite(ctx, p)
	if err != nil {
		return err
	}
	target, err := o.env.Interpreter.Target(platform.pythonVersion, platform.pythonPlatform, a.environment.Get)
	if err != nil {
		return err
	}
	problems := o.site.Diagnose(install.DiagnoseOptions{Env: target.Env, Tags: target.Tags, Python: o.env.Interpreter.Version})
	a.print.Line("Checked %s in %s", ui.Count(len(o.site.All()), "package"), ui.Duration(time.Since(start)))
	if len(problems) == 0 {
		a.print.Line("All installed packages are compatible")
		return nil
	}
	word := "incompatibilities"
	if len(problems) == 1 {
		word = "incompatibility"
	}
	a.print.Line("Found %d %s", len(problems), word)
	for _, d := range problems {
		a.print.Line("%s", d.String())
	}
	return exitStatus(exitFailed)
}

func pipListCommand() command {
	return command{
		path: "pip list", reads: true, short: "List what is installed", aliases: []string{"ls"},
		prepare: func(f *flags) work {
			var l listOptions
			f.Bool(&l.editable, "editable,e", "Only editable projects")
			f.Bool(&l.noEditable, "exclude-editable", "Leave out editable projects")
			f.List(&l.exclude, "exclude", "NAME", "Leave out this package")
			f.Choice(&l.format, "format", "FORMAT", "How to print it", "columns", "freeze", "json")
			f.Pair(&l.outdated, "outdated", "no-outdated", "Only what there is a newer version of")
			l.registerPip(f, true)
			l.register(f, false)
			l.registerPlaces(f)
			l.index.register(f)
			l.time.register(f)
			f.Exclusive("editable", "exclude-editable")
			return func(ctx context.Context, a *app, _ []string) error { return a.pipList(ctx, &l) }
		},
	}
}

type listOptions struct {
	pipFlags
	outdatedFlags
	editable, noEditable bool
	exclude              []string
	format               string
}

// A listed is one distribution in the form of the JSON output.
type listed struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	LatestVersion  string `json:"latest_version,omitempty"`  // with --outdated
	LatestFiletype string `json:"latest_filetype,omitempty"` // wheel or sdist
	Editable       string `json:"editable_project_location,omitempty"`
}

func (a *app) pipList(ctx context.Context, l *listOptions) error {
	if isTrue(l.outdated) && l.format == "freeze" {
		return usageError("`--outdated` cannot be used with `--format freeze`")
	}
	o, err := a.openSite(ctx, &l.pipFlags)
	if err != nil {
		return err
	}
	skip, err := settings.Packages("exclude", l.exclude)
	if err != nil {
		return err
	}
	o.site.Preload(ctx, 0, func(i *install.Installed) { _ = i.IsEditable() })
	var all []*install.Installed
	for _, i := range sortedSite(o.site) {
		if l.editable && !i.IsEditable() || l.noEditable && i.IsEditable() || slices.Contains(skip, i.Name) {
			continue
		}
		all = append(all, i)
	}
	rows, err := a.listRows(ctx, l, o, all)
	if err != nil {
		return err
	}
	if err := a.printList(rows, l.format, isTrue(l.outdated)); err != nil {
		return err
	}
	return a.warnStrict(o)
}

// listRows are the distributions as they are printed; with --outdated those
// that there are newer versions of.
func (a *app) listRows(ctx context.Context, l *listOptions, o *opened, all []*install.Installed) ([]listed, error) {
	var latest map[*install.Installed]pip.Latest
	if isTrue(l.outdated) {
		var err error
		if latest, err = l.find(ctx, a, &l.pipFlags, o, all); err != nil {
			return nil, err
		}
	}
	rows := make([]listed, 0, len(all))
	for _, i := range all {
		row := listed{Name: string(i.Name), Version: i.Version.String(), Editable: i.EditableLocation()}
		if isTrue(l.outdated) {
			newer, ok := latest[i]
			if !ok {
				continue
			}
			row.LatestVersion, row.LatestFiletype = newer.Version.String(), "sdist"
			if newer.Wheel {
				row.LatestFiletype = "wheel"
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (a *app) printList(rows []listed, format string, outdated bool) error {
	switch format {
	case "json":
		text, err := json.Marshal(rows)
		if err != nil {
			return err
		}
		a.print.Data("%s\n", text)
	case "freeze":
		for _, r := range rows {
			a.print.Data("%s==%s\n", r.Name, r.Version)
		}
	default:
		if len(rows) > 0 {
			a.print.Data("%s", listColumns(rows, outdated))
		}
	}
	return nil
}

func listColumns(rows []listed, outdated bool) string {
	header := []string{"Package", "Version"}
	if outdated {
		header = append(header, "Latest", "Type")
	}
	editable := slices.ContainsFunc(rows, func(r listed) bool { return r.Editable != "" })
	if editable {
		header = append(header, "Editable project location")
	}
	var table [][]string
	for _, r := range rows {
		row := []string{r.Name, r.Version}
		if outdated {
			row = append(row, r.LatestVersion, r.LatestFiletype)
		}
		if editable {
			row = append(row, r.Editable)
		}
		table = append(table, row)
	}
	text := ui.Columns(header, table)
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
