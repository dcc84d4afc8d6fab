package command

import (
	"os"
	"os/exec"
	"time"
)

func defaultShell() []string { return []string{"cmd.exe", "/C"} }

// separate lets a killed command's pipes be given up.
func separate(cmd *exec.Cmd) { cmd.WaitDelay = time.Second }

// usage is what Windows tells of a process: its times.
func usage(state *os.ProcessState) Usage {
	return Usage{User: state.UserTime(), System: state.SystemTime(), ExitCode: state.ExitCode()}
}

// OwnPeak is 0: peaks are not measured here.
func OwnPeak() int64 { return 0 }
