package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"unsafe"

	"github.com/tame-py/tame/internal/fsx"
)

// Row files hold tables of fixed-size rows and one heap of strings, and are
// used as they lie in memory: reading is one read and one checksum, whatever
// the number of rows, and makes no value per row. docs/formats/cache.md has
// the layout.
//
// A row type is a struct of fixed-size numbers, arrays of them and [Ref]s,
// without pointers and without padding (fields ordered by size); [CheckRow]
// tests that.

// A Schema names a kind of row file and its version. A file of another kind
// or version is not read: whoever changes a row type raises the version.
type Schema struct {
	Kind    [4]byte
	Version uint32
}

// A Ref is a string in the heap of a row file. The zero Ref is the empty
// string.
type Ref struct {
	Off, Len uint32
}

// ErrStale says that a row file cannot be used: it is damaged, was cut short
// by a crash, or is of another version or byte order. It is to be made again.
var ErrStale = errors.New("not a usable cache file")

// The header of a row file, which lies in the byte order of the machine like
// all that follows.
type rowsHeader struct {
	magic    [4]byte
	kind     [4]byte
	version  uint32
	order    uint32 // byteOrder, as this machine writes it
	checksum uint64 // of all that follows the header, see checksum
	size     uint64 // of the whole file
	stamp    [2]int64
	tables   uint32
	reserved uint32
	heap     uint64 // offset
}

type tableHeader struct {
	rowSize, count uint32
	offset         uint64
}

const (
	headerSize  = int(unsafe.Sizeof(rowsHeader{}))
	tableSize   = int(unsafe.Sizeof(tableHeader{}))
	stampOffset = int64(unsafe.Offsetof(rowsHeader{}.stamp))
	byteOrder   = 0x01020304
	alignment   = 8
	entryRoom   = 512 // for what is kept behind a file, see package web
	maxRowsFile = 1 << 31
)

func rowsMagic() [4]byte { return [4]byte{'t', 'a', 'm', 'e'} }

// A RowBuilder makes a row file. It is not safe for concurrent use.
type RowBuilder struct {
	schema Schema
	tables []builderTable
	heap   []byte
	tail   string // behind the heap, see Tail
	known  map[string]Ref
}

type builderTable struct {
	rowSize int
	data    []byte
}

// NewRowBuilder returns a builder for a file of the given schema.
func NewRowBuilder(schema Schema) *RowBuilder {
	return &RowBuilder{schema: schema, known: map[string]Ref{}}
}

// Reset empties the builder, which then makes another file of the schema in the same
// memory.
func (b *RowBuilder) Reset() { b.ResetTo(b.schema) }

// ResetTo is Reset for a file of another schema.
func (b *RowBuilder) ResetTo(schema Schema) {
	b.schema = schema
	clear(b.tables)
	b.tables, b.heap, b.tail = b.tables[:0], b.heap[:0], ""
	clear(b.known)
}

// Text puts s into the heap and returns where it is. Equal strings are stored
// once.
func (b *RowBuilder) Text(s string) Ref {
	if s == "" {
		return Ref{}
	}
	if ref, ok := b.known[s]; ok {
		return ref
	}
	ref := Ref{Off: uint32(len(b.heap)), Len: uint32(len(s))}
	b.heap = append(b.heap, s...)
	b.known[s] = ref
	return ref
}

// Blob puts p into the heap without looking whether it is there already.
func (b *RowBuilder) Blob(p string) Ref {
	ref := Ref{Off: uint32(len(b.heap)), Len: uint32(len(p))}
	b.heap = append(b.heap, p...)
	return ref
}

// Tail puts p behind all that is in the heap, without a copy: p must not change
// until the file is finished, and nothing can be put into the heap any more.
func (b *RowBuilder) Tail(p string) Ref {
	b.tail = p
	return Ref{Off: uint32(len(b.heap)), Len: uint32(len(p))}
}

// AddRows appends rows to the table with the given number, counted from 0.
// All rows of a table are of one type; they must not change until the file is
// finished.
func AddRows[T any](b *RowBuilder, table int, rows ...T) {
	size := int(unsafe.Sizeof(*new(T)))
	for len(b.tables) <= table {
		b.tables = append(b.tables, builderTable{})
	}
	t := &b.tables[table]
	if t.rowSize != 0 && t.rowSize != size {
		panic(fmt.Sprintf("internal error: rows of %d bytes in a table of rows of %d", size, t.rowSize))
	}
	t.rowSize = size
	switch {
	case len(rows) > 0 && len(t.data) == 0:
		t.data = unsafe.Slice((*byte)(unsafe.Pointer(&rows[0])), size*len(rows))
	case len(rows) > 0:
		t.data = append(t.data, unsafe.Slice((*byte)(unsafe.Pointer(&rows[0])), size*len(rows))...)
	}
}

// SetRows puts rows in the place of all that a table has.
func SetRows[T any](b *RowBuilder, table int, rows ...T) {
	b.tables[table] = builderTable{}
	AddRows(b, table, rows...)
}

// Finish returns the content of the file. The stamp is two numbers outside
// the checksum that can be changed later in place, see [SetStamp].
func (b *RowBuilder) Finish(stamp [2]int64) ([]byte, error) { return b.FinishTo(nil, stamp) }

// FinishTo is Finish into a buffer, if that is large enough.
func (b *RowBuilder) FinishTo(buffer []byte, stamp [2]int64) ([]byte, error) {
	offset := align(headerSize + tableSize*len(b.tables))
	heads := make([]tableHeader, len(b.tables))
	for i, t := range b.tables {
		heads[i].offset = uint64(offset)
		if t.rowSize > 0 {
			heads[i].rowSize, heads[i].count = uint32(t.rowSize), uint32(len(t.data)/t.rowSize)
		}
		offset = align(offset + len(t.data))
	}
	size := offset + len(b.heap) + len(b.tail)
	if size > maxRowsFile {
		return nil, fmt.Errorf("a cache file of %d bytes is too large", size)
	}
	if cap(buffer) < size+entryRoom {
		buffer = make([]byte, 0, size+entryRoom)
	}
	out := buffer[:size]
	for i, t := range b.tables {
		*(*tableHeader)(unsafe.Pointer(&out[headerSize+i*tableSize])) = heads[i]
		end := int(heads[i].offset) + copy(out[heads[i].offset:], t.data)
		clear(out[end:align(end)]) // the buffer may have held something else
	}
	copy(out[offset+copy(out[offset:], b.heap):], b.tail)
	*(*rowsHeader)(unsafe.Pointer(&out[0])) = rowsHeader{
		magic: rowsMagic(), kind: b.schema.Kind, version: b.schema.Version, order: byteOrder,
		checksum: checksum(out[headerSize:]), size: uint64(size), stamp: stamp,
		tables: uint32(len(b.tables)), heap: uint64(offset),
	}
	return out, nil
}

// checksum tells a file that was cut short or damaged: four sums are carried
// on, eight bytes at a time, each step of which can be undone, so that any
// change of one word changes the result. It needs no tables, which faster
// checksums fill when they are first used.
func checksum(data []byte) uint64 {
	const p, q = 0x9e3779b185ebca87, 0xc2b2ae3d27d4eb4f
	n := uint64(len(data))
	a, b, c, d := n^p, n^q, n+p, n+q
	for len(data) >= 32 {
		a = bits.RotateLeft64((a^binary.LittleEndian.Uint64(data))*p, 31)
		b = bits.RotateLeft64((b^binary.LittleEndian.Uint64(data[8:]))*p, 31)
		c = bits.RotateLeft64((c^binary.LittleEndian.Uint64(data[16:]))*p, 31)
		d = bits.RotateLeft64((d^binary.LittleEndian.Uint64(data[24:]))*p, 31)
		data = data[32:]
	}
	for len(data) > 0 {
		var last [8]byte
		size := copy(last[:], data)
		a = bits.RotateLeft64((a^binary.LittleEndian.Uint64(last[:]))*p, 31)
		data = data[size:]
	}
	h := a ^ bits.RotateLeft64(b, 7) ^ bits.RotateLeft64(c, 12) ^ bits.RotateLeft64(d, 18)
	h = (h ^ h>>33) * q
	return h ^ h>>29
}

func align(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// Rows is a row file in memory. It is safe for concurrent use; what it
// returns points into it and must not be written to.
type Rows struct {
	data   []byte
	tables []tableHeader
	heap   []byte
	stamp  [2]int64
}

// ReadRows reads the file at path. The error matches [fs.ErrNotExist] when
// there is none and [ErrStale] when it cannot be used.
func ReadRows(path string, schema Schema) (*Rows, error) {
	data, err := fsx.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows, err := OpenRows(data, schema)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return rows, nil
}

// OpenRows reads a row file that is in memory already, and keeps data. Others
// may have put something after it, as the HTTP client does. The error matches
// [ErrStale].
func OpenRows(data []byte, schema Schema) (*Rows, error) {
	if len(data) < headerSize {
		return nil, ErrStale
	}
	if uintptr(unsafe.Pointer(unsafe.SliceData(data)))%alignment != 0 {
		data = aligned(data)
	}
	header := (*rowsHeader)(unsafe.Pointer(&data[0]))
	switch {
	case header.magic != rowsMagic(), header.kind != schema.Kind, header.version != schema.Version,
		header.order != byteOrder, header.size < uint64(headerSize), header.size > uint64(len(data)):
		return nil, ErrStale
	}
	data = data[:header.size]
	switch {
	case uint64(header.tables) > uint64(len(data)-headerSize)/uint64(tableSize), header.heap > uint64(len(data)),
		header.checksum != checksum(data[headerSize:]):
		return nil, ErrStale
	}
	r := &Rows{data: data, heap: data[header.heap:], stamp: header.stamp}
	if header.tables > 0 {
		r.tables = unsafe.Slice((*tableHeader)(unsafe.Pointer(&data[headerSize])), header.tables)
	}
	for _, t := range r.tables {
		if t.offset > uint64(len(data)) || t.offset%alignment != 0 || uint64(t.rowSize)*uint64(t.count) > uint64(len(data))-t.offset {
			return nil, ErrStale
		}
	}
	return r, nil
}

// aligned returns a copy of data that begins on a multiple of [alignment].
func aligned(data []byte) []byte {
	words := make([]uint64, (len(data)+7)/8)
	out := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)[:len(data)]
	copy(out, data)
	return out
}

// RowsOf returns a table as a slice. It is empty when the file has no such
// table, or one of rows of another size.
func RowsOf[T any](r *Rows, table int) []T {
	if table >= len(r.tables) {
		return nil
	}
	t := r.tables[table]
	if t.count == 0 || uintptr(t.rowSize) != unsafe.Sizeof(*new(T)) {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&r.data[t.offset])), t.count)
}

// Text returns the string at ref, the empty string when ref is none of this
// file. It shares the memory of the file.
func (r *Rows) Text(ref Ref) string {
	p := r.Blob(ref)
	return unsafe.String(unsafe.SliceData(p), len(p))
}

// Blob returns the bytes at ref, nil when ref is none of this file.
func (r *Rows) Blob(ref Ref) []byte {
	if ref.Len == 0 || uint64(ref.Off)+uint64(ref.Len) > uint64(len(r.heap)) {
		return nil
	}
	return r.heap[ref.Off : ref.Off+ref.Len : ref.Off+ref.Len]
}

// Schema returns what the file is.
func (r *Rows) Schema() Schema {
	header := (*rowsHeader)(unsafe.Pointer(&r.data[0]))
	return Schema{Kind: header.kind, Version: header.version}
}

// Stamp returns the two numbers that are outside the checksum.
func (r *Rows) Stamp() [2]int64 { return r.stamp }

// Size returns the size of the file in bytes.
func (r *Rows) Size() int { return len(r.data) }

// SetStamp changes the stamp of the file at path in place, without writing
// the rest: to note that a page was found unchanged, or when it was used.
// Another process may have replaced the file meanwhile, in which case the
// stamp of the new one changes; so a stamp may only ever say what holds for
// any content the file may have, or what its loss would not harm.
func SetStamp(path string, stamp [2]int64) error {
	file, err := fsx.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	var b [16]byte
	binary.NativeEndian.PutUint64(b[:], uint64(stamp[0]))
	binary.NativeEndian.PutUint64(b[8:], uint64(stamp[1]))
	_, err = file.WriteAt(b[:], stampOffset)
	return errors.Join(err, file.Close())
}

// Equal says whether two row files hold the same, whatever their stamps.
func (r *Rows) Equal(other *Rows) bool {
	return bytes.Equal(r.data[headerSize:], other.data[headerSize:])
}
