package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/audit"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/tool"
	"github.com/tame-py/tame/packaging/pyname"
)

// toolAuditFlags are those of `tool audit`.
type toolAuditFlags struct {
	serviceFlags
	all bool
}

func toolAuditCommand() command {
	return command{
		path: "tool audit", personal: true, late: true, args: "<NAME>...", short: "Look for known vulnerabilities in installed tools",
		long: "Does for tools that were installed with a lock what `audit` does for a project.",
		prepare: func(f *flags) work {
			var o toolAuditFlags
			f.Bool(&o.all, "all", "Look at all tools")
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.toolAudit(ctx, &o, args) }
		},
	}
}

// A toolAuditing is the command on its way.
type toolAuditing struct {
	app     *app
	flags   *toolAuditFlags
	store   tool.Store
	named   bool // the tools were named, so that none may be passed over
	ignores audit.Ignores
	matched map[string]bool
	reports []audit.Named
}

func (a *app) toolAudit(ctx context.Context, o *toolAuditFlags, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	names, err := toolNames(o.all, args)
	if err != nil {
		return err
	}
	a.warnToolAudit()
	a.warnJSON("--output-format", o.format)
	u := &toolAuditing{
		app: a, flags: o, store: a.toolStore(), named: !o.all, ignores: a.auditIgnores(&o.serviceFlags), matched: map[string]bool{},
	}
	entries, err := u.entries(names)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := u.audit(ctx, e); err != nil {
			return err
		}
	}
	if len(entries) > 0 {
		a.warnUnmatched(&u.ignores, u.matched, "the selected tools")
	}
	if len(u.reports) == 0 && (o.format == "" || o.format == "text") {
		if len(entries) == 0 {
			a.print.Line("No tools installed")
		} else {
			a.print.Line("No auditable tools installed")
		}
		return nil
	}
	return u.show()
}

// warnToolAudit names the features whose absence makes the command one that may
// change.
func (a *app) warnToolAudit() {
	var missing []string
	for _, f := range [][2]string{{"audit-command", "audit"}, {"tool-install-locks", "tool-install-locks"}} {
		if !a.previews(f[0]) {
			missing = append(missing, f[1])
		}
	}
	if len(missing) > 0 {
		a.print.Warn("`%s tool audit` is experimental and may change without warning. Pass `--preview-features %s` to disable this warning.", a.name, strings.Join(missing, ","))
	}
}

// entries are the tools to look at.
func (u *toolAuditing) entries(names []pyname.Package) ([]tool.Entry, error) {
	all, err := u.store.List()
	if err != nil || !u.named {
		return all, err
	}
	var out []tool.Entry
	for _, name := range names {
		i := slices.IndexFunc(all, func(e tool.Entry) bool { return e.Name == name })
		if i < 0 {
			return nil, withHint(fmt.Errorf("`%s` is not installed", name), "`%s tool install %s` installs it", u.app.name, name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// passOver says that a tool is not looked at: as an error if it was named.
func (u *toolAuditing) passOver(name pyname.Package, why string) error {
	if u.named {
		return fmt.Errorf("the tool `%s` %s", name, why)
	}
	u.app.print.Warn("Skipping the tool `%s`, which %s", name, why)
	return nil
}

// audit looks at one tool, under the settings that it was installed with.
func (u *toolAuditing) audit(ctx context.Context, e tool.Entry) error {
	a := u.app
	if e.Receipt == nil {
		return u.passOver(e.Name, fmt.Sprintf("has an invalid receipt: %v", e.Err))
	}
	dir := u.store.Dir(e.Name)
	file := filepath.Join(dir, lock.FileName)
	text, err := fsx.ReadText(file)
	if errors.Is(err, fs.ErrNotExist) {
		return u.passOver(e.Name, "does not have a lockfile; reinstall it with `--preview-features tool-install-locks` to audit it")
	}
	if err != nil {
		return u.passOver(e.Name, fmt.Sprintf("has a lockfile that cannot be read: %v", err))
	}
	l, err := lock.ReadText(a.shown(file), text)
	if err != nil {
		return u.passOver(e.Name, fmt.Sprintf("has an invalid lockfile at `%s`: %v", a.shown(file), err))
	}
	packages, err := l.Auditable(lock.Roots{})
	if err != nil {
		return err
	}
	report, err := u.ask(ctx, e, packages, dir)
	if err != nil {
		return err
	}
	u.reports = append(u.reports, audit.Named{Name: e.Name, Report: report, Artifact: a.artifact(file)})
	return nil
}

func (u *toolAuditing) ask(ctx context.Context, e tool.Entry, packages []lock.Auditable, dir string) (*audit.Report, error) {
	a := u.app
	restore := a.config
	defer func() { a.config = restore }()
	options, err := settings.ReadReceipt(tool.ReceiptName, a.dir, e.Receipt.Options)
	if err != nil {
		return nil, err
	}
	a.config = config.Combine(options, a.config)
	settings, err := a.projectSettings(&resolutionFlags{})
	if err != nil {
		return nil, err
	}
	w := &toolWork{app: a, settings: settings}
	engine, err := w.connected(ctx, nil)
	if err != nil {
		return nil, err
	}
	service, err := a.vulnerabilityService(engine, &u.flags.serviceFlags, "")
	if err != nil {
		return nil, err
	}
	return a.auditPackages(ctx, engine, service, packages, dir, &u.ignores, u.matched)
}

// show prints the reports.
func (u *toolAuditing) show() error {
	a := u.app
	var text []byte
	var err error
	switch u.flags.format {
	case "json":
		text, err = audit.ToolsJSON(u.reports)
	case "sarif":
		var runs []audit.SARIFRun
		for _, r := range u.reports {
			runs = append(runs, audit.SARIFRun{Report: r.Report, ID: "uv/tool-audit/" + string(r.Name), Artifact: r.Artifact})
		}
		text, err = audit.SARIF(a.sarifTool(), runs...)
	default:
		for _, r := range u.reports {
			a.print.Line("Auditing `%s`", r.Name)
			if !r.IsClean() {
				a.print.Data("Tool `%s`:\n", r.Name)
			}
			a.showFindings(r.Report)
		}
	}
	if err != nil {
		return err
	}
	a.print.DataBytes(text)
	for _, r := range u.reports {
		if err := auditStatus(r.Report); err != nil {
			return err
		}
	}
	return nil
}
