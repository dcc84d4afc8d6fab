package brief

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// longWrite is how many bytes take so long to write that the scheduler may know.
const longWrite = 256 << 10

// A name is room for one that ends with a zero byte, as system calls want it.
type name [256]byte

// set returns text as a name, in n if there is room.
func (n *name) set(text string) (*byte, error) {
	if len(text) >= len(n) || strings.IndexByte(text, 0) >= 0 {
		return unix.BytePtrFromString(text)
	}
	copy(n[:], text)
	n[len(text)] = 0
	return &n[0], nil
}

func errorOf(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// Create makes the file called path below the open directory dir by openat(2)
// with flags that contain O_CREAT and O_EXCL.
func Create(dir int, path string, flags int, mode uint32) (fd int, err error) {
	if !enter() {
		return unix.Openat(dir, path, flags, mode)
	}
	defer leave()
	var room name
	p, err := room.set(path)
	if err != nil {
		return -1, err
	}
	r, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(p)), uintptr(flags|unix.O_LARGEFILE), uintptr(mode), 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// Mkdir is mkdirat(2).
func Mkdir(dir int, path string, mode uint32) error {
	if !enter() {
		return unix.Mkdirat(dir, path, mode)
	}
	defer leave()
	var room name
	p, err := room.set(path)
	if err != nil {
		return err
	}
	_, _, errno := unix.RawSyscall(unix.SYS_MKDIRAT, uintptr(dir), uintptr(unsafe.Pointer(p)), uintptr(mode))
	return errorOf(errno)
}

// Link is linkat(2) without flags.
func Link(oldDir int, oldPath string, newDir int, newPath string) error {
	if !enter() {
		return unix.Linkat(oldDir, oldPath, newDir, newPath, 0)
	}
	defer leave()
	var oldRoom, newRoom name
	p, err := oldRoom.set(oldPath)
	if err != nil {
		return err
	}
	q, err := newRoom.set(newPath)
	if err != nil {
		return err
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_LINKAT, uintptr(oldDir), uintptr(unsafe.Pointer(p)), uintptr(newDir), uintptr(unsafe.Pointer(q)), 0, 0)
	return errorOf(errno)
}

// Write is write(2) to a regular file.
func Write(fd int, data []byte) (int, error) {
	if len(data) > longWrite || !enter() {
		return unix.Write(fd, data)
	}
	defer leave()
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// Close is close(2) of a regular file.
func Close(fd int) error {
	if !enter() {
		return unix.Close(fd)
	}
	defer leave()
	_, _, errno := unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	return errorOf(errno)
}
