//go:build unix

package command

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

func defaultShell() []string { return []string{"/bin/sh", "-c"} }

// separate gives the command a process group of its own, so that it can be
// ended with all that it has started.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for what holds the pipe open although it is dead
}

// usage is what wait4 has told of a process and of those it waited for.
func usage(state *os.ProcessState) Usage {
	u := Usage{User: state.UserTime(), System: state.SystemTime(), ExitCode: state.ExitCode()}
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		u.ExitCode, u.Signaled = signalBase+int(w.Signal()), true
	}
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.MaxRSS = peak(r)
		u.MinorFaults, u.MajorFaults = int64(r.Minflt), int64(r.Majflt)
		u.Voluntary, u.Involuntary = int64(r.Nvcsw), int64(r.Nivcsw)
	}
	return u
}

// peak is the largest resident set in bytes, which only Apple counts in those.
func peak(r *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(r.Maxrss)
	}
	return int64(r.Maxrss) << 10
}

// OwnPeak is the largest resident set of this process. On Linux a child that is
// made without copying the memory of its parent starts with the parent's peak
// in its account, so that a smaller one of its own cannot be seen.
func OwnPeak() int64 {
	var r syscall.Rusage
	if runtime.GOOS != "linux" || syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return peak(&r)
}
