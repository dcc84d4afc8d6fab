package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tame-py/tame/internal/shellwords"
)

// shellVariable is set in the shells that `shell` starts: the environment that
// is active in them.
const shellVariable = "TAME_SHELL"

func shellCommand() command {
	return command{
		path: "shell", late: true, execs: true, short: "Start a shell in which the project's environment is active",
		long: "Brings the environment of the project up to date, as `run` does, and starts your shell (`SHELL`) with it: bash, zsh, fish, nu, PowerShell, cmd, or any other, in which the variables are set. " +
			"`exit` leaves it; its exit code is that of the command.",
		prepare: func(f *flags) work {
			var o runFlags
			f.List(&o.envFiles, "env-file", "FILE", "Set the variables in this file").FromEnv("UV_ENV_FILE")
			f.Pair(&o.noEnvFile, "no-env-file", "", "Read no file of variables").FromEnv("UV_NO_ENV_FILE")
			f.Pair(&o.active, "active", "no-active", "Use the active environment rather than that of the project")
			o.project.register(f)
			o.resolutionFlags.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.startShell(ctx, &o) }
		},
	}
}

func (a *app) startShell(ctx context.Context, o *runFlags) error {
	variables, err := a.envFileVariables(o)
	if err != nil {
		return err
	}
	var settings *taskSettings
	if settings, err = a.taskSettings(o, ""); err == nil {
		err = a.settingVariables(o, settings, variables)
	}
	if err != nil {
		return err
	}
	program, kind := a.shellProgram()
	r := &running{app: a, flags: o, target: &runTarget{name: program}}
	defer r.release()
	if err := r.refuseNested(); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if r.base == nil || !r.python.IsVirtual() {
		return withHint(errors.New("there is no environment to activate"), "`%s venv` makes one, and `%s init` a project", a.name, a.name)
	}
	c := &childProcess{argv: []string{program}, env: r.childEnviron(variables, 0)}
	c.env = append(withoutVariables(c.env, shellVariable, "UV_RUN_RECURSION_DEPTH"), shellVariable+"="+r.base.Root)
	if err := r.activate(c, kind); err != nil {
		return err
	}
	if c.path, err = lookPath(program, c.env); err != nil {
		return spawnError(program, err)
	}
	a.print.Line("Environment %s is active; `exit` leaves it", a.print.Color.Cyan(a.shown(r.base.Root)))
	return r.execute(c, program)
}

// refuseNested refuses a shell inside of one for the same project, and says so
// of one inside of another.
func (r *running) refuseNested() error {
	a := r.app
	outer := a.env[shellVariable]
	if outer == "" {
		return nil
	}
	if _, err := os.Stat(outer); err != nil {
		return nil // it is gone
	}
	inside, err := filepath.Rel(filepath.Dir(outer), a.projectDir())
	if err == nil && filepath.IsLocal(inside) {
		return withHint(fmt.Errorf("the environment `%s` is active in this shell already", a.shown(outer)), "`exit` leaves it; `%s sync` brings it up to date", a.name)
	}
	a.print.Warn("this is a shell inside of one for `%s`: `exit` gets back to that", outer)
	delete(a.inherited, "VIRTUAL_ENV")
	delete(a.env, "VIRTUAL_ENV") // that of the outer shell is not meant
	return nil
}

func withoutVariables(env []string, names ...string) []string {
	out := env[:0]
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		keep := true
		for _, n := range names {
			keep = keep && n != name
		}
		if keep {
			out = append(out, entry)
		}
	}
	return out
}

// shellProgram is the shell to start, and its kind: bash, zsh, fish, nu, pwsh,
// cmd, or the name of another.
func (a *app) shellProgram() (program, kind string) {
	if program = a.env["SHELL"]; program == "" || runtime.GOOS == "windows" && a.env["NU_VERSION"] == "" && !strings.HasSuffix(program, ".exe") {
		switch {
		case runtime.GOOS != "windows":
			program = "/bin/sh"
		case a.shell() == "cmd":
			program = first(a.env["COMSPEC"], "cmd.exe")
		default:
			program = "powershell.exe"
			if _, err := lookPath("pwsh.exe", a.environ()); err == nil {
				program = "pwsh.exe"
			}
		}
	}
	kind = strings.ToLower(strings.TrimSuffix(filepath.Base(program), ".exe"))
	if kind == "powershell" {
		kind = "pwsh"
	}
	return program, kind
}

// activate has the shell run the activation script after the user's own files,
// which may set PATH. A shell that knows no way to do so has the variables.
func (r *running) activate(c *childProcess, kind string) error {
	scripts := r.base.Interpreter.Scheme.Scripts
	script := func(name string) string { return filepath.Join(scripts, name) }
	quoted := func(path string) string { return shellwords.Join([]string{path}) }
	switch kind {
	case "bash":
		file, err := r.startupFile(".bashrc", "[ -f ~/.bashrc ] && . ~/.bashrc\n. "+quoted(script("activate"))+"\n")
		if err != nil {
			return err
		}
		c.argv = append(c.argv, "--rcfile", file, "-i")
	case "zsh":
		home := first(r.app.env["ZDOTDIR"], r.app.home())
		file, err := r.startupFile(".zshrc", "ZDOTDIR="+quoted(home)+"\n[ -f \"$ZDOTDIR/.zshrc\" ] && . \"$ZDOTDIR/.zshrc\"\n. "+quoted(script("activate"))+"\n")
		if err != nil {
			return err
		}
		env := "[ -f " + quoted(filepath.Join(home, ".zshenv")) + " ] && . " + quoted(filepath.Join(home, ".zshenv")) + "\n"
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), ".zshenv"), []byte(env), 0o600); err != nil {
			return err
		}
		c.env = append(withoutVariables(c.env, "ZDOTDIR"), "ZDOTDIR="+filepath.Dir(file))
		c.argv = append(c.argv, "-i")
	case "fish":
		c.argv = append(c.argv, "-i", "-C", "source "+fishQuoted(script("activate.fish")))
	case "nu":
		c.argv = append(c.argv, "-e", "overlay use '"+script("activate.nu")+"'")
	case "pwsh":
		c.argv = append(c.argv, "-NoLogo", "-NoExit", "-Command", "& '"+strings.ReplaceAll(script("activate.ps1"), "'", "''")+"'")
	case "cmd":
		c.argv = append(c.argv, "/K", script("activate.bat"))
	}
	switch kind {
	case "bash", "zsh", "fish", "nu", "pwsh", "cmd": // the script sets these, and can take them back
		c.env = withoutVariables(c.env, "PATH", "VIRTUAL_ENV")
		if path, ok := r.app.env["PATH"]; ok {
			c.env = append(c.env, "PATH="+path)
		}
	}
	return nil
}

// startupFile is a file that a shell reads as it starts, in a directory of its
// own, which is there as long as the shell.
func (r *running) startupFile(name, text string) (string, error) {
	dir, err := os.MkdirTemp("", "tame-shell-*")
	if err != nil {
		return "", err
	}
	r.keep = append(r.keep, temporaryDir(dir))
	file := filepath.Join(dir, name)
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// fishQuoted is a word for fish, in which single quotes know two escapes.
func fishQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
