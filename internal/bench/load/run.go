package load

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A run is a plan being carried out.
type run struct {
	plan    *Plan
	maker   *maker
	address netip.AddrPort
	base    time.Time   // when it began
	stopped atomic.Bool // by the caller
	total   atomic.Int64
	// together is within what time requests are sent together, in ns.
	together int64
}

// now is the time since the beginning in nanoseconds, on the monotonic clock.
func (r *run) now() int64 { return int64(time.Since(r.base)) }

// until is when the last request of the closed model may be sent.
func (r *run) until() int64 { return int64(r.plan.Duration()) }

// drive sends everything and waits for the answers.
func (r *run) drive(ctx context.Context) *Result {
	defer context.AfterFunc(ctx, func() { r.stopped.Store(true) })()
	threads := 1
	if r.looped() {
		threads = r.plan.Threads
		r.together = together()
	}
	recorders := make([]*recorder, threads)
	for i := range recorders {
		recorders[i] = newRecorder(r.plan)
	}
	runtime.GC() // what came before shall not disturb
	before := cpuTime()
	r.base = time.Now()
	var group sync.WaitGroup
	for i, rec := range recorders {
		f := &feed{newSchedule(r.plan), int64(i), int64(threads)}
		share := r.plan.Connections / threads
		if i < r.plan.Connections%threads {
			share++
		}
		group.Go(func() {
			if r.looped() {
				r.loop(rec, f, share)
			} else {
				r.crew(ctx, rec, f, share)
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		r.stopped.Store(true) // they may have been told before the function above was
	}
	elapsed, cpu := time.Since(r.base), cpuTime()-before
	for _, other := range recorders[1:] {
		recorders[0].merge(other)
	}
	result := r.result(recorders[0], elapsed, cpu, r.total.Load())
	result.Interrupted = r.stopped.Load()
	return result
}

// looped reports whether event loops drive the connections.
func (r *run) looped() bool { return r.plan.engine() == engineLoop }
