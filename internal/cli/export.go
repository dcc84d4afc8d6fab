package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/audit"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pylock"
	"github.com/tame-py/tame/packaging/pyname"
)

// exportFlags are those of `export`.
type exportFlags struct {
	selectionFlags
	lockStateFlags
	resolutionFlags
	format              string
	allPackages         bool
	packages, prune     []string
	annotate, header    *bool
	indexURL, findLinks *bool
	hashes              *bool
	output              string
	script              string
	licenses            bool

	noProject, noWorkspace, noLocal       *bool
	noPackages                            []string
	onlyProject, onlyWorkspace, onlyLocal *bool
	onlyPackages                          []string
}

const (
	exportRequirements = "requirements.txt"
	exportPylock       = "pylock.toml"
	exportCyclone      = "cyclonedx1.5"
)

func exportCommand() command {
	return command{
		path: "export", late: true, short: "Write what is locked in another format",
		long: "The formats are requirements.txt, pylock.toml (PEP 751) and CycloneDX 1.5. What is written is for all platforms and Pythons. The lock is brought up to date first.",
		prepare: func(f *flags) work {
			var o exportFlags
			o.registerExport(f)
			return func(ctx context.Context, a *app, args []string) error { return a.export(ctx, &o) }
		},
	}
}

func (o *exportFlags) registerExport(f *flags) {
	f.Choice(&o.format, "format", "FORMAT", "The format; without it, the name of the output file decides", exportRequirements, exportPylock, exportCyclone)
	f.Bool(&o.allPackages, "all-packages", "Export all members of the workspace")
	f.List(&o.packages, "package", "NAME", "Export this member of the workspace")
	f.List(&o.prune, "prune", "NAME", "Leave out this package, with what only it needs")
	f.Exclusive("all-packages", "package")
	f.Exclusive("all-packages", "prune")
	o.registerExtras(f)
	o.registerGroups(f)
	for _, name := range []string{"extra", "all-extras"} {
		f.Exclusive("only-group", name)
	}
	f.Pair(&o.annotate, "annotate", "no-annotate", "Say in comments who needs each package").
		Negated("Leave out the comments that say who needs each package")
	f.Pair(&o.header, "header", "no-header", "Begin with a comment on the command").
		Negated("Leave out the comment on the command")
	f.Pair(&o.indexURL, "emit-index-url", "no-emit-index-url", "Write the URLs of indexes too")
	f.Pair(&o.findLinks, "emit-find-links", "no-emit-find-links", "Write the places of --find-links too")
	o.registerEditable(f)
	f.Pair(&o.hashes, "hashes", "no-hashes", "Write the hashes of files").
		Negated("Leave out the hashes of files").FromEnv("UV_NO_HASHES")
	f.Text(&o.output, "output-file,o", "FILE", "Write into this file")
	f.Bool(&o.licenses, "licenses", "Write the licenses of packages into a CycloneDX document")
	o.registerFilter(f)
	o.lockStateFlags.register(f)
	exclusiveLockState(f)
	f.Text(&o.script, "script", "FILE", "Export what this script needs")
	for _, name := range []string{"all-packages", "package", "no-emit-project", "no-emit-workspace"} {
		f.Exclusive("script", name)
	}
	o.resolutionFlags.registerLocking(f)
}

func (o *exportFlags) registerFilter(f *flags) {
	f.Pair(&o.noProject, "no-emit-project", "", "Leave out the project, but not what it needs").Alias("no-install-project")
	f.Pair(&o.noWorkspace, "no-emit-workspace", "", "Leave out all members of the workspace").Alias("no-install-workspace")
	f.Pair(&o.noLocal, "no-emit-local", "", "Leave out what is on this machine").Alias("no-install-local")
	f.Commas(&o.noPackages, "no-emit-package", "NAME", "Leave out this package").Alias("no-install-package", "unsafe-package")
	f.Pair(&o.onlyProject, "only-emit-project", "", "").Hide().Alias("only-install-project")
	f.Pair(&o.onlyWorkspace, "only-emit-workspace", "", "").Hide().Alias("only-install-workspace")
	f.Pair(&o.onlyLocal, "only-emit-local", "", "").Hide().Alias("only-install-local")
	f.Commas(&o.onlyPackages, "only-emit-package", "NAME", "").Hide().Alias("only-install-package")
	for _, what := range []string{"project", "workspace", "local", "package"} {
		f.Exclusive("no-emit-"+what, "only-emit-"+what)
	}
}

// filter is what the flags leave out.
func (o *exportFlags) filter() (lock.Filter, error) {
	out := lock.Filter{
		NoProject: isTrue(o.noProject), NoWorkspace: isTrue(o.noWorkspace), NoLocal: isTrue(o.noLocal),
		OnlyProject: isTrue(o.onlyProject), OnlyWorkspace: isTrue(o.onlyWorkspace), OnlyLocal: isTrue(o.onlyLocal),
	}
	var errs [2]error
	out.NoPackages, errs[0] = settings.Packages("no-emit-package", o.noPackages)
	out.OnlyPackages, errs[1] = settings.Packages("only-emit-package", o.onlyPackages)
	return out, errors.Join(errs[:]...)
}

func (a *app) export(ctx context.Context, o *exportFlags) error {
	r, err := a.readLock(ctx, &o.resolutionFlags, &o.lockStateFlags, &o.selectionFlags, o.script, discovery{packages: o.packages}, false)
	if err != nil {
		return err
	}
	e := &exporting{lockReading: r, flags: o}
	if err := e.prepare(); err != nil {
		return err
	}
	text, err := e.text(ctx)
	if err != nil {
		return err
	}
	return e.write(text)
}

// An exporting writes one lock in another format.
type exporting struct {
	*lockReading
	flags   *exportFlags
	format  string
	request lock.ExportRequest
}

// prepare puts the flags in the terms of package lock.
func (e *exporting) prepare() error {
	o := e.flags
	s := project.Selection{Groups: e.groups, Extras: e.extras}
	var err error
	if s.Members, err = e.members(o.packages, o.allPackages); err != nil {
		return err
	}
	if err := s.Check(e.target, e.lock); err != nil {
		return err
	}
	e.request.Root = e.target.Dir()
	if e.request.Roots, err = s.Roots(e.target, e.lock); err != nil {
		return err
	}
	if e.request.Filter, err = o.filter(); err != nil {
		return err
	}
	if e.request.Prune, err = settings.Packages("prune", o.prune); err != nil {
		return err
	}
	if e.request.Editable, err = e.editable(); err != nil {
		return err
	}
	if e.format, err = e.chooseFormat(); err != nil {
		return err
	}
	if e.flags.licenses && e.format != exportCyclone {
		return usageError("`--licenses` needs `--format " + exportCyclone + "`")
	}
	if e.format == exportCyclone {
		return nil // a bill of materials lists what conflicts too
	}
	return e.lock.CheckConflicts(&e.request.Roots)
}

// editable is what the flags say about projects that are installed in place.
func (e *exporting) editable() (func(pyname.Package) (bool, bool), error) {
	noEditable, err := e.app.flagOrEnv(e.flags.noEditable, "UV_NO_EDITABLE")
	if err != nil {
		return nil, err
	}
	some, err := settings.PackageNames("no-editable-package", e.flags.noEditablePackages)
	if err != nil {
		return nil, err
	}
	return func(name pyname.Package) (bool, bool) {
		switch {
		case some[name] || isTrue(noEditable):
			return false, true
		case noEditable != nil:
			return true, true
		}
		return false, false
	}, nil
}

// chooseFormat is the format that the flags name, or the output file's name.
func (e *exporting) chooseFormat() (string, error) {
	name := filepath.Base(e.flags.output)
	if e.flags.output != "" && strings.EqualFold(name, "pyproject.toml") {
		return "", fmt.Errorf("`pyproject.toml` is not a supported output format for `%s export` (supported formats: %s, %s, %s)", e.app.name, exportRequirements, exportPylock, exportCyclone)
	}
	format := e.flags.format
	if format == "" {
		format = exportRequirements
		if e.flags.output != "" && pylock.IsFileName(name) {
			format = exportPylock
		}
	}
	if format == exportPylock && e.flags.output != "" && !pylock.IsFileName(name) {
		return "", fmt.Errorf("expected the output filename to be `pylock.toml` or `pylock.<name>.toml`, where `<name>` is non-empty and contains no dots; found `%s`", name)
	}
	return format, nil
}

// text makes the export, given colors for comments.
func (e *exporting) text(ctx context.Context) (func(ui.Palette) ([]byte, error), error) {
	switch e.format {
	case exportPylock:
		l, err := e.lock.Pylock(&e.request, e.app.name)
		if err != nil {
			return nil, err
		}
		return func(p ui.Palette) ([]byte, error) { return append([]byte(e.header(p)), l.Bytes()...), nil }, nil
	case exportCyclone:
		return e.cyclone(ctx)
	}
	preamble, err := e.preamble(ctx)
	if err != nil {
		return nil, err
	}
	return func(p ui.Palette) ([]byte, error) {
		style := lock.RequirementsStyle{
			Hashes: e.flags.hashes == nil || *e.flags.hashes, Annotate: e.flags.annotate == nil || *e.flags.annotate,
		}
		if p.On() {
			style.Comment = p.Green
		}
		return e.lock.AppendRequirements([]byte(e.header(p)+preamble), &e.request, style)
	}, nil
}

func (e *exporting) header(p ui.Palette) string {
	if e.flags.header != nil && !*e.flags.header {
		return ""
	}
	h := pip.Header{Program: e.app.name, Args: e.app.args, IndexURLs: true, FindLinks: true}
	out := ""
	for _, line := range h.Lines() {
		out += p.Green(line) + "\n"
	}
	return out
}

// preamble is the indexes and places to look in, as far as they are written.
func (e *exporting) preamble(ctx context.Context) (string, error) {
	if !isTrue(e.flags.indexURL) && !isTrue(e.flags.findLinks) {
		return "", nil
	}
	interpreter, err := e.anyPython(ctx)
	if err != nil {
		return "", err
	}
	l, err := e.app.locations(e.settings, nil, interpreter)
	if err != nil {
		return "", err
	}
	p := &pip.Preamble{}
	if isTrue(e.flags.findLinks) {
		p.FindLinks = l.FindLinks
	}
	if isTrue(e.flags.indexURL) && !l.NoIndex {
		explicit := false
		for _, pinned := range []bool{false, true} {
			for i := range l.Indexes {
				if x := &l.Indexes[i]; x.Explicit == pinned {
					p.Indexes = append(p.Indexes, x)
					explicit = explicit || pinned
				}
			}
		}
		if explicit {
			e.app.print.Warn("`requirements.txt` does not support per-package index pinning; explicit indexes were emitted globally via `--extra-index-url`.")
		}
	}
	return p.String(), nil
}

// anyPython is an interpreter to ask for its index.
func (e *exporting) anyPython(ctx context.Context) (*python.Interpreter, error) {
	if e.interpreter != nil {
		return e.interpreter, nil
	}
	return e.lockInterpreter(ctx)
}

// cyclone is a bill of materials.
func (e *exporting) cyclone(ctx context.Context) (func(ui.Palette) ([]byte, error), error) {
	a := e.app
	if !a.previews("sbom-export") {
		a.print.Warn("`%s export --format=cyclonedx1.5` is experimental and may change without warning. Pass `--preview-features sbom-export` to disable this warning.", a.name)
	}
	style := lock.CycloneStyle{
		Hashes: e.flags.hashes == nil || *e.flags.hashes, Together: e.flags.allPackages,
		Serial: newSerial(), Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000000000Z"),
		Tool: lock.CycloneTool{Name: a.name, Version: Version},
	}
	// Which index needs no mention is a matter of the interpreter's own pip.
	if i, err := e.anyPython(ctx); err == nil {
		style.DefaultIndex = i.PipIndexURL()
	}
	if e.flags.licenses {
		var err error
		if style.Licenses, err = e.cycloneLicenses(ctx); err != nil {
			return nil, err
		}
	}
	text, err := e.lock.CycloneDX(&e.request, style)
	return func(ui.Palette) ([]byte, error) { return text, nil }, err
}

// cycloneLicenses reads the licences of all packages that are exported.
func (e *exporting) cycloneLicenses(ctx context.Context) (func(*lock.Package) []lock.CycloneLicense, error) {
	policy, err := audit.ParsePolicy(e.projectRoot())
	if err != nil {
		return nil, fmt.Errorf("failed to parse: `%s`: %w", e.app.shown(e.projectRoot().Name()), err)
	}
	packages, err := e.lock.Auditable(e.request.Roots)
	if err != nil {
		return nil, err
	}
	all, err := e.licensesOf(ctx, packages, policy)
	if err != nil {
		return nil, err
	}
	known := map[string]audit.License{}
	for i, p := range packages {
		known[p.ID()] = all[i].License
	}
	return func(p *lock.Package) []lock.CycloneLicense {
		switch l := known[p.ID()]; {
		case l.Expression == "" && l.Text == "":
			return nil
		case l.Expression == "":
			return []lock.CycloneLicense{{License: &lock.CycloneOneLicense{Name: l.Text}}}
		case strings.ContainsAny(l.Expression, " +") || strings.HasPrefix(l.Expression, "LicenseRef-"):
			return []lock.CycloneLicense{{Expression: l.Expression}}
		default:
			return []lock.CycloneLicense{{License: &lock.CycloneOneLicense{ID: l.Expression}}}
		}
	}, nil
}

// newSerial is a random UUID (version 4) as a URN.
func newSerial() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// write puts the export into the output file and prints it, unless it is in a
// file and little is to be printed.
func (e *exporting) write(text func(ui.Palette) ([]byte, error)) error {
	a, output := e.app, e.flags.output
	if output == "" || a.print.Level >= ui.Normal {
		shown, err := text(a.print.OutColor)
		if err != nil {
			return err
		}
		a.print.Result(shown)
	}
	if output == "" {
		return nil
	}
	plain, err := text(ui.Palette{})
	if err != nil {
		return err
	}
	a.attend()
	return a.writeOutput(output, plain)
}
