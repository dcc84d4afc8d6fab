// Package watch tells when files of a project change. What counts is what two
// looks at the files differ in; notices of the operating system, where it gives
// good ones, only say when to look. So nothing is missed where there are none, as
// on network drives and mounts of containers: every now and then the files are
// looked at in any case.
package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

// Options say what to watch.
type Options struct {
	// Paths are absolute: directories with all below them that is not left out
	// (see [Watcher]), and files. One that is not there yet counts once it is.
	Paths []string
	// Debug gets a line about how it is watched; nil is silent.
	Debug func(format string, args ...any)
}

// A Watcher remembers how files were. It leaves out what git ignores, version
// control, virtual environments, caches, what builds leave behind, bytecode, and
// the files in which editors keep what is not saved.
type Watcher struct {
	options Options
	files   map[string]state
	leftOut map[string]bool
	took    time.Duration // by the last look
	notices notices
}

// state is what is compared of a file.
type state struct {
	size  int64
	mtime int64 // nanoseconds
	mode  os.FileMode
}

// mostFiles is how many files are watched at most: more are surely a mistake, as
// of a whole home.
const mostFiles = 200_000

// ErrTooMany reports more files than can be watched sensibly.
var ErrTooMany = errors.New("there are too many files to watch")

// New looks at the files for the first time. The watcher has to be closed.
func New(o Options) (*Watcher, error) {
	if o.Debug == nil {
		o.Debug = func(string, ...any) {}
	}
	w := &Watcher{options: o}
	files, dirs, err := w.look()
	if err != nil {
		return nil, err
	}
	w.files = files
	w.notices = openNotices(o.Debug)
	w.notices.add(dirs)
	o.Debug("Watching %d files in %d directories, looked at in %s", len(files), len(dirs), w.took)
	return w, nil
}

// Close ends the notices of the operating system.
func (w *Watcher) Close() error { return w.notices.close() }

// How long files have to rest before a change counts as complete, and how long
// that is waited for at most.
const (
	rest     = 50 * time.Millisecond
	patience = 2 * time.Second
)

// Wait waits until files are others than they were when it returned last, or than
// at the beginning, and until what changes them seems to be done. It returns their
// paths, sorted. The error is that of the context, or [ErrTooMany].
func (w *Watcher) Wait(ctx context.Context) ([]string, error) {
	for {
		before := w.files
		moved, err := w.again()
		if err != nil {
			return nil, err
		}
		if moved {
			if err := w.settle(ctx); err != nil {
				return nil, err
			}
			if changed := differing(before, w.files); len(changed) > 0 {
				return changed, nil
			}
			continue
		}
		if err := w.notices.wait(ctx, w.pause(), w.counts); err != nil {
			return nil, err
		}
	}
}

// pause is until when to look without a notice: so that looking takes a
// hundredth of the time of a processor, or three where there are no notices.
func (w *Watcher) pause() time.Duration {
	if w.notices.work() {
		return max(100*w.took, time.Second)
	}
	return max(33*w.took, 200*time.Millisecond)
}

// counts reports whether a notice of a path is worth a look.
func (w *Watcher) counts(path string) bool {
	return !isEditors(path) && !w.leftOut[path]
}

// settle waits until nothing changes any more.
func (w *Watcher) settle(ctx context.Context) error {
	for until, moved := time.Now().Add(patience), true; moved && time.Now().Before(until); {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(rest):
		}
		var err error
		if moved, err = w.again(); err != nil {
			return err
		}
	}
	return nil
}

// again looks again, and reports whether anything is other than at the last look.
func (w *Watcher) again() (moved bool, err error) {
	files, dirs, err := w.look()
	if err != nil {
		return false, err
	}
	w.notices.add(dirs)
	moved = !maps.Equal(w.files, files)
	w.files = files
	return moved, nil
}

// differing are the files that are not the same, sorted.
func differing(before, now map[string]state) []string {
	var out []string
	for path, is := range now {
		if was, ok := before[path]; !ok || was != is {
			out = append(out, path)
		}
	}
	for path := range before {
		if _, ok := now[path]; !ok {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// look reads how all files are, and which directories they are in.
func (w *Watcher) look() (files map[string]state, dirs []string, err error) {
	begun := time.Now()
	l := &looking{files: make(map[string]state, len(w.files)), leftOut: make(map[string]bool, len(w.leftOut))}
	for _, path := range w.options.Paths {
		if err := l.root(path); err != nil {
			return nil, nil, fmt.Errorf("%w: over %d in `%s`", err, mostFiles, path)
		}
	}
	w.leftOut, w.took = l.leftOut, time.Since(begun)
	return l.files, l.dirs, nil
}
