package pypitest

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io/fs"
)

// An Entry is a member of an archive. Apart from Name and Data everything is
// for archives that are unusual or lie.
type Entry struct {
	Name string
	Data []byte
	Mode fs.FileMode // permissions; with fs.ModeSymlink Data is the target
	// Deflate compresses the member. Otherwise it is stored.
	Deflate bool

	LocalName string  // zip: another name in the local header
	CRC       *uint32 // zip: a checksum that is not that of Data
	Size      *uint32 // zip: an uncompressed size that is not that of Data
	HardLink  string  // tar: the target of a hard link
}

// The fixed date of all members of a zip: 1980-01-01.
const zipDate = 1<<5 | 1

// Zip makes an archive of which all bytes are determined by the entries.
func Zip(entries []Entry) []byte {
	var body, directory bytes.Buffer
	for _, e := range entries {
		method, data := uint16(0), e.Data
		if e.Deflate {
			method, data = 8, deflate(e.Data)
		}
		crc, size := crc32.ChecksumIEEE(e.Data), uint32(len(e.Data))
		if e.CRC != nil {
			crc = *e.CRC
		}
		if e.Size != nil {
			size = *e.Size
		}
		local := e.Name
		if e.LocalName != "" {
			local = e.LocalName
		}
		offset := uint32(body.Len())
		common := func(w *bytes.Buffer, name string) {
			put(w, uint16(0x0800), method, uint16(0), uint16(zipDate), crc, uint32(len(data)), size, uint16(len(name)), uint16(0))
		}
		body.WriteString("PK\x03\x04")
		put(&body, uint16(10))
		common(&body, local)
		body.WriteString(local)
		body.Write(data)

		directory.WriteString("PK\x01\x02")
		put(&directory, uint16(3<<8|63), uint16(10))
		common(&directory, e.Name)
		put(&directory, uint16(0), uint16(0), uint16(0), unixMode(e.Mode)<<16, offset)
		directory.WriteString(e.Name)
	}
	start, size := uint32(body.Len()), uint32(directory.Len())
	body.Write(directory.Bytes())
	body.WriteString("PK\x05\x06")
	put(&body, uint16(0), uint16(0), uint16(len(entries)), uint16(len(entries)), size, start, uint16(0))
	return body.Bytes()
}

// put writes the values in little-endian order.
func put(w *bytes.Buffer, values ...any) {
	for _, v := range values {
		if err := binary.Write(w, binary.LittleEndian, v); err != nil {
			panic("internal error: " + err.Error())
		}
	}
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		if _, err = w.Write(data); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return b.Bytes()
}

func unixMode(m fs.FileMode) uint32 {
	switch {
	case m == 0:
		return 0
	case m&fs.ModeSymlink != 0:
		return 0o120000 | uint32(m.Perm())
	case m&fs.ModeDir != 0:
		return 0o040000 | uint32(m.Perm())
	}
	return 0o100000 | uint32(m.Perm())
}

// Gzip makes a gzip stream of stored blocks.
func Gzip(data []byte) []byte {
	b := bytes.NewBufferString("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	const most = 0xFFFF
	for rest := data; ; rest = rest[most:] {
		n := min(len(rest), most)
		last := byte(0)
		if n == len(rest) {
			last = 1
		}
		put(b, last, uint16(n), ^uint16(n))
		b.Write(rest[:n])
		if last == 1 {
			break
		}
	}
	put(b, crc32.ChecksumIEEE(data), uint32(len(data)))
	return b.Bytes()
}

// Tar makes a ustar archive without owners and times.
func Tar(entries []Entry) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		head, data := tarHeader(e), e.Data
		if e.HardLink != "" || e.Mode&fs.ModeSymlink != 0 {
			data = nil
		}
		b.Write(head[:])
		b.Write(data)
		b.Write(make([]byte, -len(data)&511))
	}
	b.Write(make([]byte, 1024))
	return b.Bytes()
}

func tarHeader(e Entry) (head [512]byte) {
	if len(e.Name) > 100 {
		panic("internal error: too long for a ustar name: " + e.Name)
	}
	mode, kind, link, size := fs.FileMode(0o644), byte('0'), e.HardLink, len(e.Data)
	if e.Mode != 0 {
		mode = e.Mode.Perm()
	}
	switch {
	case e.HardLink != "":
		kind, size = '1', 0
	case e.Mode&fs.ModeSymlink != 0:
		kind, link, size = '2', string(e.Data), 0
	case e.Mode&fs.ModeDevice != 0:
		kind, size = '3', 0
	case e.Mode&fs.ModeDir != 0:
		kind = '5'
	}
	copy(head[:], e.Name)
	copy(head[100:], fmt.Sprintf("%07o\x000000000\x000000000\x00%011o\x0000000000000\x00        ", mode, size))
	head[156] = kind
	copy(head[157:257], link)
	copy(head[257:], "ustar\x0000")
	sum := 0
	for _, c := range head {
		sum += int(c)
	}
	copy(head[148:], fmt.Sprintf("%06o\x00 ", sum))
	return head
}

// Record returns the text of RECORD for the entries (PEP 376, PEP 427), with
// a last line for RECORD itself, which name is the path of.
func Record(entries []Entry, name string) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		sum := sha256.Sum256(e.Data)
		fmt.Fprintf(&b, "%s,sha256=%s,%d\n", e.Name, base64.RawURLEncoding.EncodeToString(sum[:]), len(e.Data))
	}
	fmt.Fprintf(&b, "%s,,\n", name)
	return b.Bytes()
}

// SHA256 returns the digest in hexadecimal.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
