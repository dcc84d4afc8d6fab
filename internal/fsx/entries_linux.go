package fsx

import (
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

var direntBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// Where the fields of struct linux_dirent64 are (getdents64(2)).
const (
	direntLength = 16
	direntType   = 18
	direntName   = 19
)

// entries calls f for each name in an open directory, without . and .., and
// says whether it is a directory itself. The name is valid during the call
// only. It makes no value per entry, unlike [os.File.ReadDir].
func entries(fd int, path string, f func(name string, isDir bool) error) error {
	buffer := direntBuffers.Get().(*[]byte)
	defer direntBuffers.Put(buffer)
	for {
		n, err := unix.Getdents(fd, *buffer)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "readdir", Path: path, Err: err}
		}
		if n <= 0 {
			return nil
		}
		if err := each(fd, (*buffer)[:n], f); err != nil {
			return err
		}
	}
}

func each(fd int, b []byte, f func(name string, isDir bool) error) error {
	for len(b) > direntName {
		length := int(binary.NativeEndian.Uint16(b[direntLength:]))
		if length <= direntName || length > len(b) {
			return nil
		}
		raw := b[direntName:length]
		end := 0
		for end < len(raw) && raw[end] != 0 {
			end++
		}
		kind := b[direntType]
		b = b[length:]
		name := unsafe.String(unsafe.SliceData(raw), end)
		if name == "." || name == ".." {
			continue
		}
		isDir := kind == unix.DT_DIR
		if kind == unix.DT_UNKNOWN { // some filesystems do not tell
			var stat unix.Stat_t
			isDir = unix.Fstatat(fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW) == nil && stat.Mode&unix.S_IFMT == unix.S_IFDIR
		}
		if err := f(name, isDir); err != nil {
			return err
		}
	}
	return nil
}
