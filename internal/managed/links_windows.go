package managed

import (
	"encoding/binary"
	"errors"
	"os"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

// linkDirectory makes a junction: unlike for symbolic links, no privilege is
// needed.
func linkDirectory(target, path string) error {
	if err := os.Mkdir(path, 0o777); err != nil {
		return err
	}
	if err := setJunction(target, path); err != nil {
		return errors.Join(&os.LinkError{Op: "junction", Old: target, New: path, Err: err}, os.Remove(path))
	}
	return nil
}

func setJunction(target, path string) error {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	dir, err := windows.CreateFile(name, windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return err
	}
	defer func() { _ = windows.CloseHandle(dir) }()
	data := junctionData(target)
	var n uint32
	return windows.DeviceIoControl(dir, windows.FSCTL_SET_REPARSE_POINT, &data[0], uint32(len(data)), nil, 0, &n, nil)
}

// junctionData is a REPARSE_DATA_BUFFER for a mount point: a head of eight bytes,
// the places of two names, and the names, each with a zero behind it.
func junctionData(target string) []byte {
	substitute, print := utf16.Encode([]rune(`\??\`+target)), utf16.Encode([]rune(target))
	le := binary.LittleEndian
	b := le.AppendUint32(nil, windows.IO_REPARSE_TAG_MOUNT_POINT)
	b = le.AppendUint16(b, uint16(8+2*(len(substitute)+len(print)+2)))
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, uint16(2*len(substitute)))
	b = le.AppendUint16(b, uint16(2*(len(substitute)+1)))
	b = le.AppendUint16(b, uint16(2*len(print)))
	for _, part := range [][]uint16{substitute, print} {
		for _, c := range append(part, 0) {
			b = le.AppendUint16(b, c)
		}
	}
	return b
}
