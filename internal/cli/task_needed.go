package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	tasks "github.com/tame-py/tame/internal/task"
	"github.com/tame-py/tame/internal/ui"
)

// runNeeded runs what the asked task depends on, as many at once as there are
// processors. The exit code of the first that fails is the answer.
func (t *tasking) runNeeded(ctx context.Context) error {
	if len(t.order) == 1 {
		return nil
	}
	t.app.attend()
	t.app.print.StopProgress()
	var output sync.Mutex
	return tasks.RunNeeded(ctx, t.order, runtime.NumCPU(), func(ctx context.Context, k *tasks.Task) error {
		return t.runOne(ctx, k, &output)
	})
}

// runOne runs one of several tasks, with its name before each line that it
// prints.
func (t *tasking) runOne(ctx context.Context, k *tasks.Task, output *sync.Mutex) error {
	c, variables, err := t.child(k)
	if err != nil || c == nil {
		return err
	}
	if fresh, err := t.isFresh(ctx, k, variables); err != nil || fresh {
		return err
	}
	prefix := t.app.print.OutColor.Dim(k.Name+" |") + " "
	stdout := ui.NewPrefixer(t.app.stdio.Out, prefix, output)
	stderr := ui.NewPrefixer(t.app.stdio.Err, prefix, output)
	cmd := exec.CommandContext(ctx, c.path)
	cmd.Args, cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.argv, c.env, c.dir, stdout, stderr
	cmd.WaitDelay = 2 * time.Second
	if runtime.GOOS != "windows" {
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	}
	err = cmd.Run()
	stdout.End()
	stderr.End()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case cmd.ProcessState == nil:
		return fmt.Errorf("the task `%s`: %w", k.Name, spawnError(c.argv[0], err))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay): // which leaves something running that holds the pipe
		code := max(statusOf(cmd.ProcessState), 1)
		t.app.print.Line("%s", t.app.print.Color.Red(fmt.Sprintf("The task `%s` failed with exit code %d", k.Name, code)))
		return exitStatus(code)
	}
	return t.keepState(ctx, k, variables)
}

// isFresh reports whether a task need not run, and says so.
func (t *tasking) isFresh(ctx context.Context, k *tasks.Task, variables []tasks.Variable) (bool, error) {
	if len(k.Inputs) == 0 || t.app.noCache() {
		return false, nil
	}
	key, complete, err := t.stateKey(ctx, k, variables)
	if err != nil || !complete {
		return false, err
	}
	kept, err := os.ReadFile(t.statePath(k))
	if err != nil || string(kept) != key {
		return false, nil
	}
	t.app.print.Line("The task `%s` is up to date", k.Name)
	return true, nil
}

// keepState keeps what a task made, after it has succeeded.
func (t *tasking) keepState(ctx context.Context, k *tasks.Task, variables []tasks.Variable) error {
	if len(k.Inputs) == 0 || t.app.noCache() {
		return nil
	}
	key, complete, err := t.stateKey(ctx, k, variables)
	if err != nil {
		return err
	}
	if !complete {
		t.app.print.Warn("The task `%s` has not made all of its outputs, and will run again next time", k.Name)
		return nil
	}
	path := t.statePath(k)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return fsx.ReplaceFile(path, []byte(key))
}

// statePath is where the state of a task is kept, apart for each place and
// arguments.
func (t *tasking) statePath(k *tasks.Task) string {
	parts := []string{t.settings.dir, k.Name}
	if k == t.asked() {
		parts = append(parts, t.arguments...)
	}
	return filepath.Join(t.app.cacheDir(), string(cache.Tasks), cache.Key(parts...))
}

// stateKey is the state of a task as it is now. complete is false if a pattern of
// its outputs has no file.
func (t *tasking) stateKey(ctx context.Context, k *tasks.Task, variables []tasks.Variable) (key string, complete bool, err error) {
	s := tasks.State{Task: k, Variables: variables, Environment: t.environmentState()}
	if k == t.asked() {
		s.Arguments = t.arguments
	}
	files := os.DirFS(filepath.Join(t.settings.dir, filepath.FromSlash(k.Cwd)))
	if s.Inputs, _, err = tasks.Digests(ctx, files, k.Inputs); err != nil {
		return "", false, fmt.Errorf("the inputs of the task `%s`: %w", k.Name, err)
	}
	if s.Outputs, complete, err = tasks.Digests(ctx, files, k.Outputs); err != nil {
		return "", false, fmt.Errorf("the outputs of the task `%s`: %w", k.Name, err)
	}
	return s.Key(), complete, nil
}

// environmentState tells environments apart: the interpreter, and what is
// installed.
func (t *tasking) environmentState() string {
	t.installedMu.Lock()
	defer t.installedMu.Unlock()
	if t.installed != "" {
		return t.installed
	}
	var b strings.Builder
	b.WriteString(t.python.Version.String() + "\n" + t.python.Executable + "\n")
	for _, dir := range t.python.InstalledIn() {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), "-info") {
				b.WriteString(e.Name() + "\n")
			}
		}
	}
	t.installed = b.String()
	return t.installed
}
