//go:build unix

package build

import (
	"os/exec"
	"syscall"
)

// separate gives a process a group of its own, which its children are in.
func separate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a process and its children. The group may outlive the
// process, and no other one gets its number as long as it does.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
