package archive_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// A rawFile is a file of a zip in which anything may be wrong.
type rawFile struct {
	name       string
	data       string
	method     uint16
	flags      uint16
	descriptor int    // length of the data descriptor, 0 for none
	mode       uint32 // of Unix, in the central directory
	junk       string // after the data

	// What is told otherwise than it is.
	localName    string
	packed       []byte // instead of what data packs to
	crc          *uint32
	size         *uint32
	packedSize   *uint32
	centralCRC   *uint32
	centralSize  *uint32
	centralName  string
	centralExtra []byte
	localExtra   []byte
	offset       *uint32
	unlisted     bool // not in the central directory
	twice        bool // twice in the central directory
}

func ptr[T any](v T) *T { return &v }

func or[T any](p *T, v T) T {
	if p != nil {
		return *p
	}
	return v
}

func pack(t testing.TB, method uint16, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	switch method {
	case 8:
		w, err := flate.NewWriter(&b, 6)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(data))
		w.Close()
	case 93:
		w, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(data))
		w.Close()
	default:
		return []byte(data)
	}
	return b.Bytes()
}

// A rawZip is a zip in which anything may be wrong.
type rawZip struct {
	files   []rawFile
	before  string // the first file
	between string // the files and the directory
	comment string
	after   string
	entries *uint16 // told by the end
	start   *uint32 // of the directory, told by the end
	zip64   bool    // with a 64-bit end
	wide    *uint64 // entries told by the 64-bit end
}

func u16(b []byte, vs ...uint16) []byte {
	for _, v := range vs {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func u32(b []byte, vs ...uint32) []byte {
	for _, v := range vs {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func u64(b []byte, vs ...uint64) []byte {
	for _, v := range vs {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func (z rawZip) bytes(t testing.TB) []byte {
	t.Helper()
	out := []byte(z.before)
	var central []byte
	count := 0
	for _, f := range z.files {
		offset := uint32(len(out))
		packed := f.packed
		if packed == nil {
			packed = pack(t, f.method, f.data)
		}
		crc := or(f.crc, crc32.ChecksumIEEE([]byte(f.data)))
		size := or(f.size, uint32(len(f.data)))
		packedSize := or(f.packedSize, uint32(len(packed)))
		if f.descriptor > 0 {
			f.flags |= 8
		}
		local := f.localName
		if local == "" {
			local = f.name
		}
		out = u16(u32(out, 0x04034b50), 20, f.flags, f.method, 0, 0)
		if f.descriptor > 0 {
			out = u32(out, 0, 0, 0)
		} else {
			out = u32(out, crc, packedSize, size)
		}
		out = u16(out, uint16(len(local)), uint16(len(f.localExtra)))
		out = append(append(append(out, local...), f.localExtra...), packed...)
		switch f.descriptor {
		case 12:
			out = u32(out, crc, packedSize, size)
		case 16:
			out = u32(out, 0x08074b50, crc, packedSize, size)
		case 20:
			out = u64(u32(out, crc), uint64(packedSize), uint64(size))
		case 24:
			out = u64(u32(out, 0x08074b50, crc), uint64(packedSize), uint64(size))
		}
		out = append(out, f.junk...)
		if f.unlisted {
			continue
		}
		name := f.name
		if f.centralName != "" {
			name = f.centralName
		}
		made := uint16(20)
		if f.mode != 0 {
			made |= 3 << 8
		}
		var c []byte
		c = u16(u32(c, 0x02014b50), made, 20, f.flags, f.method, 0, 0)
		c = u32(c, or(f.centralCRC, crc), packedSize, or(f.centralSize, size))
		c = u16(c, uint16(len(name)), uint16(len(f.centralExtra)), 0, 0, 0)
		c = u32(c, f.mode<<16, or(f.offset, offset))
		c = append(append(c, name...), f.centralExtra...)
		central = append(central, c...)
		count++
		if f.twice {
			central = append(central, c...)
			count++
		}
	}
	out = append(out, z.between...)
	start := or(z.start, uint32(len(out)))
	out = append(out, central...)
	if z.zip64 {
		at := uint64(len(out))
		out = u16(u64(u32(out, 0x06064b50), 44), 45, 45)
		out = u64(u32(out, 0, 0), or(z.wide, uint64(count)), or(z.wide, uint64(count)), uint64(len(central)), uint64(start))
		out = u32(u64(u32(out, 0x07064b50, 0), at), 1)
		out = u16(u32(out, 0x06054b50), 0, 0, 0xffff, 0xffff)
		out = u32(out, 0xffffffff, 0xffffffff)
	} else {
		n := or(z.entries, uint16(count))
		out = u16(u32(out, 0x06054b50), 0, 0, n, n)
		out = u32(out, uint32(len(central)), start)
	}
	out = u16(out, uint16(len(z.comment)))
	return append(append(out, z.comment...), z.after...)
}
