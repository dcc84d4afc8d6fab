package load

import (
	"errors"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Failure is a kind of request that got no good answer.
type Failure string

// The kinds of failures.
const (
	FailConnect   Failure = "connect"   // no connection could be opened
	FailReset     Failure = "reset"     // the connection broke
	FailClosed    Failure = "closed"    // it was closed before the answer was complete
	FailTimeout   Failure = "timeout"   // no answer in time, counted from when it was due
	FailMalformed Failure = "malformed" // what came is not HTTP
	FailStatus    Failure = "status"    // a status that is not expected
	FailBody      Failure = "body"      // a body that is not expected
)

// errTimeout is why a request that took too long was given up.
var errTimeout = errors.New("no answer in time")

// Histograms hold nanoseconds from 1 µs on with three digits, those of the time
// series with two.
const (
	leastTime    = int64(100)
	mostTime     = int64(time.Hour)
	digitsWhole  = 3
	digitsSeries = 2
)

func newHistogram(digits int) *hdrhistogram.Histogram {
	return hdrhistogram.New(leastTime, mostTime, digits)
}

// add records a time, bounded by what a histogram can hold.
func add(h *hdrhistogram.Histogram, ns int64) {
	_ = h.RecordValue(max(0, min(ns, mostTime))) // the bounds rule an error out
}

// A recorder counts what became of the requests of one thread. One that several
// goroutines share is locked by them.
type recorder struct {
	sync.Mutex
	latency, service, lateness *hdrhistogram.Histogram

	warm     int64 // requests due before are not counted
	every    int64
	series   []*slot
	statuses [1000]int64
	failures map[Failure]int64
	samples  map[Failure]string // one message of each kind

	due, sent, answered, unfinished int64
	in, out                         int64
	opened, open, peak, waited      int64
	lastSent                        int64
	spun                            int64 // ns that were waited without sleeping

	over bool // nothing more is to be recorded
}

// A slot is one interval of the time series.
type slot struct {
	due, answered, failed int64
	latency               *hdrhistogram.Histogram
}

func newRecorder(p *Plan) *recorder {
	return &recorder{
		latency: newHistogram(digitsWhole), service: newHistogram(digitsWhole), lateness: newHistogram(digitsWhole),
		warm: int64(p.Warmup), every: int64(p.Interval),
		failures: map[Failure]int64{}, samples: map[Failure]string{},
	}
}

// counts reports whether a request is past the warm-up.
func (r *recorder) counts(j job) bool { return j.at >= r.warm }

func (r *recorder) slot(j job) *slot {
	i := int((j.at - r.warm) / r.every)
	for len(r.series) <= i {
		r.series = append(r.series, nil)
	}
	if r.series[i] == nil {
		r.series[i] = &slot{latency: newHistogram(digitsSeries)}
	}
	return r.series[i]
}

// taken records that the generator got round to a request.
func (r *recorder) taken(j job, now int64) {
	if r.counts(j) {
		r.due++
		r.slot(j).due++
		add(r.lateness, now-j.at)
	}
}

// wrote records that a request was sent.
func (r *recorder) wrote(j job, now int64, bytes int) {
	if r.counts(j) {
		r.sent++
		r.out += int64(bytes)
		r.lastSent = max(r.lastSent, now)
	}
}

// answer records a complete answer and judges it.
func (r *recorder) answer(j job, sent, now int64, e *Expect, status int, body []byte) {
	if !r.counts(j) {
		return
	}
	r.answered++
	r.statuses[min(status, len(r.statuses)-1)]++
	add(r.latency, now-j.at)
	add(r.service, now-sent)
	s := r.slot(j)
	s.answered++
	add(s.latency, now-j.at)
	switch {
	case !e.ok(status):
		r.failed(s, FailStatus, nil)
	case e.Body != nil && !e.Body.Match(body):
		r.failed(s, FailBody, nil)
	}
}

// fail records a request without an answer. One that timed out has waited at
// least that long, which counts among the latencies: else a server would look
// the better the more it leaves unanswered.
func (r *recorder) fail(j job, now int64, kind Failure, err error) {
	if !r.counts(j) {
		return
	}
	s := r.slot(j)
	if kind == FailTimeout {
		add(r.latency, now-j.at)
		add(s.latency, now-j.at)
	}
	r.failed(s, kind, err)
}

func (r *recorder) failed(s *slot, kind Failure, err error) {
	s.failed++
	r.failures[kind]++
	if _, told := r.samples[kind]; !told && err != nil {
		r.samples[kind] = err.Error()
	}
}

// left records a request that was still under way when the run was ended.
func (r *recorder) left(j job) {
	if r.counts(j) {
		r.unfinished++
	}
}

func (r *recorder) opens() {
	r.opened++
	r.open++
	r.peak = max(r.peak, r.open)
}

// end says that nothing more is to be recorded: what is read of it from now on is
// read without a lock.
func (r *recorder) end() {
	r.Lock()
	defer r.Unlock()
	r.over = true
}

// merge adds what another thread counted.
func (r *recorder) merge(o *recorder) {
	r.latency.Merge(o.latency)
	r.service.Merge(o.service)
	r.lateness.Merge(o.lateness)
	for i, s := range o.series {
		if s == nil {
			continue
		}
		to := r.slot(job{at: r.warm + int64(i)*r.every})
		to.due += s.due
		to.answered += s.answered
		to.failed += s.failed
		to.latency.Merge(s.latency)
	}
	for i, n := range o.statuses {
		r.statuses[i] += n
	}
	for kind, n := range o.failures {
		r.failures[kind] += n
		if text := o.samples[kind]; text != "" {
			r.samples[kind] = text
		}
	}
	r.due, r.sent, r.answered, r.unfinished = r.due+o.due, r.sent+o.sent, r.answered+o.answered, r.unfinished+o.unfinished
	r.in, r.out = r.in+o.in, r.out+o.out
	r.opened, r.peak, r.waited = r.opened+o.opened, r.peak+o.peak, r.waited+o.waited
	r.lastSent = max(r.lastSent, o.lastSent)
	r.spun += o.spun
}
