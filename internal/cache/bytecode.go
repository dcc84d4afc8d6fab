package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// bytecodeName is the directory beside an archive's tree that holds what
// interpreters have made of its source files: it goes when the archive goes.
const bytecodeName = "bytecode"

// bytecodeIdle is for how long bytecode is kept that nobody uses: its
// interpreter is gone, most likely.
const bytecodeIdle = 30 * 24 * time.Hour

// A Code is the bytecode of one source file of an archive, without the name of
// the file that Python writes into it: that differs from one environment to the
// next. The name belongs at offset Hole, as a string of the type Kind.
type Code struct {
	Path  string // of the source, relative to the tree
	Mtime int64  // of the source, in nanoseconds, as it was compiled
	Size  int64  // of the source
	// Length of the bytecode; 0 says that the source cannot be compiled.
	Length int
	Hole   int
	Kind   byte // type of the name, as in module marshal, with its flag
}

// Bytecode is what one interpreter has made of the source files of an archive.
// It is safe for concurrent use.
type Bytecode struct {
	// Suffix is what the names of compiled files end in: .cpython-312.pyc.
	Suffix string

	path string
	file *os.File
	rows *Rows
	all  []codeRow
}

type codeHead struct{ Suffix Ref }

type codeRow struct {
	Path         Ref
	Mtime, Size  int64
	Offset       int64 // from the end of the rows
	Sum          uint64
	Length, Hole uint32
	Kind, Free   uint32
}

func bytecodeSchema() Schema { return Schema{Kind: [4]byte{'c', 'o', 'd', 'e'}, Version: 1} }

func (c *Cache) bytecodePath(id ArchiveID, key string) string {
	return filepath.Join(c.archiveDir(id), bytecodeName, key)
}

// ArchiveOf returns the archive that a directory is the tree of, if it is one.
func (c *Cache) ArchiveOf(tree string) (ArchiveID, bool) {
	dir := filepath.Dir(tree)
	return ArchiveID(filepath.Base(dir)), filepath.Base(tree) == treeName && filepath.Dir(dir) == c.Path(Archives)
}

// Bytecode opens what is kept of an archive under a key, which names the
// interpreter and all else that the bytecode depends on. The caller closes it.
// The error matches [fs.ErrNotExist] or [ErrStale] when there is nothing.
func (c *Cache) Bytecode(id ArchiveID, key string) (*Bytecode, error) {
	b, err := openBytecode(c.bytecodePath(id, key))
	if err == nil {
		Touch(b.path)
	}
	return b, err
}

func openBytecode(path string) (*Bytecode, error) {
	file, err := fsx.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	b := &Bytecode{path: path, file: file}
	if err := b.readRows(); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", path, err), file.Close())
	}
	return b, nil
}

// readRows reads the rows that the file begins with.
func (b *Bytecode) readRows() error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	var head [headerSize]byte
	if _, err := b.file.ReadAt(head[:], 0); err != nil {
		return ErrStale
	}
	size := binary.NativeEndian.Uint64(head[24:])
	if size > uint64(info.Size()) || size > maxRowsFile {
		return ErrStale
	}
	data := make([]byte, size)
	if _, err := b.file.ReadAt(data, 0); err != nil {
		return err
	}
	if b.rows, err = OpenRows(data, bytecodeSchema()); err != nil {
		return err
	}
	heads := RowsOf[codeHead](b.rows, 0)
	if len(heads) != 1 {
		return ErrStale
	}
	b.Suffix, b.all = b.rows.Text(heads[0].Suffix), RowsOf[codeRow](b.rows, 1)
	return nil
}

// Close closes the file. Closing nil does nothing.
func (b *Bytecode) Close() error {
	if b == nil {
		return nil
	}
	return b.file.Close()
}

// Len returns of how many source files something is known.
func (b *Bytecode) Len() int { return len(b.all) }

// Code returns what is known of the source with the number i. They are sorted
// by path.
func (b *Bytecode) Code(i int) Code {
	r := &b.all[i]
	return Code{
		Path: b.rows.Text(r.Path), Mtime: r.Mtime, Size: r.Size,
		Length: int(r.Length), Hole: int(r.Hole), Kind: byte(r.Kind),
	}
}

// Find returns the number of the source with a path.
func (b *Bytecode) Find(path string) (int, bool) {
	return slices.BinarySearchFunc(b.all, path, func(r codeRow, path string) int { return strings.Compare(b.rows.Text(r.Path), path) })
}

// Read reads the bytecode with the number i into data, which is as long as its
// Length says. The error matches [ErrStale] if it is not what was written.
func (b *Bytecode) Read(i int, data []byte) error {
	r := &b.all[i]
	if _, err := b.file.ReadAt(data, int64(b.rows.Size())+r.Offset); err != nil {
		return fmt.Errorf("reading %s: %w", b.path, errors.Join(ErrStale, err))
	}
	if checksum(data) != r.Sum || r.Hole > r.Length {
		return fmt.Errorf("reading %s: %w", b.path, ErrStale)
	}
	return nil
}

// PutBytecode keeps bytecode of an archive, in the place of what is there. The
// codes are sorted by path; read is called for each of them with room for it.
func (c *Cache) PutBytecode(id ArchiveID, key, suffix string, codes []Code, read func(i int, data []byte) error) error {
	temp, err := c.TempDir()
	if err != nil {
		return err
	}
	defer func() { _, _ = fsx.RemoveAll(temp, nil) }()
	path := filepath.Join(temp, bytecodeName)
	size, err := writeBytecode(path, suffix, codes, read)
	if err != nil {
		return c.failure("writing to", err)
	}
	to := c.bytecodePath(id, key)
	err = fsx.Rename(path, to)
	if errors.Is(err, fs.ErrNotExist) {
		// Not the archive's own directory: somebody may have removed it.
		if err = os.Mkdir(filepath.Dir(to), 0o777); err == nil || errors.Is(err, fs.ErrExist) {
			err = fsx.Rename(path, to)
		}
	}
	if err != nil {
		return c.failure("writing to", err)
	}
	c.added.Add(size)
	return nil
}

// writeBytecode writes the file: rows, the size of which does not depend on the
// sums in them, and behind them the bytecode.
func writeBytecode(path, suffix string, codes []Code, read func(i int, data []byte) error) (size int64, err error) {
	rows := make([]codeRow, len(codes))
	index, err := indexOf(suffix, codes, rows)
	if err != nil {
		return 0, err
	}
	file, err := fsx.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	const piece = 1 << 20
	start, end := int64(len(index)), int64(0)
	var buffer bytes.Buffer
	flush := func() error {
		_, err := file.WriteAt(buffer.Bytes(), start+end-int64(buffer.Len()))
		buffer.Reset()
		return err
	}
	for i, code := range codes {
		buffer.Grow(code.Length)
		data := buffer.AvailableBuffer()[:code.Length]
		if err := read(i, data); err != nil {
			return 0, err
		}
		_, _ = buffer.Write(data)
		rows[i].Offset, rows[i].Sum = end, checksum(data)
		if end += int64(code.Length); buffer.Len() >= piece {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	if err := flush(); err != nil {
		return 0, err
	}
	if index, err = indexOf(suffix, codes, rows); err != nil {
		return 0, err
	}
	_, err = file.WriteAt(index, 0)
	return start + end, err
}

// indexOf returns the rows that a file of bytecode begins with.
func indexOf(suffix string, codes []Code, rows []codeRow) ([]byte, error) {
	b := NewRowBuilder(bytecodeSchema())
	AddRows(b, 0, codeHead{b.Text(suffix)})
	for i, code := range codes {
		r := &rows[i]
		r.Path, r.Mtime, r.Size = b.Text(code.Path), code.Mtime, code.Size
		r.Length, r.Hole, r.Kind = uint32(code.Length), uint32(code.Hole), uint32(code.Kind)
	}
	AddRows(b, 1, rows...)
	return b.Finish([2]int64{})
}

// verifyBytecode reads what is kept of an archive's bytecode, and returns the
// files that are damaged.
func (v *verifying) verifyBytecode(dir string) (damaged []Damage) {
	names, _ := os.ReadDir(filepath.Join(dir, bytecodeName))
	for _, name := range names {
		path := filepath.Join(dir, bytecodeName, name.Name())
		b, err := openBytecode(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process has just removed it
		}
		v.files.Add(1)
		for i := 0; err == nil && i < b.Len(); i++ {
			data := make([]byte, b.Code(i).Length)
			v.bytes.Add(int64(len(data)))
			err = b.Read(i, data)
		}
		if err != nil {
			damaged = append(damaged, Damage{Path: path, Problem: Unreadable})
		}
		_ = b.Close() // it was only read
	}
	return damaged
}

// bytecodeDisk returns about what the bytecode of an archive takes on the disk.
func bytecodeDisk(dir string) (size int64) {
	entries, _ := os.ReadDir(filepath.Join(dir, bytecodeName))
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			size += roundUp(info.Size())
		}
	}
	return size
}

// pruneBytecode removes the bytecode of an archive that nobody has used.
func (x *Cleaner) pruneBytecode(total *fsx.Removal, id string, now time.Time) error {
	names, err := x.names(Bucket(filepath.Join(string(Archives), id, bytecodeName)))
	if err != nil {
		return err
	}
	for _, name := range names {
		path := x.cache.Path(Archives, id, bytecodeName, name)
		if now.Sub(modified(path)) > bytecodeIdle {
			if err := x.remove(total, path); err != nil {
				return err
			}
		}
	}
	return nil
}
