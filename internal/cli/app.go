package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/ui"
)

// app is one run of the program: its arguments, environment and streams, and
// what the commands share.
type app struct {
	name   string // how the program calls itself: tame, or uv by a link
	args   []string
	env    map[string]string
	stdio  Stdio
	print  *ui.Printer
	global globalFlags
	nodes  map[*cobra.Command]command
	closer []func()

	environment config.Env
	vars        config.Variables
	config      config.Options // of the settings files
	dir         string         // the working directory
}

func newApp(args, environ []string, stdio Stdio) *app {
	a := &app{stdio: stdio, env: make(map[string]string, len(environ))}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			a.env[name] = value
		}
	}
	a.environment = config.NewEnv(environ)
	var uvx bool
	a.name, uvx = programName(args[0])
	a.args = args[1:]
	if uvx {
		a.args = append([]string{"tool", "run"}, a.args...)
	}
	a.print = ui.NewPrinter(stdio, ui.Normal, ui.ColorAuto, a.getenv)
	return a
}

// getenv is the variable's value, and whether it is set.
func (a *app) getenv(name string) (string, bool) {
	v, ok := a.env[name]
	return v, ok
}

// environ is the environment as child processes take it.
func (a *app) environ() []string {
	out := make([]string, 0, len(a.env))
	for name, value := range a.env {
		out = append(out, name+"="+value)
	}
	return out
}

// atEnd runs something when the command is over, the last one first.
func (a *app) atEnd(f func()) { a.closer = append(a.closer, f) }

func (a *app) close() {
	a.print.StopProgress()
	for i := len(a.closer) - 1; i >= 0; i-- {
		a.closer[i]()
	}
}

// execute finds the command, registers its flags and runs it.
func (a *app) execute(ctx context.Context) error {
	root := a.tree()
	f := &flags{set: root.PersistentFlags(), env: a.getenv}
	f.set.SortFlags = false
	a.global.register(f)
	version := root.Flags().BoolP("version", "V", false, "Display the version")
	root.RunE = func(node *cobra.Command, args []string) error {
		if *version {
			a.print.Data("%s\n", a.versionLine())
			return nil
		}
		return a.runGroup(node, args)
	}
	args := a.args
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		args = args[1:]
	}
	a.arm(a.chosen(root, args))
	root.SetArgs(a.args)
	return root.ExecuteContext(ctx)
}
