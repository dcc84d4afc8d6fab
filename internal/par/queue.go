package par

import (
	"container/heap"
	"context"
	"sync"
)

// A Queue bounds how many pieces of work run at once, as a [Limiter] does, but
// of those that wait the one with the lowest rank is next, and of one rank the
// one that came first. A nil *Queue sets no bound.
type Queue struct {
	mu      sync.Mutex
	free    int
	count   int64 // of those that had to wait
	waiting waiters
}

// NewQueue returns a queue for n pieces of work at once, at least one.
func NewQueue(n int) *Queue { return &Queue{free: max(n, 1)} }

// A waiter waits for a place in a queue.
type waiter struct {
	rank, arrival int64
	place         chan struct{} // closed when there is one
	index         int           // in the heap; -1 once it is out
}

// Do calls f once there is a place for it. It returns the error of f, or why
// ctx was done before.
func (q *Queue) Do(ctx context.Context, rank int64, f func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if q == nil {
		return f()
	}
	if w := q.enter(rank); w != nil {
		select {
		case <-w.place:
		case <-ctx.Done():
			q.giveUp(w)
			return context.Cause(ctx)
		}
	}
	defer q.leave()
	return f()
}

// enter takes a place; if there is none it returns who waits for one.
func (q *Queue) enter(rank int64) *waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free > 0 {
		q.free--
		return nil
	}
	q.count++
	w := &waiter{rank: rank, arrival: q.count, place: make(chan struct{})}
	heap.Push(&q.waiting, w)
	return w
}

// leave hands a place on.
func (q *Queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.free++
		return
	}
	close(heap.Pop(&q.waiting).(*waiter).place)
}

// giveUp takes a waiter out. A place that it was given meanwhile goes on.
func (q *Queue) giveUp(w *waiter) {
	q.mu.Lock()
	waits := w.index >= 0
	if waits {
		heap.Remove(&q.waiting, w.index)
	}
	q.mu.Unlock()
	if !waits {
		q.leave()
	}
}

// waiters is a heap, the next one first.
type waiters []*waiter

func (w waiters) Len() int { return len(w) }

func (w waiters) Less(i, j int) bool {
	if w[i].rank != w[j].rank {
		return w[i].rank < w[j].rank
	}
	return w[i].arrival < w[j].arrival
}

func (w waiters) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].index, w[j].index = i, j
}

// Push implements heap.Interface.
func (w *waiters) Push(x any) {
	one := x.(*waiter)
	one.index = len(*w)
	*w = append(*w, one)
}

// Pop implements heap.Interface.
func (w *waiters) Pop() any {
	old := *w
	one := old[len(old)-1]
	old[len(old)-1] = nil
	*w = old[:len(old)-1]
	one.index = -1
	return one
}
