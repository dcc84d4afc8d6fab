//go:build unix

package venv

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/tame-py/tame/internal/python"
)

// binName is the name of the scripts directory in activation scripts.
const binName = "bin"

// executables makes the links by which the interpreter is called. python
// itself, on which the others depend, comes last.
func (p *plan) executables(s *site) error {
	major := strconv.Itoa(p.i.Major())
	names := []string{"python" + major, "python" + p.i.MinorVersion()}
	if p.i.FreeThreaded {
		names = append(names, "python"+p.i.MinorVersion()+"t")
	}
	switch p.i.Implementation() {
	case python.PyPy:
		names = append(names, "pypy"+major, "pypy")
	case python.GraalPy:
		names = append(names, "graalpy")
	}
	scripts := p.i.Virtual.Scripts
	for _, name := range names {
		s.link("python", filepath.Join(scripts, name))
	}
	s.link(p.target, filepath.Join(scripts, "python"))
	return s.err
}

// lockDir locks the directory itself; the lock ends with the process.
func lockDir(dir string) (release func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		_ = f.Close()
		return nil, ErrBusy
	}
	// Filesystems without locks have to do without.
	return func() {
		// A child that is just being started has the file open until it runs its
		// program: to close it would leave the lock with that one.
		_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
		_ = f.Close()
	}, nil
}
