package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"runtime"
	"time"
)

// A Plan is what to send, when, and how the answers are judged.
type Plan struct {
	URL     *url.URL // http or https; its path and query may be a template
	Method  string   // GET when empty
	Headers []Header // sent as they are; Host replaces the one of the URL
	Body    []byte
	// Template says that the URL, the values of headers and the body have
	// placeholders: see [Table].
	Template bool
	Data     *Table

	Stages  []Stage   // when to send; ignored where there is a trace
	Poisson bool      // arrivals are independent of each other, not evenly spaced
	Trace   []Arrival // in the order of their times

	// Closed selects the closed model: Connections senders, each of which sends
	// again when it was answered, for the time of the stages.
	Closed bool
	// Connections is the most that are open at once, in the closed model their
	// number. Zero means 1000, or 10 in the closed model.
	Connections int
	NoKeepAlive bool // a connection for each request
	HTTP2       bool // also without TLS, by prior knowledge
	TLS         *tls.Config

	Warmup      time.Duration // requests due before this are sent and not counted
	Timeout     time.Duration // from the moment a request is due; zero means 10 s
	Wait        time.Duration // how long the server may take to accept connections
	Interval    time.Duration // of the time series; zero means a second, or more in long runs
	MaxLateness time.Duration // the 99th percentile that is borne; zero means 1 ms
	Threads     int           // event loops; zero means as many as the rate needs
	Seed        uint64        // of the Poisson process and of random placeholders

	Expect Expect
	// AllowRemote permits addresses that are not of this machine.
	AllowRemote bool

	crewed bool // a goroutine for each connection, also where there is a loop
}

// A Header is one line of a request's head.
type Header struct{ Name, Value string }

// A Stage is a stretch of time with a rate, in requests a second, that goes
// evenly from one value to another: a step where both are equal, else a ramp.
type Stage struct {
	From, To float64
	For      time.Duration
}

// An Arrival is one request of a trace. What it leaves empty is the plan's.
type Arrival struct {
	At     time.Duration // from the start
	Method string
	Target string // path and query
	Body   []byte
}

// Expect says which answers are good.
type Expect struct {
	Statuses []int // any of 200 to 399 when empty
	Body     *regexp.Regexp
}

// ok reports whether a status is as expected.
func (e *Expect) ok(status int) bool {
	if len(e.Statuses) == 0 {
		return status >= 200 && status < 400
	}
	for _, s := range e.Statuses {
		if s == status {
			return true
		}
	}
	return false
}

// Limits and defaults of a plan.
const (
	defaultConnections = 1000
	defaultClosed      = 10
	defaultTimeout     = 10 * time.Second
	defaultLateness    = time.Millisecond
	mostIntervals      = 300   // of a time series, each of which has a histogram
	ratePerThread      = 30000 // requests a second that one event loop is trusted with
	mostRate           = 1e7
)

// Duration is how long the plan sends.
func (p *Plan) Duration() time.Duration {
	var sum time.Duration
	if len(p.Trace) > 0 {
		return p.Trace[len(p.Trace)-1].At
	}
	for _, s := range p.Stages {
		sum += s.For
	}
	return sum
}

// rates are the highest rate and the mean one.
func (p *Plan) rates() (peak, mean float64) {
	var mass float64
	for _, s := range p.Stages {
		peak = max(peak, s.From, s.To)
		mass += (s.From + s.To) / 2 * s.For.Seconds()
	}
	if d := p.Duration().Seconds(); len(p.Trace) > 0 && d > 0 {
		return float64(len(p.Trace)) / d, float64(len(p.Trace)) / d
	} else if d > 0 {
		return peak, mass / d
	}
	return peak, 0
}

// complete fills in defaults and refuses what makes no sense.
func (p *Plan) complete() error {
	setDefault(&p.Method, "GET")
	setDefault(&p.Timeout, defaultTimeout)
	setDefault(&p.MaxLateness, defaultLateness)
	if p.Closed {
		setDefault(&p.Connections, defaultClosed)
	}
	setDefault(&p.Connections, defaultConnections)
	setDefault(&p.Interval, max(time.Second, (p.Duration()/mostIntervals).Round(time.Second)))
	p.Interval = max(p.Interval, p.Duration()/(2*mostIntervals), time.Millisecond)
	if p.Threads == 0 {
		peak, _ := p.rates()
		p.Threads = int(math.Ceil(peak / ratePerThread))
	}
	p.Threads = max(1, min(p.Threads, runtime.GOMAXPROCS(0), p.Connections))
	return p.check()
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

func (p *Plan) check() error {
	switch {
	case p.URL == nil || p.URL.Hostname() == "":
		return errors.New("the URL names no host")
	case p.URL.Scheme != "http" && p.URL.Scheme != "https":
		return fmt.Errorf("only http and https can be driven, not %q", p.URL.Scheme)
	case !isToken(p.Method):
		return fmt.Errorf("%q is no method of HTTP", p.Method)
	case p.Connections < 1 || p.Timeout < 0 || p.Warmup < 0:
		return errors.New("connections and times must be above zero")
	case len(p.Trace) == 0 && p.Duration() <= 0:
		return errors.New("the plan sends nothing: it has neither stages nor a trace")
	case p.Warmup >= p.Duration() && len(p.Trace) == 0:
		return fmt.Errorf("the warm-up of %v leaves nothing of %v", p.Warmup, p.Duration())
	}
	for _, h := range p.Headers {
		if !isToken(h.Name) || !isFieldValue(h.Value) {
			return fmt.Errorf("%q is no valid header", h.Name)
		}
	}
	for _, s := range p.Stages {
		if !(s.From >= 0 && s.To >= 0 && s.From <= mostRate && s.To <= mostRate) || s.For < 0 {
			return fmt.Errorf("a stage from %v to %v requests a second for %v cannot be sent", s.From, s.To, s.For)
		}
	}
	return nil
}

// Run carries out a plan. An error means that nothing was measured: the plan
// makes no sense, the server cannot be reached, is on another machine, or the
// process may not open enough files. What goes wrong later is counted in the
// result. When the context ends, the result is of what was measured until then.
func Run(ctx context.Context, p Plan) (*Result, error) {
	if err := p.complete(); err != nil {
		return nil, err
	}
	maker, err := newMaker(&p)
	if err != nil {
		return nil, err
	}
	if err := checkDescriptors(p.Connections); err != nil {
		return nil, err
	}
	address, err := reach(ctx, &p)
	if err != nil {
		return nil, err
	}
	r := &run{plan: &p, maker: maker, address: address}
	return r.drive(ctx), nil
}

// The engines. All keep the same times, but at different costs.
const (
	engineLoop = "event loop" // of our own: plain HTTP/1.1 on Linux
	engineCrew = "goroutines" // one for each connection: TLS, and other systems
	engineHTTP = "net/http"   // HTTP/2
)

// engine is what drives the connections of a plan.
func (p *Plan) engine() string {
	switch {
	case p.HTTP2:
		return engineHTTP
	case haveLoop && !p.crewed && p.URL.Scheme == "http":
		return engineLoop
	}
	return engineCrew
}
