package ab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/load"
	"github.com/tame-py/tame/internal/bench/server"
	"github.com/tame-py/tame/internal/bench/stats"
)

// A Drive is what servers are measured with.
type Drive struct {
	// Plan is the load of one window; its URL is set to each server's with Path.
	Plan   load.Plan
	Path   string
	Warmup time.Duration // of the same load after each start, which does not count
	// Keep starts each server once and measures windows of all in turn. Else each
	// window has a server of its own: what differs between two starts of the same
	// program (the layout of its memory, the seed of its hashes) is then part of
	// the noise, and not of the difference that is found.
	Keep        bool
	MaxFailures float64 // the share of requests that may fail in a window
	Aspects     []Aspect
}

// A Window is one measurement of one server.
type Window struct {
	At      time.Duration // since the beginning of the whole
	Latency []stats.Bin
	Late    string // why the generator's figures do not hold; empty if they do
	values  [numAspects]float64
}

// A ServerResult is a server with its windows in their order. The i-th of all
// servers belong together.
type ServerResult struct {
	Spec    server.Spec
	Windows []Window
}

// measured is a subject, or the twin of the first one.
type measured struct {
	ServerResult
	running *server.Server // while servers are kept
	shared  *measured      // whose server is driven
}

// A field is servers being compared.
type field struct {
	ctx      context.Context //nolint:containedctx // it lives for one call
	drive    *Drive
	options  Options
	subjects []*measured
	random   *rand.Rand
	begun    time.Time
}

// RunServers measures servers against the first of them in randomised blocks
// of a window each, until the verdicts are clear or the time is up. It returns
// what was measured also with an error.
func RunServers(ctx context.Context, specs []server.Spec, d Drive, o Options) (*ServerReport, error) {
	f := &field{ctx: ctx, drive: &d, options: o, random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), begun: time.Now()} //nolint:gosec // no secret
	for _, s := range specs {
		if err := s.Check(ctx); err != nil {
			return &ServerReport{}, err
		}
		f.subjects = append(f.subjects, &measured{ServerResult: ServerResult{Spec: s}})
	}
	if !o.NoTwin {
		twin := &measured{ServerResult: ServerResult{Spec: specs[0]}}
		if d.Keep && !specs[0].Moves() {
			twin.shared = f.subjects[0] // two servers cannot have one port
		}
		f.subjects = append(f.subjects, twin)
	}
	w := newWatch(o, (len(specs)-1)*len(d.Aspects))
	err := f.measure(w)
	return f.report(w, len(specs)), err
}

func (f *field) measure(w *watch) (err error) {
	if f.drive.Keep {
		defer func() { err = errors.Join(err, f.stop()) }()
		if err := f.start(); err != nil {
			return err
		}
	}
	for range f.options.Warmup {
		if err := f.block(0, false); err != nil {
			return err
		}
	}
	begun := time.Now()
	for n := 1; ; n++ {
		f.tell(time.Since(begun), n-1)
		if err := f.block(n-1, true); err != nil {
			return err
		}
		if w.enough(time.Since(begun), n, func() [][]float64 { return f.rows(len(f.subjects) - f.twins()) }) {
			return nil
		}
	}
}

// twins is how many of the subjects are there for the A/A pass.
func (f *field) twins() int {
	if f.options.NoTwin {
		return 0
	}
	return 1
}

// twin reports whether a subject is there for the A/A pass.
func (f *field) twin(m *measured) bool {
	return f.twins() > 0 && m == f.subjects[len(f.subjects)-1]
}

func (f *field) start() error {
	for _, m := range f.subjects {
		if m.shared != nil {
			continue
		}
		s, err := server.Start(f.ctx, m.Spec)
		if err != nil {
			return err
		}
		m.running = s
		if err := f.warm(s); err != nil {
			return err
		}
	}
	return nil
}

func (f *field) stop() error {
	var err error
	for _, m := range f.subjects {
		if m.running != nil {
			err = errors.Join(err, m.running.Stop())
		}
	}
	return err
}

// block measures one window of each server, in random order, of the twin where
// it takes part in the nth block.
func (f *field) block(n int, counts bool) error {
	windows := make(map[*measured]Window, len(f.subjects))
	for _, i := range f.random.Perm(len(f.subjects)) {
		m := f.subjects[i]
		if f.twin(m) && !stats.Twinned(n) {
			continue
		}
		w, err := f.window(m)
		if err != nil {
			return err
		}
		windows[m] = w
	}
	for m, w := range windows {
		if counts {
			m.Windows = append(m.Windows, w)
		}
	}
	return nil
}

// window measures one, with a server of its own where none is kept.
func (f *field) window(m *measured) (_ Window, err error) {
	if m.shared != nil {
		m = m.shared
	}
	s := m.running
	if s == nil {
		if s, err = server.Start(f.ctx, m.Spec); err != nil {
			return Window{}, err
		}
		defer func() { err = errors.Join(err, s.Stop()) }()
		if err := f.warm(s); err != nil {
			return Window{}, err
		}
	} else {
		s.ResetPeak()
	}
	before, _ := s.Usage()
	at := time.Since(f.begun)
	r, err := f.load(s, f.drive.Plan)
	if err != nil {
		return Window{}, err
	}
	after, known := s.Usage()
	w := Window{At: at, Latency: r.Latency.Bins(), Late: r.Invalid}
	w.fill(r, s.Startup, after.CPU-before.CPU, after.Peak, known)
	return w, nil
}

// warm drives a server for a while without looking at how it does.
func (f *field) warm(s *server.Server) error {
	if f.drive.Warmup <= 0 {
		return nil
	}
	p := f.drive.Plan
	first := load.Stage{From: 1, To: 1}
	if len(p.Stages) > 0 {
		first = p.Stages[0]
	}
	first.For, first.To = f.drive.Warmup, first.From
	p.Trace, p.Stages = nil, []load.Stage{first}
	_, err := f.load(s, p)
	return err
}

// load drives a server and refuses a result that would compare failures.
func (f *field) load(s *server.Server, p load.Plan) (*load.Result, error) {
	u, err := url.Parse(strings.TrimSuffix(s.URL.String(), "/") + "/" + strings.TrimPrefix(f.drive.Path, "/"))
	if err != nil {
		return nil, fmt.Errorf("the path %q makes no URL: %w", f.drive.Path, err)
	}
	p.URL, p.Warmup, p.Stages = u, 0, slices.Clone(p.Stages)
	r, err := load.Run(f.ctx, p)
	const when = "while it was measured"
	gone := s.Check(when)
	if gone == nil && err == nil && r.Failures[load.FailConnect]+r.Failures[load.FailReset]+r.Failures[load.FailClosed] > 0 {
		gone = s.CheckBroken(f.ctx, when)
	}
	switch {
	case f.ctx.Err() != nil:
		return nil, context.Cause(f.ctx)
	case gone != nil:
		return nil, gone
	case err != nil:
		return nil, err
	}
	if r.FailureShare() <= f.drive.MaxFailures {
		return r, nil
	}
	return nil, s.Failed(failureText(r, u))
}

// failureText is what most of the failures were.
func failureText(r *load.Result, u *url.URL) string {
	kind := r.Kinds()[0]
	what := string(kind)
	switch kind {
	case load.FailStatus:
		var statuses []string
		for status, n := range r.Statuses {
			if status < 200 || status >= 400 {
				statuses = append(statuses, fmt.Sprintf("%d (%d times)", status, n))
			}
		}
		slices.Sort(statuses)
		what = "answers with the status " + strings.Join(statuses, ", ")
	case load.FailBody:
		what = "answers with another body than expected"
	case load.FailReset, load.FailClosed:
		what = "connections broken off"
	case load.FailTimeout:
		what = "no answer in time"
	case load.FailConnect:
		what = "no connection"
	case load.FailMalformed:
		what = "answers that are not HTTP"
	}
	if sample := r.Samples[kind]; sample != "" {
		what += ", such as " + sample
	}
	return fmt.Sprintf("failed %d of %d requests for %s: %s", r.Failed, r.Due, u.RequestURI(), what)
}

func (f *field) tell(passed time.Duration, blocks int) {
	if f.options.Progress == nil {
		return
	}
	p := command.Progress{Phase: "measuring", Done: blocks, Elapsed: passed, Remaining: max(0, f.options.Budget-passed)}
	for _, m := range f.subjects[:len(f.subjects)-f.twins()] {
		if len(m.Windows) > 0 {
			p.Estimates = append(p.Estimates, command.Estimate{Name: m.Spec.Name, Seconds: stats.Summarize(m.values(f.drive.Aspects[0]), 0.5).Median})
		}
	}
	f.options.Progress(p)
}
