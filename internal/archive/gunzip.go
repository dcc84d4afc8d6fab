package archive

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// maxExpansion is how many bytes a byte of deflate makes at most.
const maxExpansion = 1032

// Gunzip decompresses a gzip file (RFC 1952) that is all in memory, has one
// member, and unpacks to at most limit bytes. It is about one and a half times as
// fast as a decompressor that serves a reader. If ok is false the file is of
// another kind or damaged: an ordinary decompressor tells which.
func Gunzip(src []byte, limit int64) (data []byte, ok bool) { return GunzipTo(nil, src, limit) }

// GunzipTo is Gunzip into a buffer, if that is large enough.
func GunzipTo(buffer, src []byte, limit int64) (data []byte, ok bool) {
	packed, ok := gzipContent(src)
	if !ok {
		return nil, false
	}
	size := int64(binary.LittleEndian.Uint32(src[len(src)-4:]))
	if size > limit || size > int64(len(packed))*maxExpansion {
		return nil, false
	}
	if int64(cap(buffer)) >= size {
		data = buffer[:size]
	} else if cap(buffer) > 0 { // it is used again, and so should the larger one be
		data = make([]byte, size, max(size, 64<<10, 1<<bits.Len64(uint64(size-1))))
	} else {
		data = make([]byte, size)
	}
	if fastInflate(data, packed) != nil || crc32.ChecksumIEEE(data) != binary.LittleEndian.Uint32(src[len(src)-8:]) {
		return nil, false
	}
	return data, true
}

// gzipContent returns what lies between the header of a gzip file and the
// checksum at its end.
func gzipContent(src []byte) ([]byte, bool) {
	const (
		headerSize, trailerSize            = 10, 8
		hasCRC, hasExtra, hasName, hasNote = 1 << 1, 1 << 2, 1 << 3, 1 << 4
	)
	if len(src) < headerSize+trailerSize || src[0] != 0x1f || src[1] != 0x8b || src[2] != 8 {
		return nil, false
	}
	flags, rest := src[3], src[headerSize:len(src)-trailerSize]
	if flags&hasExtra != 0 {
		if len(rest) < 2 {
			return nil, false
		}
		n := 2 + int(binary.LittleEndian.Uint16(rest))
		if n > len(rest) {
			return nil, false
		}
		rest = rest[n:]
	}
	for _, flag := range [...]byte{hasName, hasNote} {
		if flags&flag == 0 {
			continue
		}
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			return nil, false
		}
		rest = rest[end+1:]
	}
	if flags&hasCRC != 0 {
		if len(rest) < 2 {
			return nil, false
		}
		rest = rest[2:]
	}
	return rest, true
}
