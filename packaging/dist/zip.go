package dist

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/tame-py/tame/packaging/pyname"
)

// Zip finds files in a zip archive through its central directory. Opening one
// reads the end of the file alone: one read for most wheels, two for those with
// thousands of files.
type Zip struct {
	r       io.ReaderAt
	size    int64
	central []byte // the records of the central directory
	offset  int64  // what all recorded offsets are short of, in archives with a prefix
}

// ZipEntry is a file in a [Zip].
type ZipEntry struct {
	Name             string
	Size, Compressed uint64
	crc              uint32
	method           uint16
	header           int64
}

// Sizes and signatures of the zip format (APPNOTE 4.3).
const (
	endSize       = 22
	end64Size     = 56
	locatorSize   = 20
	centralSize   = 46
	localSize     = 30
	endMagic      = 0x06054b50
	end64Magic    = 0x06064b50
	locatorMagic  = 0x07064b50
	centralMagic  = 0x02014b50
	localMagic    = 0x04034b50
	tailSize      = 64 << 10 // holds the central directory of most wheels
	maxCentral    = 256 << 20
	maxTextMember = 64 << 20 // no file of a .dist-info directory is larger
)

// ErrNotZip tells that a file is no zip archive, or a broken one.
var ErrNotZip = errors.New("not a valid zip archive")

func badZip(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotZip, fmt.Sprintf(format, args...))
}

// OpenZip reads the central directory of an archive of the given size.
func OpenZip(r io.ReaderAt, size int64) (*Zip, error) {
	n := min(size, tailSize)
	tail := make([]byte, n)
	if err := readAt(r, tail, size-n); err != nil {
		return nil, err
	}
	z := &Zip{r: r, size: size}
	return z, z.locate(tail)
}

func readAt(r io.ReaderAt, buf []byte, at int64) error {
	n, err := r.ReadAt(buf, at)
	if n == len(buf) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// locate finds the central directory from the last bytes of the archive.
func (z *Zip) locate(tail []byte) error {
	end := findEnd(tail)
	if end < 0 {
		return badZip("no end of central directory")
	}
	endAt := z.size - int64(len(tail)) + int64(end)
	length := int64(binary.LittleEndian.Uint32(tail[end+12:]))
	start := int64(binary.LittleEndian.Uint32(tail[end+16:]))
	if length == 0xffffffff || start == 0xffffffff {
		var err error
		if length, start, endAt, err = z.locate64(endAt); err != nil {
			return err
		}
	}
	if length < 0 || start < 0 || length > maxCentral || length > endAt || start > endAt-length {
		return badZip("the central directory lies outside the archive")
	}
	// The directory ends where its end record starts, whatever stands before
	// the archive.
	z.offset = endAt - length - start
	from := endAt - length
	if inTail := from - (z.size - int64(len(tail))); inTail >= 0 {
		z.central = tail[inTail : inTail+length]
		return nil
	}
	z.central = make([]byte, length)
	return readAt(z.r, z.central, from)
}

// findEnd returns the place of the end record, which a comment may follow.
func findEnd(tail []byte) int {
	for i := len(tail) - endSize; i >= 0; i-- {
		if binary.LittleEndian.Uint32(tail[i:]) != endMagic {
			continue
		}
		if comment := int(binary.LittleEndian.Uint16(tail[i+20:])); i+endSize+comment == len(tail) {
			return i
		}
	}
	return -1
}

func (z *Zip) locate64(endAt int64) (length, start, at int64, err error) {
	var locator [locatorSize]byte
	if endAt < locatorSize {
		return 0, 0, 0, badZip("no zip64 locator")
	}
	if err := readAt(z.r, locator[:], endAt-locatorSize); err != nil {
		return 0, 0, 0, err
	}
	at = int64(binary.LittleEndian.Uint64(locator[8:]))
	if binary.LittleEndian.Uint32(locator[:]) != locatorMagic || at < 0 || at > z.size-end64Size {
		return 0, 0, 0, badZip("no zip64 locator")
	}
	var end [end64Size]byte
	if err := readAt(z.r, end[:], at); err != nil {
		return 0, 0, 0, err
	}
	if binary.LittleEndian.Uint32(end[:]) != end64Magic {
		return 0, 0, 0, badZip("no zip64 end of central directory")
	}
	return int64(binary.LittleEndian.Uint64(end[40:])), int64(binary.LittleEndian.Uint64(end[48:])), at, nil
}

// each calls f with the name of each file and its record, until it returns
// false.
func (z *Zip) each(f func(name, record []byte) bool) error {
	for rest := z.central; len(rest) > 0; {
		if len(rest) < centralSize || binary.LittleEndian.Uint32(rest) != centralMagic {
			return badZip("a broken record in the central directory")
		}
		name := int(binary.LittleEndian.Uint16(rest[28:]))
		total := centralSize + name + int(binary.LittleEndian.Uint16(rest[30:])) + int(binary.LittleEndian.Uint16(rest[32:]))
		if total > len(rest) {
			return badZip("a broken record in the central directory")
		}
		if !f(rest[centralSize:centralSize+name], rest[:total]) {
			return nil
		}
		rest = rest[total:]
	}
	return nil
}

// Names lists the archive's files in order.
func (z *Zip) Names() ([]string, error) {
	var names []string
	err := z.each(func(name, _ []byte) bool {
		names = append(names, string(name))
		return true
	})
	return names, err
}

// Find returns the entry of a file, or an error if it is absent.
func (z *Zip) Find(name string) (ZipEntry, error) {
	var e ZipEntry
	found := false
	err := z.each(func(have, record []byte) bool {
		if string(have) == name {
			e, found = entry(name, record), true
		}
		return !found
	})
	if err == nil && !found {
		err = fmt.Errorf("no file %s in the archive", name)
	}
	return e, err
}

func entry(name string, record []byte) ZipEntry {
	e := ZipEntry{
		Name:       name,
		method:     binary.LittleEndian.Uint16(record[10:]),
		crc:        binary.LittleEndian.Uint32(record[16:]),
		Compressed: uint64(binary.LittleEndian.Uint32(record[20:])),
		Size:       uint64(binary.LittleEndian.Uint32(record[24:])),
		header:     int64(binary.LittleEndian.Uint32(record[42:])),
	}
	extraAt := centralSize + len(name)
	extra := record[extraAt : extraAt+int(binary.LittleEndian.Uint16(record[30:]))]
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if size > len(extra)-4 {
			break
		}
		if id == 1 {
			e.zip64(extra[4 : 4+size])
		}
		extra = extra[4+size:]
	}
	return e
}

// zip64 takes the values that did not fit the record, in their fixed order.
func (e *ZipEntry) zip64(field []byte) {
	next := func() (uint64, bool) {
		if len(field) < 8 {
			return 0, false
		}
		v := binary.LittleEndian.Uint64(field)
		field = field[8:]
		return v, true
	}
	for _, place := range []*uint64{&e.Size, &e.Compressed} {
		if *place == 0xffffffff {
			if v, ok := next(); ok {
				*place = v
			}
		}
	}
	if e.header == 0xffffffff {
		if v, ok := next(); ok {
			e.header = int64(v)
		}
	}
}

// Read returns the content of a small file, checked against its checksum. Only
// stored and deflated files are known.
func (z *Zip) Read(e ZipEntry) ([]byte, error) {
	if e.Size > maxTextMember || e.Compressed > maxTextMember {
		return nil, fmt.Errorf("file %s in the archive is too large: %d bytes", e.Name, e.Size)
	}
	data, err := z.raw(e)
	if err != nil {
		return nil, fmt.Errorf("reading %s from the archive: %w", e.Name, err)
	}
	switch e.method {
	case 0:
	case 8:
		inflated := flate.NewReader(bytes.NewReader(data))
		data, err = io.ReadAll(io.LimitReader(inflated, int64(e.Size)+1))
		if err != nil {
			return nil, fmt.Errorf("reading %s from the archive: %w", e.Name, err)
		}
	default:
		return nil, fmt.Errorf("file %s in the archive has the unsupported compression method %d", e.Name, e.method)
	}
	if uint64(len(data)) != e.Size || crc32.ChecksumIEEE(data) != e.crc {
		return nil, badZip("size or checksum of %s do not match", e.Name)
	}
	return data, nil
}

// raw reads a file as it is stored. Local headers are of unknown length, since
// their extra field may differ from the central one; most fit the guess.
func (z *Zip) raw(e ZipEntry) ([]byte, error) {
	at := e.header + z.offset
	guess := int64(localSize+len(e.Name)+256) + int64(e.Compressed)
	if at < 0 || at > z.size-localSize {
		return nil, badZip("it lies outside the archive")
	}
	buf := make([]byte, min(guess, z.size-at))
	if err := readAt(z.r, buf, at); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(buf) != localMagic {
		return nil, badZip("it has no local header")
	}
	start := int64(localSize) + int64(binary.LittleEndian.Uint16(buf[26:])) + int64(binary.LittleEndian.Uint16(buf[28:]))
	if end := start + int64(e.Compressed); end <= int64(len(buf)) {
		return buf[start:end], nil
	}
	if at+start > z.size-int64(e.Compressed) {
		return nil, badZip("it lies outside the archive")
	}
	data := make([]byte, e.Compressed)
	return data, readAt(z.r, data, at+start)
}

// DistInfo returns the archive's one top-level .dist-info directory that has a
// METADATA file. Its name must begin with that of the project, compared in
// normal form; an empty project is not compared.
func (z *Zip) DistInfo(project pyname.Package) (string, error) {
	var dirs []string
	err := z.each(func(name, _ []byte) bool {
		if dir, ok := bytes.CutSuffix(name, []byte(".dist-info/METADATA")); ok && bytes.IndexByte(dir, '/') < 0 {
			dirs = append(dirs, string(dir)+".dist-info")
		}
		return true
	})
	if err != nil {
		return "", err
	}
	switch len(dirs) {
	case 0:
		return "", ErrNoDistInfo
	case 1:
	default:
		return "", fmt.Errorf("%w: there is more than one: %s", ErrNoDistInfo, strings.Join(dirs, ", "))
	}
	if !strings.HasPrefix(pyname.Normalize(strings.TrimSuffix(dirs[0], ".dist-info")), string(project)) {
		return "", fmt.Errorf("%w: %s does not begin with the project's name %s", ErrNoDistInfo, dirs[0], project)
	}
	return dirs[0], nil
}

// ReadMetadata returns the METADATA file of the wheel, and the name of its
// .dist-info directory.
func (z *Zip) ReadMetadata(project pyname.Package) (data []byte, distInfo string, err error) {
	distInfo, err = z.DistInfo(project)
	if err != nil {
		return nil, "", err
	}
	e, err := z.Find(distInfo + "/METADATA")
	if err != nil {
		return nil, "", err
	}
	data, err = z.Read(e)
	return data, distInfo, err
}
