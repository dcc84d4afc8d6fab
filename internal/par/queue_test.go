package par_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tame-py/tame/internal/par"
)

func TestQueueOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := par.NewQueue(1)
		var mu sync.Mutex
		var got []int64
		var wg sync.WaitGroup
		run := func(ctx context.Context, rank int64) {
			wg.Go(func() {
				_ = q.Do(ctx, rank, func() error {
					time.Sleep(time.Second)
					mu.Lock()
					defer mu.Unlock()
					got = append(got, rank)
					return nil
				})
			})
			synctest.Wait()
		}
		impatient, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		run(t.Context(), 9)
		run(t.Context(), 5)
		run(impatient, 4)
		run(impatient, 1)
		run(t.Context(), 3)
		run(t.Context(), -7)
		wg.Wait()
		if want := []int64{9, -7, 3, 5}; !slices.Equal(got, want) {
			t.Errorf("ran %v, want %v", got, want)
		}
	})
}

func TestQueueBound(t *testing.T) {
	t.Parallel()
	q := par.NewQueue(3)
	var now, most atomic.Int32
	var wg sync.WaitGroup
	for i := range 60 {
		ctx := t.Context()
		if i%4 == 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*50*time.Microsecond)
			defer cancel()
		}
		wg.Go(func() {
			err := q.Do(ctx, int64(i%5), func() error {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(100 * time.Microsecond)
				now.Add(-1)
				return errors.ErrUnsupported
			})
			if !errors.Is(err, errors.ErrUnsupported) && ctx.Err() == nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 {
		t.Errorf("%d ran at once", most.Load())
	}
	// All places are free again.
	var group sync.WaitGroup
	hold := make(chan struct{})
	for range 3 {
		entered := make(chan struct{})
		group.Go(func() { _ = q.Do(t.Context(), 0, func() error { close(entered); <-hold; return nil }) })
		<-entered
	}
	close(hold)
	group.Wait()
	var none *par.Queue
	if err := none.Do(t.Context(), 0, func() error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	var turns par.Turns[string]
	var now, runs atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, done, err := turns.Take(t.Context(), "key")
			if err != nil {
				t.Error(err)
				return
			}
			defer done()
			if now.Add(1) != 1 {
				t.Error("two at once")
			}
			runs.Add(1)
			now.Add(-1)
		})
	}
	wg.Wait()
	_, done, _ := turns.Take(t.Context(), "key")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := turns.Take(ctx, "key"); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that was given up: %v", err)
	}
	done()
	if runs.Load() != 20 {
		t.Errorf("%d ran", runs.Load())
	}
}

// Whoever needs whom, none waits for ever.
func TestTurnsInACircle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turns par.Turns[int]
		var wg sync.WaitGroup
		var work func(ctx context.Context, key, depth int)
		work = func(ctx context.Context, key, depth int) {
			inner, done, err := turns.Take(ctx, key)
			if err != nil {
				t.Error(err)
				return
			}
			defer done()
			time.Sleep(time.Millisecond)
			if depth == 0 {
				return
			}
			// Each needs the next one and, at the same time, the one after that.
			var both sync.WaitGroup
			for step := 1; step <= 2; step++ {
				both.Go(func() { work(inner, (key+step)%5, depth-1) })
			}
			both.Wait()
		}
		for key := range 5 {
			wg.Go(func() { work(t.Context(), key, 6) })
		}
		wg.Wait()
	})
}

func ExampleTurns() {
	var turns par.Turns[string]
	ctx, done, _ := turns.Take(context.Background(), "build a")
	defer done()
	// Building a needs b, and building b needs a.
	ctx, doneB, _ := turns.Take(ctx, "build b")
	defer doneB()
	_, doneA, err := turns.Take(ctx, "build a")
	defer doneA()
	fmt.Println(err)
	// Output: <nil>
}
