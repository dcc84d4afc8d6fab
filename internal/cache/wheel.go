package cache

import (
	"fmt"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Wheel is an entry that leads from what a wheel is known by to where it
// was unpacked.
type Wheel struct {
	// Key is what the wheel is known by, whole: a hash, a URL, a path. See
	// the caller for its forms.
	Key string
	// Archive is where it lies.
	Archive ArchiveID
	// Filename is the name of the wheel, which tells its name, version, build
	// and tags.
	Filename string
	// DistInfo is the name of its .dist-info directory.
	DistInfo string
	// Size is that of the wheel file in bytes.
	Size int64
	// Hashes are those of the wheel file that were computed.
	Hashes []Hash
	// File is the local file that was unpacked, zero for others.
	File fsx.Identity
	// Built says that it was built here, from source: it is worth more than
	// what can be downloaded again.
	Built bool
	// Created is when the entry was written.
	Created time.Time
}

// A Hash is that of a file, in lower-case hexadecimal digits.
type Hash struct {
	Algorithm string // as in hashlib: sha256
	Digest    string
}

func (h Hash) String() string { return h.Algorithm + ":" + h.Digest }

// Hash returns the digest by an algorithm, empty if there is none.
func (w *Wheel) Hash(algorithm string) string {
	for _, h := range w.Hashes {
		if h.Algorithm == algorithm {
			return h.Digest
		}
	}
	return ""
}

type wheelRow struct {
	Key, Archive, Filename, DistInfo Ref

	Size, Created int64
	File          [fsx.IdentitySize]byte
	Built         uint64
}

type hashRow struct{ Algorithm, Digest Ref }

func wheelSchema() Schema { return Schema{Kind: [4]byte{'w', 'h', 'e', 'l'}, Version: 1} }

// WheelPath returns the path of the entry of a package for a key.
func (c *Cache) WheelPath(name pyname.Package, key string) string {
	return c.Path(Wheels, Segment(name), Key(key))
}

// Wheel returns the entry of a package for a key. The error matches
// [fs.ErrNotExist] or [ErrStale] when there is none that can be used.
func (c *Cache) Wheel(name pyname.Package, key string) (*Wheel, error) {
	path := c.WheelPath(name, key)
	w, err := readWheel(path)
	if err != nil {
		return nil, err
	}
	if w.Key != key {
		return nil, fmt.Errorf("reading %s: %w", path, ErrStale)
	}
	return w, nil
}

// PutWheel writes an entry, in the place of one with the same key.
func (c *Cache) PutWheel(name pyname.Package, w *Wheel) error {
	data, err := w.Encode()
	if err != nil {
		return err
	}
	return c.Write(c.WheelPath(name, w.Key), data)
}

// Encode returns the entry as it stands in its file.
func (w *Wheel) Encode() ([]byte, error) {
	b := NewRowBuilder(wheelSchema())
	row := wheelRow{
		Key: b.Text(w.Key), Archive: b.Text(string(w.Archive)), Filename: b.Text(w.Filename), DistInfo: b.Text(w.DistInfo),
		Size: w.Size, Created: w.Created.UnixNano(),
	}
	if w.Built {
		row.Built = 1
	}
	if _, err := w.File.AppendBinary(row.File[:0]); err != nil {
		return nil, err
	}
	AddRows(b, 0, row)
	for _, h := range w.Hashes {
		AddRows(b, 1, hashRow{b.Text(h.Algorithm), b.Text(h.Digest)})
	}
	return b.Finish([2]int64{})
}

func readWheel(path string) (*Wheel, error) {
	data, err := fsx.ReadFile(path)
	if err != nil {
		return nil, err
	}
	w, err := DecodeWheel(data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return w, nil
}

// DecodeWheel reads what [Wheel.Encode] wrote. The error matches [ErrStale].
func DecodeWheel(data []byte) (*Wheel, error) {
	rows, err := OpenRows(data, wheelSchema())
	if err != nil {
		return nil, err
	}
	all := RowsOf[wheelRow](rows, 0)
	if len(all) != 1 {
		return nil, ErrStale
	}
	row := &all[0]
	w := &Wheel{
		Key: rows.Text(row.Key), Archive: ArchiveID(rows.Text(row.Archive)), Filename: rows.Text(row.Filename),
		DistInfo: rows.Text(row.DistInfo), Size: row.Size, Built: row.Built != 0, Created: time.Unix(0, row.Created),
	}
	if err := w.File.UnmarshalBinary(row.File[:]); err != nil {
		return nil, err
	}
	for _, h := range RowsOf[hashRow](rows, 1) {
		w.Hashes = append(w.Hashes, Hash{rows.Text(h.Algorithm), rows.Text(h.Digest)})
	}
	return w, nil
}
