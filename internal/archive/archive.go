// Package archive unpacks what strangers made: wheels and source
// distributions (zip, tar.gz) and the archives of managed Pythons (tar with
// gzip, bzip2, xz or zstd).
//
// [Unpack] works while the archive arrives, from any [io.Reader]; [UnpackZip]
// takes a zip that is all there and can start anywhere in it. Both write each
// file once, hash it on the way and return a [Manifest], so that nobody has
// to read or walk the tree afterwards. Files of a zip are inflated, hashed and
// written by the processors that are free (see [Pool]) while the archive is
// read on.
//
// Nothing outside the target is written, whatever the archive says, and an
// archive that two programs could read differently is refused: see [Error]
// and the checks in name.go (names), zip.go (one truth in the several headers
// of a zip) and target.go (collisions, links and limits). Files get the
// permissions that the umask leaves; of those in the archive only the execute
// bit counts.
package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Options is how to unpack. The zero value is right for a wheel.
type Options struct {
	// Tee, when not nil, is given every byte of the archive in order: a hash
	// of the whole.
	Tee io.Writer
	// Pool is what unpacks files of a zip beside the caller. Nil means that
	// the caller does all the work.
	Pool *Pool
	// Limits bounds what comes out.
	Limits Limits
	// Links allows symbolic and hard links in a tar, as long as they stay
	// inside the target.
	Links bool
	// Strip is how many leading directories of the names in a tar are left
	// out. Files that have no more are skipped.
	Strip int
	// FoldCase refuses files whose names differ only in case also where the
	// filesystem keeps them apart. Where it does not they always are.
	FoldCase bool
}

// Limits bounds what an archive may unpack to. Zero fields have the values of
// [DefaultLimits].
type Limits struct {
	// Files is the number of files, directories and links.
	Files int
	// Bytes is the sum of the sizes of the files.
	Bytes int64
	// Ratio is how many times larger than the archive the files may be, once
	// they exceed Free bytes together.
	Ratio int64
	// Free is what any archive may unpack to, however small it is.
	Free int64
}

// DefaultLimits is far above any distribution that was ever published, and
// far below what harms: the largest wheels have some 60,000 files and unpack
// to 5 GB; what is meant to be read unpacks to some ten times its size, a bomb
// to a thousand times.
func DefaultLimits() Limits {
	return Limits{Files: 500_000, Bytes: 64 << 30, Ratio: 200, Free: 64 << 20}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Files == 0 {
		l.Files = d.Files
	}
	if l.Bytes == 0 {
		l.Bytes = d.Bytes
	}
	if l.Ratio == 0 {
		l.Ratio = d.Ratio
	}
	if l.Free == 0 {
		l.Free = d.Free
	}
	return l
}

// A Manifest is what lies in the target after unpacking.
type Manifest struct {
	// Files are the files and links, sorted by path.
	Files []File
	// Dirs are the directories below the target, sorted, so that each comes
	// after the one it is in.
	Dirs []string
}

// A File is one file or link in the target.
type File struct {
	// Path is relative to the target and separated by slashes.
	Path string
	// Size is the number of bytes; 0 for symbolic links.
	Size int64
	// SHA256 is the hash of the content; zero for symbolic links.
	SHA256 [32]byte
	// Mode is 0644, 0755 for what may be executed, or a symbolic link.
	Mode fs.FileMode
	// Link is where a symbolic link points to.
	Link string
}

// An Error says that an archive is damaged, or is refused because it is not
// safe to unpack.
type Error struct {
	// Name is the entry in the archive, empty when it is the archive as a
	// whole.
	Name string
	// Reason says what is wrong.
	Reason string
	// Err is the cause, may be nil.
	Err error
}

func (e *Error) Error() string {
	text := e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Name == "" {
		return "invalid archive: " + text
	}
	return fmt.Sprintf("invalid archive entry %q: %s", e.Name, text)
}

func (e *Error) Unwrap() error { return e.Err }

func refuse(name, format string, args ...any) error {
	return &Error{Name: name, Reason: fmt.Sprintf(format, args...)}
}

func damaged(name, what string, err error) error {
	return &Error{Name: name, Reason: what, Err: err}
}

// ErrNotStreamable says that a zip cannot be unpacked while it arrives,
// because a stored file does not tell its size before its end. [UnpackZip]
// can do it.
var ErrNotStreamable = errors.New("the zip archive can only be unpacked when it is complete")

// A ReadError says that the source of the archive failed, not the archive.
type ReadError struct {
	// Offset is how many bytes had been read.
	Offset int64
	Err    error
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("reading the archive failed after %d bytes: %s", e.Offset, e.Err)
}

func (e *ReadError) Unwrap() error { return e.Err }

// Unpack unpacks an archive of the given format from r into the directory
// dst, which must be there, empty, and touched by nobody else. It reads r to
// its end. On error what was unpacked so far stays in dst.
//
// Errors of r are wrapped in a [*ReadError], of which it is the end that came
// too early if it is [io.ErrUnexpectedEOF]; what is wrong with the archive is
// an [*Error]; a zip may be [ErrNotStreamable].
func Unpack(ctx context.Context, r io.Reader, format Format, dst string, opts Options) (*Manifest, error) {
	if format == Zip {
		z := NewZipStream(dst, opts)
		defer z.Close()
		return z.Unpack(ctx, r)
	}
	return unpackTar(ctx, r, format, dst, opts)
}
