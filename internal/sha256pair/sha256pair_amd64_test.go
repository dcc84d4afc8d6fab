package sha256pair

import (
	"crypto/sha256"
	"testing"
)

// A processor without the instructions.
func TestWithoutInstructions(t *testing.T) { //nolint:paralleltest // it changes what all see
	before := quick
	defer func() { quick = before }()
	quick = func() bool { return false }
	p, q := text(1000), text(10)
	var a, b Message
	a.Start(p)
	b.Start(q)
	if !a.Done() || !b.Done() {
		t.Error("a message is not hashed at once")
	}
	Together(&a, &b)
	if a.Sum() != sha256.Sum256(p) || b.Sum() != sha256.Sum256(q) {
		t.Errorf("%x, %x", a.Sum(), b.Sum())
	}
	h := NewHash()
	if n := h.WriteBeside(p, &a); n != len(p) {
		t.Errorf("%d bytes are written of %d", n, len(p))
	}
	h = throughLibrary(t, h, p)
	if sum := sha256.Sum256(p); string(h.Sum(nil)) != string(sum[:]) {
		t.Errorf("%x", h.Sum(nil))
	}
}
