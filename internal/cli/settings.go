package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/workspace"
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

func isTrue(p *bool) bool { return p != nil && *p }

// layers are the variables and the settings of files, for flags to be put over.
func (a *app) layers() *settings.Layers {
	return &settings.Layers{
		Env: a.environment, Files: &a.config, Dir: a.dir, Preview: a.previews, Warn: a.warnOnce,
		Exists: func(path string) bool {
			_, err := os.Stat(path)
			return err == nil
		},
	}
}

// What every command says often, by short names.

func first(texts ...string) string { return settings.First(texts...) }

func override[T any](field **T, value *T) { settings.Override(field, value) }

// flagOrEnv is a switch that a flag sets, or else a variable.
func (a *app) flagOrEnv(flag *bool, variable string) (*bool, error) {
	return a.layers().Switch(flag, variable)
}

// listOrEnv is a list of flags, or else of a variable.
func (a *app) listOrEnv(flags []string, variable string) []string {
	return a.layers().List(flags, variable)
}

// textOrEnv is the text of a flag, or else of a variable; nil is neither.
func (a *app) textOrEnv(flag *string, variable string) *string {
	return a.layers().Text(flag, variable)
}

// path is a path of the command line, absolute.
func (a *app) path(name string) string { return a.layers().Path(name) }

// locationURL is a URL or path as a URL.
func (a *app) locationURL(text string) (string, error) { return a.layers().LocationURL(text) }

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
