package archive

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	kflate "github.com/klauspost/compress/flate"
)

// samples are texts of all kinds for compressors.
func samples() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n, kinds int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.IntN(kinds))
		}
		return b
	}
	var code strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&code, "def function_%d(self, value=%d):\n    return self.compute(%d, value) * %x\n", i, i*i, i%17, i*7919)
	}
	out := map[string][]byte{
		"empty": {}, "one": {7}, "code": []byte(code.String()), "noise": noise(70_000, 256), "few": noise(50_000, 3), "some": noise(50_000, 40),
		"zeros": make([]byte, 100_000), "far": append(append(noise(32_760, 256), code.String()[:100]...), noise(32_700, 256)...),
	}
	out["far"] = append(out["far"], out["far"][:40_000]...)
	for period := 2; period < 20; period++ { // all short distances
		out[fmt.Sprint("period", period)] = bytes.Repeat(noise(period, 256), 3000/period)
	}
	return out
}

func packed(t testing.TB, data []byte, level int, old bool) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	if old {
		w, err = flate.NewWriter(&b, level)
	} else {
		w, err = kflate.NewWriter(&b, level)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withSlack inflates between other bytes, as in buffers that are used again.
func withSlack(src []byte, size int) ([]byte, error) {
	dst := bytes.Repeat([]byte{0xdd}, size+2*quickOut)
	err := fastInflate(dst[:size], append(bytes.Clone(src), src[:min(len(src), 2*quickIn)]...)[:len(src)])
	if !bytes.Equal(dst[size+quickOut:], bytes.Repeat([]byte{0xdd}, quickOut)) {
		return nil, errors.New("something was written behind the room")
	}
	return dst[:size], err
}

func slackAccepts(src []byte, size int) bool {
	_, err := withSlack(src, size)
	return err == nil
}

func TestFastInflate(t *testing.T) {
	t.Parallel()
	for name, data := range samples() {
		for level := -2; level <= 9; level++ {
			for _, old := range []bool{false, true} {
				src := packed(t, data, level, old)
				dst := make([]byte, len(data))
				if err := fastInflate(dst, src); err != nil || !bytes.Equal(dst, data) {
					t.Errorf("%s at level %d: %v, equal: %v", name, level, err, bytes.Equal(dst, data))
				}
				if out, err := withSlack(src, len(data)); err != nil || !bytes.Equal(out, data) {
					t.Errorf("%s at level %d with room behind: %v, equal: %v", name, level, err, bytes.Equal(out, data))
				}
				if fastInflate(make([]byte, len(data)+1), src) == nil {
					t.Errorf("%s at level %d: one byte more than there is", name, level)
				}
				if len(data) > 0 && fastInflate(make([]byte, len(data)-1), src) == nil {
					t.Errorf("%s at level %d: one byte less than there is", name, level)
				}
				if len(data) > 0 && slackAccepts(src, len(data)-1) || slackAccepts(src, len(data)+1) || slackAccepts(src[:len(src)-1], len(data)) {
					t.Errorf("%s at level %d with room behind: another end was not noticed", name, level)
				}
				if fastInflate(dst, append(bytes.Clone(src), 0)) == nil || fastInflate(dst, src[:len(src)-1]) == nil {
					t.Errorf("%s at level %d: another end of the data was not noticed", name, level)
				}
			}
		}
	}
}

// What Python's zlib makes of codes with fifteen bits, which need subtables.
func TestFastInflateLongCodes(t *testing.T) {
	t.Parallel()
	var data []byte
	a, b := 1, 1
	for i := range 24 { // counts like Fibonacci's make the longest codes
		data = append(data, bytes.Repeat([]byte{byte(i * 11)}, a)...)
		a, b = b, a+b
	}
	random := rand.New(rand.NewPCG(3, 4))
	random.Shuffle(len(data), func(i, j int) { data[i], data[j] = data[j], data[i] })
	src := packed(t, data, flate.HuffmanOnly, true)
	dst := make([]byte, len(data))
	if err := fastInflate(dst, src); err != nil || !bytes.Equal(dst, data) {
		t.Errorf("%v, equal: %v", err, bytes.Equal(dst, data))
	}
}

// streamed inflates in pieces of the given size.
func streamed(src []byte, piece int) ([]byte, error) {
	var all []byte
	last, err := fastStream(iotest.HalfReader(bytes.NewReader(src)), make([]byte, window+piece), func(out []byte) ([]byte, error) {
		all = append(all, out[window:]...)
		for i := range out {
			out[i] = 0xee // it is not ours any longer
		}
		return make([]byte, window+piece), nil
	})
	return append(all, last[window:]...), err
}

func TestFastStream(t *testing.T) {
	t.Parallel()
	var all []byte
	for i := range 3 {
		for _, name := range slices.Sorted(maps.Keys(samples())) {
			all = append(all, samples()[name]...)
		}
		all = append(all, samples()["noise"][:1000*(i+1)]...)
	}
	for _, level := range []int{-2, 0, 1, 6, 9} {
		src := packed(t, all, level, true)
		for _, piece := range []int{startRoom + 300, 100_000, pieceSize} {
			if got, err := streamed(src, piece); err != nil || !bytes.Equal(got, all) {
				t.Errorf("level %d in pieces of %d: %v, equal: %v", level, piece, err, bytes.Equal(got, all))
			}
			if _, err := streamed(src[:len(src)-1], piece); err == nil {
				t.Errorf("level %d in pieces of %d: the missing end was not noticed", level, piece)
			}
			if _, err := streamed(append(bytes.Clone(src), 0), piece); err == nil {
				t.Errorf("level %d in pieces of %d: the byte after the end was not noticed", level, piece)
			}
		}
	}
	// A match may not reach before the beginning, where the window is empty.
	if _, err := streamed([]byte{0x03, 0x02, 0x00}, pieceSize); err == nil {
		t.Error("a match before the beginning was accepted")
	}
}

// Both quick loops, between memory that cannot be touched, do the same as
// fastInflate does.
func checkGuarded(t *testing.T, src []byte, size int, want []byte) {
	t.Helper()
	_, source := guarded(t, len(src))
	copy(source, src)
	after, before := guarded(t, size+quickOut/2)
	for _, generic := range []bool{false, true} {
		for _, dst := range [][]byte{after, before, before[quickOut/2:]} {
			clear(dst)
			f := &fastInflater{generic: generic}
			if err := f.inflate(dst[:size], source); (err == nil) != (want != nil) || err == nil && !bytes.Equal(dst[:size], want) {
				t.Errorf("generic %v: %v, wanted success: %v; or unpacked differently", generic, err, want != nil)
			}
		}
	}
}

func TestFastInflateGuarded(t *testing.T) {
	t.Parallel()
	for _, data := range samples() {
		for _, level := range []int{-2, 1, 6} {
			checkGuarded(t, packed(t, data, level, false), len(data), data)
		}
	}
}

// Whatever the fast way accepts, the ordinary way unpacks to the same; and it
// accepts all that the ordinary way does.
func FuzzFastInflate(f *testing.F) {
	for name, data := range samples() {
		if len(data) < 5000 || name == "code" {
			f.Add(packed(f, data[:min(len(data), 3000)], 6, false), len(data[:min(len(data), 3000)]))
			f.Add(packed(f, data[:min(len(data), 3000)], 1, true), 10)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		fast, slow := make([]byte, size), make([]byte, size)
		fastErr, slowErr := fastInflate(fast, src), slowInflate(slow, src)
		if (fastErr == nil) != (slowErr == nil) {
			// The ordinary one may stop reading before a broken end.
			t.Errorf("fast: %v, slow: %v", fastErr, slowErr)
		}
		if fastErr == nil && !bytes.Equal(fast, slow) {
			t.Error("unpacked differently")
		}
		if fastErr == nil {
			checkGuarded(t, src, size, fast)
		} else {
			checkGuarded(t, src, size, nil)
		}
		if out, err := withSlack(src, size); (err == nil) != (fastErr == nil) || err == nil && !bytes.Equal(out, fast) {
			t.Errorf("%v with room behind, %v without; or unpacked differently", err, fastErr)
		}
		if out, err := streamed(src, startRoom+300); fastErr == nil && (err != nil || !bytes.Equal(out, fast)) {
			t.Errorf("unpacked differently as a stream: %v", err)
		}
	})
}

// Damage anywhere in large data, which the fuzz target seldom makes.
func TestFastInflateDamaged(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	data := append(samples()["code"][:60_000], samples()["period7"]...)
	for _, level := range []int{-2, 1, 9} {
		good := packed(t, data, level, true)
		for range 100 {
			src := bytes.Clone(good)
			for range 1 + random.IntN(3) {
				src[random.IntN(len(src))] ^= 1 << random.IntN(8)
			}
			var want []byte
			if slow := make([]byte, len(data)); slowInflate(slow, src) == nil {
				want = slow
			}
			checkGuarded(t, src, len(data), want)
		}
	}
}

// BenchmarkInflate inflates Python code, or the files of TAME_CODE.
func BenchmarkInflate(b *testing.B) {
	var files [][]byte
	names, _ := filepath.Glob(filepath.Join(os.Getenv("TAME_CODE"), "*"))
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil && os.Getenv("TAME_CODE") != "" {
			files = append(files, data)
		}
	}
	if len(files) == 0 {
		files = [][]byte{samples()["code"], samples()["some"]}
	}
	for _, way := range []struct {
		name    string
		inflate func(dst, src []byte) error
	}{{"fast", fastInflate}, {"slow", slowInflate}} {
		b.Run(way.name, func(b *testing.B) {
			var srcs [][]byte
			var total int64
			for _, data := range files {
				srcs = append(srcs, packed(b, data, 6, true))
				total += int64(len(data))
			}
			dst := make([]byte, 64<<20)
			b.SetBytes(total)
			for b.Loop() {
				for i, src := range srcs {
					if err := way.inflate(dst[:len(files[i])], src); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
