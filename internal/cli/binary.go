package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A binary is a program that a command of ours runs, and that the index has as a
// package of the same name: ruff for `format`, ty for `check`.
type binary struct {
	name    string
	path    string // given by a variable, or found in an environment; "" to install it
	version string // which one to install: a version, specifiers, "latest" or "" for the default
	usual   string // the specifiers of the default
	// cutoff hides what is newer, unless one version is asked for.
	cutoff *index.Cutoff
	says   string // what stands before name and version where these are shown
	show   bool   // say which version it is
	silent bool   // say nothing about installing it
	// constraints narrow what goes with it.
	constraints []pip.Input
}

// specifiers are what to install: one version, those that are asked for, or all.
func (b *binary) specifiers() (text string, one bool, err error) {
	switch b.version {
	case "":
		return b.usual, false, nil
	case "latest":
		return "", false, nil
	}
	if v, err := pep440.Parse(b.version); err == nil {
		return "==" + v.String(), true, nil
	}
	s, err := pep440.ParseSpecifiers(b.version)
	if err != nil {
		return "", false, fmt.Errorf("invalid version of %s `%s`: a version, version specifiers or `latest` are expected", b.name, b.version)
	}
	return s.String(), false, nil
}

// ready finds the program or installs it: in an environment in the cache, as `tool
// run` does. The settings say where to look for it.
func (b *binary) ready(ctx context.Context, a *app, s *workSettings) (*running, error) {
	r := &running{app: a, flags: &runFlags{}, tool: true}
	if b.path == "" {
		t, err := b.install(ctx, a, s)
		if err != nil {
			return nil, err
		}
		b.path = filepath.Join(t.env.Interpreter.Scheme.Scripts, b.name+executableSuffix())
		r = &t.running
	}
	if b.show {
		version, err := b.installed(ctx, a.environ())
		if err != nil {
			return nil, err
		}
		a.print.Line("%s%s", b.says, version)
	}
	return r, nil
}

func executableSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// installed is what the program says of its version: its name and the version.
func (b *binary) installed(ctx context.Context, env []string) (string, error) {
	cmd := exec.CommandContext(ctx, b.path, "--version")
	cmd.Env = env
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("failed to ask `%s` for its version: %w", b.path, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (b *binary) install(ctx context.Context, a *app, s *workSettings) (*toolRunning, error) {
	specifiers, one, err := b.specifiers()
	if err != nil {
		return nil, err
	}
	own := *s // what the project says of its dependencies does not hold for tools
	own.Pip.Resolution, own.Pip.Upgrade, own.Pip.Reinstall, own.Pip.UpgradePackage = nil, nil, nil, nil
	if own.Pip.ExcludeNewer = b.cutoff; one {
		own.Pip.ExcludeNewer = nil
	}
	return b.installInputs(ctx, a, &own, pip.Sources{Packages: []string{b.name + specifiers}}, nil)
}

// installInputs makes an environment with what is asked for. Without an
// interpreter, it is that of any tool.
func (b *binary) installInputs(ctx context.Context, a *app, s *workSettings, sources pip.Sources, interpreter *python.Interpreter) (*toolRunning, error) {
	t := &toolRunning{flags: &toolRunFlags{}, command: b.name}
	t.toolWork.app, t.running.app = a, a
	t.running.flags, t.tool, t.settings = &runFlags{}, true, s
	t.hush = b.silent
	var err error
	if t.inputs, err = a.readInputs(ctx, a.reader(s), sources); err != nil {
		return nil, err
	}
	t.inputs.Constraints = append(t.inputs.Constraints, b.constraints...)
	if interpreter == nil {
		f, err := a.finder()
		if err != nil {
			return nil, err
		}
		if interpreter, err = a.toolPython(ctx, f, nil); err != nil {
			return nil, err
		}
	}
	if err := t.makeEnvironment(ctx, interpreter, nil); err != nil {
		t.release()
		return nil, fmt.Errorf("failed to install %s: %w", b.name, err)
	}
	return t, nil
}

// run starts the program in a directory, in the place of this one where that can
// be.
func (b *binary) run(r *running, dir string, env, args []string) error {
	defer r.release()
	if err := os.Chdir(dir); err != nil {
		return err
	}
	return r.execute(&childProcess{path: b.path, argv: append([]string{b.path}, args...), env: env}, b.name)
}

// cutoffOf is the limit of the settings for one package, nil if there is none.
func cutoffOf(r *config.Resolver, name pyname.Package) *index.Cutoff {
	if c, ok := r.ExcludeNewerPackage[name]; ok {
		return &c
	}
	return r.ExcludeNewer
}
