package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/shellwords"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/venv"
)

// venvFlags are those of `venv`.
type venvFlags struct {
	python            *string
	system, noProject *bool
	force, systemSite bool
	existing          string // clear, keep (--no-clear), allow: the last one given
	prompt            *string
	relocatable       *bool
	seed              *bool
	link              string
	index             indexFlags
	time              timeFlags
	refresh           refreshFlags
	compat            []string
}

func venvCommand() command {
	return command{
		path: "venv", args: "[PATH]", aliases: []string{"virtualenv", "v"}, short: "Create a virtual environment",
		long: "The environment is made in .venv, or where PATH says, of the Python that is asked for, that the version file names, or that the project requires.",
		prepare: func(f *flags) work {
			var o venvFlags
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.venv(ctx, &o, args) }
		},
	}
}

func (o *venvFlags) register(f *flags) {
	mode := func(name, text, usage string) *cmdline.Flags {
		return f.Func(func() { o.existing = text }, name, usage)
	}
	f.Pair(&o.seed, "seed", "", "Install pip, and for Pythons before 3.12 setuptools and wheel").FromEnv("UV_VENV_SEED")
	mode("clear,c", "clear", "Replace an environment that is there").FromEnv("UV_VENV_CLEAR")
	mode("no-clear", "keep", "").Hide()
	mode("allow-existing", "allow", "Keep what is there, and overwrite the environment's own files")
	f.Bool(&o.force, "force", "With `--clear`, replace also a directory that is no environment")
	f.Optional(&o.prompt, "prompt", "TEXT", "What the shell shows instead of the environment's name; `.` is the name of the current directory")
	f.Bool(&o.systemSite, "system-site-packages", "Let the environment see the packages of the Python it is made of")
	f.Pair(&o.relocatable, "relocatable", "no-relocatable", "Make an environment that can be moved").FromEnv("UV_VENV_RELOCATABLE")
	f.Pair(&o.noProject, "no-project", "", "Do not look for a project").Alias("no-workspace").FromEnv("UV_NO_PROJECT")
	f.Exclusive("no-clear", "allow-existing")
	for _, name := range []string{"no-seed", "no-pip", "no-setuptools", "no-wheel"} {
		f.Func(func() { o.compat = append(o.compat, name) }, name, "").Hide()
	}
	f.Under("Python options")
	f.python(&o.python)
	f.Pair(&o.system, "system", "no-system", "").Hide()
	o.index.register(f)
	o.time.register(f)
	f.Under("Installer options")
	f.linkMode(&o.link)
	o.refresh.register(f)
}

func (a *app) venv(ctx context.Context, o *venvFlags, args []string) error {
	for _, name := range o.compat {
		a.print.Warn("virtualenv's `--%s` has no effect: it is the default", name)
	}
	given, err := oneArgument(args)
	if err != nil {
		return err
	}
	f, err := a.finder()
	if err != nil {
		return err
	}
	p, err := a.projectUnless(o.noProject, true)
	if err != nil {
		return err
	}
	c, err := a.choosePython(a.textOrEnv(o.python, "UV_PYTHON"), a.projectDir(), p)
	if err != nil {
		return err
	}
	found, err := f.FindOrDownload(ctx, c.request, python.OnlyOutside)
	if err != nil {
		return err
	}
	a.reportPython(found)
	a.warnIncompatible(c, found.Interpreter)
	options, err := a.venvOptions(o, &c, f)
	if err != nil {
		return err
	}
	if given == nil && o.prompt == nil {
		options.Prompt = filepath.Base(a.dir) // `.venv` would be no help to anybody
	}
	seeds, err := a.seedSettings(o)
	if err != nil {
		return err
	}
	path := a.venvPath(given, p)
	central, err := a.venvCentral(ctx, given, p)
	if err != nil {
		return err
	}
	if central != nil {
		path = central.place(f, found.Interpreter, options.Upgradeable)
		if options.Existing == venv.Refuse && o.existing != "keep" {
			options.Existing = venv.Clear // nobody else has put anything there
		}
	} else if err := a.unlinkCentral(path, options.Existing); err != nil {
		return err
	}
	a.sayVenv(path, central != nil, options.Seed)
	env, err := a.createVenv(ctx, path, found.Interpreter, options)
	if err != nil {
		return fmt.Errorf("failed to create virtual environment: %w", err)
	}
	f.Remember(env.Interpreter)
	if options.Seed {
		if err := a.seed(ctx, seeds, env); err != nil {
			return err
		}
	}
	a.sayActivation(env, path, central)
	return nil
}

// sayActivation says how to enter an environment at a path: one in the cache
// through the link to it, which it gets by now.
func (a *app) sayActivation(env *python.Environment, path string, central *central) {
	scripts := env.Interpreter.Scheme.Scripts
	if central != nil && central.point(path) {
		scripts = filepath.Join(central.link(), filepath.Base(scripts))
	}
	if line := a.activation(scripts); line != "" {
		a.print.Line("Activate with: %s", a.print.Color.Green(line))
	}
}

// sayVenv announces an environment: one in the cache by its name alone.
func (a *app) sayVenv(path string, central, seed bool) {
	with := ""
	if seed {
		with = " with seed packages"
	}
	if central {
		a.print.Line("Creating virtual environment `%s`%s", a.print.Color.Cyan(filepath.Base(path)), with)
		return
	}
	a.print.Line("Creating virtual environment%s at: %s", with, a.print.Color.Cyan(a.shown(path)))
}

// venvCentral is where the environment of the project goes in the cache, nil if
// it goes into the project or is none of a project.
func (a *app) venvCentral(ctx context.Context, given *string, p *projectPython) (*central, error) {
	if given != nil || p == nil || p.root != a.projectDir() || !a.isCentral() {
		return nil, nil
	}
	store, err := a.openCache(ctx, cache.Refresh{})
	if err != nil {
		return nil, err
	}
	name := p.name
	if name == "" {
		name = filepath.Base(p.root)
	}
	return &central{a, store, p.root, name}, nil
}

// unlinkCentral removes a link to an environment in the cache that is in the way:
// what it leads to stays. A file that has the path of one is always in the way.
func (a *app) unlinkCentral(path string, existing venv.Existing) error {
	info, err := os.Lstat(path)
	if err != nil || !a.leadsToCache(path) || existing == venv.Allow && !info.Mode().IsRegular() {
		return nil
	}
	return os.Remove(path)
}

// reportPython says which Python was chosen.
func (a *app) reportPython(found *python.Installation) {
	what, path := a.usingPython(found)
	a.print.Line("%s%s", what, a.print.Color.Cyan(path))
}

// usingPython is the line about a Python that was chosen, which ends in its path;
// where a managed one is, is nobody's business.
func (a *app) usingPython(found *python.Installation) (what, path string) {
	what = fmt.Sprintf("Using %s %s%s", python.PrettyImplementation(found.Implementation()), found.Version, found.Variant().Suffix())
	if found.Source != python.Managed {
		return what + " interpreter at: ", a.shown(found.Executable)
	}
	return what, ""
}

func (a *app) venvOptions(o *venvFlags, c *pythonChoice, f *python.Finder) (venv.Options, error) {
	out := venv.Options{
		SystemPackages: o.systemSite,
		Upgradeable:    !c.request.IncludesPatch(), Store: f.Store(),
		Relocatable:      a.previews("relocatable-envs-default"),
		NoDistutilsPatch: a.previews("no-distutils-patch"),
	}
	var err error
	set := func(to *bool, flag *bool, variable string) {
		v, e := a.flagOrEnv(flag, variable)
		if err = errors.Join(err, e); v != nil {
			*to = *v
		}
	}
	set(&out.Relocatable, o.relocatable, "UV_VENV_RELOCATABLE")
	set(&out.Seed, o.seed, "UV_VENV_SEED")
	clearIt := o.existing == "clear"
	if o.existing == "" {
		set(&clearIt, nil, "UV_VENV_CLEAR")
	}
	switch {
	case o.existing == "allow":
		out.Existing = venv.Allow
	case clearIt && o.force:
		out.Existing = venv.ClearAny
	case clearIt:
		out.Existing = venv.Clear
	}
	if o.prompt != nil {
		if out.Prompt = *o.prompt; out.Prompt == "." {
			out.Prompt = filepath.Base(a.dir)
		}
	}
	return out, err
}

// venvPath is where the environment goes: as given, else where the project
// that the command is run in has its own, else .venv.
func (a *app) venvPath(given *string, p *projectPython) string {
	if given != nil {
		return a.path(*given)
	}
	if p != nil && p.root == a.projectDir() {
		if chosen := a.env["UV_PROJECT_ENVIRONMENT"]; chosen != "" {
			if filepath.IsAbs(chosen) {
				return filepath.Clean(chosen)
			}
			return filepath.Join(p.root, chosen)
		}
		return filepath.Join(p.root, ".venv")
	}
	return filepath.Join(a.dir, ".venv")
}

// createVenv makes the environment, after asking if one is in the way and
// there is somebody to ask.
func (a *app) createVenv(ctx context.Context, path string, i *python.Interpreter, o venv.Options) (*python.Environment, error) {
	env, err := venv.Create(ctx, path, i, o)
	var other *venv.NotVenvError
	if errors.As(err, &other) {
		other.Path = a.shown(other.Path)
	}
	var exists *venv.ExistsError
	if !errors.As(err, &exists) {
		return env, err
	}
	exists.Path = a.shown(exists.Path)
	if !exists.Venv || o.Existing != venv.Refuse || !a.confirm("A virtual environment already exists at `"+exists.Path+"`. Do you want to replace it?") {
		return nil, err
	}
	o.Existing = venv.Clear
	return venv.Create(ctx, path, i, o)
}

// confirm asks a person; without one at the terminal the answer is no.
func (a *app) confirm(question string) bool {
	_, in := ui.IsTerminal(a.stdio.In)
	_, out := ui.IsTerminal(a.stdio.Err)
	if !in || !out {
		return false
	}
	_, _ = fmt.Fprintf(a.stdio.Err, "%s [Y/n] ", question)
	answer, err := bufio.NewReader(a.stdio.In).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "", "y", "yes":
		return err == nil
	}
	return false
}

// activation is the line that activates an environment in the shell at hand,
// or nothing if that cannot be told.
func (a *app) activation(scripts string) string {
	path := func(name string) string {
		return shellwords.Quote(filepath.ToSlash(a.shown(filepath.Join(scripts, name))))
	}
	switch a.shell() {
	case "bash", "zsh", "ksh", "sh", "dash":
		return "source " + path("activate")
	case "fish":
		return "source " + path("activate.fish")
	case "nu":
		return "overlay use " + path("activate.nu")
	case "csh", "tcsh":
		return "source " + path("activate.csh")
	case "pwsh", "powershell":
		if line := a.shown(filepath.Join(scripts, "activate")); !strings.Contains(line, " ") {
			return line
		}
		return `& "` + a.shown(filepath.Join(scripts, "activate")) + `"`
	case "cmd":
		if line := a.shown(filepath.Join(scripts, "activate")); !strings.Contains(line, " ") {
			return line
		}
		return `"` + a.shown(filepath.Join(scripts, "activate")) + `"`
	}
	return ""
}

// shell names the shell that the command was called from: by the variables
// that shells set, else the login shell, else the parent process.
func (a *app) shell() string {
	for _, s := range [][2]string{
		{"NU_VERSION", "nu"},
		{"FISH_VERSION", "fish"},
		{"BASH_VERSION", "bash"},
		{"ZSH_VERSION", "zsh"},
		{"KSH_VERSION", "ksh"},
		{"PSModulePath", "pwsh"},
	} {
		if _, ok := a.env[s[0]]; ok {
			return s[1]
		}
	}
	if path, ok := a.env["SHELL"]; ok {
		return strings.TrimSuffix(filepath.Base(path), ".exe")
	}
	if runtime.GOOS == "windows" {
		if _, ok := a.env["PROMPT"]; ok {
			return "cmd"
		}
		return "pwsh"
	}
	if path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", os.Getppid())); err == nil {
		return filepath.Base(path)
	}
	return ""
}
