package cli

import (
	"context"
	"fmt"
	"slices"
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
	rest bool
	// reads: it changes nothing that could be left half done, so that signals may
	// end it at once.
	reads bool
	// late: the same holds until it calls app.attend, as everything that asks an
	// index or changes an environment does.
	late bool
	// reshape changes the arguments before flags are read, for flags that take
	// several values.
	reshape func(args []string) []string
	// execs: another program may take the place of this one.
	execs bool
	// plain: it needs no settings.
	plain bool
	// personal: of settings files only those of the user and the system count.
	personal bool
	// beside: the settings that count are those where its argument is, if that is
	// a Python file.
	beside bool
	// own: it is there only if the program is called by its own name, not as uv.
	own     bool
	prepare func(f *flags) work
}

// work is what a command does once its flags are parsed.
type work func(ctx context.Context, a *app, args []string) error

// commands is the one list of everything the program can do.
func commands() []command {
	return slices.Concat([]command{
		pipGroup(), pipCompileCommand(), pipInstallCommand(), pipDownloadCommand(), pipWheelCommand(), pipSyncCommand(), pipUninstallCommand(),
		pipListCommand(), pipFreezeCommand(), pipShowCommand(), pipTreeCommand(), pipCheckCommand(), pipIndexGroup(), pipIndexVersionsCommand(), pipDebugCommand(),
		cacheGroup(), cacheCleanCommand(), cachePruneCommand(), cacheDirCommand(), cacheSizeCommand(), cacheVerifyCommand(), cleanCommand(),
		pythonGroup(), pythonListCommand(), pythonInstallCommand(), pythonUpgradeCommand(), pythonFindCommand(), pythonPinCommand(), pythonDirCommand(),
		pythonUninstallCommand(), pythonUpdateShellCommand(), pythonAdviseCommand(),
		initCommand(), importCommand(), addCommand(), removeCommand(), upgradeCommand(), outdatedCommand(), versionCommand(),
		runCommand(), shellCommand(), venvCommand(), lockCommand(), lockDiffCommand(), lockMergeCommand(), whyNotCommand(), compareCommand(), syncCommand(), treeCommand(), exportCommand(), vendorCommand(), bundleCommand(),
		toolGroup(), toolRunCommand("tool run"), toolRunCommand("tool uvx"), toolInstallCommand(), toolUpgradeCommand(), toolListCommand(),
		toolUninstallCommand(), toolExportCommand(), toolSyncCommand(), toolAuditCommand(), toolUpdateShellCommand(), toolDirCommand(),
		selfGroup(), selfVersionCommand(), selfUpdateCommand(),
		buildCommand(), publishCommand(), auditCommand(), formatCommand(), checkCommand(),
		helpCommand(), completionCommand(), buildBackendGroup(),
	}, benchCommands(), workspaceCommands(), authCommands(), buildBackendCommands())
}

// commands are those that there are under the name by which the program is called.
func (a *app) commands() []command {
	list := commands()
	if a.name == "tame" {
		return list
	}
	return slices.DeleteFunc(list, func(c command) bool { return c.own })
}

// root makes the root of the command tree, with the flags that all commands
// have.
func (a *app) root() *cobra.Command {
	root := a.node(command{path: a.name, short: "Python packages, environments and projects, from nothing to production"})
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.showHelp(c) })
	root.SetOut(a.print.Out)
	root.SetErr(a.print.Err)
	a.nodes = map[*cobra.Command]command{root: {}}
	f := newFlags(root.PersistentFlags(), a.getenv, a.name == "tame")
	a.global.register(f)
	return root
}

// tree is the root with all commands below it.
func (a *app) tree() *cobra.Command {
	root := a.root()
	a.grow(root, a.commands())
	return root
}

// grow adds the listed commands to the root, without their flags. A command's
// group stands before it in the list.
func (a *app) grow(root *cobra.Command, list []command) {
	for _, c := range list {
		node := a.node(c)
		find(root, c.group()).AddCommand(node)
		a.nodes[node] = c
	}
}

func (a *app) node(c command) *cobra.Command {
	return &cobra.Command{
		Use: c.name(), Short: c.short, Long: c.long, Aliases: c.aliases, Hidden: c.hidden,
		SilenceErrors: true, SilenceUsage: true, DisableFlagsInUseLine: true,
		Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: 2,
		RunE: a.runGroup, // the command that is called gets its own, see arm
	}
}

// name is the last word of the path.
func (c *command) name() string { return c.path[strings.LastIndexByte(c.path, ' ')+1:] }

// group is the path without the name.
func (c *command) group() string { return strings.TrimSuffix(c.path[:len(c.path)-len(c.name())], " ") }

func child(parent *cobra.Command, name string) *cobra.Command {
	for _, c := range parent.Commands() {
		if c.Name() == name || c.HasAlias(name) {
			return c
		}
	}
	return nil
}

// chosen is the path of the command that the arguments call, and the arguments
// without its words. Flags before a word are stepped over.
func chosen(list []command, global *pflag.FlagSet, args []string) (path string, rest []string) {
	rest = make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if strings.HasPrefix(arg, "-") && arg != "-" && arg != "--" {
			rest = append(rest, arg)
			if i+1 < len(args) && (takesNext(global, arg) || path == "pip" && arg == "--cert") {
				i++
				rest = append(rest, args[i])
			}
			continue
		}
		next := slices.IndexFunc(list, func(c command) bool {
			return c.group() == path && (c.name() == arg || slices.Contains(c.aliases, arg))
		})
		if next < 0 {
			return path, append(rest, args[i:]...)
		}
		path = list[next].path
		if list[next].prepare == nil {
			continue
		}
		// `lock` does something by itself and has `lock diff` below it.
		below := i+1 < len(args) && slices.ContainsFunc(list, func(c command) bool { return c.group() == path && c.name() == args[i+1] })
		if !below {
			return path, append(rest, args[i+1:]...)
		}
	}
	return path, rest
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
	f := newFlags(node.Flags(), a.getenv, a.name == "tame")
	f.Set.SetInterspersed(!c.rest)
	do := c.prepare(f)
	yieldLetters(f.Set, node.Root().PersistentFlags())
	node.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.checkVariables(); err != nil {
			return err
		}
		if err := f.check(); err != nil {
			return helpHint(cmd, err)
		}
		a.hideVariables(f)
		if c.args == "" && len(args) > 0 {
			return helpHint(cmd, usageError(fmt.Sprintf("`%s` takes no argument, but was given `%s`", cmd.CommandPath(), args[0])))
		}
		a.setPrinter()
		if !c.plain {
			a.personal = c.personal
			if c.beside && len(args) > 0 {
				a.besideFile = args[0]
			}
			a.global.nativeTLS = f.Set.Changed("native-tls") || f.Set.Changed("no-native-tls")
			if err := a.settle(); err != nil {
				return err
			}
			if a.global.showSettings != "" {
				return a.showSettings(cmd)
			}
		}
		if c.plain {
			if err := a.checkConfigFile(c.path); err != nil {
				return err
			}
			if _, err := a.environment.Variables(); err != nil {
				return err
			}
		}
		a.heed(&c)
		return do(a.ctx, a, args)
	}
}

// yieldLetters lets a command's own flag have the letter of one that all
// commands have, which then goes by its long name only.
func yieldLetters(set, global *pflag.FlagSet) {
	global.VisitAll(func(f *pflag.Flag) {
		if f.Shorthand != "" && set.ShorthandLookup(f.Shorthand) != nil && set.Lookup(f.Name) == nil {
			long := *f
			long.Shorthand, long.Hidden = "", true
			set.AddFlag(&long)
		}
	})
}

// runGroup answers a group of commands called without one of them.
func (a *app) runGroup(node *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(node, args[0])
	}
	a.setPrinter()
	a.print.Line("%s", strings.TrimSuffix(a.helpText(node, a.print.Color), "\n"))
	return exitStatus(exitError)
}
