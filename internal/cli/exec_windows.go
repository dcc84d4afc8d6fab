package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// replaceProcess is not possible here.
func replaceProcess(*childProcess) error { return errors.ErrUnsupported }

// lookPath finds a program by the PATH and PATHEXT that it will have.
func lookPath(name string, env []string) (string, error) {
	for _, entry := range env {
		if key, value, ok := strings.Cut(entry, "="); ok && strings.EqualFold(key, "PATH") {
			if err := os.Setenv("PATH", value); err != nil {
				return "", err
			}
		}
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) {
		return path, nil
	}
	var failed *exec.Error
	if errors.As(err, &failed) && errors.Is(failed.Err, exec.ErrNotFound) {
		return "", fs.ErrNotExist
	}
	return path, err
}

func isExecutable(info fs.FileInfo) bool {
	switch strings.ToLower(filepath.Ext(info.Name())) {
	case ".exe", ".bat", ".cmd", ".ps1", ".com":
		return info.Mode().IsRegular()
	}
	return false
}

// catchSignals ignores Ctrl-C, which the child gets from the console itself.
func catchSignals() <-chan os.Signal {
	signal.Ignore(os.Interrupt)
	return nil
}

func forwardSignal(*os.Process, os.Signal, *int) {}

func endsRun(os.Signal) bool { return true }

func signalCode(os.Signal) int { return exitError }

func statusOf(state *os.ProcessState) int { return state.ExitCode() }

func raiseFileLimit(*int) error { return nil }

// requestEnd ends a program: there is no signal that asks it to.
var requestEnd = os.Kill

// catchEnd takes over Ctrl-C, which the child gets from the console itself.
func catchEnd() <-chan os.Signal {
	c := make(chan os.Signal, 16)
	signal.Notify(c, os.Interrupt)
	return c
}

// A processGroup is a process with all that it has started, as a job.
type processGroup struct{ job windows.Handle }

// startGroup starts a process in a job of its own, which ends with this process.
func startGroup(cmd *exec.Cmd) (*processGroup, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(err, windows.CloseHandle(job))
	}
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(cmd.Process.Pid))
	if err == nil {
		err = errors.Join(windows.AssignProcessToJobObject(job, process), windows.CloseHandle(process))
	}
	if err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), windows.CloseHandle(job))
	}
	return &processGroup{job}, nil
}

// signal kills the job, unless Ctrl-C has told its processes already.
func (g *processGroup) signal(s os.Signal) {
	if s != os.Interrupt {
		g.kill()
	}
}

func (g *processGroup) kill() {
	_ = windows.TerminateJobObject(g.job, 1) // there may be nobody left
	_ = windows.CloseHandle(g.job)
	g.job = windows.InvalidHandle
}

// alive reports whether the job has to be ended still.
func (g *processGroup) alive() bool { return false }
