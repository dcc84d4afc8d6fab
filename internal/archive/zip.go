package archive

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"strings"
)

// The parts of a zip and their fixed sizes (APPNOTE.TXT 4.3).
const (
	sigLocal       = 0x04034b50
	sigDescriptor  = 0x08074b50
	sigCentral     = 0x02014b50
	sigEnd         = 0x06054b50
	sigEnd64       = 0x06064b50
	sigEnd64Locate = 0x07064b50

	localSize       = 30
	centralSize     = 46
	endSize         = 22
	end64Size       = 56
	end64LocateSize = 20
)

const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
	flagPatch      = 1 << 5
	flagStrong     = 1 << 6
	flagMasked     = 1 << 13

	methodStored  = 0
	methodDeflate = 8
	methodZstd    = 93
)

// le reads little-endian numbers off a header.
type le []byte

func (b *le) u16() uint16 {
	v := binary.LittleEndian.Uint16(*b)
	*b = (*b)[2:]
	return v
}

func (b *le) u32() uint32 {
	v := binary.LittleEndian.Uint32(*b)
	*b = (*b)[4:]
	return v
}

func (b *le) u64() uint64 {
	v := binary.LittleEndian.Uint64(*b)
	*b = (*b)[8:]
	return v
}

// An entry is one file or directory of a zip. What the local header says is
// checked against the content, and then against the central directory: there
// is one truth or the archive is refused.
type entry struct {
	Name   string // as written
	Offset int64  // of the local header
	Method uint16
	Flags  uint16
	CRC    uint32
	Packed int64 // size in the archive
	Size   int64 // size unpacked
	SHA256 [32]byte

	clean  string // the path in the target
	dir    bool
	file   *File // nil for directories
	again  bool  // the archive had this name before
	listed bool  // in the central directory
	exec   bool  // as the central directory has it
	twin   twin
}

// parseLocal reads a local header whose name and extra fields follow fixed.
func parseLocal(fixed []byte, name, extra []byte, offset int64) (*entry, error) {
	b := le(fixed[6:])
	e := &entry{Name: string(name), Offset: offset}
	e.Flags, e.Method = b.u16(), b.u16()
	b.u32() // time and date
	e.CRC, e.Packed, e.Size = b.u32(), int64(b.u32()), int64(b.u32())
	if err := e.extras(extra, nil); err != nil {
		return nil, err
	}
	return e, e.check()
}

// localLengths returns the lengths of name and extra fields.
func localLengths(fixed []byte) (name, extra int) {
	return int(binary.LittleEndian.Uint16(fixed[26:])), int(binary.LittleEndian.Uint16(fixed[28:]))
}

// check refuses what this package does not unpack.
func (e *entry) check() (err error) {
	if e.clean, e.dir, err = cleanName(e.Name); err != nil {
		return err
	}
	switch {
	case strings.Contains(e.Name, `\`):
		// Some programs take it for a slash: one archive, two meanings.
		return refuse(e.Name, "its name has a backslash")
	case e.Flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		return refuse(e.Name, "it is encrypted")
	case e.Flags&flagPatch != 0:
		return refuse(e.Name, "it is a patch")
	case e.Method != methodStored && e.Method != methodDeflate && e.Method != methodZstd:
		return refuse(e.Name, "its compression method %d is not one of stored, deflate and zstd", e.Method)
	case e.Packed < 0 || e.Size < 0:
		return refuse(e.Name, "its size is out of range")
	case e.dir && (e.Size != 0 || e.CRC != 0 || e.Packed > 2):
		return refuse(e.Name, "it is a directory with content")
	case e.unsized():
	case e.Method == methodStored && e.Packed != e.Size:
		return refuse(e.Name, "it is stored, but takes %d bytes for %d", e.Packed, e.Size)
	case e.Method == methodDeflate && e.Size/maxDeflateRatio > e.Packed:
		return refuse(e.Name, "%d bytes cannot unpack to %d", e.Packed, e.Size)
	}
	return nil
}

// maxDeflateRatio is what deflate can do at best, rounded up.
const maxDeflateRatio = 1040

// unsized says whether the sizes come after the content, in a data
// descriptor.
func (e *entry) unsized() bool {
	return e.Flags&flagDescriptor != 0 && e.Packed == 0 && e.Size == 0 && e.CRC == 0
}

// extras reads the extra fields that matter: sizes of 64 bits, in which case
// offset is read too if it is not nil, and a second name, which must be the
// first.
func (e *entry) extras(extra []byte, offset *int64) error {
	const max32 = 1<<32 - 1
	wide := e.Packed == max32 || e.Size == max32 || offset != nil && *offset == max32
	for b := le(extra); len(b) >= 4; {
		id, n := b.u16(), int(b.u16())
		if n > len(b) {
			if wide {
				return refuse(e.Name, "its extra fields are cut off")
			}
			return nil // some writers pad; without meaning to us
		}
		field := b[:n:n]
		b = b[n:]
		switch id {
		case 0x0001:
			if !wide {
				continue
			}
			for _, v := range []*int64{&e.Size, &e.Packed, offset} {
				if v == nil || *v != max32 {
					continue
				}
				if len(field) < 8 {
					return refuse(e.Name, "its 64-bit sizes are cut off")
				}
				*v = int64(field.u64())
			}
			wide = false
		case 0x7075: // Info-ZIP Unicode Path
			if len(field) < 5 || string(field[5:]) != e.Name {
				return refuse(e.Name, "it has a second name %q", field[min(5, len(field)):])
			}
		}
	}
	if wide {
		return refuse(e.Name, "its 64-bit sizes are missing")
	}
	return nil
}

// parseDescriptor reads a data descriptor off b, which is as long as it is
// thought to be, and says whether it fits what was unpacked.
func (e *entry) parseDescriptor(b le) bool {
	if len(b) == 16 || len(b) == 24 {
		if b.u32() != sigDescriptor {
			return false
		}
	}
	if b.u32() != e.CRC {
		return false
	}
	if len(b) == 8 {
		return int64(b.u32()) == e.Packed&0xffffffff && int64(b.u32()) == e.Size&0xffffffff
	}
	return int64(b.u64()) == e.Packed && int64(b.u64()) == e.Size
}

// A cursor hands out the next n bytes, valid until the next call.
type cursor interface{ next(n int) ([]byte, error) }

// memory is a cursor over bytes that are all there.
type memory struct{ rest []byte }

func (m *memory) next(n int) ([]byte, error) {
	if n > len(m.rest) {
		return nil, refuse("", "its directory is cut off")
	}
	b := m.rest[:n]
	m.rest = m.rest[n:]
	return b, nil
}

// A listing is an entry of the central directory.
type listing struct {
	entry
	mode fs.FileMode // as on Unix; 0 when it does not tell
}

// parseCentral reads an entry of the central directory, of which the
// signature has been read.
func parseCentral(c cursor) (*listing, error) {
	fixed, err := c.next(centralSize - 4)
	if err != nil {
		return nil, err
	}
	b := le(fixed)
	made := b.u16()
	b.u16() // version needed
	l := &listing{}
	l.Flags, l.Method = b.u16(), b.u16()
	b.u32() // time and date
	l.CRC, l.Packed, l.Size = b.u32(), int64(b.u32()), int64(b.u32())
	nameLen, extraLen, commentLen := int(b.u16()), int(b.u16()), int(b.u16())
	disk := b.u16()
	b.u16() // internal attributes
	attributes := b.u32()
	l.Offset = int64(b.u32())
	rest, err := c.next(nameLen + extraLen + commentLen)
	if err != nil {
		return nil, err
	}
	l.Name = string(rest[:nameLen])
	if disk != 0 {
		return nil, refuse(l.Name, "it is on another disk")
	}
	if err := l.extras(rest[nameLen:nameLen+extraLen], &l.Offset); err != nil {
		return nil, err
	}
	if made>>8 == 3 || made>>8 == 19 { // Unix, macOS
		l.mode = unixMode(attributes >> 16)
	}
	return l, nil
}

// unixMode keeps what matters of the mode bits of Unix.
func unixMode(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	switch bits & 0o170000 {
	case 0, 0o100000, 0o120000, 0o040000: // nothing, file, link, directory
	default:
		mode |= fs.ModeIrregular
	}
	return mode
}

// agree refuses a listing that does not say of e what the local header and
// the content said.
func (l *listing) agree(e *entry) error {
	switch {
	case l.Name != e.Name:
		return refuse(e.Name, "the central directory calls it %q", l.Name)
	case e.listed:
		return refuse(e.Name, "it is twice in the central directory")
	case l.Method != e.Method:
		return refuse(e.Name, "the central directory tells another compression method")
	case (l.Flags^e.Flags)&flagEncrypted != 0:
		return refuse(e.Name, "the central directory tells whether it is encrypted otherwise")
	case l.CRC != e.CRC:
		return refuse(e.Name, "the central directory tells the checksum %08x, not %08x", l.CRC, e.CRC)
	case l.Size != e.Size:
		return refuse(e.Name, "the central directory tells the size %d, not %d", l.Size, e.Size)
	case l.Packed != e.Packed:
		return refuse(e.Name, "the central directory tells the compressed size %d, not %d", l.Packed, e.Packed)
	case l.mode&fs.ModeIrregular != 0:
		return refuse(e.Name, "it is a device")
	}
	return nil
}

// A trailer is what ends a zip.
type trailer struct {
	entries      uint64
	size, offset int64 // of the central directory
}

// parseEnd reads the end of central directory record, of which the signature
// has been read, with its comment.
func parseEnd(c cursor) (trailer, error) {
	var t trailer
	fixed, err := c.next(endSize - 4)
	if err != nil {
		return t, err
	}
	b := le(fixed)
	disk, first := b.u16(), b.u16()
	here, all := b.u16(), b.u16()
	if disk != 0 || first != 0 || here != all {
		return t, refuse("", "it is one of several disks")
	}
	t.entries, t.size, t.offset = uint64(all), int64(b.u32()), int64(b.u32())
	comment, err := c.next(int(b.u16()))
	if err != nil {
		return t, err
	}
	// A zip hidden in the comment must have the low bytes of signatures.
	if bytes.ContainsAny(comment, "\x01\x02\x03\x04\x05\x06\x07\x08") {
		return t, refuse("", "its comment looks like another archive")
	}
	return t, nil
}

// parseEnd64 reads the record with numbers of 64 bits, of which the signature
// has been read.
func parseEnd64(c cursor) (trailer, error) {
	var t trailer
	fixed, err := c.next(end64Size - 4)
	if err != nil {
		return t, err
	}
	b := le(fixed)
	if b.u64() != end64Size-12 {
		return t, refuse("", "the end of its directory has data that is not understood")
	}
	b.u32() // versions
	if disk, first := b.u32(), b.u32(); disk != 0 || first != 0 {
		return t, refuse("", "it is one of several disks")
	}
	here, all := b.u64(), b.u64()
	t.entries, t.size, t.offset = all, int64(b.u64()), int64(b.u64())
	if here != all || t.size < 0 || t.offset < 0 {
		return t, refuse("", "the end of its directory makes no sense")
	}
	return t, nil
}

// merge takes from the 64-bit record what the other has no room for, and
// refuses two that differ.
func (t *trailer) merge(wide trailer) error {
	const max16, max32 = 1<<16 - 1, 1<<32 - 1
	if t.entries != max16 && t.entries != wide.entries || t.size != max32 && t.size != wide.size || t.offset != max32 && t.offset != wide.offset {
		return refuse("", "the two ends of its directory differ")
	}
	*t = wide
	return nil
}

// agree refuses an end that does not describe the directory that was read.
func (t *trailer) agree(entries int, offset, size int64) error {
	switch {
	case t.entries != uint64(entries):
		return refuse("", "it tells of %d entries and has %d", t.entries, entries)
	case t.offset != offset || t.size != size:
		return refuse("", "its directory is not where it tells")
	}
	return nil
}

// tail reads all that follows the central directory, which lies at offset and
// is size long; sig is the signature that ended it.
func tail(c cursor, sig uint32, entries int, offset, size int64) error {
	var wide *trailer
	if sig == sigEnd64 {
		t, err := parseEnd64(c)
		if err != nil {
			return err
		}
		wide = &t
		locator, err := c.next(end64LocateSize)
		if err != nil {
			return err
		}
		b := le(locator)
		if b.u32() != sigEnd64Locate || b.u32() != 0 || int64(b.u64()) != offset+size || b.u32() > 1 {
			return refuse("", "the locator of its end makes no sense")
		}
		next, err := c.next(4)
		if err != nil {
			return err
		}
		sig = binary.LittleEndian.Uint32(next)
	}
	if sig != sigEnd {
		return refuse("", "its directory has no end")
	}
	t, err := parseEnd(c)
	if err != nil {
		return err
	}
	if wide != nil {
		if err := t.merge(*wide); err != nil {
			return err
		}
	}
	return t.agree(entries, offset, size)
}
