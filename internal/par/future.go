package par

import (
	"context"
	"fmt"
	"runtime/debug"
)

// A Future is a value, or an error, that arrives later. It is safe for use by
// any number of goroutines.
type Future[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// Go runs f in a goroutine of its own and returns its result as a future.
// A panic in f becomes an error of the future, so that a broken prefetch
// reaches whoever asks for the value instead of ending the process.
func Go[V any](f func() (V, error)) *Future[V] {
	future := &Future[V]{done: make(chan struct{})}
	go func() {
		defer close(future.done)
		defer func() {
			if r := recover(); r != nil {
				future.err = fmt.Errorf("internal error: %v\n%s", r, debug.Stack())
			}
		}()
		future.value, future.err = f()
	}()
	return future
}

// Promise returns a future together with the function that settles it, which
// must be called exactly once.
func Promise[V any]() (future *Future[V], settle func(V, error)) {
	future = &Future[V]{done: make(chan struct{})}
	return future, func(value V, err error) {
		future.value, future.err = value, err
		close(future.done)
	}
}

// settled is the one closed channel that all futures made by Settled share.
var settled = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Settled returns a future that has its result already.
func Settled[V any](value V, err error) *Future[V] {
	return &Future[V]{done: settled, value: value, err: err}
}

// Wait returns the result, waiting for it until ctx is done. A result that is
// there wins over a context that is done.
func (f *Future[V]) Wait(ctx context.Context) (V, error) {
	select {
	case <-f.done:
		return f.value, f.err
	default:
	}
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var zero V
		return zero, context.Cause(ctx)
	}
}

// Ready says whether Wait would return at once.
func (f *Future[V]) Ready() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// Done returns a channel that is closed when the result is there.
func (f *Future[V]) Done() <-chan struct{} { return f.done }
