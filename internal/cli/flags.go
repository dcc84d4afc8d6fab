package cli

import (
	"github.com/spf13/pflag"

	"github.com/tame-py/tame/internal/cmdline"
)

// flags are those of one command, with the variables that stand for them.
type flags struct {
	cmdline.Flags
	env func(string) (string, bool)
	own bool // the program is called by its own name, and so may have flags that uv does not have
}

// newFlags registers the flags of a command with a set.
func newFlags(set *pflag.FlagSet, env func(string) (string, bool), own bool) *flags {
	f := &flags{Flags: cmdline.New(set), env: env, own: own}
	f.Under("Options")
	return f
}

// check refuses flags that were given together and exclude each other. A
// variable that says no to a switch counts as given, too, as in uv.
func (f *flags) check() error {
	return f.Check(func(flag *pflag.Flag) bool {
		_, _, ok := f.variableOf(flag)
		return ok
	})
}
