package fsx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// LockMode says who else may hold a lock at the same time.
type LockMode uint8

// A file is locked by any number of sharers or by one exclusive owner.
const (
	Shared LockMode = iota
	Exclusive
)

func (m LockMode) String() string {
	if m == Exclusive {
		return "exclusive"
	}
	return "shared"
}

// ErrLocked says that another process, or another holder in this one, has the
// lock.
var ErrLocked = errors.New("locked by another process")

// DefaultLockTimeout is how long [Acquire] waits when not told otherwise: that
// of uv (UV_LOCK_TIMEOUT).
const DefaultLockTimeout = 5 * time.Minute

// LockOptions is how to wait for a lock.
type LockOptions struct {
	// Timeout bounds the wait: 0 means DefaultLockTimeout, negative no bound
	// but the context.
	Timeout time.Duration
	// Waiting, when not nil, is called once before the wait begins, to tell
	// the user for whom the program waits.
	Waiting func()
}

// A Lock is held on a file until Release, or until the process ends however
// it ends.
type Lock struct {
	file *os.File
	mode LockMode
}

// A LockTimeoutError says that a lock was not given back in time.
type LockTimeoutError struct {
	Path    string
	Timeout time.Duration
}

func (e *LockTimeoutError) Error() string {
	return fmt.Sprintf("timeout (%ds) when waiting for the lock at %s, is another process running?",
		int(e.Timeout.Seconds()), e.Path)
}

// Hints tells how to wait longer.
func (e *LockTimeoutError) Hints() []string {
	return []string{"set UV_LOCK_TIMEOUT to increase the timeout"}
}

func (e *LockTimeoutError) Unwrap() error { return ErrLocked }

// TryAcquire takes the lock if it is free and returns an error that matches
// [ErrLocked] if it is not. The file is created when absent, readable and
// writable by all so that several users may share it. Where the filesystem
// has no locks the error matches [errors.ErrUnsupported].
func TryAcquire(path string, mode LockMode) (*Lock, error) {
	for {
		file, err := openLockFile(path)
		if err != nil {
			return nil, err
		}
		if err := flock(file, mode); err != nil {
			file.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if current(file, path) {
			return &Lock{file: file, mode: mode}, nil
		}
		// Whoever held the lock has removed the file: what we hold excludes
		// nobody. Take the one that is there now.
		file.Close()
	}
}

// Acquire takes the lock, waiting for it until ctx is done or the time of
// opts is over, in which case the error is a [*LockTimeoutError]. See
// [TryAcquire] for the file.
func Acquire(ctx context.Context, path string, mode LockMode, opts LockOptions) (*Lock, error) {
	lock, err := TryAcquire(path, mode)
	if err == nil || !errors.Is(err, ErrLocked) {
		return lock, err
	}
	if opts.Waiting != nil {
		opts.Waiting()
	}
	timeout := opts.Timeout
	if timeout == 0 {
		timeout = DefaultLockTimeout
	}
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	// Asking again and again can be interrupted, which a blocking flock can
	// not, and works on network filesystems.
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the lock at %s: %w", path, context.Cause(ctx))
		case <-expired:
			return nil, &LockTimeoutError{Path: path, Timeout: timeout}
		case <-time.After(pause):
		}
		lock, err := TryAcquire(path, mode)
		if err == nil || !errors.Is(err, ErrLocked) {
			return lock, err
		}
	}
}

// Mode returns how the lock is held.
func (l *Lock) Mode() LockMode { return l.mode }

// Path returns the path of the file that is locked.
func (l *Lock) Path() string { return l.file.Name() }

// Release gives the lock back. The file stays. Releasing nil does nothing.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	return errors.Join(funlock(l.file), l.file.Close())
}

// File returns the open file that is locked, for a child process that is to hold
// the lock too: until it ends, even if this one is killed. It must not be closed.
// The lock must not be released while the child runs.
func (l *Lock) File() *os.File { return l.file }

// Inherit lets the program that takes the place of this process by exec keep
// the lock: it ends with that program, or with the last of its children that
// was handed its open files. A lock that is inherited must not be released.
// The error matches [errors.ErrUnsupported] where there is no exec.
func (l *Lock) Inherit() error {
	if l == nil {
		return nil
	}
	return inherit(l.file)
}

// current says whether the open file is the one that has the name path.
func current(file *os.File, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(held, named)
}
