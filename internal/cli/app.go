package cli

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyproject"
)

// app is one run of the program: its arguments, environment and streams, and
// what the commands share.
type app struct {
	personal bool   // see command.personal
	name     string // how the program calls itself: tame, or uv by a link
	args     []string
	env      map[string]string
	// inherited is the environment of the programs that it runs, if not nil: env
	// lacks what means nothing to the command.
	inherited map[string]string
	stdio     Stdio
	print     *ui.Printer
	global    globalFlags
	nodes     map[*cobra.Command]command
	closer    []func()
	files     *workspace.Files // see projectFiles

	// besideFile is the file that the command is about, settingsFrom where settings
	// files were looked for.
	besideFile, settingsFrom string
	settingsFiles            []string // those that were read

	optionsMu sync.Mutex
	options   map[*pyproject.File]*config.Options // see fileOptions

	environment config.Env
	vars        config.Variables
	config      config.Options // of the settings files
	dir         string         // the working directory
	warned      map[string]bool
	cleared     map[string]bool // packages that were asked about as malware
	ctx         context.Context
	interrupt   context.CancelCauseFunc // ends ctx; nil if signals end the process
	attendOnce  sync.Once

	// cell is the Python that this process is for as part of a matrix, see runMatrix.
	cell string
	// watched: another process runs this one again when files change, and tells
	// the whole group of its processes when to end.
	watched   bool
	watchedBy string // see watchVariable
}

func newApp(args, environ []string, stdio Stdio) *app {
	a := &app{ctx: context.Background(), stdio: stdio, env: make(map[string]string, len(environ))}
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
	a.print.Program = a.name
	return a
}

// getenv is the variable's value, and whether it is set.
func (a *app) getenv(name string) (string, bool) {
	v, ok := a.env[name]
	return v, ok
}

func (a *app) childVariables() map[string]string {
	if a.inherited != nil {
		return a.inherited
	}
	return a.env
}

// environ is the environment as child processes take it.
func (a *app) environ() []string {
	return entries(a.childVariables())
}

// entries are variables of the form NAME=value.
func entries(env map[string]string) []string {
	out := make([]string, 0, len(env))
	for name, value := range env {
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
func (a *app) execute() error {
	if len(a.args) > 0 && strings.HasPrefix(a.args[0], cobra.ShellCompRequestCmd) {
		return a.complete()
	}
	if len(a.args) == 1 && (a.args[0] == "--version" || a.args[0] == "-V") {
		a.print.Data("%s\n", a.versionLine()) // as call does, at a third of the work
		return nil
	}
	list := a.commands()
	root := a.root()
	path, args := chosen(list, root.PersistentFlags(), a.args)
	if i := slices.IndexFunc(list, func(c command) bool { return c.path == path && c.prepare != nil }); i >= 0 {
		// Its groups are all that the rest of the work needs to know of the others.
		list = slices.DeleteFunc(list, func(c command) bool { return c.path != path && !strings.HasPrefix(path, c.path+" ") })
	}
	a.grow(root, list)
	return a.call(find(root, path), args)
}

// find is the command with a path.
func find(at *cobra.Command, path string) *cobra.Command {
	for word := range strings.FieldsSeq(path) {
		at = child(at, word)
	}
	return at
}

// call reads the arguments of a command and does what it is for.
func (a *app) call(node *cobra.Command, args []string) error {
	a.arm(node)
	set := node.Flags()
	set.AddFlagSet(node.Root().PersistentFlags())
	if reshape := a.nodes[node].reshape; reshape != nil {
		args = reshape(args)
	}
	var help, version bool
	set.BoolVarP(&help, "help", "h", false, "")
	if !node.HasParent() {
		set.BoolVarP(&version, "version", "V", false, "")
	}
	switch err := set.Parse(args); {
	case err != nil:
		return flagError(node, err)
	case help:
		a.showHelp(node)
		return nil
	case version:
		a.print.Data("%s\n", a.versionLine())
		return nil
	}
	return node.RunE(node, set.Args())
}
