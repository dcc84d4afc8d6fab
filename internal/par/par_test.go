package par_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/par"
)

func TestCacheRunsOncePerKey(t *testing.T) {
	t.Parallel()
	var (
		cache par.Cache[string, int]
		calls atomic.Int32
		wg    sync.WaitGroup
	)
	for range 50 {
		wg.Go(func() {
			if got := cache.Do("a", func() int { return int(calls.Add(1)) }); got != 1 {
				t.Errorf("Do gave %d, want 1", got)
			}
		})
	}
	wg.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("the function ran %d times, want 1", n)
	}
	if got, ok := cache.Get("a"); !ok || got != 1 {
		t.Errorf("Get(a) = %d, %v; want 1, true", got, ok)
	}
	if _, ok := cache.Get("b"); ok {
		t.Error("Get(b) found something nobody made")
	}
	cache.Forget("a")
	if got := cache.Do("a", func() int { return 7 }); got != 7 {
		t.Errorf("Do after Forget gave %d, want 7", got)
	}
}

func TestCacheSurvivesPanic(t *testing.T) {
	t.Parallel()
	var cache par.Cache[int, string]
	func() {
		defer func() { _ = recover() }()
		cache.Do(1, func() string { panic("first") })
	}()
	if got := cache.Do(1, func() string { return "second" }); got != "second" {
		t.Errorf("Do after a panic gave %q, want %q", got, "second")
	}
}

func TestFuture(t *testing.T) {
	t.Parallel()
	future, settle := par.Promise[int]()
	if future.Ready() {
		t.Error("a promise is ready before it is settled")
	}
	cause := errors.New("gave up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := future.Wait(ctx); !errors.Is(err, cause) {
		t.Errorf("Wait under a done context gave %v, want %v", err, cause)
	}
	settle(3, nil)
	if got, err := future.Wait(ctx); got != 3 || err != nil {
		t.Errorf("Wait = %d, %v; a result that is there wins over a done context", got, err)
	}
	if got, err := par.Settled("x", nil).Wait(t.Context()); got != "x" || err != nil {
		t.Errorf("Settled: %q, %v", got, err)
	}
}

func TestFuturePanicBecomesError(t *testing.T) {
	t.Parallel()
	_, err := par.Go(func() (int, error) { panic("boom") }).Wait(t.Context())
	if err == nil || !strings.Contains(err.Error(), "internal error: boom") {
		t.Errorf("got %v, want an internal error that says boom", err)
	}
}

func TestLimiterBounds(t *testing.T) {
	t.Parallel()
	limiter := par.NewLimiter(3)
	var now, most atomic.Int32
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			_ = limiter.Do(t.Context(), func() error {
				n := now.Add(1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				now.Add(-1)
				return nil
			})
		})
	}
	wg.Wait()
	if most.Load() > 3 {
		t.Errorf("%d ran at once, want at most 3", most.Load())
	}
	for range 3 {
		if err := limiter.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := limiter.Acquire(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Acquire of a full limiter under a done context gave %v", err)
	}
	var none *par.Limiter
	if err := none.Do(t.Context(), func() error { return nil }); err != nil {
		t.Errorf("a nil limiter refused: %v", err)
	}
}

func TestForEachErrorIsTheLowestOfItsOwn(t *testing.T) {
	t.Parallel()
	third := errors.New("third")
	var seen atomic.Int32
	err := par.ForEach(t.Context(), 4, 100, func(ctx context.Context, i int) error {
		seen.Add(1)
		if i == 3 {
			return third
		}
		if i < 3 {
			<-ctx.Done() // an echo of the failure, from a lower index
			return ctx.Err()
		}
		return nil
	})
	if !errors.Is(err, third) {
		t.Errorf("got %v, want %v", err, third)
	}
	if seen.Load() == 100 {
		t.Error("all 100 were begun after a failure")
	}
}

func TestForEachStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := par.ForEach(ctx, 2, 5, func(context.Context, int) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if err := par.ForEach(t.Context(), 0, 0, nil); err != nil {
		t.Errorf("nothing to do gave %v", err)
	}
}

func TestNilProgressIsSilent(t *testing.T) {
	t.Parallel()
	var p par.Progress
	task := p.Start("x", -1)
	task.Add(1)
	task.Done()
}

func BenchmarkCacheHit(b *testing.B) {
	var cache par.Cache[string, int]
	for b.Loop() {
		cache.Do("key", func() int { return 1 })
	}
}

func TestForEachPatient(t *testing.T) {
	t.Parallel()
	for _, patience := range []time.Duration{0, time.Hour} {
		var sum atomic.Int64
		add := func(_ context.Context, i int) error {
			sum.Add(int64(i))
			return nil
		}
		if err := par.ForEachPatient(t.Context(), patience, 3, 100, add); err != nil || sum.Load() != 4950 {
			t.Errorf("patience %v: sum %d, %v", patience, sum.Load(), err)
		}
		wrong := errors.New("wrong")
		fail := func(_ context.Context, i int) error {
			if i >= 7 {
				return fmt.Errorf("%d: %w", i, wrong)
			}
			return nil
		}
		if err := par.ForEachPatient(t.Context(), patience, 1, 100, fail); err == nil || err.Error() != "7: wrong" {
			t.Errorf("patience %v: %v", patience, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := par.ForEachPatient(ended, patience, 3, 100, add); !errors.Is(err, context.Canceled) {
			t.Errorf("patience %v: %v when it was over before", patience, err)
		}
	}
}
