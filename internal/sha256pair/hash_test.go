package sha256pair

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"math/rand/v2"
	"testing"
)

// Pieces of any length, with and without messages beside them, and states that
// the library goes on with and the other way round.
func TestHash(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		data := text(random.IntN(2000))
		want := sha256.Sum256(data)
		h := NewHash()
		for rest := data; len(rest) > 0; {
			piece := rest[:1+random.IntN(min(len(rest), 1+random.IntN(400)))]
			rest = rest[len(piece):]
			writeBeside(t, h, piece, random)
			if random.IntN(4) == 0 {
				h = throughLibrary(t, h, data[:len(data)-len(rest)])
			}
		}
		if got := h.Sum([]byte{1}); !bytes.Equal(got[1:], want[:]) || got[0] != 1 {
			t.Fatalf("%d bytes: %x", len(data), got)
		}
		if h.Reset(); !bytes.Equal(h.Sum(nil), NewHash().Sum(nil)) {
			t.Fatal("something is left after a reset")
		}
	}
}

// writeBeside writes a piece while other messages are gone on with.
func writeBeside(t *testing.T, h *Hash, piece []byte, random *rand.Rand) {
	t.Helper()
	for n := 0; n < len(piece); {
		if random.IntN(3) == 0 {
			h.Write(piece[n:])
			return
		}
		var m Message
		other := text(random.IntN(300))
		m.Start(other)
		written := h.WriteBeside(piece[n:], &m)
		if n += written; n < len(piece) && !m.Done() {
			t.Fatalf("%d bytes of %d are written, and the other message is not done", n, len(piece))
		}
		if m.Sum() != sha256.Sum256(other) {
			t.Fatalf("another message of %d bytes: %x", len(other), m.Sum())
		}
	}
}

// throughLibrary hands the state of h, which was given data, to the library and
// takes it back.
func throughLibrary(t *testing.T, h *Hash, data []byte) *Hash {
	t.Helper()
	state, err := h.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	library := sha256.New()
	if err := library.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); !bytes.Equal(library.Sum(nil), sum[:]) {
		t.Fatalf("the state after %d bytes is another one for the library", len(data))
	}
	if state, err = library.(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		t.Fatal(err)
	}
	out := NewHash()
	if err := out.UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNoState(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"", "sha\x03", "sha\x02" + string(make([]byte, stateSize-4))} {
		if NewHash().UnmarshalBinary([]byte(state)) == nil {
			t.Errorf("%q is taken for a state", state)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	p, q := text(16<<10), text(16<<10)
	b.SetBytes(int64(len(p)))
	h, m := NewHash(), new(Message)
	for b.Loop() {
		m.Start(q)
		h.Reset()
		h.WriteBeside(p, m)
	}
}
