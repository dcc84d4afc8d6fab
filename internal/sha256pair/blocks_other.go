//go:build !amd64

package sha256pair

func quick() bool { return false }

// Without the instructions no message has blocks that are not hashed.

func blocksOne(*state, *byte, int) {}

func blocksTwo(_, _ *state, _, _ *byte, _ int) {}
