package sha256pair

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

func text(n int) []byte {
	b := make([]byte, n)
	random := rand.New(rand.NewPCG(7, uint64(n)))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// The examples of FIPS 180-4, and the empty message.
func TestExamples(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	} {
		var m Message
		m.Start([]byte(message))
		sum := m.Sum()
		if got := hex.EncodeToString(sum[:]); got != want || !m.Done() {
			t.Errorf("%q: %s, done is %v, want %s", message, got, m.Done(), want)
		}
	}
}

// Every length alone, and each with every other: what pads, how many blocks
// there are at the end, and who is done first.
func TestLengths(t *testing.T) {
	t.Parallel()
	const most = 4*blockSize + 2
	data := text(most)
	var want [most + 1][sha256.Size]byte
	for n := range want {
		want[n] = sha256.Sum256(data[:n])
		var m Message
		m.Start(data[:n])
		if m.Sum() != want[n] {
			t.Errorf("%d bytes alone: %x", n, m.Sum())
		}
	}
	var a, b Message // used again and again
	for n := range want {
		for k := range want {
			a.Start(data[:n])
			b.Start(data[:k])
			Together(&a, &b)
			if !a.Done() && !b.Done() {
				t.Fatalf("%d and %d bytes: none is done", n, k)
			}
			if a.Sum() != want[n] || b.Sum() != want[k] {
				t.Fatalf("%d and %d bytes: %x, %x", n, k, a.Sum(), b.Sum())
			}
		}
	}
}

// A long message goes along with short ones, which come and go.
func TestOneAfterAnother(t *testing.T) {
	t.Parallel()
	long := text(100_000)
	var a Message
	a.Start(long)
	random := rand.New(rand.NewPCG(1, 1))
	for count := 0; !a.Done(); count++ {
		short := text(random.IntN(2000))
		var b Message
		b.Start(short)
		if count%2 == 0 {
			Together(&a, &b)
		} else {
			Together(&b, &a)
		}
		if b.Sum() != sha256.Sum256(short) {
			t.Fatalf("message %d of %d bytes: %x", count, len(short), b.Sum())
		}
	}
	if a.Sum() != sha256.Sum256(long) {
		t.Errorf("the long one: %x", a.Sum())
	}
}

func FuzzTogether(f *testing.F) {
	f.Add([]byte(""), []byte("abc"), uint16(0))
	f.Add(text(200), text(63), uint16(1))
	f.Add(text(64), text(1000), uint16(120))
	f.Fuzz(func(t *testing.T, p, q []byte, times uint16) {
		for range times % 64 { // inputs are short
			p = append(p, q[:min(len(q), 1000)]...)
		}
		var a, b Message
		a.Start(p)
		b.Start(q)
		Together(&a, &b)
		if a.Sum() != sha256.Sum256(p) || b.Sum() != sha256.Sum256(q) {
			t.Errorf("%d and %d bytes: %x, %x", len(p), len(q), a.Sum(), b.Sum())
		}
	})
}

func BenchmarkTogether(b *testing.B) {
	p, q := text(16<<10), text(16<<10)
	b.Run("two", func(b *testing.B) {
		b.SetBytes(int64(len(p) + len(q)))
		var m, n Message
		for b.Loop() {
			m.Start(p)
			n.Start(q)
			Together(&m, &n)
			m.Sum()
			n.Sum()
		}
	})
	b.Run("one", func(b *testing.B) {
		b.SetBytes(int64(len(p)))
		var m Message
		for b.Loop() {
			m.Start(p)
			m.Sum()
		}
	})
	b.Run("library", func(b *testing.B) {
		b.SetBytes(int64(len(p)))
		for b.Loop() {
			sha256.Sum256(p)
		}
	})
}
