package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/tame-py/tame/internal/audit"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/packaging/pyproject"
)

// serviceFlags are those of all commands that audit something.
type serviceFlags struct {
	format                   string
	ignore, ignoreUntilFixed []string
	service, serviceURL      string
}

func (o *serviceFlags) register(f *flags) {
	f.Choice(&o.format, "output-format", "FORMAT", "How to show what was found", "text", "json", "sarif")
	f.List(&o.ignore, "ignore", "ID", "Leave out the vulnerability of this name, or with this alias")
	f.List(&o.ignoreUntilFixed, "ignore-until-fixed", "ID", "Leave it out as long as no version is known that has it repaired")
	f.Choice(&o.service, "service-format", "FORMAT", "Which protocol the vulnerability service speaks", "osv")
	f.Text(&o.serviceURL, "service-url", "URL", "Ask this vulnerability service").FromEnv("TAME_AUDIT_SERVICE_URL")
}

func (o *serviceFlags) check() error {
	if o.serviceURL == "" {
		return nil
	}
	if err := audit.CheckURL(o.serviceURL); err != nil {
		return usageError(fmt.Sprintf("invalid value `%s` for `--service-url`: %v", o.serviceURL, err))
	}
	return nil
}

// auditFlags are those of `audit`.
type auditFlags struct {
	serviceFlags
	selectionFlags
	lockStateFlags
	resolutionFlags
	script, version string
	fix, licenses   bool
}

func auditCommand() command {
	return command{
		path: "audit", short: "Look for known vulnerabilities in what is locked",
		long: "Asks a database which of the locked packages have known vulnerabilities, and their indexes whether the projects are archived, deprecated or quarantined. All extras and dependency groups are looked at. " +
			"The exit code is 1 if there are vulnerabilities.",
		prepare: func(f *flags) work {
			var o auditFlags
			o.registerAudit(f)
			return func(ctx context.Context, a *app, args []string) error { return a.audit(ctx, &o) }
		},
	}
}

func (o *auditFlags) registerAudit(f *flags) {
	f.List(&o.noExtras, "no-extra", "EXTRA", "Leave out what this extra adds")
	f.Func(func() { o.dev = new(bool) }, "no-dev", "Leave out the development dependencies").FromEnv("UV_NO_DEV")
	f.List(&o.noGroups, "no-group", "GROUP", "Leave out this dependency group").FromEnv("UV_NO_GROUP")
	f.Pair(&o.noDefaultGroups, "no-default-groups", "", "Leave out the groups that are included by default").FromEnv("UV_NO_DEFAULT_GROUPS")
	f.List(&o.onlyGroups, "only-group", "GROUP", "Look at nothing but this dependency group")
	f.Bool(&o.onlyDev, "only-dev", "Look at nothing but the development dependencies")
	f.Exclusive("only-dev", "no-dev")
	o.lockStateFlags.register(f)
	exclusiveLockState(f)
	f.Exclusive("frozen", "no-sources")
	o.serviceFlags.register(f)
	f.Text(&o.script, "script", "FILE", "Look at what this script needs")
	f.Text(&o.version, "python-version", "VERSION", "Look only at what is for this version of Python")
	f.Text(&o.platform, "python-platform", "PLATFORM", "Look only at what is for this platform: linux, windows, macos or a target triple")
	f.Bool(&o.fix, "fix", "Raise packages to the least versions that have everything repaired, and change nothing else of the lock")
	for _, name := range []string{"locked", "frozen", "python-version", "python-platform"} {
		f.Exclusive("fix", name)
	}
	f.Bool(&o.licenses, "licenses", "List the licenses of packages instead, and fail if `[tool.tame.licenses]` does not allow one")
	for _, name := range []string{"fix", "ignore", "ignore-until-fixed", "service-url"} {
		f.Exclusive("licenses", name)
	}
	o.build.register(f)
	o.binary.register(f)
	o.index.register(f)
	o.resolver.register(f)
	f.linkMode(&o.installer.LinkMode)
}

// An auditing is the command on its way.
type auditing struct {
	*lockReading
	flags   *auditFlags
	service *audit.Service
	ignores audit.Ignores
	matched map[string]bool // names among them that were of use
}

func (a *app) audit(ctx context.Context, o *auditFlags) error {
	if err := o.serviceFlags.check(); err != nil {
		return err
	}
	if o.licenses && o.format == "sarif" {
		return usageError("licenses are shown as text or JSON, not as SARIF")
	}
	a.warnPreview("audit", "audit-command")
	a.warnJSON("--output-format", o.format)
	only := o.onlyDev || len(o.onlyGroups) > 0
	every := true
	o.allExtras = &every
	if !only {
		o.allGroups = &every
	}
	filtered := o.version != "" || o.platform != ""
	r, err := a.readLock(ctx, &o.resolutionFlags, &o.lockStateFlags, &o.selectionFlags, o.script, discovery{}, filtered)
	if err != nil {
		return err
	}
	if o.licenses {
		return (&auditing{lockReading: r, flags: o}).licenses(ctx)
	}
	u := &auditing{lockReading: r, flags: o, ignores: a.auditIgnores(&o.serviceFlags), matched: map[string]bool{}}
	own, err := tameAudit(r.projectRoot())
	if err != nil {
		return err
	}
	e, err := r.connected(ctx, r.interpreter)
	if err != nil {
		return err
	}
	if u.service, err = a.vulnerabilityService(e, &o.serviceFlags, own); err != nil {
		return err
	}
	report, err := u.report(ctx)
	if err != nil {
		return err
	}
	a.warnUnmatched(&u.ignores, u.matched, "the project")
	if o.fix {
		if report, err = u.fix(ctx, report); err != nil {
			return err
		}
	}
	return a.showAudit(o.format, report, a.artifact(u.lockFile()))
}

// warnJSON says that a format in JSON may change, unless it was asked for as a
// feature.
func (a *app) warnJSON(flag, format string) {
	if format == "json" && !a.previews("json-output") {
		a.print.Warn("The `%s json` option is experimental and the schema may change without warning. Pass `--preview-features json-output` to disable this warning.", flag)
	}
}

// auditIgnores are the vulnerabilities that flags and settings leave out.
func (a *app) auditIgnores(o *serviceFlags) audit.Ignores {
	g := audit.Ignores{Always: o.ignore, UntilFixed: o.ignoreUntilFixed}
	g.Always = append(g.Always, a.config.Audit.Ignore...)
	g.UntilFixed = append(g.UntilFixed, a.config.Audit.IgnoreUntilFixed...)
	return g
}

// vulnerabilityService is the database that is asked: that of the flag, of the
// variable, of the project's own settings, or the one that is built in. The engine
// is connected.
func (a *app) vulnerabilityService(e *engine.Engine, o *serviceFlags, own string) (*audit.Service, error) {
	url := o.serviceURL
	if url == "" {
		if url = a.env["TAME_AUDIT_SERVICE_URL"]; url != "" {
			if err := audit.CheckURL(url); err != nil {
				return nil, fmt.Errorf("invalid value `%s` for `TAME_AUDIT_SERVICE_URL`: %w", url, err)
			}
		}
	}
	s := &audit.Service{Web: e.Web, URL: first(url, own, audit.DefaultURL), Limit: e.Fetch.Downloads}
	s.File = func(url string) string { return e.Cache.Path(cache.Responses, cache.Key("osv", url)) }
	return s, nil
}

// tameAudit reads the table [tool.tame.audit], whose only key is the address of
// the vulnerability service.
func tameAudit(f *pyproject.File) (string, error) {
	t := f.Tool("tame").Get("audit")
	wrong := func(err error) (string, error) { return "", fmt.Errorf("failed to parse: `%s`: %w", f.Name(), err) }
	for key := range t.Entries() {
		if key != "service-url" {
			return wrong(t.KeyErrorf(key, "unknown field `%s`, expected `service-url`", key))
		}
	}
	v := t.Get("service-url")
	if v.IsZero() {
		return "", nil
	}
	text, ok := v.Text()
	if !ok {
		return wrong(v.Errorf("a string is expected for `service-url`"))
	}
	if err := audit.CheckURL(text); err != nil {
		return wrong(v.Errorf("invalid `service-url`: %w", err))
	}
	return text, nil
}

// report asks the database and the indexes.
func (u *auditing) report(ctx context.Context) (*audit.Report, error) {
	packages, err := u.auditable()
	if err != nil {
		return nil, err
	}
	return u.app.auditPackages(ctx, u.engine, u.service, packages, u.target.Dir(), &u.ignores, u.matched)
}

// auditable are the packages to look at.
func (u *auditing) auditable() ([]lock.Auditable, error) {
	s := project.Selection{Groups: u.groups, Extras: u.extras}
	roots, err := s.Roots(u.target, u.lock)
	if err != nil {
		return nil, err
	}
	all, err := u.lock.Auditable(roots)
	if err != nil || u.flags.version == "" && u.flags.platform == "" {
		return all, err
	}
	target, err := u.interpreter.Target(u.flags.version, u.flags.platform, u.app.environment.Get)
	if err != nil {
		return nil, err
	}
	var out []lock.Auditable
	for _, p := range all {
		if p.Marker.Evaluate(target.Env, nil) {
			out = append(out, p)
		}
	}
	return out, nil
}

// auditPackages asks a database about packages, and at the same time the indexes
// about their projects. root is what relative paths of the lock are relative to.
func (a *app) auditPackages(ctx context.Context, e *engine.Engine, s *audit.Service, packages []lock.Auditable, root string, g *audit.Ignores, matched map[string]bool) (*audit.Report, error) {
	all := make([]audit.Dependency, len(packages))
	for i, p := range packages {
		all[i] = audit.Dependency{Name: p.Name, Version: p.Version}
	}
	var found []audit.Vulnerability
	var statuses []audit.ProjectStatus
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		found, err = s.Vulnerabilities(ctx, all)
		return err
	})
	group.Go(func() error {
		statuses = a.projectStatuses(ctx, e, packages, root)
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return audit.NewReport(len(all), g.Apply(found, matched), statuses), nil
}

// projectStatuses asks the indexes which projects are not as they should be. An
// index that does not answer is passed over: it must not keep the rest of an audit
// from being of use.
func (a *app) projectStatuses(ctx context.Context, e *engine.Engine, packages []lock.Auditable, root string) []audit.ProjectStatus {
	found := make([]*audit.ProjectStatus, len(packages))
	_ = par.ForEach(ctx, 50, len(packages), func(ctx context.Context, i int) error {
		p := packages[i]
		url := p.IndexURL(root)
		if url == "" || i > 0 && packages[i-1].Name == p.Name && packages[i-1].IndexURL(root) == url {
			return nil
		}
		status, reason, err := e.Index.Status(ctx, p.Name, url)
		switch {
		case err != nil:
			a.print.Debug("Passing over the status of the project `%s`: %v", p.Name, err)
		case audit.IsAdverse(status):
			found[i] = &audit.ProjectStatus{Name: p.Name, Status: status, Reason: reason}
		}
		return nil
	})
	var out []audit.ProjectStatus
	for _, s := range found {
		if s != nil {
			out = append(out, *s)
		}
	}
	return out
}

func (a *app) warnUnmatched(g *audit.Ignores, matched map[string]bool, scope string) {
	for _, id := range g.Unmatched(matched) {
		a.print.Warn("Ignored vulnerability `%s` does not match any vulnerability in %s", id, scope)
	}
}

// lockFile is the file that findings are about: that of the lock, or an unlocked
// script.
func (u *auditing) lockFile() string {
	if s := u.target.Script; s != nil {
		if _, err := os.Stat(u.target.LockPath()); err != nil {
			return s.Path
		}
	}
	return u.target.LockPath()
}

// artifact is a file as SARIF names it: relative to the repository that it is in,
// or else to the working directory.
func (a *app) artifact(file string) string {
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			if rel, err := filepath.Rel(dir, file); err == nil {
				return filepath.ToSlash(rel)
			}
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if rel, ok := strings.CutPrefix(file, a.dir+string(filepath.Separator)); ok {
		file = rel
	}
	return filepath.ToSlash(file)
}
