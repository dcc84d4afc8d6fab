package cli

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/tame-py/tame/internal/bundle"
	"github.com/tame-py/tame/internal/par"
)

// compile adds bytecode, if that is wanted.
func (b *bundling) compile(ctx context.Context) error {
	if !isTrue(b.settings.Pip.CompileBytecode) {
		return nil
	}
	start, inZip := time.Now(), false
	if b.format == bundleZipapp {
		var err error
		if inZip, err = bundle.RunsFromArchive(b.root); err != nil {
			return err
		}
	}
	n := par.Processors()
	err := par.ForEach(ctx, n, n, func(ctx context.Context, k int) error {
		cmd := exec.CommandContext(ctx, b.interpreter.Executable, b.spec.CompileArgs(b.root, k, n, inZip)...)
		cmd.Env = b.app.environ()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("failed to make bytecode by `%s`: %w\n%s", b.interpreter.Executable, err, out)
		}
		return nil
	})
	if err == nil {
		b.app.status("Compiled", "", time.Since(start))
	}
	return err
}
