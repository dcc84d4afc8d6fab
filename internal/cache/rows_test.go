package cache_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tame-py/tame/internal/cache"
)

type fileRow struct {
	Name   cache.Ref
	Size   int64
	SHA256 [32]byte
	Flags  uint32
	Count  uint16
	Kind   uint8
	Yanked bool
}

type oneRow struct{ N uint32 }

func testSchema() cache.Schema { return cache.Schema{Kind: [4]byte{'t', 'e', 's', 't'}, Version: 3} }

func buildRows(t testing.TB, n int) []byte {
	t.Helper()
	b := cache.NewRowBuilder(testSchema())
	for i := range n {
		cache.AddRows(b, 0, fileRow{Name: b.Text(fmt.Sprintf("pkg/file%d.py", i)), Size: int64(i), SHA256: [32]byte{31: byte(i)}, Kind: 7, Yanked: i%2 == 0})
	}
	cache.AddRows(b, 2, oneRow{5}, oneRow{6})
	cache.AddRows(b, 2, oneRow{7})
	data, err := b.Finish([2]int64{11, 12})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRowsReadBack(t *testing.T) {
	t.Parallel()
	data := buildRows(t, 100)
	unaligned := append(make([]byte, 1, len(data)+1), data...)[1:]
	longer := append(bytes.Clone(data), "what the HTTP client puts after it"...)
	for _, in := range [][]byte{data, unaligned, longer} {
		r, err := cache.OpenRows(in, testSchema())
		if err != nil {
			t.Fatal(err)
		}
		files := cache.RowsOf[fileRow](r, 0)
		if len(files) != 100 {
			t.Fatalf("%d rows, want 100", len(files))
		}
		for i, row := range files {
			want := fmt.Sprintf("pkg/file%d.py", i)
			if r.Text(row.Name) != want || row.Size != int64(i) || row.SHA256[31] != byte(i) || row.Kind != 7 || row.Yanked != (i%2 == 0) {
				t.Errorf("row %d is %q %+v", i, r.Text(row.Name), row)
			}
		}
		if ones := cache.RowsOf[oneRow](r, 2); len(ones) != 3 || ones[2].N != 7 {
			t.Errorf("table 2 is %v", ones)
		}
		if got := cache.RowsOf[oneRow](r, 1); got != nil {
			t.Errorf("a table nobody filled has %v", got)
		}
		if got := cache.RowsOf[oneRow](r, 0); got != nil {
			t.Errorf("a table of other rows was read: %v", got)
		}
		if got := r.Text(cache.Ref{Off: 1 << 31, Len: 9}); got != "" {
			t.Errorf("a reference outside the heap gave %q", got)
		}
		if r.Stamp() != [2]int64{11, 12} {
			t.Errorf("stamp %v", r.Stamp())
		}
	}
}

func TestTextIsStoredOnce(t *testing.T) {
	t.Parallel()
	b := cache.NewRowBuilder(testSchema())
	first, second := b.Text(">=3.8"), b.Text(">=3.8")
	if first != second || b.Text("") != (cache.Ref{}) {
		t.Error("equal strings have different places")
	}
}

func TestDamagedRowsAreStale(t *testing.T) {
	t.Parallel()
	data := buildRows(t, 3)
	for i := range data {
		if i >= 32 && i < 48 {
			continue // the stamp is outside the checksum
		}
		bad := append([]byte(nil), data...)
		bad[i] ^= 0x40
		if _, err := cache.OpenRows(bad, testSchema()); err == nil && i != 52 && !(i > 52 && i < 56) {
			t.Errorf("a change of byte %d went unnoticed", i)
		} else if err != nil && !errors.Is(err, cache.ErrStale) {
			t.Errorf("byte %d: %v, want ErrStale", i, err)
		}
	}
	for n := range len(data) {
		if _, err := cache.OpenRows(data[:n], testSchema()); !errors.Is(err, cache.ErrStale) {
			t.Errorf("cut to %d bytes: %v, want ErrStale", n, err)
		}
	}
	other := testSchema()
	other.Version++
	if _, err := cache.OpenRows(data, other); !errors.Is(err, cache.ErrStale) {
		t.Errorf("another version: %v, want ErrStale", err)
	}
}

func TestStampChangesInPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page")
	if _, err := cache.ReadRows(path, testSchema()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file gave %v", err)
	}
	if err := os.WriteFile(path, buildRows(t, 2), 0o666); err != nil {
		t.Fatal(err)
	}
	before, err := cache.ReadRows(path, testSchema())
	if err != nil {
		t.Fatal(err)
	}
	if err := cache.SetStamp(path, [2]int64{-1, 1 << 40}); err != nil {
		t.Fatal(err)
	}
	after, err := cache.ReadRows(path, testSchema())
	if err != nil {
		t.Fatal(err)
	}
	if after.Stamp() != [2]int64{-1, 1 << 40} || !after.Equal(before) {
		t.Errorf("stamp %v, equal content: %v", after.Stamp(), after.Equal(before))
	}
}

type padded struct {
	A uint8
	B uint64
}

type pointing struct{ S string }

func TestCheckRow(t *testing.T) {
	t.Parallel()
	if err := errors.Join(cache.CheckRow[fileRow](), cache.CheckRow[oneRow]()); err != nil {
		t.Error(err)
	}
	if cache.CheckRow[padded]() == nil {
		t.Error("padding was not seen")
	}
	if cache.CheckRow[pointing]() == nil {
		t.Error("a string was not seen")
	}
}

func FuzzOpenRows(f *testing.F) {
	f.Add(buildRows(f, 2))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := cache.OpenRows(data, testSchema())
		if err != nil {
			return
		}
		for table := range 4 {
			for _, row := range cache.RowsOf[fileRow](r, table) {
				_ = r.Text(row.Name)
			}
			cache.RowsOf[oneRow](r, table)
		}
	})
}

// The yardstick of docs: a page of 1,500 files opened and every row read.
func BenchmarkReadPage(b *testing.B) {
	path := filepath.Join(b.TempDir(), "page")
	if err := os.WriteFile(path, buildRows(b, 1500), 0o666); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := cache.ReadRows(path, testSchema())
		if err != nil {
			b.Fatal(err)
		}
		var sum int64
		for _, row := range cache.RowsOf[fileRow](r, 0) {
			sum += row.Size + int64(len(r.Text(row.Name)))
		}
	}
}

func BenchmarkOpenPage(b *testing.B) {
	data := buildRows(b, 1500)
	b.ReportAllocs()
	for b.Loop() {
		r, err := cache.OpenRows(data, testSchema())
		if err != nil {
			b.Fatal(err)
		}
		var sum int64
		for _, row := range cache.RowsOf[fileRow](r, 0) {
			sum += row.Size + int64(len(r.Text(row.Name)))
		}
	}
}
