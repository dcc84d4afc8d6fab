package fsx

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// renamePatience bounds how long Rename tries against virus scanners and
// indexers, which open new files for a moment and deny renaming meanwhile.
const renamePatience = 10 * time.Second

// Rename puts the file or directory at from in the place of to, trying again
// for some seconds while another program holds one of them open.
func Rename(from, to string) error {
	return retry(renamePatience, func() error { return os.Rename(from, to) })
}

// retry calls f until it succeeds, fails for a reason that waiting does not
// change, or patience ends.
func retry(patience time.Duration, f func() error) error {
	deadline := time.Now().Add(patience)
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		err := f()
		if err == nil || !transient(err) || time.Now().Add(wait).After(deadline) {
			return err
		}
		time.Sleep(wait)
	}
}

func transient(err error) bool {
	return errors.Is(err, windows.ERROR_ACCESS_DENIED) ||
		errors.Is(err, windows.ERROR_SHARING_VIOLATION) ||
		errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

// SyncDir does nothing on Windows, where directories cannot be flushed.
func SyncDir(string) error { return nil }

func copyOwner(*os.File, fs.FileInfo) {}

func ignorableChmod(error) bool { return true }
