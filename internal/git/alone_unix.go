//go:build unix

package git

import (
	"os/exec"
	"syscall"
)

// alone gives a command a group of its own, which is ended as a whole: git has
// helpers that would go on. Without a terminal (session) neither it nor ssh can
// ask anything.
func alone(cmd *exec.Cmd, session bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: session, Setpgid: !session}
	if !session {
		// A group in the background could not read from the terminal.
		cmd.SysProcAttr = nil
		return
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
