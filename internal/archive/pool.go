package archive

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A Pool bounds how many files are unpacked at once beside the goroutines
// that read archives, over all archives that share it. It is safe for
// concurrent use.
type Pool struct {
	work    chan func() // to those who wait for some
	workers atomic.Int32
	limit   int32
	pairs   pairing
}

// NewPool returns a pool for n files at once; if n is not positive, as many
// as there are processors.
func NewPool(n int) *Pool {
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	p := &Pool{work: make(chan func()), limit: int32(n)}
	runtime.AddCleanup(p, func(work chan func()) { close(work) }, p.work)
	return p
}

// run calls f in a goroutine of the pool if one has time, which wg counts, or
// else here: who has too much to do helps, so that the pool never holds more
// than it works on.
func (p *Pool) run(wg *sync.WaitGroup, f func()) {
	if p == nil {
		f()
		return
	}
	wg.Add(1)
	task := func() {
		defer wg.Done()
		f()
	}
	select {
	case p.work <- task:
		runtime.KeepAlive(p) // work is open until then
		return
	default:
	}
	if p.workers.Load() < p.limit && p.workers.Add(1) <= p.limit {
		go work(task, p.work)
		return
	}
	task()
}

// work does a first task and those that follow, until the pool is gone. One
// goroutine for many has a stack that is large enough after the first.
func work(task func(), more <-chan func()) {
	task()
	for task := range more {
		task()
	}
}

// Buffers are kept by size, because most files are small and a few are large.
// A large one has room for a piece of a stream with its window.
const (
	smallBuffer = 64 << 10
	halfBuffer  = 256 << 10
	largeBuffer = pieceSize + window
	hugeBuffer  = 4 << 20
)

var smallBuffers, halfBuffers, largeBuffers, hugeBuffers sync.Pool

func poolFor(n int) (*sync.Pool, int) {
	switch {
	case n <= smallBuffer:
		return &smallBuffers, smallBuffer
	case n <= halfBuffer:
		return &halfBuffers, halfBuffer
	case n <= largeBuffer:
		return &largeBuffers, largeBuffer
	default:
		return &hugeBuffers, hugeBuffer
	}
}

// getBuffer returns a buffer of n bytes with any content. n is at most
// hugeBuffer.
func getBuffer(n int) []byte {
	pool, size := poolFor(n)
	if b, ok := pool.Get().(*[]byte); ok {
		return (*b)[:n]
	}
	return make([]byte, n, size)
}

func putBuffer(b []byte) {
	if cap(b) == 0 {
		return
	}
	b = b[:cap(b)]
	pool, _ := poolFor(len(b))
	pool.Put(&b)
}
