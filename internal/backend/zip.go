package backend

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/tame-py/tame/internal/fsx"
)

// Fields of a zip archive's members, as uv_build's archives have them.
const (
	zipCreator = 3<<8 | 63 // Unix, version 6.3 of the format
	zipReader  = 20        // version 2.0 is needed to unpack
	zipUTF8    = 1 << 11
	zip1980    = 1<<5 | 1 // the first day of the format's calendar
	zipDir     = 0o40755 << 16
	zipFile    = 0o100000 << 16
)

// largeMember is the size from which a member is compressed into a file beside
// the archive instead of into memory.
const largeMember = 16 << 20

// zipWriter writes a wheel.
type zipWriter struct {
	z          *zip.Writer
	temp       string // directory for large members
	date, time uint16
	record     strings.Builder
	packed     bytes.Buffer
	buffer     []byte
	deflate    *flate.Writer
}

func newZipWriter(w io.Writer, temp string, at time.Time) (*zipWriter, error) {
	z := &zipWriter{z: zip.NewWriter(w), temp: temp, date: zip1980}
	if at = at.UTC(); at.Year() >= 1980 {
		z.date = uint16(at.Day() + int(at.Month())<<5 + (min(at.Year(), 2107)-1980)<<9)
		z.time = uint16(at.Second()/2 + at.Minute()<<5 + at.Hour()<<11)
	}
	var err error
	z.deflate, err = flate.NewWriter(nil, flate.DefaultCompression)
	return z, err
}

func (z *zipWriter) add(name string, data []byte) error {
	return z.write(name, 0o644, bytes.NewReader(data), int64(len(data)), true)
}

func (z *zipWriter) addFile(name, file string) error {
	f, info, err := open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return z.write(name, permissions(info), f, info.Size(), true)
}

func (z *zipWriter) addDir(name string) error {
	_, err := z.z.CreateRaw(z.header(strings.TrimSuffix(name, "/")+"/", zip.Store, zipDir))
	return err
}

func (z *zipWriter) header(name string, method uint16, attributes uint32) *zip.FileHeader {
	h := &zip.FileHeader{
		Name: name, Method: method, Flags: zipUTF8, CreatorVersion: zipCreator, ReaderVersion: zipReader, ExternalAttrs: attributes,
	}
	// Modified would add a field with the time, which uv_build's wheels do not have.
	//lint:ignore SA1019 only these leave the field out
	h.ModifiedDate, h.ModifiedTime = z.date, z.time
	return h
}

// write compresses a member, notes it for RECORD, and adds it.
func (z *zipWriter) write(name string, mode uint32, r io.Reader, size int64, note bool) error {
	z.packed.Reset()
	var packed io.ReadWriter = &z.packed
	if size > largeMember {
		spool, err := fsx.CreateTemp(z.temp, 0o600)
		if err != nil {
			return err
		}
		defer os.Remove(spool.Name())
		defer spool.Close()
		packed = spool
	}
	z.deflate.Reset(packed)
	sum, crc := sha256.New(), crc32.NewIEEE()
	if z.buffer == nil {
		z.buffer = make([]byte, 64<<10)
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(z.deflate, sum, crc)}, struct{ io.Reader }{r}, z.buffer)
	if err != nil {
		return err
	}
	if err := z.deflate.Close(); err != nil {
		return err
	}
	h := z.header(name, zip.Deflate, zipFile|mode<<16)
	h.UncompressedSize64, h.CRC32 = uint64(n), crc.Sum32()
	if h.CompressedSize64, err = rewind(packed); err != nil {
		return err
	}
	w, err := z.z.CreateRaw(h)
	if err != nil {
		return err
	}
	if note {
		z.record.WriteString(recordLine(name, sum.Sum(nil), n))
	}
	_, err = io.Copy(w, packed)
	return err
}

// rewind returns how much was written, and goes to the start of it.
func rewind(packed io.ReadWriter) (uint64, error) {
	switch p := packed.(type) {
	case *bytes.Buffer:
		return uint64(p.Len()), nil
	case *os.File:
		n, err := p.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, err
		}
		_, err = p.Seek(0, io.SeekStart)
		return uint64(n), err
	}
	panic("internal error: no such spool")
}

// recordLine is a line of RECORD.
func recordLine(name string, sum []byte, size int64) string {
	return csvField(name) + ",sha256=" + base64.RawURLEncoding.EncodeToString(sum) + "," + strconv.FormatInt(size, 10) + "\n"
}

func csvField(s string) string {
	if strings.ContainsAny(s, ",\"\r\n") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

func (z *zipWriter) finish(distInfo string) error {
	name := distInfo + "/RECORD"
	text := z.record.String() + csvField(name) + ",,\n"
	if err := z.write(name, 0o644, strings.NewReader(text), int64(len(text)), false); err != nil {
		return err
	}
	return z.z.Close()
}
