//go:build !unix

package git

import (
	"os/exec"

	"github.com/tame-py/tame/internal/fsx"
)

func alone(*exec.Cmd, bool) {}

// share does nothing: where a lock cannot be handed on, a git whose caller was
// killed goes on without.
func share(*exec.Cmd, *fsx.Lock) {}
