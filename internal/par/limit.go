package par

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Limiter bounds how many pieces of work run at once. Those that wait are
// served in order of arrival. A nil *Limiter sets no bound.
type Limiter struct {
	slots chan struct{}
}

// NewLimiter returns a limiter for n pieces of work at once. When n is not
// positive it returns nil, which sets no bound.
func NewLimiter(n int) *Limiter {
	if n <= 0 {
		return nil
	}
	return &Limiter{slots: make(chan struct{}, n)}
}

// Acquire waits for a place until ctx is done. Every nil error must be
// followed by one Release.
func (l *Limiter) Acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if l == nil {
		return nil
	}
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Release gives back a place that Acquire has taken.
func (l *Limiter) Release() {
	if l != nil {
		<-l.slots
	}
}

// Do calls f once there is a place for it. It returns the error of f, or why
// ctx was done before.
func (l *Limiter) Do(ctx context.Context, f func() error) error {
	if err := l.Acquire(ctx); err != nil {
		return err
	}
	defer l.Release()
	return f()
}

// Size returns the bound, 0 for none.
func (l *Limiter) Size() int {
	if l == nil {
		return 0
	}
	return cap(l.slots)
}

// ForEach calls f for 0 to n-1, in that order but up to limit calls at once
// (no bound if limit is not positive), and waits for all of them. After an
// error no further call begins and the context of those that run is done. The
// error returned is the one of the lowest index whose cause is its own, so
// that the same failures give the same message whatever the timing.
func ForEach(ctx context.Context, limit, n int, f func(ctx context.Context, i int) error) error {
	if limit <= 0 || limit > n {
		limit = n
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg   sync.WaitGroup
		next atomic.Int64
		errs firstError
	)
	worker := func() {
		for inner.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if err := f(inner, i); err != nil {
				// An error after the cancellation is most likely its echo.
				errs.note(i, err, inner.Err() != nil)
				cancel()
			}
		}
	}
	for range limit - 1 {
		wg.Go(worker)
	}
	worker()
	wg.Wait()
	if errs.err == nil {
		if ctx.Err() != nil && int(next.Load()) < n {
			return context.Cause(ctx)
		}
	}
	return errs.err
}

// ForEachPatient is ForEach for work that is usually over before it pays to wake
// other threads: there is one call after another, until patience has passed, and
// up to limit at once from then on.
func ForEachPatient(ctx context.Context, patience time.Duration, limit, n int, f func(ctx context.Context, i int) error) error {
	begun := time.Now()
	done := 0
	for ; done < n && time.Since(begun) < patience; done++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := f(ctx, done); err != nil {
			return err
		}
	}
	if done == n {
		return nil
	}
	return ForEach(ctx, limit, n-done, func(ctx context.Context, i int) error { return f(ctx, done+i) })
}

type firstError struct {
	mu    sync.Mutex
	index int
	echo  bool
	err   error
}

func (e *firstError) note(index int, err error, echo bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil || e.echo && !echo || e.echo == echo && index < e.index {
		e.index, e.echo, e.err = index, echo, err
	}
}
