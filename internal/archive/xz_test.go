package archive

import (
	"bytes"
	"io"
	"os/exec"
	"testing"

	"github.com/ulikunitz/xz"
)

func readXz(packed []byte) ([]byte, error) {
	r, err := newXzReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func packXz(t testing.TB, c xz.WriterConfig, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := c.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestXz(t *testing.T) {
	t.Parallel()
	for name, text := range sampleTexts() {
		for _, c := range []xz.WriterConfig{{DictCap: 1 << 16}, {CheckSum: xz.CRC32, BlockSize: 50000}, {CheckSum: xz.SHA256, DictCap: 1 << 20}} {
			one := packXz(t, c, text)
			two := bytes.Join([][]byte{one, make([]byte, 8), one}, nil)
			for _, packed := range [][]byte{one, two} {
				got, err := readXz(packed)
				if want := bytes.Repeat(text, 1+len(packed)/len(two)); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, %+v: %d bytes, not %d: %v", name, c, len(got), len(want), err)
				}
			}
			if _, err := readXz(one[:len(one)-1]); err == nil {
				t.Errorf("%s: cut short without an error", name)
			}
		}
	}
}

// What the xz program packs, with parameters that the library does not use.
func TestXzProgram(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("xz")
	if err != nil {
		t.Skip("there is no xz")
	}
	for name, text := range sampleTexts() {
		for _, args := range [][]string{{"-0"}, {"-6"}, {"--lzma2=preset=9e,dict=1MiB"}, {"--lzma2=preset=6,lc=0,lp=2,pb=0,dict=64KiB"}, {"--lzma2=lc=1,lp=3,pb=4,dict=4KiB"}, {"-T2", "--block-size=100KiB"}, {"--check=none"}} {
			cmd := exec.Command(program, append(args, "-c")...)
			cmd.Stdin = bytes.NewReader(text)
			packed, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := readXz(packed); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s with %v: %d bytes, not %d: %v", name, args, len(got), len(text), err)
			}
		}
	}
}

// No damage goes unnoticed: everything is under some checksum.
func TestXzDamaged(t *testing.T) {
	t.Parallel()
	packed := packXz(t, xz.WriterConfig{CheckSum: xz.CRC64}, sampleTexts()["few words"])
	for i := range packed {
		for bit := range 8 {
			damaged := bytes.Clone(packed)
			damaged[i] ^= 1 << bit
			if _, err := readXz(damaged); err == nil {
				t.Errorf("byte %d, bit %d", i, bit)
			}
		}
	}
}

func FuzzXz(f *testing.F) {
	for _, text := range sampleTexts() {
		f.Add(packXz(f, xz.WriterConfig{DictCap: 1 << 16}, text[:min(len(text), 20000)]))
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		r, err := newXzReader(bytes.NewReader(packed))
		if err != nil {
			return
		}
		got, err := io.ReadAll(io.LimitReader(r, 1<<22))
		if err != nil {
			return
		}
		// What ours takes, the library takes as well.
		l, err := xz.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(io.LimitReader(l, 1<<22))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, not %d: %v", len(got), len(want), err)
		}
	})
}

func BenchmarkXz(b *testing.B) {
	text := sampleTexts()["words"]
	packed := packXz(b, xz.WriterConfig{}, text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := readXz(packed); err != nil {
			b.Fatal(err)
		}
	}
}
