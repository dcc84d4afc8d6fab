package sha256pair

import (
	"sync"

	"golang.org/x/sys/cpu"
)

// quick says whether the processor has the instructions. They are asked for when
// they are first needed: in a virtual machine the question is slow.
var quick = sync.OnceValue(func() bool {
	return cpu.X86.HasSSSE3 && cpu.X86.HasSSE41 && hasSHA()
})

// hasSHA asks the processor, as package cpu does not.
//
//go:noescape
func hasSHA() bool

// blocksOne hashes n blocks, at least one, that begin at from.
//
//go:noescape
func blocksOne(s *state, from *byte, n int)

// blocksTwo hashes n blocks, at least one, of each of two messages.
//
//go:noescape
func blocksTwo(s, t *state, from, other *byte, n int)
