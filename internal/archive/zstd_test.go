package archive

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// sampleTexts are data of all kinds: nothing, noise, one byte, words, and what
// is longer than a block or than a window.
func sampleTexts() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	words := func(n int) []byte {
		var b bytes.Buffer
		for b.Len() < n {
			fmt.Fprintf(&b, "def f%d(self, x=%d): return %x\n", r.IntN(50), r.IntN(1000), r.Uint64()>>r.IntN(60))
		}
		return b.Bytes()[:n]
	}
	skewed := make([]byte, 90000)
	for i := range skewed {
		skewed[i] = byte(r.ExpFloat64() * 4)
	}
	far := words(400000)
	copy(far[300000:], far[:90000])
	return map[string][]byte{
		"empty": {}, "one byte": {7}, "three": []byte("abc"), "noise": noise(70000), "zeros": make([]byte, 300000),
		"words": words(160000), "few words": words(900), "skewed": skewed, "far": far,
		"mixed": bytes.Join([][]byte{words(60000), noise(140000), make([]byte, 60000), words(1000)}, nil),
	}
}

func TestZstd(t *testing.T) {
	t.Parallel()
	for name, text := range sampleTexts() {
		for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
			for _, checked := range []bool{true, false} {
				e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(checked), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<17))
				if err != nil {
					t.Fatal(err)
				}
				whole := e.EncodeAll(text, nil)
				var streamed bytes.Buffer
				e.Reset(&streamed)
				for part := range bytes.Lines(text) { // without a size in the header
					if _, err := e.Write(part); err != nil {
						t.Fatal(err)
					}
				}
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				skipped := []byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc")
				for _, packed := range [][]byte{whole, streamed.Bytes(), bytes.Join([][]byte{whole, skipped, whole}, nil)} {
					want := bytes.Repeat(text, bytes.Count(packed, skipped)+1)
					got, err := io.ReadAll(newZstdReader(bytes.NewReader(packed), maxZstdWindow))
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("%s at level %s: %d bytes, not %d: %v", name, level, len(got), len(want), err)
					}
					if len(packed) > 0 {
						if _, err := io.ReadAll(newZstdReader(bytes.NewReader(packed[:len(packed)-1]), maxZstdWindow)); err == nil {
							t.Errorf("%s at level %s: cut short without an error", name, level)
						}
					}
				}
			}
		}
	}
}

func TestZstdWindow(t *testing.T) {
	t.Parallel()
	e, err := zstd.NewWriter(nil, zstd.WithWindowSize(1<<20), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	packed := e.EncodeAll(make([]byte, 4<<20), nil)
	if _, err := io.ReadAll(newZstdReader(bytes.NewReader(packed), 1<<19)); err != errZstdWindow {
		t.Errorf("%v", err)
	}
}

// What the library can read, ours reads alike; whether damage is noticed early
// may differ.
func FuzzZstd(f *testing.F) {
	for _, text := range sampleTexts() {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(e.EncodeAll(text[:min(len(text), 20000)], nil))
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		const most = 1 << 22
		got, err := io.ReadAll(io.LimitReader(newZstdReader(bytes.NewReader(packed), 1<<23), most))
		d, derr := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(1<<23), zstd.WithDecoderLowmem(true))
		if derr != nil {
			t.Skip()
		}
		defer d.Close()
		want, werr := io.ReadAll(io.LimitReader(d, most))
		if werr == nil && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("%d bytes, not %d: %v", len(got), len(want), err)
		}
		if werr == nil != (err == nil) && err == nil && !bytes.HasPrefix(got, want) {
			t.Fatalf("%v, not %v", err, werr)
		}
	})
}

func BenchmarkZstd(b *testing.B) {
	text := sampleTexts()["words"]
	e, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	packed := e.EncodeAll(text, nil)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, newZstdReader(bytes.NewReader(packed), maxZstdWindow)); err != nil {
			b.Fatal(err)
		}
	}
}
