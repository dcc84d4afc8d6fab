package build

import (
	"os/exec"
	"syscall"
)

// separate keeps Ctrl-C from the process: it is ended by the one who started
// it.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup kills a process.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
