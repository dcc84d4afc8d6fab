package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	tasks "github.com/tame-py/tame/internal/task"
)

// runNeeded runs what the asked task depends on: each as soon as what it needs
// itself is done, as many at once as there are processors. The first that fails
// ends the others, and its exit code is the answer.
func (t *tasking) runNeeded(ctx context.Context) error {
	needed := t.order[:len(t.order)-1]
	if len(needed) == 0 {
		return nil
	}
	t.app.attend()
	t.app.print.StopProgress()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	needs := tasks.Needs(t.order)
	done := make([]chan struct{}, len(needed))
	for i := range done {
		done[i] = make(chan struct{})
	}
	slots := make(chan struct{}, runtime.NumCPU())
	var output sync.Mutex
	var once sync.Once
	var failure error
	for i, k := range needed {
		go func() {
			defer close(done[i])
			for _, n := range needs[i] {
				<-done[n]
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			if err := t.runOne(ctx, k, &output); err != nil {
				once.Do(func() { failure = err; cancel() })
			}
		}()
	}
	for _, c := range done {
		<-c
	}
	if failure == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return failure
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
	stdout := &prefixed{to: t.app.stdio.Out, prefix: prefix, mu: output}
	stderr := &prefixed{to: t.app.stdio.Err, prefix: prefix, mu: output}
	cmd := exec.CommandContext(ctx, c.path)
	cmd.Args, cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.argv, c.env, c.dir, stdout, stderr
	cmd.WaitDelay = 2 * time.Second
	if runtime.GOOS != "windows" {
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	}
	err = cmd.Run()
	stdout.end()
	stderr.end()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case cmd.ProcessState == nil:
		return fmt.Errorf("the task `%s`: %w", k.Name, spawnError(c.argv[0], err))
	case err != nil:
		code := max(statusOf(cmd.ProcessState), 1)
		t.app.print.Line("%s", t.app.print.Color.Red(fmt.Sprintf("The task `%s` failed with exit code %d", k.Name, code)))
		return exitStatus(code)
	}
	return t.keepState(ctx, k, variables)
}

// prefixed writes whole lines, each with a prefix.
type prefixed struct {
	to     io.Writer
	prefix string
	mu     *sync.Mutex
	rest   []byte
}

// Write implements io.Writer.
func (p *prefixed) Write(text []byte) (int, error) {
	p.rest = append(p.rest, text...)
	at := bytes.LastIndexByte(p.rest, '\n')
	if at < 0 {
		return len(text), nil
	}
	var out bytes.Buffer
	for l := range bytes.Lines(p.rest[:at+1]) {
		out.WriteString(p.prefix)
		out.Write(l)
	}
	p.rest = append(p.rest[:0], p.rest[at+1:]...)
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.to.Write(out.Bytes())
	return len(text), err
}

// end writes what has no line end.
func (p *prefixed) end() {
	if len(p.rest) > 0 {
		_, _ = p.Write([]byte("\n"))
	}
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
	dir := filepath.Join(t.settings.dir, filepath.FromSlash(k.Cwd))
	if s.Inputs, _, err = digests(ctx, dir, k.Inputs); err != nil {
		return "", false, fmt.Errorf("the inputs of the task `%s`: %w", k.Name, err)
	}
	if s.Outputs, complete, err = digests(ctx, dir, k.Outputs); err != nil {
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

// digests are the files that patterns match, or that are in directories they
// match. complete is false if a pattern matches nothing.
func digests(ctx context.Context, dir string, patterns []string) (out []tasks.FileDigest, complete bool, err error) {
	complete = true
	seen := map[string]bool{}
	for _, pattern := range patterns {
		before := len(out)
		found, err := doublestar.Glob(os.DirFS(dir), filepath.ToSlash(filepath.Clean(pattern)))
		if err != nil {
			return nil, false, fmt.Errorf("`%s`: %w", pattern, err)
		}
		for _, name := range found {
			err := fs.WalkDir(os.DirFS(dir), name, func(path string, e fs.DirEntry, err error) error {
				switch {
				case err != nil:
					return err
				case ctx.Err() != nil:
					return ctx.Err()
				case e.IsDir() && path != name && slices.Contains([]string{".git", ".venv", "__pycache__"}, e.Name()):
					return fs.SkipDir
				case e.IsDir() || seen[path]:
					return nil
				}
				seen[path] = true
				d, err := digestOfFile(filepath.Join(dir, filepath.FromSlash(path)))
				out = append(out, tasks.FileDigest{Path: path, Digest: d})
				return err
			})
			if err != nil {
				return nil, false, err
			}
		}
		complete = complete && (len(out) > before || len(found) > 0)
	}
	return out, complete, nil
}

func digestOfFile(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // a link to nothing
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
