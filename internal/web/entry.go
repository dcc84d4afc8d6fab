package web

import (
	"crypto/sha256"
	"encoding/binary"
	"os"
	"slices"

	"github.com/tame-py/tame/internal/fsx"
)

// An entry of the cache is a file: the payload, so that it begins on a boundary
// fit for reading in place, then the policy, then a trailer of fixed size:
//
//	received, age, lifetime   8 bytes each, not part of the checksum
//	checksum                  8 bytes, of the policy, and of the payload before
//	                          it unless the payload checks itself
//	magic                     8 bytes
//	length of the policy      4 bytes
//	flags                     4 bytes
//
// When the server confirms an entry only the first three numbers change, and
// they are written in place. All numbers are little-endian.
const (
	timesSize    = 3 * 8
	trailerSize  = timesSize + 8 + 8 + 4 + 4
	trailerMagic = 0x31656d6174626577 // "webtame1"

	flagNoCache     = 1 << 0
	flagSelfChecked = 1 << 1
	flagImmutable   = 1 << 2
)

// entrySize is how long what follows the payload is, but for the texts in it.
const entrySize = 128

// appendEntry returns the file of an entry, in the memory behind the payload if
// there is enough. selfChecked says that the payload has a checksum of its own.
func appendEntry(payload []byte, p *policy, selfChecked bool) []byte {
	b := slices.Grow(payload, len(p.etag)+len(p.modified)+len(p.vary)+entrySize)
	b = p.append(b)
	length, flags, from := len(b)-len(payload), uint32(0), 0
	if p.noCache {
		flags |= flagNoCache
	}
	if p.immutable {
		flags |= flagImmutable
	}
	if selfChecked {
		flags |= flagSelfChecked
		from = len(payload)
	}
	sum := checksum(b[from:])
	b = p.appendTimes(b)
	b = binary.LittleEndian.AppendUint64(b, sum)
	b = binary.LittleEndian.AppendUint64(b, trailerMagic)
	b = binary.LittleEndian.AppendUint32(b, uint32(length))
	return binary.LittleEndian.AppendUint32(b, flags)
}

// checksum tells a file that was cut short or damaged. It is the beginning of a
// SHA-256, which needs no tables to be made first, as a CRC does.
func checksum(b []byte) uint64 {
	sum := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(sum[:])
}

// parseEntry takes a file apart; ok is false if it is not whole.
func parseEntry(file []byte) (payload []byte, p policy, ok bool) {
	end := len(file) - trailerSize
	if end < 0 {
		return nil, p, false
	}
	t := file[end:]
	number := func(at int) uint64 { return binary.LittleEndian.Uint64(t[at:]) }
	length, flags := int(binary.LittleEndian.Uint32(t[timesSize+16:])), binary.LittleEndian.Uint32(t[timesSize+20:])
	if number(timesSize+8) != trailerMagic || length > end {
		return nil, p, false
	}
	from := 0
	if flags&flagSelfChecked != 0 {
		from = end - length
	}
	if number(timesSize) != checksum(file[from:end]) || !p.parse(file[end-length:end]) {
		return nil, p, false
	}
	p.received, p.age, p.lifetime = int64(number(0)), int64(number(8)), int64(number(16))
	p.noCache, p.immutable = flags&flagNoCache != 0, flags&flagImmutable != 0
	return file[: end-length : end-length], p, true
}

func (p *policy) appendTimes(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(p.received))
	b = binary.LittleEndian.AppendUint64(b, uint64(p.age))
	return binary.LittleEndian.AppendUint64(b, uint64(p.lifetime))
}

// append appends what of a policy is neither time nor flag.
func (p *policy) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, p.url)
	b = binary.LittleEndian.AppendUint64(b, p.varied)
	for _, s := range []string{p.etag, p.modified, p.vary} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// parse is the reverse of append.
func (p *policy) parse(b []byte) bool {
	if len(b) < 16 {
		return false
	}
	p.url, p.varied = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	b = b[16:]
	for _, s := range []*string{&p.etag, &p.modified, &p.vary} {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return false
		}
		*s, b = string(b[size:size+int(n)]), b[size+int(n):]
	}
	return len(b) == 0
}

// touch writes the times of a confirmed entry into its file, if the file is
// still the one that was read: of that size and with those last bytes. Whoever
// replaces an entry makes a new file, so what is open here does not change. It
// returns false if the entry has to be written anew.
func touch(path string, old []byte, p *policy) bool {
	file, err := fsx.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	start := int64(len(old) - trailerSize)
	info, err := file.Stat()
	if err != nil || info.Size() != int64(len(old)) {
		return false
	}
	var now [trailerSize]byte
	if _, err := file.ReadAt(now[:], start); err != nil || string(now[timesSize:]) != string(old[start+timesSize:]) {
		return false
	}
	_, err = file.WriteAt(p.appendTimes(nil), start)
	return err == nil
}
