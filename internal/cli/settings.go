package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// setPrinter applies the global flags that say how loud the program is, and in
// what colour.
func (a *app) setPrinter() {
	color := ui.ColorChoice(a.global.color)
	if a.global.noColor {
		color = ui.ColorNever
	}
	if color == "" {
		color = ui.ColorAuto
	}
	a.print = ui.NewPrinter(a.stdio, ui.LevelOf(a.global.quiet, a.global.verbose), color, a.getenv)
	a.print.Program = a.name
}

// settle applies the other global flags: it changes to the directory they name
// and reads the settings files.
func (a *app) settle() error {
	if a.global.quiet > 0 && a.global.verbose > 0 {
		return usageError("`--quiet` cannot be used together with `--verbose`")
	}
	if err := a.changeDirectory(); err != nil {
		return err
	}
	var err error
	if a.vars, err = a.environment.Variables(); err != nil {
		return err
	}
	if a.global.isolated {
		a.print.Warn("the `--isolated` flag is deprecated; use `--no-config` to keep settings files from being read")
	}
	if !a.personal && a.global.showSettings == "" {
		if err := a.recoverEdits(a.projectDir()); err != nil {
			return err
		}
	}
	if err := a.loadSettings(a.settingsDir()); err != nil {
		return err
	}
	a.warnNativeTLS()
	return a.keepOutOfCache()
}

// warnNativeTLS warns of the older name of system-certs, wherever it stands.
func (a *app) warnNativeTLS() {
	const text = "the %s is deprecated and will be removed in a future release; use %s instead"
	switch {
	case a.global.nativeTLS:
		a.print.Warn(text, "flag `--native-tls`", "`--system-certs`")
	case a.vars.NativeTLS != nil:
		a.print.Warn(text, "variable `UV_NATIVE_TLS`", "`UV_SYSTEM_CERTS`")
	case a.config.NativeTLS != nil:
		a.print.Warn(text, "setting `native-tls`", "`system-certs`")
	}
}

func (a *app) changeDirectory() error {
	older, asked := a.getenv("UV_WORKING_DIRECTORY")
	directory := first(a.global.directory, a.env["UV_WORKING_DIR"], older)
	if directory != "" || asked {
		if err := os.Chdir(directory); err != nil {
			return fmt.Errorf("changing to the directory of `--directory`: %w", err)
		}
	}
	var err error
	a.dir, err = os.Getwd()
	return err
}

// projectDir is where a project is looked for.
func (a *app) projectDir() string {
	project := first(a.global.project, a.env["UV_PROJECT"])
	if project == "" {
		return a.dir
	}
	dir := a.path(project)
	if filepath.Base(dir) == "pyproject.toml" {
		dir = filepath.Dir(dir)
	}
	return dir
}

// keepOutOfCache refuses to work on a project that lies in the cache, whose
// cleaning would remove it.
func (a *app) keepOutOfCache() error {
	cached, err := os.Stat(a.cacheDir())
	if err != nil || a.noCache() {
		return nil // there is none
	}
	project := a.projectDir()
	for dir := project; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && os.SameFile(info, cached) {
			return fmt.Errorf("the project directory `%s` is inside the cache directory `%s`", a.shown(project), a.shown(dir))
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// settingsDir is where settings files are looked for: where projects are, but
// beside the file that `run` is to run.
func (a *app) settingsDir() string {
	path := a.path(a.besideFile)
	switch strings.ToLower(filepath.Ext(path)) {
	case ".py", ".pyw":
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && first(a.global.project, a.env["UV_PROJECT"]) == "" {
			return filepath.Dir(path)
		}
	}
	return a.projectDir()
}

// checkConfigFile demands that the file of settings that was named exists, for
// commands of uv's that need none.
func (a *app) checkConfigFile(command string) error {
	name := first(a.global.configFile, a.env["UV_CONFIG_FILE"])
	switch command {
	case "help", "self version", "self update", "generate-shell-completion":
	default:
		return nil
	}
	if name == "" {
		return nil
	}
	if _, err := os.Stat(a.path(name)); err != nil {
		return fmt.Errorf("failed to open file `%s`: %w", name, errors.Unwrap(err))
	}
	return nil
}

// loadSettings reads the settings files that count in a directory.
func (a *app) loadSettings(start string) error {
	a.settingsFrom = start
	if project := first(a.global.project, a.env["UV_PROJECT"]); project != "" {
		if info, err := os.Stat(start); err != nil || !info.IsDir() {
			return fmt.Errorf("the directory of `--project` does not exist: `%s`", project)
		}
	}
	noConfig, err := a.flagOrEnv(a.global.noConfig, "UV_NO_CONFIG")
	if err != nil {
		return err
	}
	if a.global.isolated {
		noConfig = &a.global.isolated
	}
	files := a.projectFiles()
	if !isTrue(noConfig) {
		start = workspace.SettingsRoot(start, files)
	}
	result, err := config.Load(config.LoadRequest{
		Dir: start, ReadProject: files.Read, Workdir: a.dir, ConfigFile: first(a.global.configFile, a.env["UV_CONFIG_FILE"]),
		NoConfig: isTrue(noConfig), UserOnly: a.personal, Getenv: a.environment.Get,
	})
	for _, w := range result.Warnings {
		a.print.Warn("%s", w)
	}
	if err != nil {
		return err
	}
	a.config, a.settingsFiles = result.Options, result.Files
	a.warnUnknownPreviews()
	return nil
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func isTrue(p *bool) bool { return p != nil && *p }

// flagOrEnv is a switch that a flag sets, or else a variable.
func (a *app) flagOrEnv(flag *bool, variable string) (*bool, error) {
	if flag != nil {
		return flag, nil
	}
	if v, ok := a.getenv(variable); !ok || v == "" {
		return nil, nil
	}
	return a.environment.Bool(variable)
}

// path is a path of the command line, absolute.
func (a *app) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(a.dir, name)
}

// listOrEnv is a list of flags, or else of a variable.
func (a *app) listOrEnv(flags []string, variable string) []string {
	if len(flags) > 0 {
		return flags
	}
	return a.environment.List(variable)
}

// textOrEnv is the text of a flag, or else of a variable; nil is neither. An
// empty text unsets what files say.
func (a *app) textOrEnv(flag *string, variable string) *string {
	if flag != nil {
		return flag
	}
	if v, ok := a.getenv(variable); ok && v != "" {
		return &v
	}
	return nil
}

// override sets a field to what a flag or variable says, if anything.
func override[T any](field **T, value *T) {
	if value != nil {
		*field = value
	}
}

// choose is override for texts whose empty value says nothing.
func choose(field **string, texts ...string) {
	if t := first(texts...); t != "" {
		*field = &t
	}
}

// packages reads the names of a list.
func packages(flag string, names []string) ([]pyname.Package, error) {
	var out []pyname.Package
	for _, text := range names {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--%s`: %w", flag, err)
		}
		out = append(out, name)
	}
	return out, nil
}

// chosen are the indexes of `--index` and `--default-index`, or of their
// variables.
func (i *indexFlags) chosen(a *app) ([]config.Index, error) {
	var list []config.Index
	for _, text := range a.listOrEnv(i.index, "UV_INDEX") {
		if text == "" {
			continue
		}
		x, err := a.chosenIndex(text)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--index`: %w", err)
		}
		a.warnRelative(&x)
		list = append(list, x)
	}
	if v := a.textOrEnv(i.defaultIndex, "UV_DEFAULT_INDEX"); v != nil && *v != "" {
		x, err := a.chosenIndex(*v)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--default-index`: %w", err)
		}
		a.warnRelative(&x)
		x.Default = true
		list = append(list, x)
	}
	return list, nil
}

// warnRelative warns of a path that could be taken for the name of an index.
func (a *app) warnRelative(x *config.Index) {
	text := x.Given
	if _, _, is := pep508.SplitScheme(text); text == "" || is || filepath.IsAbs(text) || strings.HasPrefix(text, ".") {
		return
	}
	a.warnOnce(fmt.Sprintf("relative paths of `--index` and `--default-index` should not look like the name of an index: write `.%c%s` for `%s`", filepath.Separator, text, text))
}

// chosenIndex reads an index of a flag, which may be the name of one of the
// settings.
func (a *app) chosenIndex(text string) (config.Index, error) {
	if _, err := config.ParseIndexName(text); err != nil {
		return a.parseIndex(text)
	}
	_, err := os.Stat(a.path(text))
	preview := a.previews("index-by-name")
	if err == nil && !preview {
		return a.parseIndex(text)
	}
	for _, x := range a.config.Index {
		if x.Name != text {
			continue
		}
		if !preview {
			a.warnOnce("referring to an index by its name is experimental and may change without warning. Pass `--preview-features index-by-name` to disable this warning.")
		}
		x.Default, x.Explicit, x.Origin = false, false, config.OriginCommandLine
		return x, nil
	}
	if err != nil && preview {
		return config.Index{}, fmt.Errorf("there is no index named `%s` in the settings", text)
	}
	return a.parseIndex(text)
}

// warnOnce prints a warning, unless the command has printed it already.
func (a *app) warnOnce(text string) {
	if !a.warned[text] {
		if a.warned == nil {
			a.warned = map[string]bool{}
		}
		a.warned[text] = true
		a.print.Warn("%s", text)
	}
}

// apply puts the flags and variables over the settings of files, and returns
// the indexes in order.
func (i *indexFlags) apply(a *app, r *config.Resolver) ([]config.Index, error) {
	list, err := i.chosen(a)
	if err != nil {
		return nil, err
	}
	add := func(text, flag string, isDefault bool) error {
		if text == "" {
			return nil
		}
		x, err := a.parseIndex(text)
		if err != nil {
			return fmt.Errorf("invalid value for `--%s`: %w", flag, err)
		}
		x.Default = isDefault
		list = append(list, x)
		return nil
	}
	for _, text := range a.listOrEnv(i.extraIndexURL, "UV_EXTRA_INDEX_URL") {
		if err := add(text, "extra-index-url", false); err != nil {
			return nil, err
		}
	}
	if v := a.textOrEnv(i.indexURL, "UV_INDEX_URL"); v != nil {
		if err := add(*v, "index-url", true); err != nil {
			return nil, err
		}
	}
	list = append(list, r.Indexes(a.config.Index)...)
	var links []config.Index
	for _, text := range a.listOrEnv(i.findLinks, "UV_FIND_LINKS") {
		x, err := a.parseFindLinks(text)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--find-links`: %w", err)
		}
		links = append(links, x)
	}
	r.FindLinks = append(links, r.FindLinks...)
	override(&r.NoIndex, i.noIndex)
	choose(&r.IndexStrategy, strategyName(first(i.strategy, a.env["UV_INDEX_STRATEGY"])))
	if k := first(i.keyring, a.env["UV_KEYRING_PROVIDER"]); k != "" {
		if err := setText(&r.KeyringProvider, k); err != nil {
			return nil, fmt.Errorf("invalid value for `--keyring-provider`: %w", err)
		}
	}
	return list, nil
}

// strategyName is a strategy by the name that is not an alias.
func strategyName(s string) string {
	switch s {
	case "first-match":
		return "unsafe-first-match"
	case "unsafe-any-match":
		return "unsafe-best-match"
	}
	return s
}

// setText sets a field of a type that reads itself from text.
func setText[T any, P interface {
	*T
	UnmarshalText([]byte) error
}](field **T, text string) error {
	v := new(T)
	if err := P(v).UnmarshalText([]byte(text)); err != nil {
		return err
	}
	*field = v
	return nil
}

// parseIndex reads `[NAME=]URL`, where the URL may be a path.
func (a *app) parseIndex(text string) (config.Index, error) {
	name, location, named := strings.Cut(text, "=")
	if !named || strings.ContainsAny(name, ":/\\") {
		name, location = "", text
	}
	if name != "" {
		if _, err := config.ParseIndexName(name); err != nil {
			return config.Index{}, err
		}
	}
	url, err := a.locationURL(location)
	return config.Index{Name: name, URL: url, Given: location, Origin: config.OriginCommandLine}, err
}

func (a *app) parseFindLinks(text string) (config.Index, error) {
	url, err := a.locationURL(text)
	return config.Index{URL: url, Given: text, Flat: true}, err
}

// locationURL is a URL or path as a URL.
func (a *app) locationURL(text string) (string, error) {
	if scheme, _, ok := pep508.SplitScheme(text); ok && len(scheme) > 1 {
		return text, nil
	}
	if text == "" {
		return "", usageError("it is empty")
	}
	return source.Source{Kind: source.Directory, Location: a.path(text)}.FileURL(), nil
}

func (t *timeFlags) apply(a *app, r *config.Resolver) error {
	if v := a.textOrEnv(t.excludeNewer, "UV_EXCLUDE_NEWER"); v != nil {
		c, err := index.ParseCutoff(*v, time.Local)
		if err != nil {
			return fmt.Errorf("invalid value for `--exclude-newer`: %w", err)
		}
		r.ExcludeNewer = &c
	}
	for _, entry := range t.excludeNewerPackage {
		name, value, err := packageValue(entry)
		if err != nil {
			return fmt.Errorf("invalid value for `--exclude-newer-package`: %w", err)
		}
		c, err := index.ParseCutoff(value, time.Local)
		if err != nil {
			return fmt.Errorf("invalid value for `--exclude-newer-package`: %w", err)
		}
		if r.ExcludeNewerPackage == nil {
			r.ExcludeNewerPackage = map[pyname.Package]index.Cutoff{}
		}
		r.ExcludeNewerPackage[name] = c
	}
	return nil
}

// packageValue reads `NAME=VALUE`.
func packageValue(entry string) (pyname.Package, string, error) {
	text, value, ok := strings.Cut(entry, "=")
	if !ok {
		return "", "", fmt.Errorf("%q has not the form NAME=VALUE", entry)
	}
	name, err := pyname.ParsePackage(text)
	return name, value, err
}

func (s *sourceFlags) apply(a *app, r *config.Resolver) error {
	v, err := a.flagOrEnv(s.noSources, "UV_NO_SOURCES")
	if err != nil {
		return err
	}
	override(&r.NoSources, v)
	names, err := packages("no-sources-package", a.listOrEnv(s.noSourcesPackage, "UV_NO_SOURCES_PACKAGE"))
	r.NoSourcesPackage = append(names, r.NoSourcesPackage...)
	return err
}

func (f *resolverFlags) apply(a *app, r *config.Resolver) error {
	override(&r.Upgrade, f.upgrade)
	for _, text := range f.upgradePackage {
		req, err := pep508.Parse(text)
		if err != nil {
			return fmt.Errorf("invalid value for `--upgrade-package`: %w", err)
		}
		r.UpgradePackage = append(r.UpgradePackage, req)
	}
	choose(&r.Resolution, f.resolution, a.env["UV_RESOLUTION"])
	choose(&r.Prerelease, f.prerelease, a.env["UV_PRERELEASE"])
	if f.pre {
		allow := "allow"
		r.Prerelease = &allow
	}
	choose(&r.ForkStrategy, f.forkStrategy, a.env["UV_FORK_STRATEGY"])
	if err := f.timeFlags.apply(a, r); err != nil {
		return err
	}
	return f.sourceFlags.apply(a, r)
}

func (i *installerFlags) apply(a *app, r *config.Resolver) error {
	override(&r.Reinstall, i.reinstall)
	names, err := packages("reinstall-package", i.reinstallPackage)
	if err != nil {
		return err
	}
	r.ReinstallPackage = append(names, r.ReinstallPackage...)
	compile, err := a.flagOrEnv(i.compileBytecode, "UV_COMPILE_BYTECODE")
	if err != nil {
		return err
	}
	override(&r.CompileBytecode, compile)
	return applyLinkMode(a, i.linkMode, r)
}

func applyLinkMode(a *app, flag string, r *config.Resolver) error {
	text := first(flag, a.env["UV_LINK_MODE"])
	if text == "" {
		return nil
	}
	var mode fsx.LinkMode
	if err := mode.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("invalid value for `--link-mode`: %w", err)
	}
	r.LinkMode = &mode
	return nil
}
