//go:build linux || windows

package watch

import (
	"context"
	"time"

	"github.com/fsnotify/fsnotify"
)

// fromSystem are the notices of inotify and of ReadDirectoryChanges.
type fromSystem struct {
	watcher *fsnotify.Watcher
	added   map[string]bool
	failed  bool // there are not enough for all directories
	debug   func(format string, args ...any)
}

func openNotices(debug func(string, ...any)) notices {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		debug("The system tells nothing of changes: %v", err)
		return polling{}
	}
	return &fromSystem{watcher: w, added: map[string]bool{}, debug: debug}
}

func (n *fromSystem) add(dirs []string) {
	there := make(map[string]bool, len(dirs))
	for _, dir := range dirs {
		there[dir] = true
		if n.added[dir] || n.failed {
			continue
		}
		if err := n.watcher.Add(dir); err != nil {
			n.failed = true
			n.debug("The system tells nothing of changes in %s: %v", dir, err)
			continue
		}
		n.added[dir] = true
	}
	// One that went away may come back as another.
	for dir := range n.added {
		if !there[dir] {
			_ = n.watcher.Remove(dir) // mostly it is gone already
			delete(n.added, dir)
		}
	}
}

func (n *fromSystem) work() bool { return !n.failed }

func (n *fromSystem) wait(ctx context.Context, pause time.Duration, counts func(string) bool) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return nil
		case <-n.watcher.Errors: // notices were lost
			return nil
		case e := <-n.watcher.Events:
			if counts(e.Name) {
				return nil
			}
		}
	}
}

func (n *fromSystem) close() error { return n.watcher.Close() }
