//go:build unix

package git

import (
	"os"
	"os/exec"
	"syscall"

	"github.com/tame-py/tame/internal/fsx"
)

// alone gives a command a group of its own, which is ended as a whole: git has
// helpers that would go on. Without a terminal (session) neither it nor ssh can
// ask anything.
func alone(cmd *exec.Cmd, session bool) {
	if !session {
		return // a group in the background could not read from the terminal
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// share lets a command and its children hold a lock until they end.
func share(cmd *exec.Cmd, lock *fsx.Lock) {
	if lock != nil {
		cmd.ExtraFiles = []*os.File{lock.File()}
	}
}
