package fsx

import (
	"encoding/binary"
	"errors"
	"os"
	"time"
)

// An Identity tells a file that was seen before from another one under the
// same name: one that was replaced, edited, or had its times set back. It is
// comparable. Times are nanoseconds of the Unix epoch. Where the system has no
// such number a field is zero; on Windows Ctime is the time of creation.
//
// Times of filesystems tick coarsely (up to 2 s, typically 4 ms): a file
// written twice within a tick looks the same. Who keeps an identity does not
// trust it before it is [Identity.Settled].
type Identity struct {
	Dev, Ino     uint64
	Size         int64
	Mtime, Ctime int64
}

// Settled reports whether the file had been left alone for so long at a time that
// whatever changes it later gives it another identity. The zero identity never is.
//
// Filesystems that keep times in whole seconds, or in some hundredths as those of
// the FAT family do, may keep every second one only (FAT: 2 s). What is finer than
// that comes from the clock of a kernel, which ticks at least every 16 ms.
func (id Identity) Settled(at time.Time) bool {
	const coarsest, fine = 2 * time.Second, 100 * time.Millisecond
	changed := max(id.Mtime, id.Ctime)
	wait := coarsest
	if changed%int64(10*time.Millisecond) != 0 {
		wait = fine
	}
	return id != Identity{} && changed < at.UnixNano()-int64(wait)
}

// IdentitySize is the length of an encoded identity in bytes.
const IdentitySize = 40

// Identify returns the identity of the file at path, following links.
func Identify(path string) (Identity, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Identity{}, err
	}
	return identityOf(path, info), nil
}

// AppendBinary appends the identity in [IdentitySize] bytes.
func (id Identity) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint64(b, id.Dev)
	b = binary.LittleEndian.AppendUint64(b, id.Ino)
	b = binary.LittleEndian.AppendUint64(b, uint64(id.Size))
	b = binary.LittleEndian.AppendUint64(b, uint64(id.Mtime))
	return binary.LittleEndian.AppendUint64(b, uint64(id.Ctime)), nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (id *Identity) UnmarshalBinary(b []byte) error {
	if len(b) != IdentitySize {
		return errors.New("a file identity is 40 bytes long")
	}
	*id = Identity{
		Dev:   binary.LittleEndian.Uint64(b),
		Ino:   binary.LittleEndian.Uint64(b[8:]),
		Size:  int64(binary.LittleEndian.Uint64(b[16:])),
		Mtime: int64(binary.LittleEndian.Uint64(b[24:])),
		Ctime: int64(binary.LittleEndian.Uint64(b[32:])),
	}
	return nil
}
