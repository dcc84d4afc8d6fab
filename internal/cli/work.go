package cli

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// workSettings are all that decides how to resolve and install: flags over
// variables over files.
type workSettings struct {
	settings.Settings

	app      *app
	cert     string
	refresh  refreshFlags
	platform platformFlags

	projects *projectIndexes // see workspaceOptions

	// buildConstraints hold for what is built where there are no inputs that
	// have them.
	buildConstraints []pip.Input

	// lower applies the sources of the project or script at hand to extra build
	// requirements; nil applies none.
	lower func(pep508.Requirement) ([]source.Requirement, error)

	// lockedIndex is the index that a lock names, which goes before that of the
	// interpreter's pip.
	lockedIndex string

	exact, sync, dryRun, allowEmpty bool
	requireHashes, verifyHashes     *bool
	canonical                       bool // no mirror is asked: what was changed just now matters
	building                        bool // the hashes are those of build requirements
}

func (a *app) installSettings(o *installOptions) (*workSettings, error) {
	base, err := settings.Combine(a.layers(), a.config.ForPip(),
		&o.environmentFlags, &o.index, &o.resolver, &o.installer, &o.build, settings.Torch(o.torch), &o.binary)
	if err != nil {
		return nil, err
	}
	s := &workSettings{Settings: *base, app: a, cert: o.cert, refresh: o.refresh, platform: o.platform, sync: o.sync, dryRun: o.dryRun}
	override(&s.Pip.Strict, o.strict)
	override(&s.Pip.NoDeps, o.noDeps)
	override(&s.Pip.AllowEmptyRequirements, o.allowEmpty)
	if s.requireHashes, err = a.flagOrEnv(o.requireHashes, "UV_REQUIRE_HASHES"); err != nil {
		return nil, err
	}
	if s.requireHashes == nil {
		s.requireHashes = s.Pip.RequireHashes
	}
	s.verifyHashes = o.verifyHashes
	if off, err := a.flagOrEnv(nil, "UV_NO_VERIFY_HASHES"); err != nil {
		return nil, err
	} else if s.verifyHashes == nil && off != nil {
		on := !*off
		s.verifyHashes = &on
	}
	if s.verifyHashes == nil {
		s.verifyHashes = s.Pip.VerifyHashes
	}
	s.exact, s.allowEmpty = isTrue(o.exact), isTrue(s.Pip.AllowEmptyRequirements)
	return s, nil
}

// check refuses settings that contradict each other.
func (s *workSettings) check(o *installOptions) error {
	offline, err := s.app.flagOrEnv(s.app.global.offline, "UV_OFFLINE")
	switch {
	case err != nil:
		return err
	case isTrue(offline) && (isTrue(o.refresh.All) || len(o.refresh.Packages) > 0):
		return usageError("`--offline` cannot be used together with `--refresh`")
	case len(o.resolver.UpgradeGroup) > 0:
		return withHint(usageError("`--upgrade-group` is not supported by the pip commands"), "use `--upgrade` or `--upgrade-package`")
	case s.Pip.LinkMode != nil && *s.Pip.LinkMode == fsx.Symlink && s.app.noCache():
		return withHint(usageError("symbolic links into the cache cannot be made together with `--no-cache`: they would be broken at once"), "use another `--link-mode`")
	}
	return nil
}

// compiles reports whether bytecode is made of everything.
func (s *workSettings) compiles() bool { return s.sync && isTrue(s.Pip.CompileBytecode) }

// settingsInputs are the requirements among the settings of a project, and
// those of --upgrade-package.
func settingsInputs(o *config.Options, p *config.Pip) pip.Settings {
	s := pip.Settings{
		Constraints: o.ConstraintDependencies, BuildConstraints: o.BuildConstraintDependencies, Upgrades: p.UpgradePackage,
	}
	for _, v := range o.OverrideDependencies {
		scope := pip.Scope{Name: v.Scope.Name}
		if v.Scope.Version != nil {
			scope.Version = *v.Scope.Version
		}
		s.Overrides = append(s.Overrides, pip.ScopedOverride{Scope: scope, Requirements: v.Requirements})
	}
	for _, v := range o.ExcludeDependencies {
		scope := pip.Scope{Name: v.Scope.Name}
		if v.Scope.Version != nil {
			scope.Version = *v.Scope.Version
		}
		s.Excludes = append(s.Excludes, pip.ScopedExclude{Scope: scope, Names: v.Names})
	}
	return s
}

// policy says which files may be used; the options of requirements files add
// to the settings.
func (s *workSettings) policy(in *pip.Inputs) index.Policy {
	p := s.Policy(s.app.now(), s.app.moment("UV_TEST_AVAILABLE_VERSION_CUTOFF"))
	if in == nil {
		return p
	}
	join := func(to *index.Selection, names []string) {
		for _, name := range names {
			if name == ":all:" {
				to.All = true
				continue
			}
			if to.Packages == nil {
				to.Packages = map[pyname.Package]bool{}
			}
			to.Packages[pyname.Package(name)] = true
		}
	}
	join(&p.NoBinary, in.Options.NoBinary)
	join(&p.NoBuild, in.Options.OnlyBinary)
	return p
}

// now is the moment of the command.
func (a *app) now() time.Time {
	if t := a.moment("UV_TEST_CURRENT_TIMESTAMP"); !t.IsZero() {
		return t
	}
	return time.Now()
}

// moment is the time in a variable that tests set, zero if there is none.
func (a *app) moment(variable string) time.Time {
	t, err := time.Parse(time.RFC3339, a.env[variable])
	if err != nil {
		return time.Time{}
	}
	return t
}

func (s *workSettings) upgrade() pip.Choice {
	c := pip.Choice{All: isTrue(s.Pip.Upgrade), Packages: map[pyname.Package]bool{}}
	for _, r := range s.Pip.UpgradePackage {
		c.Packages[r.Name] = true
	}
	return c
}

func (s *workSettings) reinstall() pip.Choice {
	return choiceOf(isTrue(s.Pip.Reinstall), s.Pip.ReinstallPackage)
}

func choiceOf(all bool, names []pyname.Package) pip.Choice {
	c := pip.Choice{All: all, Packages: map[pyname.Package]bool{}}
	for _, n := range names {
		c.Packages[n] = true
	}
	return c
}

func (s *workSettings) hashMode(in *pip.Inputs) pip.HashMode {
	switch {
	case isTrue(s.requireHashes), in.Options.RequireHashes:
		return pip.RequireHashes
	case s.verifyHashes != nil && !*s.verifyHashes:
		return pip.IgnoreHashes
	}
	return pip.VerifyHashes
}

// newEngine makes the engine of a command. Nothing is asked of any network
// yet.
func (a *app) newEngine(ctx context.Context, s *workSettings) (*engine.Engine, error) {
	refresh, err := s.CacheRefresh(&s.refresh.Refresh, time.Now())
	if err != nil {
		return nil, err
	}
	c, err := a.openCache(ctx, refresh)
	if err != nil {
		return nil, err
	}
	e := &engine.Engine{
		Cache: c, Changing: a.attend, Report: a.showStage, Building: a.showBuild, Environ: a.environ(), Getenv: a.getenv,
		Warn:       func(text string) { a.print.Warn("%s", text) },
		Workspaces: s.finder(),
		Previews:   engine.Previews{ModuleConflicts: a.previews("detect-module-conflicts"), MetadataJSON: a.previews("metadata-json")},
		Fetch:      fetch.Options{AnyName: isTrue(a.vars.SkipWheelFilenameCheck)},
	}
	if n := a.vars.ConcurrentDownloads; n != nil {
		e.Fetch.Downloads = *n
	} else if n := a.config.ConcurrentDownloads; n != nil {
		e.Fetch.Downloads = *n
	}
	if a.print.Debugging() {
		e.Debug = a.print.Debug
	}
	if progress := a.print.StartProgress(a.hidesProgress()); progress != nil {
		e.Progress = progressOf(progress)
	}
	if dir := a.config.Tame.Vendor; dir != nil && a.name == "tame" {
		e.Fetch.Vendored = *dir
	}
	e.GitLFS = isTrue(a.vars.GitLFS)
	e.Fetch.Git, err = a.gitStore(e)
	return e, err
}

func (a *app) hidesProgress() bool {
	return isTrue(a.global.noProgress) || isTrue(a.vars.NoProgress) || a.env["UV_TEST_NO_CLI_PROGRESS"] != ""
}

// connect gives the engine its client and indexes, once it is known where the
// index of the interpreter's own pip is and what requirements files say. Those
// that it has already, because that was not needed, stay.
func (a *app) connect(ctx context.Context, e *engine.Engine, s *workSettings, in *pip.Inputs, interpreter *python.Interpreter) error {
	if e.Index == nil {
		if err := a.reach(ctx, e, s, in, interpreter); err != nil {
			return err
		}
	}
	if interpreter == nil {
		return nil
	}
	options, err := a.buildOptions(s, in, interpreter)
	if err != nil {
		return err
	}
	e.SetBuild(options)
	a.atEnd(e.Close)
	return nil
}

// reach makes the client and the indexes.
func (a *app) reach(ctx context.Context, e *engine.Engine, s *workSettings, in *pip.Inputs, interpreter *python.Interpreter) error {
	locations, err := a.locations(s, in, interpreter)
	if err != nil {
		return err
	}
	if locations.Torch, err = a.torchIndexes(ctx, s, interpreter); err != nil {
		return err
	}
	store, err := a.authStore(s, locations)
	if err != nil {
		return err
	}
	client, err := a.webClient(s, store)
	if err != nil {
		return err
	}
	e.Web = client
	e.Index = index.New(index.Options{Web: client, Cache: e.Cache, Locations: locations, Debug: e.Debug, AnyName: isTrue(a.vars.SkipWheelFilenameCheck)})
	s.projects.tell(e.Index)
	return nil
}

// locations are all places to look in: of flags and settings, then of
// requirements files, and last the index that the interpreter's own pip uses.
func (a *app) locations(s *workSettings, in *pip.Inputs, interpreter *python.Interpreter) (index.Locations, error) {
	l, err := s.Locations()
	if err != nil {
		return l, err
	}
	if in != nil {
		if err := a.fileLocations(&l, in); err != nil {
			return l, err
		}
	}
	if s.projects != nil {
		s.projects.addTo(&l)
	}
	hasDefault := slices.ContainsFunc(l.Indexes, func(x index.Index) bool { return x.Default })
	if !hasDefault && interpreter != nil {
		if url := first(s.lockedIndex, interpreter.PipIndexURL()); url != "" {
			l.Indexes = append(l.Indexes, index.Index{URL: url, Default: true})
		}
	}
	return l, nil
}

// fileLocations adds the options of requirements files, whose relative paths
// are relative to the file.
func (a *app) fileLocations(l *index.Locations, in *pip.Inputs) error {
	at := func(text, file string) (string, error) {
		if file != "" && file != "-" && !strings.Contains(text, "://") && !filepath.IsAbs(text) {
			text = filepath.Join(a.path(filepath.Dir(file)), text)
		}
		return a.locationURL(text)
	}
	o := in.Options
	for _, x := range o.ExtraIndexURLs {
		url, err := at(x.Text, x.File)
		if err != nil {
			return err
		}
		l.Indexes = append(l.Indexes, index.Index{URL: url, Given: x.Given})
	}
	if o.IndexURL != nil {
		url, err := at(o.IndexURL.Text, o.IndexURL.File)
		if err != nil {
			return err
		}
		l.Indexes = append(l.Indexes, index.Index{URL: url, Given: o.IndexURL.Given, Default: true})
	}
	for _, x := range o.FindLinks {
		url, err := at(x.Text, x.File)
		if err != nil {
			return err
		}
		l.FindLinks = append(l.FindLinks, index.Index{URL: url, Given: x.Given, Flat: true})
	}
	l.NoIndex = l.NoIndex || o.NoIndex
	return nil
}

func (a *app) webClient(s *workSettings, store *auth.Store) (*web.Client, error) {
	a.attend()
	offline, err := a.offline()
	if err != nil {
		return nil, err
	}
	o := web.Options{
		Offline: offline, Auth: store, CertFile: s.cert,
		HTTPProxy: text(a.config.HTTPProxy), HTTPSProxy: text(a.config.HTTPSProxy), NoProxy: strings.Join(a.config.NoProxy, ","),
		Getenv: a.environment.Get, UserAgent: "tame/" + Version + " uv/" + Behaviour,
		Warn: func(message string) { a.print.Warn("%s", message) },
	}
	if s.cert != "" {
		o.CertFile = a.path(s.cert)
	}
	a.applyPip(&o)
	if o.InsecureHosts, err = a.insecureHosts(); err != nil {
		return nil, err
	}
	if t := a.vars.HTTPTimeout; t != nil {
		o.ReadTimeout = *t
	}
	if t := a.vars.HTTPConnectTimeout; t != nil {
		o.ConnectTimeout = *t
	}
	if n := a.vars.HTTPRetries; n != nil {
		if o.Retries = *n; *n == 0 {
			o.Retries = -1
		}
	}
	if a.name == "tame" && !s.canonical {
		for _, m := range a.config.Tame.Mirrors {
			o.Mirrors = append(o.Mirrors, web.Mirror(m))
		}
	}
	if a.print.Debugging() {
		o.Debug = a.print.Debug
	}
	return web.New(o), nil
}

// applyPip puts pip's own settings where nothing else is said, if they count.
func (a *app) applyPip(o *web.Options) {
	p := &a.config.Tame.Pip
	if o.CertFile == "" && a.env["SSL_CERT_FILE"] == "" && a.env["SSL_CERT_DIR"] == "" && p.Cert != "" {
		o.CertFile = a.path(p.Cert)
	}
	if p.Timeout != nil {
		o.ReadTimeout = *p.Timeout
	}
	if p.Retries != nil {
		if o.Retries = *p.Retries; *p.Retries == 0 {
			o.Retries = -1
		}
	}
	if p.ClientCert != "" {
		o.Getenv = func(name string) string {
			if value := a.environment.Get(name); value != "" || name != "SSL_CLIENT_CERT" {
				return value
			}
			return a.path(p.ClientCert)
		}
	}
}

// reader reads requirements; files behind URLs need a client that knows no
// indexes yet.
func (a *app) reader(s *workSettings) *pip.Reader {
	return &pip.Reader{
		Dir: a.dir, Stdin: a.stdio.In, Getenv: a.getenv,
		Workspace: s.workspaceOptions(),
		Fetch: func(ctx context.Context, url string) ([]byte, error) {
			client, err := a.plainClient(s)
			if err != nil {
				return nil, err
			}
			_, body, err := client.Get(ctx, web.Request{URL: url})
			return body, err
		},
		Settings: func(script *pyproject.Script) (pip.Settings, error) {
			o, err := a.fileOptions(script.File)
			if err != nil {
				return pip.Settings{}, err
			}
			own := settingsInputs(o, &config.Pip{})
			own.BuildConstraints = nil // those of the command count
			return own, nil
		},
	}
}

// readInputs reads the requirements, and says what is odd in them.
func (a *app) readInputs(ctx context.Context, r *pip.Reader, sources pip.Sources) (*pip.Inputs, error) {
	in, err := pip.Read(ctx, sources, r)
	if err != nil {
		return nil, err
	}
	for _, w := range in.Warnings {
		hint := ""
		if w.Hint != "" {
			hint = " (" + w.Hint + ")"
		}
		a.print.Warn("%s:%d: %s%s", w.File, w.Line, w.Message, hint)
	}
	for _, name := range in.Empty {
		a.print.Warn("Requirements file `%s` does not contain any dependencies", name)
	}
	return in, nil
}
