//go:build unix

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// replaceProcess puts a program in the place of this process.
func replaceProcess(c *childProcess) error {
	if c.stdin != nil {
		if err := unix.Dup2(int(c.stdin.Fd()), 0); err != nil {
			return err
		}
	}
	return syscall.Exec(c.path, c.argv, c.env)
}

// lookPath finds a program as the shell does, by the PATH that it will have.
func lookPath(name string, env []string) (string, error) {
	if name == "" {
		return "", syscall.ENOENT
	}
	if strings.Contains(name, "/") {
		return name, nil
	}
	path := ""
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, "PATH="); ok {
			path = value
		}
	}
	failure := error(syscall.ENOENT)
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		switch {
		case err == nil && info.IsDir():
		case err == nil && unix.Access(file, unix.X_OK) == nil:
			if !filepath.IsAbs(file) {
				file = "./" + file
			}
			return file, nil
		case err == nil, errors.Is(err, fs.ErrPermission):
			failure = syscall.EACCES
		}
	}
	return "", failure
}

func isExecutable(info fs.FileInfo) bool { return info.Mode().IsRegular() && info.Mode()&0o111 != 0 }

// catchSignals takes over the signals that are to be handed on.
func catchSignals() <-chan os.Signal {
	c := make(chan os.Signal, 16)
	signal.Notify(c, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGALRM, syscall.SIGCONT)
	return c
}

// forwardSignal hands a signal on. A terminal sends Ctrl-C to the whole
// foreground group, the child included: so an interrupt is handed on only if
// that is not where this process is, or if it is not the first.
func forwardSignal(p *os.Process, s os.Signal, interrupts *int) {
	if s == syscall.SIGINT {
		*interrupts++
		group, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
		if err == nil && group == unix.Getpgrp() && *interrupts == 1 {
			return
		}
	}
	_ = p.Signal(s)
}

// endsRun reports whether a signal asks a program to end.
func endsRun(s os.Signal) bool {
	switch s {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		return true
	}
	return false
}

// signalCode is the exit code of what a signal has ended.
func signalCode(s os.Signal) int {
	number, _ := s.(syscall.Signal)
	return 128 + int(number)
}

// statusOf is the exit code of a process; a signal that killed it counts from
// 128 on, as in shells.
func statusOf(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// raiseFileLimit lets the child open as many files as the system allows, or as
// UV_RUN_RLIMIT_NOFILE says.
func raiseFileLimit(chosen *int) error {
	const most = 1 << 20
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil // the child lives with the limit that there is
	}
	if chosen == nil {
		limit.Cur = min(limit.Max, most)
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
		return nil
	}
	var err error
	if want := uint64(*chosen); want > uint64(limit.Max) {
		err = fmt.Errorf("requested open file limit (%d) exceeds the hard limit (%d)", want, limit.Max)
	} else {
		setLimit(&limit.Cur, want)
		err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	if err != nil {
		return fmt.Errorf("failed to apply `UV_RUN_RLIMIT_NOFILE` value `%d`: %w", *chosen, err)
	}
	return nil
}

// setLimit sets a number whose type differs between systems.
func setLimit[T int64 | uint64](to *T, value uint64) { *to = T(value) }

// requestEnd asks a program to end.
const requestEnd = syscall.SIGTERM

// catchEnd takes over the signals that ask this program to end.
func catchEnd() <-chan os.Signal {
	c := make(chan os.Signal, 16)
	signal.Notify(c, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	return c
}

// A processGroup is a process with those that it has started, as far as they have
// not left it.
type processGroup struct{ leader int }

// startGroup starts a process as the leader of a group of its own.
func startGroup(cmd *exec.Cmd) (*processGroup, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &processGroup{cmd.Process.Pid}, nil
}

func (g *processGroup) signal(s os.Signal) {
	if number, ok := s.(syscall.Signal); ok {
		_ = syscall.Kill(-g.leader, number) // there may be nobody left
	}
}

func (g *processGroup) kill() { g.signal(syscall.SIGKILL) }

// alive reports whether the group has a process. As long as it has, no other group
// gets its number.
func (g *processGroup) alive() bool { return syscall.Kill(-g.leader, 0) == nil }
