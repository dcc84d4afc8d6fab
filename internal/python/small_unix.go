//go:build unix

package python

import (
	"os"

	"golang.org/x/sys/unix"
)

// readSmall reads a file that is expected to be small with as few system calls
// as there can be: it is on the way of every command.
func readSmall(path string) (string, bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	buf := make([]byte, 8192)
	n, err := unix.Read(fd, buf)
	if err == nil && n < len(buf) {
		return string(buf[:max(n, 0)]), true
	}
	text, err := os.ReadFile(path)
	return string(text), err == nil
}

// hostRelease is what uname tells of the kernel.
func hostRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Version[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}
