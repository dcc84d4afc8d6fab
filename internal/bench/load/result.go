package load

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Result is what a run measured. Counts and times leave the warm-up out.
type Result struct {
	URL      string
	Method   string
	Protocol string
	// Model is "open" or "closed": see the package's description.
	Model   string
	Arrival string // constant, poisson, trace or on-answer
	Threads int
	Seed    uint64
	Warmup  time.Duration
	Elapsed time.Duration // from the end of the warm-up to the last answer

	// Asked is the mean rate of the plan, Rate the one at which requests were
	// sent, Answers the one of good answers, all in requests a second.
	Asked   float64
	Rate    float64
	Answers float64

	Due        int64
	Sent       int64
	Answered   int64
	Unfinished int64 // when the run was interrupted
	Failed     int64
	Failures   map[Failure]int64
	// Samples has one message for each kind of failure.
	Samples  map[Failure]string
	Statuses map[int]int64
	BytesIn  int64
	BytesOut int64

	Connections Connections

	Latency  *Distribution
	Service  *Distribution
	Lateness *Distribution
	Interval time.Duration
	Series   []Moment

	// CPU is the processor time of this process, PerRequest its share for each
	// request sent. Both contain the warm-up.
	CPU        time.Duration
	PerRequest time.Duration
	// Spun is how long the event loops waited for requests to be due without
	// sleeping; part of CPU.
	Spun time.Duration
	// Engine is what drove the connections: "event loop", "goroutines" or "net/http".
	Engine string

	Interrupted bool
	// Invalid says why the result does not hold; empty when it does.
	Invalid string
}

// Connections counts them. Waited is the number of requests for which there was
// none below the cap when they were due: what they waited is the server's doing,
// and part of their latency.
type Connections struct {
	Cap    int
	Opened int64
	Peak   int64
	Waited int64
}

// A Moment is one interval of the time series: of the requests that were due in
// it.
type Moment struct {
	Start    time.Duration
	Due      int64
	Answered int64
	Failed   int64
	P50      time.Duration
	P99      time.Duration
	Max      time.Duration
}

// FailureShare is the share of the requests that got no good answer.
func (r *Result) FailureShare() float64 {
	return float64(r.Failed) / float64(max(1, r.Due-r.Unfinished))
}

// Kinds are the kinds of failures that occurred, the most frequent first.
func (r *Result) Kinds() []Failure {
	var kinds []Failure
	for kind := range r.Failures {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b Failure) int {
		if d := r.Failures[b] - r.Failures[a]; d != 0 {
			return int(max(-1, min(d, 1)))
		}
		return strings.Compare(string(a), string(b))
	})
	return kinds
}

// result makes the result of what the threads recorded.
func (r *run) result(rec *recorder, elapsed, cpu time.Duration, total int64) *Result {
	p := r.plan
	_, asked := p.rates()
	out := &Result{
		URL: p.URL.Redacted(), Method: p.Method, Protocol: p.protocol(), Model: "open", Arrival: "constant",
		Threads: p.Threads, Seed: p.Seed, Warmup: p.Warmup, Elapsed: max(0, elapsed-p.Warmup), Asked: asked,
		Due: rec.due, Sent: rec.sent, Answered: rec.answered, Unfinished: rec.unfinished,
		Failures: rec.failures, Samples: rec.samples, Statuses: map[int]int64{},
		BytesIn: rec.in, BytesOut: rec.out, Interval: p.Interval, CPU: cpu,
		Spun: time.Duration(rec.spun), Engine: p.engine(),
		Connections: Connections{p.Connections, rec.opened, rec.peak, rec.waited},
	}
	switch {
	case p.Closed:
		out.Model, out.Arrival, out.Asked = "closed", "on-answer", 0
	case p.Trace != nil:
		out.Arrival = "trace"
	case p.Poisson:
		out.Arrival = "poisson"
	}
	for status, n := range rec.statuses {
		if n > 0 {
			out.Statuses[status] = n
		}
	}
	for _, n := range rec.failures {
		out.Failed += n
	}
	if total > 0 {
		out.PerRequest = cpu / time.Duration(total)
	}
	out.rates(rec, p, r.stopped.Load())
	out.distributions(rec)
	out.judge(p)
	return out
}

// rates are over the time of the plan, or as much of it as there was.
func (r *Result) rates(rec *recorder, p *Plan, interrupted bool) {
	span := p.Duration() - p.Warmup
	if interrupted || span <= 0 {
		span = r.Elapsed
	}
	span = max(span, time.Duration(rec.lastSent)-p.Warmup, time.Nanosecond)
	r.Rate = float64(r.Sent) / span.Seconds()
	good := r.Answered - r.Failures[FailStatus] - r.Failures[FailBody]
	r.Answers = float64(good) / max(r.Elapsed.Seconds(), 1e-9)
}

func (r *Result) distributions(rec *recorder) {
	var parts []*hdrhistogram.Histogram
	for i, s := range rec.series {
		m := Moment{Start: time.Duration(int64(i) * rec.every)}
		if s != nil {
			parts = append(parts, s.latency)
			m.Due, m.Answered, m.Failed = s.due, s.answered, s.failed
			m.P50 = time.Duration(s.latency.ValueAtPercentile(50))
			m.P99 = time.Duration(s.latency.ValueAtPercentile(99))
			m.Max = time.Duration(s.latency.Max())
		}
		r.Series = append(r.Series, m)
	}
	r.Latency = &Distribution{rec.latency, parts}
	r.Service = &Distribution{histogram: rec.service}
	r.Lateness = &Distribution{histogram: rec.lateness}
}

// judge says whether the generator did what the plan asked of it.
func (r *Result) judge(p *Plan) {
	if p.Closed {
		return // nothing is due before it is sent
	}
	late := time.Duration(r.Lateness.histogram.ValueAtPercentile(99))
	switch {
	case r.Due == 0:
		r.Invalid = "no request was due before the end"
	case late > p.MaxLateness:
		r.Invalid = fmt.Sprintf("the generator itself was late: by %v at the 99th percentile, of which %v is borne", late.Round(time.Microsecond), p.MaxLateness)
	}
}

func (p *Plan) protocol() string {
	name := "HTTP/1.1"
	if p.HTTP2 {
		name = "HTTP/2"
	}
	if p.URL.Scheme == "https" {
		name += " over TLS"
	}
	return name
}
