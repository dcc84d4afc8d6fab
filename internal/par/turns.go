package par

import (
	"context"
	"sync"
)

// Turns are locks by key for work that may need other such work to be done: a
// build needs an environment, which needs a build. The zero value is ready for
// use, by any number of goroutines.
//
// Two that need each other would wait for ever. So who needs whom is known, by
// the context that [Turns.Take] returns, and who would close a circle by waiting
// goes on without waiting: work is then done twice, or finds that it needs
// itself.
type Turns[K comparable] struct {
	mu   sync.Mutex
	held map[K]*turn
}

// A turn is a piece of work under way.
type turn struct {
	done chan struct{}
	// needs are those that it has begun within, or waits for; of each how often.
	needs map[*turn]int
}

type turnKey struct{}

// Take waits until nobody else works at key, and returns a context for the work
// that is to be done now, with the function that ends it. The error tells why ctx
// was done before.
func (t *Turns[K]) Take(ctx context.Context, key K) (inner context.Context, done func(), err error) {
	outer, _ := ctx.Value(turnKey{}).(*turn)
	own := &turn{done: make(chan struct{}), needs: map[*turn]int{}}
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		holder := t.held[key]
		if holder == nil {
			if t.held == nil {
				t.held = map[K]*turn{}
			}
			t.held[key] = own
			break
		}
		if holder.reaches(outer, map[*turn]bool{}) {
			break
		}
		if err := t.wait(ctx, outer, holder); err != nil {
			return nil, nil, err
		}
	}
	outer.need(own, 1)
	return context.WithValue(ctx, turnKey{}, own), func() { t.end(outer, own, key) }, nil
}

// wait waits for the end of a turn. The lock is held before and after, but not
// meanwhile.
func (t *Turns[K]) wait(ctx context.Context, outer, holder *turn) error {
	outer.need(holder, 1)
	t.mu.Unlock()
	var err error
	select {
	case <-holder.done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	t.mu.Lock()
	outer.need(holder, -1)
	return err
}

func (t *Turns[K]) end(outer, own *turn, key K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	outer.need(own, -1)
	if t.held[key] == own {
		delete(t.held, key)
	}
	close(own.done)
}

// need notes that a turn needs another one, or no longer does. Nil is work that
// nobody waits for.
func (u *turn) need(other *turn, n int) {
	if u == nil {
		return
	}
	if u.needs[other] += n; u.needs[other] == 0 {
		delete(u.needs, other)
	}
}

// reaches reports whether a turn cannot end before another one does.
func (u *turn) reaches(other *turn, seen map[*turn]bool) bool {
	if other == nil || seen[u] {
		return false
	}
	if u == other {
		return true
	}
	seen[u] = true
	for next := range u.needs {
		if next.reaches(other, seen) {
			return true
		}
	}
	return false
}
