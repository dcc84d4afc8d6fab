package cli

import (
	"context"
	"fmt"
)

func completionCommand() command {
	return command{
		path: "generate-shell-completion", reads: true, plain: true, args: "<SHELL>", hidden: true,
		short: "Print the completion script of a shell: bash, zsh, fish or powershell",
		prepare: func(*flags) work {
			return func(_ context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usageError("one shell is expected: bash, zsh, fish or powershell")
				}
				return a.completion(args[0])
			}
		},
	}
}

func (a *app) completion(shell string) error {
	root := a.tree()
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(a.print.Out, true)
	case "zsh":
		return root.GenZshCompletion(a.print.Out)
	case "fish":
		return root.GenFishCompletion(a.print.Out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(a.print.Out)
	}
	return usageError(fmt.Sprintf("no completion for the shell %q: there is bash, zsh, fish and powershell", shell))
}

// complete answers a shell that asks how a line could go on: its arguments are
// those of the line, behind a word of cobra's.
func (a *app) complete() error {
	root := a.tree()
	path, _ := chosen(a.commands(), root.PersistentFlags(), a.args[1:])
	a.arm(find(root, path))
	root.SetArgs(a.args)
	return root.ExecuteContext(a.ctx)
}
