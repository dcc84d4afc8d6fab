// Package bench is the commands that measure: `bench cmd`, which does the job of
// hyperfine; `bench http` and `bench capacity`, which do that of wrk2; `bench ab`,
// which compares; and `bench report`. Here flags and plans become requests to the
// packages below, and results become text.
//
// It is a household of its own: of the rest of the program it knows the command
// line and the terminal, and nothing of packages.
package bench

import (
	"context"
	"path/filepath"

	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/ui"
)

// A Command is one of those that measure.
type Command struct {
	Path   string // "bench cmd"; the group has no Prepare
	Args   string // how its arguments are written in the usage line
	Short  string // one line, for lists
	Long   string // what else a person should know
	Hidden bool
	Reads  bool // it changes nothing, so that signals may end it at once
	// Reshape changes the arguments before flags are read, for flags that take
	// several values.
	Reshape func(args []string) []string
	// Prepare registers the flags, and returns what to do once they are read.
	Prepare func(f *cmdline.Flags) Work
}

// Work is what a command does.
type Work func(ctx context.Context, h *Host, args []string) error

// A Host is the program that has the commands.
type Host struct {
	Print        *ui.Printer
	Stdio        ui.Stdio // of programs that are measured
	Environ      []string // of these too, NAME=value
	Dir          string   // that paths are relative to; empty is the process's
	Version      string   // of the program, for reports
	HideProgress bool
}

// Commands are all of them, in the order of the help.
func Commands() []Command {
	return []Command{
		{Path: "bench", Short: "Measure commands and servers, with figures that say how far they can be trusted"},
		cmdCommand(), abCommand(), httpCommand(), capacityCommand(), reportCommand(), truthCommand(),
	}
}

// path is where a file is that the command line names.
func (h *Host) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(h.Dir, name)
}

// style is how reports look on the terminal.
func (h *Host) style() report.Style {
	return report.Style{Bold: h.Print.OutColor.Bold, Dim: h.Print.OutColor.Dim}
}
