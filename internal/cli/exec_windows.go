package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
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
