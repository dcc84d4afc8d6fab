package archive

import (
	"bytes"
	"strings"
)

// Format is the kind of an archive.
type Format uint8

// The formats that can be unpacked. The zero Format is none.
const (
	Zip Format = iota + 1
	Tar
	TarGzip
	TarBzip2
	TarXz
	TarZstd
)

func (f Format) String() string {
	switch f {
	case Zip:
		return "zip"
	case Tar:
		return "tar"
	case TarGzip:
		return "tar.gz"
	case TarBzip2:
		return "tar.bz2"
	case TarXz:
		return "tar.xz"
	case TarZstd:
		return "tar.zst"
	}
	return "unknown format"
}

// FormatOf returns the format that the end of a file name or the path of a
// URL tells, whatever its case.
func FormatOf(name string) (Format, bool) {
	name = strings.ToLower(name)
	for _, known := range [...]struct {
		suffix string
		format Format
	}{
		{".whl", Zip},
		{".zip", Zip},
		{".tar.gz", TarGzip},
		{".tgz", TarGzip},
		{".tar.bz2", TarBzip2},
		{".tbz", TarBzip2},
		{".tbz2", TarBzip2},
		{".tar.xz", TarXz},
		{".txz", TarXz},
		{".tar.zst", TarZstd},
		{".tzst", TarZstd},
		{".tar", Tar},
	} {
		if strings.HasSuffix(name, known.suffix) {
			return known.format, true
		}
	}
	return 0, false
}

// Sniff returns the format that the first bytes of a file tell, 0 when they
// tell none. At least 262 bytes are needed to know a plain tar.
func Sniff(head []byte) Format {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return Zip
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return TarGzip
	case bytes.HasPrefix(head, []byte("BZh")):
		return TarBzip2
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return TarXz
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return TarZstd
	case len(head) >= 262 && string(head[257:262]) == "ustar":
		return Tar
	}
	return 0
}
