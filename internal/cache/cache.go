// Package cache is the cache directory: where it is, what lies in it, how
// processes share it, and how it is emptied.
//
// The directory is uv's (see [Dir]), so that both programs obey one setting
// and one lock; what tame puts there lies in buckets of its own, whose names
// begin with "tame-" ([Bucket]). docs/formats/cache.md describes them all.
//
// A [Cache] holds a shared lock on the directory while it is open; cleaning
// takes the lock alone. Below that nothing is locked: whatever is written is
// written aside and renamed, and is either absent or whole whenever it is
// looked at. Unpacked wheels are in a store addressed by content ([Archive]),
// found through entries ([Wheel]). Index pages, metadata and manifests are
// files of rows that are used as they lie in memory ([Rows]).
package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/pyname"
)

// Options is how a cache is opened. The zero value is uv's default.
type Options struct {
	// Refresh is what of the cache must be asked for again.
	Refresh Refresh
	// LockTimeout bounds the wait for another process that cleans the cache;
	// 0 means [fsx.DefaultLockTimeout].
	LockTimeout time.Duration
	// Waiting, when not nil, is called once before such a wait.
	Waiting func()
	// Unlocked, when not nil, is called when the filesystem has no locks and
	// the cache is used without: cleaning it then is less safe.
	Unlocked func(error)
}

// A Cache is an open cache directory. It is safe for concurrent use.
type Cache struct {
	root      string
	refresh   Refresh
	temporary bool
	mu        sync.Mutex
	lock      *fsx.Lock
	boot      func() int64
	added     atomic.Int64
}

// Open opens the cache at dir, which it creates if need be, and holds it
// against cleaning until Close.
func Open(ctx context.Context, dir string, opts Options) (*Cache, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("failed to initialize cache at `%s`: %w", dir, err)
	}
	c := &Cache{root: root, refresh: opts.Refresh, boot: sync.OnceValue(bootID)}
	c.lock, err = acquire(ctx, root, opts)
	if err != nil {
		return nil, fmt.Errorf("failed to initialize cache at `%s`: %w", dir, err)
	}
	return c, nil
}

// Temporary opens a new, empty cache that is removed by Close (--no-cache).
func Temporary(opts Options) (*Cache, error) {
	root, err := os.MkdirTemp("", "tame-cache-")
	if err != nil {
		return nil, fmt.Errorf("failed to create a temporary cache: %w", err)
	}
	return &Cache{root: root, refresh: opts.Refresh, temporary: true, boot: sync.OnceValue(bootID)}, nil
}

// Close gives the cache back, and removes it if it is temporary. The paths it
// has handed out must not be used any longer.
func (c *Cache) Close() error {
	c.mu.Lock()
	lock := c.lock
	c.lock = nil
	c.mu.Unlock()
	err := lock.Release()
	if c.temporary {
		_, removeErr := fsx.RemoveAll(c.root, nil)
		err = errors.Join(err, removeErr)
	}
	return err
}

// Inherit lets the program that takes the place of this process by exec hold
// the cache against cleaning, because it uses what lies in it. The cache must
// not be closed then. A temporary cache, which has to be removed in the end,
// and systems without exec return an error that matches
// [errors.ErrUnsupported].
func (c *Cache) Inherit() error {
	if c.temporary {
		return errors.ErrUnsupported
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lock.Inherit()
}

// Boot returns a number that changes when the machine starts anew, 0 when it
// is not known. What was written since, without forcing it to the disk, is
// there; of what is older a crash may have lost parts.
func (c *Cache) Boot() int64 { return c.boot() }

// Root returns the absolute path of the cache directory.
func (c *Cache) Root() string { return c.root }

// IsTemporary says whether the cache goes away when it is closed. Nothing
// that stays may link into it symbolically.
func (c *Cache) IsTemporary() bool { return c.temporary }

// Refresh returns what must be asked for again.
func (c *Cache) Refresh() Refresh { return c.refresh }

// Added returns how many bytes were put into the store through c: 0 where all
// that was needed was there.
func (c *Cache) Added() int64 { return c.added.Load() }

// Path returns the path of something in a bucket. It creates nothing; see
// [Cache.Write].
func (c *Cache) Path(bucket Bucket, parts ...string) string {
	return filepath.Join(append([]string{c.root, string(bucket)}, parts...)...)
}

// Write makes data the content of the file at path, which is one that Path
// has returned, and creates the directories above it.
func (c *Cache) Write(path string, data []byte) error {
	err := fsx.WriteFile(path, data, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o777); err == nil {
			err = fsx.WriteFile(path, data, 0o666)
		}
	}
	if err != nil {
		return c.failure("writing to", err)
	}
	return nil
}

// TempDir creates an empty directory on the filesystem of the cache, for what
// is to be renamed into place. The caller removes it; what a killed process
// leaves there goes when the cache is pruned.
func (c *Cache) TempDir() (string, error) {
	parent := c.Path(Temporaries)
	dir, err := fsx.MkdirTemp(parent)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(parent, 0o777); err == nil {
			dir, err = fsx.MkdirTemp(parent)
		}
	}
	if err != nil {
		return "", c.failure("writing to", err)
	}
	return dir, nil
}

// An Error says that the cache directory itself cannot be used: the disk is
// full, it may not be written.
type Error struct {
	Doing string // what was tried, such as "writing to"
	Root  string
	Err   error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s the cache at `%s` failed: %s", e.Doing, e.Root, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Hints tells where else the cache may be.
func (e *Error) Hints() []string {
	return []string{"use `--cache-dir` or `UV_CACHE_DIR` for another directory, or `--no-cache` for none"}
}

// Explain wraps an error of a file or directory in the cache, such as that the
// disk is full, in an [*Error], which says what to do. Other errors, nil among
// them, it returns as they are.
func (c *Cache) Explain(err error) error {
	var known *Error
	var path *fs.PathError
	if errors.As(err, &known) || !errors.As(err, &path) || !strings.HasPrefix(path.Path, c.root+string(filepath.Separator)) {
		return err
	}
	return c.failure("working in", err)
}

func (c *Cache) failure(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Doing: doing, Root: c.root, Err: err}
}

const (
	lockName = ".lock"
	tagName  = "CACHEDIR.TAG"
	tagText  = "Signature: 8a477f597d28d172789f06886806bc55"
)

// acquire takes the shared lock and sees to the files that mark the
// directory as a cache. The lock comes first: in a cache that exists that is
// the whole work.
func acquire(ctx context.Context, root string, opts Options) (*fsx.Lock, error) {
	path := filepath.Join(root, lockName)
	wait := fsx.LockOptions{Timeout: opts.LockTimeout, Waiting: opts.Waiting}
	for range 100 {
		lock, err := fsx.Acquire(ctx, path, fsx.Shared, wait)
		if errors.Is(err, fs.ErrNotExist) {
			// The directory is new, or another process has just cleaned it.
			if err := os.MkdirAll(root, 0o777); err != nil {
				return nil, err
			}
			continue
		}
		if errors.Is(err, errors.ErrUnsupported) {
			if opts.Unlocked != nil {
				opts.Unlocked(err)
			}
			return nil, mark(root)
		}
		if err != nil {
			return nil, err
		}
		if err := mark(root); err != nil {
			return nil, errors.Join(err, lock.Release())
		}
		return lock, nil
	}
	return nil, fmt.Errorf("%s is removed again and again", root)
}

// mark writes what tells backup programs and git to leave the cache alone.
func mark(root string) error {
	tag := filepath.Join(root, tagName)
	if _, err := os.Lstat(tag); err == nil {
		return nil
	}
	if err := fsx.WriteFile(tag, []byte(tagText), 0o666); err != nil {
		return err
	}
	ignore := filepath.Join(root, ".gitignore")
	if _, err := os.Lstat(ignore); err == nil {
		return nil
	}
	return fsx.WriteFile(ignore, []byte("*"), 0o666)
}

// Key returns a file name for what the parts identify together: a URL, a
// path, an index and a name. It is 32 letters and digits, the same whatever
// case the filesystem makes of it, and not to be forged: a stranger's URL
// cannot take the place of another.
func Key(parts ...string) string {
	text := make([]byte, 0, 256)
	for _, part := range parts {
		text = strconv.AppendInt(text, int64(len(part)), 10)
		text = append(append(text, ':'), part...)
	}
	sum := sha256.Sum256(text)
	return keyText(sum[:])
}

// keyText writes the first 160 bits of a hash in base 32, lower case.
func keyText(sum []byte) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	var text [32]byte
	for i := range text {
		bit := i * 5
		pair := uint16(sum[bit/8]) << 8
		if bit/8+1 < len(sum) {
			pair |= uint16(sum[bit/8+1])
		}
		text[i] = alphabet[pair>>(11-bit%8)&31]
	}
	return string(text[:])
}

// Segment returns the directory or file name that stands for a package: its
// name, but for the few that Windows keeps for devices.
func Segment(name pyname.Package) string {
	s := string(name)
	base, _, _ := strings.Cut(s, ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return s + "_"
	}
	if len(base) == 4 && (strings.HasPrefix(base, "com") || strings.HasPrefix(base, "lpt")) && base[3] >= '0' && base[3] <= '9' {
		return s + "_"
	}
	return s
}
