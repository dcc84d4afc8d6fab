package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// ErrNotInstalled says that there is no git on the search path.
var ErrNotInstalled = errors.New("`git` was not found in PATH")

// Local is a directory on disk, which may be one of a repository.
type Local struct {
	Dir     string
	Environ []string // of the git that is run
}

// IsRepository reports whether the directory belongs to the work tree of a
// repository. An error says that git cannot tell.
func (l Local) IsRepository(ctx context.Context) (bool, error) {
	out, err := l.Run(ctx, "rev-parse", "--is-inside-work-tree")
	var failed *localError
	switch {
	case err == nil && strings.TrimSpace(out) == "true":
		return true, nil
	case err == nil:
		return false, fmt.Errorf("git says %q of the work tree at `%s`", strings.TrimSpace(out), l.Dir)
	case errors.As(err, &failed) && strings.Contains(failed.stderr, "not a git repository"):
		return false, nil
	}
	return false, err
}

// Init makes the directory a repository.
func (l Local) Init(ctx context.Context) error {
	_, err := l.Run(ctx, "init")
	return err
}

// Setting returns a value of git's configuration as it holds in the directory,
// or nothing if it is not set.
func (l Local) Setting(ctx context.Context, key string) string {
	out, err := l.Run(ctx, "config", "--get", key)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

// Run runs git in the directory and returns what it printed. The error has what
// it complained of.
func (l Local) Run(ctx context.Context, args ...string) (string, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return "", ErrNotInstalled
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, path, args...)
	c.Dir, c.Stdout, c.Stderr = l.Dir, &stdout, &stderr
	c.Env = append(slices.Clone(l.Environ), "LC_ALL=C") // what it says is read
	switch err := c.Run(); {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", &localError{args: args, stderr: stderr.String(), err: err}
	}
	return stdout.String(), nil
}

// localError is a git that ended badly. It does not unwrap: the exit code of git
// is none of its callers'.
type localError struct {
	args   []string
	stderr string
	err    error
}

func (e *localError) Error() string {
	text := fmt.Sprintf("`git %s` failed (%v)", strings.Join(e.args, " "), e.err)
	if said := strings.TrimSpace(e.stderr); said != "" {
		text += ":\n" + said
	}
	return text
}
