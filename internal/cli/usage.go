package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/ui"
)

// What every file of the package says often, by short names.
type (
	usageError = cmdline.UsageError
	exitStatus = cmdline.ExitStatus
)

const (
	exitDone   = cmdline.Done
	exitFailed = cmdline.Failed
	exitError  = cmdline.Broken
)

// withHint adds advice to an error.
func withHint(err error, format string, args ...any) error {
	return ui.WithHint(err, format, args...)
}

// helpHint says where the command's options are explained.
func helpHint(c *cobra.Command, err error) error {
	return withHint(err, "`%s --help` explains the options", c.CommandPath())
}

// flagError words what pflag found wrong with the arguments.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		wrong := usageError(fmt.Sprintf("`%s` has no option `%s`", c.CommandPath(), name))
		if near := nearestFlag(c.Flags(), unknown.GetSpecifiedName()); near != "" {
			return withHint(wrong, "did you mean `--%s`?", near)
		}
		return helpHint(c, wrong)
	case errors.As(err, &missing):
		return helpHint(c, usageError(fmt.Sprintf("`--%s` needs a value", missing.GetFlag().Name)))
	case errors.As(err, &invalid):
		cause := invalid.Unwrap()
		return helpHint(c, usageError(fmt.Sprintf("invalid value %q for `--%s`: %v", invalid.GetValue(), invalid.GetFlag().Name, cause)))
	}
	return helpHint(c, usageError(err.Error()))
}

// nearestFlag is the flag that a mistyped name may have meant.
func nearestFlag(set *pflag.FlagSet, name string) string {
	best, bestDistance := "", 3
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		if d := config.EditDistance(f.Name, name); d < bestDistance {
			best, bestDistance = f.Name, d
		}
	})
	return best
}

// unknownCommand words a name that is no command of a group.
func unknownCommand(group *cobra.Command, name string) error {
	wrong := usageError(fmt.Sprintf("`%s` has no command `%s`", group.CommandPath(), name))
	for _, sub := range group.Root().Commands() {
		for _, c := range sub.Commands() {
			if !group.HasParent() && c.Name() == name {
				return withHint(wrong, "did you mean `%s`?", c.CommandPath())
			}
		}
	}
	if near := group.SuggestionsFor(name); len(near) > 0 {
		return withHint(wrong, "did you mean `%s %s`?", group.CommandPath(), strings.Join(near, "` or `"))
	}
	return withHint(wrong, "`%s --help` lists the commands", group.CommandPath())
}
