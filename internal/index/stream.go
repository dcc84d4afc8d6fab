package index

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pyname"
)

// errNoMetadata says that a wheel has come by without metadata.
var errNoMetadata = errors.New("no METADATA file in the wheel")

// Signatures and sizes of the zip format (APPNOTE 4.3).
const (
	localMagic      = 0x04034b50
	centralMagic    = 0x02014b50
	descriptorMagic = 0x08074b50
	localSize       = 30
	maxMetadata     = 64 << 20
)

// metadataInStream reads a wheel from its beginning until the METADATA file of
// its .dist-info directory has come by. It is for servers that send nothing but
// whole files.
func metadataInStream(r io.Reader, name pyname.Package) ([]byte, error) {
	end := &cleanEnd{r: r}
	s := zipStream{r: bufio.NewReaderSize(end, 64<<10)}
	text, err := s.find(name)
	if end.reached && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil, notZip("it ends too early")
	}
	return text, err
}

// cleanEnd notes that a stream has come to its proper end: whatever misses more
// then is the archive's fault, not that of the network.
type cleanEnd struct {
	r       io.Reader
	reached bool
}

func (c *cleanEnd) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.reached = c.reached || err == io.EOF
	return n, err
}

func (s *zipStream) find(name pyname.Package) ([]byte, error) {
	for {
		e, err := s.next()
		if err != nil {
			return nil, err
		}
		if isMetadata(e.name, name) {
			return s.read(e)
		}
		if err := s.skip(e); err != nil {
			return nil, err
		}
	}
}

// isMetadata reports whether a member of a wheel is NAME-VERSION.dist-info/METADATA.
func isMetadata(member string, name pyname.Package) bool {
	dir, ok := strings.CutSuffix(member, ".dist-info/METADATA")
	if !ok || strings.Contains(dir, "/") {
		return false
	}
	project, _, _ := strings.Cut(dir, "-")
	return name == "" || pyname.Normalize(project) == string(name)
}

// A zipStream reads the members of a zip one after the other by their local
// headers.
type zipStream struct{ r *bufio.Reader }

type zipMember struct {
	name             string
	method, flags    uint16
	crc              uint32
	compressed, size uint64
}

func notZip(format string, args ...any) error {
	return fmt.Errorf("%w: %s", dist.ErrNotZip, fmt.Sprintf(format, args...))
}

// short makes an end that comes too early of one that a reader takes for proper.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// next reads the header of the next member. After the last it returns
// errNoMetadata.
func (s *zipStream) next() (zipMember, error) {
	var h [localSize]byte
	if _, err := io.ReadFull(s.r, h[:4]); err != nil {
		return zipMember{}, short(err)
	}
	if magic := binary.LittleEndian.Uint32(h[:]); magic != localMagic {
		if magic == centralMagic {
			return zipMember{}, errNoMetadata
		}
		return zipMember{}, notZip("no member begins where one should")
	}
	if _, err := io.ReadFull(s.r, h[4:]); err != nil {
		return zipMember{}, short(err)
	}
	u16 := func(at int) uint16 { return binary.LittleEndian.Uint16(h[at:]) }
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(h[at:]) }
	m := zipMember{flags: u16(6), method: u16(8), crc: u32(14), compressed: uint64(u32(18)), size: uint64(u32(22))}
	rest := make([]byte, int(u16(26))+int(u16(28)))
	if _, err := io.ReadFull(s.r, rest); err != nil {
		return zipMember{}, short(err)
	}
	m.name = string(rest[:u16(26)])
	m.zip64(rest[u16(26):])
	return m, nil
}

// zip64 takes sizes that do not fit into the header from the extra fields.
func (m *zipMember) zip64(extra []byte) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return
		}
		if field := extra[:n]; id == 1 {
			for _, size := range []*uint64{&m.size, &m.compressed} {
				if *size == 1<<32-1 && len(field) >= 8 {
					*size, field = binary.LittleEndian.Uint64(field), field[8:]
				}
			}
		}
		extra = extra[n:]
	}
}

// trailed reports whether the sizes follow the member instead of standing in its
// header.
func (m *zipMember) trailed() bool { return m.flags&8 != 0 }

// open returns the content of a member. It must be read to its end.
func (s *zipStream) open(m zipMember) (io.Reader, error) {
	if m.flags&1 != 0 {
		return nil, notZip("%s is encrypted", m.name)
	}
	switch {
	case m.method == 8 && m.trailed():
		return flate.NewReader(s.r), nil // its end is known from its content
	case m.method == 8:
		return flate.NewReader(io.LimitReader(s.r, int64(m.compressed))), nil
	case m.method == 0 && !m.trailed():
		return io.LimitReader(s.r, int64(m.compressed)), nil
	}
	return nil, notZip("%s cannot be read from a stream", m.name)
}

// read returns the content of a member.
func (s *zipStream) read(m zipMember) ([]byte, error) {
	content, err := s.open(m)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(content, maxMetadata+1))
	var bad flate.CorruptInputError
	switch {
	case errors.As(err, &bad):
		return nil, notZip("%s is damaged: %v", m.name, err)
	case err != nil:
		return nil, short(err)
	case len(text) > maxMetadata:
		return nil, notZip("%s is too large", m.name)
	}
	want := m.crc
	if m.trailed() {
		if want, err = s.descriptor(uint64(len(text))); err != nil {
			return nil, err
		}
	}
	if crc32.ChecksumIEEE(text) != want {
		return nil, notZip("%s does not match its checksum", m.name)
	}
	return text, nil
}

// skip passes over a member.
func (s *zipStream) skip(m zipMember) error {
	if !m.trailed() {
		_, err := io.CopyN(io.Discard, s.r, int64(m.compressed))
		return short(err)
	}
	content, err := s.open(m)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, content)
	var bad flate.CorruptInputError
	if errors.As(err, &bad) {
		return notZip("%s is damaged: %v", m.name, err)
	}
	if err != nil {
		return short(err)
	}
	_, err = s.descriptor(uint64(n))
	return err
}

// descriptor reads what follows a member whose sizes are not in its header and
// returns the checksum. The signature is optional, and sizes have four or eight
// bytes; size tells which.
func (s *zipStream) descriptor(size uint64) (uint32, error) {
	b, err := s.r.Peek(24)
	if len(b) < 12 {
		return 0, short(err)
	}
	start := 0
	if binary.LittleEndian.Uint32(b) == descriptorMagic {
		start = 4
	}
	crc := binary.LittleEndian.Uint32(b[start:])
	length := start + 12
	if len(b) >= length && uint64(binary.LittleEndian.Uint32(b[start+8:])) != size&(1<<32-1) || size >= 1<<32 {
		length = start + 20
	}
	_, err = s.r.Discard(length)
	return crc, short(err)
}
