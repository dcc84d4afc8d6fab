package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"
)

// A name is refused if it differs from another only in case and one of them is
// that of a file, in whatever order they come.
func TestFold(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	letters := []string{"a", "A", "b", "B", "ä", "Ä"}
	refused := 0
	for range 2000 {
		tg := &target{names: map[string]*File{}, folded: map[string]folded{}}
		for range 12 {
			name, dir := letters[random.IntN(6)]+letters[random.IntN(6)], random.IntN(2) == 0
			if _, known := tg.names[name]; known {
				continue // told before this is asked
			}
			var other string
			for had, file := range tg.names {
				if strings.EqualFold(had, name) && (!dir || file != nil) {
					other = had
				}
			}
			err := tg.fold(name, dir)
			if (err != nil) != (other != "") {
				t.Fatalf("%q (a directory: %v) after %v: %v", name, dir, tg.names, err)
			}
			if err != nil {
				refused++
				continue
			}
			if tg.names[name] = nil; !dir {
				tg.names[name] = &File{}
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// A header that does not fit into a buffer must not give it back twice: two
// files would be unpacked into the same memory.
func TestLongHeader(t *testing.T) { //nolint:paralleltest // it looks which buffers there are
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	extra := append(binary.LittleEndian.AppendUint16(nil, 0x9999), 0xfb, 0xff)
	f, err := w.CreateHeader(&zip.FileHeader{Name: strings.Repeat("n", 100), Extra: append(extra, make([]byte, 0xfffb)...)})
	if err == nil {
		_, err = f.Write([]byte("text"))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := UnpackZip(t.Context(), bytes.NewReader(data.Bytes()), int64(data.Len()), t.TempDir(), Options{})
	if err != nil || len(m.Files) != 1 {
		t.Fatalf("%v, %v", m, err)
	}
	seen := map[*byte]bool{}
	for range 20 {
		b := getBuffer(smallBuffer)
		if seen[unsafe.SliceData(b)] {
			t.Fatal("a buffer is there twice")
		}
		seen[unsafe.SliceData(b)] = true
	}
}
