// Package fsx holds what package os lacks for a program that many run at once
// and that may be killed at any moment:
//
//   - files that are the old ones or the new ones, never half ([WriteFile],
//     [ReplaceFile], [Rename]);
//   - locks between processes that the kernel gives back when their owner dies
//     ([Acquire], [TryAcquire]);
//   - placing files by clone, hard link, symbolic link or copy, whichever
//     works first ([Linker], between two [Tree]s);
//   - telling whether a file is still the one seen before ([Identity]);
//   - removing and measuring trees while counting ([RemoveAll], [Measure]).
//
// Names inside a [Tree] are relative and separated by slashes on every system.
package fsx

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// TempPrefix begins the name of every temporary file and directory this
// package makes, so that what a killed process left behind can be told from
// content.
const TempPrefix = ".tmp-"

// tempName returns a name for a temporary file. Two processes may draw the
// same one; callers create it exclusively and draw again.
func tempName() string {
	return TempPrefix + strconv.FormatUint(rand.Uint64(), 36)
}

// MkdirTemp creates a new directory in dir, with the permissions that the umask
// leaves (not owner-only as [os.MkdirTemp] does: it is meant to be renamed into
// place), and returns its path.
func MkdirTemp(dir string) (string, error) {
	for range 100 {
		path := filepath.Join(dir, tempName())
		err := os.Mkdir(path, 0o777)
		if err == nil || !os.IsExist(err) {
			return path, err
		}
	}
	return "", &fs.PathError{Op: "mkdir", Path: filepath.Join(dir, TempPrefix+"*"), Err: fs.ErrExist}
}

// CreateTemp creates and opens for writing a new file in dir with the given
// permissions (less the umask).
func CreateTemp(dir string, perm fs.FileMode) (*os.File, error) {
	for range 100 {
		file, err := OpenFile(filepath.Join(dir, tempName()), os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if err == nil || !os.IsExist(err) {
			return file, err
		}
	}
	return nil, &fs.PathError{Op: "create", Path: filepath.Join(dir, TempPrefix+"*"), Err: fs.ErrExist}
}
