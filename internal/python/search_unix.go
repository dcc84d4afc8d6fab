//go:build unix

package python

import (
	"os"

	"golang.org/x/sys/unix"
)

// isProgram reports whether a path is a file that may be executed.
func isProgram(path string) bool {
	if unix.Access(path, unix.X_OK) != nil {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// isStoreShim is about Windows.
func isStoreShim(string) bool { return false }

// registered is about the registry of Windows.
func (f *Finder) registered(VersionRequest) []candidate { return nil }
