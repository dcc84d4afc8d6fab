package archive

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
)

func gzipped(t testing.TB, text string, header gzip.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Header = header
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGunzip(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("some text that occurs more than once, ", 5000)
	for _, h := range []gzip.Header{{}, {Name: "name", Comment: "note", Extra: []byte("extra")}} {
		src := gzipped(t, text, h)
		if got, ok := Gunzip(src, 1<<30); !ok || string(got) != text {
			t.Errorf("header %+v: %d bytes, %v", h, len(got), ok)
		}
		if _, ok := Gunzip(src, int64(len(text))-1); ok {
			t.Error("more than the limit was unpacked")
		}
		for i := range src {
			bad := bytes.Clone(src)
			bad[i] ^= 1
			if got, ok := Gunzip(bad, 1<<30); ok && string(got) != text {
				t.Fatalf("a change of byte %d went unnoticed", i)
			}
			if _, ok := Gunzip(src[:i], 1<<30); ok {
				t.Fatalf("the first %d bytes were taken for the whole", i)
			}
		}
	}
	if got, ok := Gunzip(gzipped(t, "", gzip.Header{}), 0); !ok || len(got) != 0 {
		t.Errorf("an empty file: %q, %v", got, ok)
	}
	two := append(gzipped(t, "a", gzip.Header{}), gzipped(t, "b", gzip.Header{})...)
	if got, ok := Gunzip(two, 1<<30); ok {
		t.Errorf("two members were taken for one: %q", got)
	}
}

// A page of an index: many lines that are alike but for names and digests.
func page(lines int) string {
	var b strings.Builder
	x := uint64(1)
	for range lines {
		b.WriteString(`{"filename":"demo-1.`)
		for range 8 {
			x = x*6364136223846793005 + 1442695040888963407
			b.WriteString(strings.ToLower(string("0123456789ABCDEF"[x>>60])) + string("0123456789abcdef"[x>>56&15]))
		}
		b.WriteString(`-py3-none-any.whl","requires-python":">=3.8","size":1234,"upload-time":"2024-01-01T00:00:00Z"},`)
	}
	return b.String()
}

func BenchmarkGunzip(b *testing.B) {
	text := page(20000)
	src := gzipped(b, text, gzip.Header{})
	b.Run("memory", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, ok := Gunzip(src, 1<<30); !ok {
				b.Fatal("not read")
			}
		}
	})
	b.Run("reader", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		var r kgzip.Reader
		out := bytes.NewBuffer(make([]byte, 0, len(text)+512))
		for b.Loop() {
			out.Reset()
			if err := r.Reset(bytes.NewReader(src)); err != nil {
				b.Fatal(err)
			}
			if _, err := out.ReadFrom(&r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
