package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A command is one entry of the list below. Its flags are registered only
// when it is the one that was called: prepare does so, and returns the work.
type command struct {
	path    string // "pip install"; a group has no prepare
	args    string // how its arguments are written in the usage line
	short   string // one line, for lists
	long    string // what else a person should know
	aliases []string
	hidden  bool
	// rest: what follows the first argument belongs to another program.
	rest    bool
	prepare func(f *flags) work
}

// work is what a command does once its flags are parsed.
type work func(ctx context.Context, a *app, args []string) error

// commands is the one list of everything the program can do.
func commands() []command {
	return []command{
		pipGroup(), pipCompileCommand(), pipInstallCommand(), pipSyncCommand(), pipUninstallCommand(),
		pipListCommand(), pipFreezeCommand(), pipShowCommand(), pipTreeCommand(), pipCheckCommand(), pipDebugCommand(),
		cacheGroup(), cacheCleanCommand(), cachePruneCommand(), cacheDirCommand(), cacheSizeCommand(), cleanCommand(),
		pythonGroup(), pythonListCommand(), pythonFindCommand(), pythonPinCommand(), pythonDirCommand(),
		runCommand(), venvCommand(),
		selfGroup(), selfVersionCommand(),
		helpCommand(), completionCommand(),
	}
}

// laterCommands are the commands of uv that are still to come.
var laterCommands = []string{
	"auth", "init", "add", "remove", "sync", "lock", "export", "tree", "format", "check", "audit", "tool", "build",
	"publish", "workspace", "upgrade",
}

// tree makes the command tree of cobra, without any command's flags.
func (a *app) tree() *cobra.Command {
	root := &cobra.Command{
		Use: a.name, SilenceErrors: true, SilenceUsage: true,
		Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: 2,
		Short: "Python packages, environments and projects, from nothing to production",
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.showHelp(c) })
	root.SetOut(a.print.Out)
	root.SetErr(a.print.Err)
	a.nodes = map[*cobra.Command]command{root: {}}
	for _, c := range commands() {
		parent := root
		words := strings.Fields(c.path)
		for _, word := range words[:len(words)-1] {
			parent = child(parent, word)
		}
		node := &cobra.Command{
			Use: words[len(words)-1], Short: c.short, Long: c.long, Aliases: c.aliases, Hidden: c.hidden,
			SilenceErrors: true, SilenceUsage: true, DisableFlagsInUseLine: true,
			Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: 2,
		}
		parent.AddCommand(node)
		a.nodes[node] = c
	}
	for node := range a.nodes {
		node.RunE = a.runGroup // the command that is called gets its own, see arm
	}
	return root
}

func child(parent *cobra.Command, name string) *cobra.Command {
	for _, c := range parent.Commands() {
		if c.Name() == name || c.HasAlias(name) {
			return c
		}
	}
	return nil
}

// chosen is the command that the arguments call; flags before its name are
// stepped over.
func (a *app) chosen(root *cobra.Command, args []string) *cobra.Command {
	at := root
	for i := 0; i < len(args) && at.HasSubCommands(); i++ {
		arg := args[i]
		if arg == "--" {
			break
		}
		if strings.HasPrefix(arg, "-") && arg != "-" {
			if takesNext(root.PersistentFlags(), arg) {
				i++
			}
			continue
		}
		next := child(at, arg)
		if next == nil {
			break
		}
		at = next
	}
	return at
}

// takesNext reports whether a flag's value is the argument behind it.
func takesNext(set *pflag.FlagSet, arg string) bool {
	var f *pflag.Flag
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		f = set.Lookup(long)
	} else if len(arg) == 2 {
		f = set.ShorthandLookup(arg[1:])
	}
	return f != nil && f.NoOptDefVal == ""
}

// arm registers the flags of one command and ties its work to it.
func (a *app) arm(node *cobra.Command) {
	c := a.nodes[node]
	if c.prepare == nil {
		return
	}
	f := &flags{set: node.Flags(), env: a.getenv, heading: "Options"}
	f.set.SortFlags = false
	f.set.SetInterspersed(!c.rest)
	do := c.prepare(f)
	node.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.check(); err != nil {
			return helpHint(cmd, err)
		}
		if c.args == "" && len(args) > 0 {
			return helpHint(cmd, usageError(fmt.Sprintf("`%s` takes no argument, but was given `%s`", cmd.CommandPath(), args[0])))
		}
		if err := a.settle(); err != nil {
			return err
		}
		return do(cmd.Context(), a, args)
	}
}

// runGroup answers a group of commands called without one of them.
func (a *app) runGroup(node *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(node, args[0])
	}
	a.print.Line("%s", strings.TrimSuffix(a.helpText(node, a.print.Color), "\n"))
	return exitStatus(exitError)
}
