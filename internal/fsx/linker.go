package fsx

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// A Linker places files of one filesystem in another, or the same: from the
// cache into an environment. It begins with the mode asked for; when the first
// file shows that the filesystems cannot do that, it goes on with the next
// one, clone → hardlink → copy or symlink → copy, and remembers. A file that
// fails after others succeeded falls back alone (a link count at its limit, a
// mount inside the tree).
//
// It is safe for concurrent use. One Linker serves all wheels of an install.
type Linker struct {
	state  atomic.Uint32 // mode, plus proven once a file was placed by it
	onCopy func(error)
	warned sync.Once
}

const proven = 1 << 8

// NewLinker returns a linker that begins with mode. onCopy, if not nil, is
// called once when files are copied although mode asked for something
// cheaper, with the error that linking gave: uv warns then, and names
// UV_LINK_MODE=copy as the way to say that this is meant.
func NewLinker(mode LinkMode, onCopy func(error)) *Linker {
	l := &Linker{onCopy: onCopy}
	l.state.Store(uint32(mode.OrDefault()))
	return l
}

// Mode returns the mode that files are placed by now.
func (l *Linker) Mode() LinkMode { return LinkMode(l.state.Load() &^ proven) }

// Link places the file from of the tree src as the file to of the tree dst,
// whose directory must be there. What has that name already is replaced at
// once, never missing in between. Permissions are those of the source.
func (l *Linker) Link(src *Tree, from string, dst *Tree, to string) error {
	for {
		state := l.state.Load()
		mode := LinkMode(state &^ proven)
		err := place(mode, src, from, dst, to)
		if err == nil {
			if state&proven == 0 {
				l.state.CompareAndSwap(state, state|proven)
			}
			return nil
		}
		if mode == Copy || !fallsBack(err) {
			return err
		}
		if state&proven != 0 {
			return l.exception(mode, err, src, from, dst, to)
		}
		l.tell(mode.next(), err)
		l.state.CompareAndSwap(state, uint32(mode.next()))
	}
}

// exception places one file by a lesser mode without changing the linker's.
func (l *Linker) exception(mode LinkMode, err error, src *Tree, from string, dst *Tree, to string) error {
	for err != nil && mode != Copy && fallsBack(err) {
		mode = mode.next()
		l.tell(mode, err)
		err = place(mode, src, from, dst, to)
	}
	return err
}

func (l *Linker) tell(next LinkMode, err error) {
	if next == Copy && l.onCopy != nil {
		l.warned.Do(func() { l.onCopy(err) })
	}
}

// Copy places a copy whatever the mode: for files that will be written to,
// which must not change the cache. A clone is a copy and tried where it works.
func (l *Linker) Copy(src *Tree, from string, dst *Tree, to string) error {
	if l.state.Load() == uint32(Clone)|proven {
		err := place(Clone, src, from, dst, to)
		if err == nil || !fallsBack(err) {
			return err
		}
	}
	return place(Copy, src, from, dst, to)
}

// place makes the file, and if the name is taken makes it beside and renames.
func place(mode LinkMode, src *Tree, from string, dst *Tree, to string) error {
	err := create(mode, src, from, dst, to)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	for range 100 {
		temp := path.Join(path.Dir(to), tempName())
		err = create(mode, src, from, dst, temp)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err = dst.Rename(temp, to); err != nil {
			_ = dst.Remove(temp)
			return err
		}
		// Renaming one of two names of a file onto the other does nothing
		// and leaves both (POSIX): the name was right already.
		if mode == Hardlink {
			_ = dst.Remove(temp)
		}
		return nil
	}
	return err
}

func create(mode LinkMode, src *Tree, from string, dst *Tree, to string) error {
	switch mode {
	case Clone:
		return clone(src, from, dst, to)
	case Hardlink:
		return hardlink(src, from, dst, to)
	case Symlink:
		target, err := filepath.Abs(src.Join(from))
		if err != nil {
			return err
		}
		return dst.Symlink(target, to)
	default:
		return copyFile(src, from, dst, to)
	}
}

// copyBuffers are for copying where the kernel cannot do it alone.
var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}

func copyFile(src *Tree, from string, dst *Tree, to string) (err error) {
	in, err := src.Open(from, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := dst.Open(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			_ = dst.Remove(to)
		}
	}()
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	_, err = io.CopyBuffer(out, in, *buffer)
	return err
}
