package watch

import (
	"context"
	"time"
)

// notices of the operating system that something happened in directories. Where
// there are none, the time alone says when to look.
type notices interface {
	// add asks for notices of directories; those that were added before stay.
	add(dirs []string)
	// work reports whether there are notices of all directories.
	work() bool
	// wait returns when something happened to a path that counts, after the pause,
	// or with the error of the context.
	wait(ctx context.Context, pause time.Duration, counts func(path string) bool) error
	close() error
}

// polling is without notices.
type polling struct{}

func (polling) add([]string) {}
func (polling) work() bool   { return false }
func (polling) close() error { return nil }

func (polling) wait(ctx context.Context, pause time.Duration, _ func(string) bool) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}
