// Package par holds what parallel work shares: work done once per key
// ([Cache]), values that arrive later ([Future]), bounds on how much happens
// at once ([Limiter], [Queue], [ForEach]), locks that do not wait for each other
// ([Turns]) and the shape in which progress is told ([Progress], [Task]).
//
// A cache of futures is the usual pair: [Cache.Do] with a function that
// returns [Go] starts a piece of work once, whoever asks first, and everyone
// waits for the same result.
package par

import (
	"sync"
	"sync/atomic"
)

// A Cache runs a function at most once per key and keeps its result. The zero
// value is ready for use, by any number of goroutines. It must not be copied
// after first use.
type Cache[K comparable, V any] struct {
	entries sync.Map // K to *entry[V]
}

type entry[V any] struct {
	mu    sync.Mutex
	done  atomic.Bool
	value V
}

// Do returns the result of f for key, calling f unless it was called for that
// key before. A call for a key whose f is still running waits for it. If f
// panics, nothing is kept and the next caller tries again.
func (c *Cache[K, V]) Do(key K, f func() V) V {
	found, ok := c.entries.Load(key)
	if !ok {
		found, _ = c.entries.LoadOrStore(key, new(entry[V]))
	}
	e := found.(*entry[V])
	if !e.done.Load() {
		e.run(f)
	}
	return e.value
}

func (e *entry[V]) run(f func() V) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.done.Load() {
		e.value = f()
		e.done.Store(true)
	}
}

// Get returns the result kept for key, without waiting: ok is false when
// there is none yet.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	found, ok := c.entries.Load(key)
	if !ok {
		return value, false
	}
	e := found.(*entry[V])
	if !e.done.Load() {
		return value, false
	}
	return e.value, true
}

// Forget drops the result kept for key, so that the next Do calls its
// function again. Callers that wait for a running function still get its
// result.
func (c *Cache[K, V]) Forget(key K) {
	c.entries.Delete(key)
}
