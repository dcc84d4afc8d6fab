package command

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/tame-py/tame/internal/bench/report"
)

// A Plan says how often to run.
type Plan struct {
	Warmup int // runs of each command that do not count
	// Runs is how often each is run; if 0, it is decided by MinRuns, MaxRuns (0:
	// unlimited) and MinTime for each command, after the first block.
	Runs, MinRuns, MaxRuns int
	MinTime                time.Duration
	// InSequence runs all of one command before the next one, as hyperfine does.
	InSequence bool
	// Ignored reports whether an exit code other than 0 is to be measured too; nil
	// ignores none.
	Ignored func(code int) bool
	// Skips reports whether a command has no run in a block, counted from 0; nil
	// skips none.
	Skips func(command, block int) bool
	// Decide is asked after each block whether to stop; nil leaves it to the
	// numbers above.
	Decide func(elapsed time.Duration, results []Result) bool
	// Progress is told of what is under way.
	Progress func(Progress)
}

// Progress is how far a measurement is.
type Progress struct {
	Phase       string // "warmup", "measuring"
	Done, Total int    // runs, or blocks; a total of 0 is not known yet
	Elapsed     time.Duration
	Remaining   time.Duration // as it looks now; 0 is not known
	Estimates   []Estimate    // of what has been measured
}

// An Estimate is what a subject takes as far as is known.
type Estimate struct {
	Name    string
	Seconds float64
}

// A Result is a command with its runs in their order. In blocks the i-th runs
// of all commands belong together.
type Result struct {
	Command Command
	Runs    []Usage
}

// Times are the wall times in seconds.
func (r *Result) Times() []float64 {
	return r.values(func(u *Usage) float64 { return u.Wall.Seconds() })
}

func (r *Result) values(of func(*Usage) float64) []float64 {
	out := make([]float64, len(r.Runs))
	for i := range r.Runs {
		out[i] = of(&r.Runs[i])
	}
	return out
}

// Complete drops the runs of a block that was broken off.
func Complete(results []Result) []Result {
	least := math.MaxInt
	for _, r := range results {
		least = min(least, len(r.Runs))
	}
	out := slices.Clone(results)
	for i := range out {
		out[i].Runs = out[i].Runs[:least]
	}
	return out
}

// Measure runs commands, whose values are filled in, as the plan says. It
// returns what was measured also with an error, such as that of a context that
// has ended or a [FailedError].
func Measure(ctx context.Context, r *Runner, commands []Command, plan Plan) ([]Result, error) {
	m := &measurement{ctx: ctx, runner: r, plan: plan, results: make([]Result, len(commands)), sums: make([]time.Duration, len(commands)), start: time.Now()}
	if m.random = r.Random; m.random == nil {
		m.random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // no secret
	}
	for i, c := range commands {
		m.results[i].Command = c
	}
	var err error
	if plan.InSequence {
		for i := range commands {
			err = errors.Join(err, m.measure(i, i+1))
			if err != nil {
				break
			}
		}
	} else {
		err = m.measure(0, len(commands))
	}
	return m.results, err
}

type measurement struct {
	ctx     context.Context //nolint:containedctx // it lives for one call
	runner  *Runner
	plan    Plan
	random  *rand.Rand
	results []Result
	start   time.Time
	passed  time.Duration // that was only pretended
	done    int
	sums    []time.Duration // of the wall times of each
	told    time.Time       // when progress was
}

// since is the time since a moment, with what was pretended after it.
func (m *measurement) since(t time.Time, passed time.Duration) time.Duration {
	if m.runner.Pretend {
		return m.passed - passed
	}
	return time.Since(t)
}

// run runs a line in the surroundings of a command.
func (m *measurement) run(ctx context.Context, line string, c *Command, iteration string) (Usage, error) {
	u, err := m.runner.in(c).Run(ctx, line, c.Output, iteration)
	if m.runner.Pretend {
		m.passed += u.Wall + m.runner.Overhead()
	}
	return u, err
}

// measure runs the commands from one index to another in blocks, with their
// setups before and their cleanups after, also where something fails.
func (m *measurement) measure(from, to int) (err error) {
	group := m.results[from:to]
	keep := func(i int, u Usage) { m.keep(from+i, u) }
	for i := range group {
		if err := m.around(group[i].Command.Setup, &group[i].Command, "the setup command"); err != nil {
			return err
		}
	}
	defer func() {
		for i := range group {
			// What was set up is cleaned up although the user has had enough.
			if e := m.aroundIn(context.WithoutCancel(m.ctx), group[i].Command.Cleanup, &group[i].Command, "the cleanup command"); err == nil {
				err = e
			}
		}
	}()
	for n := range m.plan.Warmup {
		m.tell("warmup", n*len(group), m.plan.Warmup*len(group))
		if err := m.block(group, "warmup-"+strconv.Itoa(n), nil, func(int, Usage) {}); err != nil {
			return err
		}
	}
	begin, passed, total := time.Now(), m.passed, m.plan.Runs
	for n := 0; total == 0 || n < total; n++ {
		m.tell("measuring", m.done, total*len(m.results))
		if err := m.block(group, strconv.Itoa(n), m.skips(from, n), keep); err != nil {
			return err
		}
		if total == 0 {
			total = m.count(m.since(begin, passed), len(group))
		}
		if m.plan.Decide != nil && m.plan.Decide(time.Since(begin), m.results) {
			return nil
		}
	}
	return nil
}

// tellEvery is how often progress is told, at most: what is measured next must
// not wait for it.
const tellEvery = 100 * time.Millisecond

func (m *measurement) tell(phase string, done, total int) {
	if m.plan.Progress == nil || time.Since(m.told) < tellEvery {
		return
	}
	m.told = time.Now()
	p := Progress{Phase: phase, Done: done, Total: total, Elapsed: time.Since(m.start)}
	if total > 0 && done > 0 {
		p.Remaining = time.Duration(float64(p.Elapsed) / float64(done) * float64(total-done))
	}
	for i := range m.results {
		if n := len(m.results[i].Runs); n > 0 {
			p.Estimates = append(p.Estimates, Estimate{m.results[i].Command.Name, m.sums[i].Seconds() / float64(n)})
		}
	}
	m.plan.Progress(p)
}

// keep counts a run of the i-th command.
func (m *measurement) keep(i int, u Usage) {
	m.results[i].Runs = append(m.results[i].Runs, u)
	m.sums[i] += u.Wall
	m.done++
}

// count is how many blocks fit into the time that is to be measured at least.
func (m *measurement) count(block time.Duration, commands int) int {
	n := int(m.plan.MinTime * time.Duration(commands) / max(block, time.Microsecond))
	n = max(n, m.plan.MinRuns, 1)
	if m.plan.MaxRuns > 0 {
		n = min(n, m.plan.MaxRuns)
	}
	return n
}

// skips says which of the commands from one index on have no run in a block.
func (m *measurement) skips(from, block int) func(i int) bool {
	if m.plan.Skips == nil {
		return nil
	}
	return func(i int) bool { return m.plan.Skips(from+i, block) }
}

// block runs each command once, in random order. Where one fails the others
// have their turn: what is exported then does not depend on the order.
func (m *measurement) block(group []Result, iteration string, skips func(int) bool, keep func(int, Usage)) error {
	var failed error
	for _, i := range m.random.Perm(len(group)) {
		if skips != nil && skips(i) {
			continue
		}
		err := m.once(&group[i].Command, iteration, func(u Usage) { keep(i, u) })
		if wrong := (*FailedError)(nil); err != nil && !errors.As(err, &wrong) {
			return err
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}

func (m *measurement) once(c *Command, iteration string, keep func(Usage)) error {
	if err := m.around(c.Prepare, c, "the prepare command"); err != nil {
		return err
	}
	u, err := m.run(m.ctx, c.Line, c, iteration)
	if err != nil {
		return err
	}
	if u.ExitCode != 0 && (m.plan.Ignored == nil || !m.plan.Ignored(u.ExitCode)) {
		return &FailedError{Line: c.Line, What: "run " + iteration, Code: u.ExitCode, Signaled: u.Signaled}
	}
	keep(u)
	return m.around(c.Conclude, c, "the conclude command")
}

func (m *measurement) around(line string, c *Command, what string) error {
	return m.aroundIn(m.ctx, line, c, what)
}

func (m *measurement) aroundIn(ctx context.Context, line string, c *Command, what string) error {
	if line == "" {
		return nil
	}
	u, err := m.run(ctx, line, c, "")
	if err == nil && u.ExitCode != 0 {
		err = &FailedError{Line: line, What: what, Code: u.ExitCode, Signaled: u.Signaled}
	}
	return err
}

// Subject is the result as reports show it.
func (r *Result) Subject() report.Subject {
	s := report.Subject{Name: r.Command.Name}
	if r.Command.Line != s.Name {
		s.Command = r.Command.Line
	}
	for _, p := range r.Command.Parameters {
		s.Parameters = append(s.Parameters, report.Parameter(p))
	}
	failed := map[int]int{}
	for _, u := range r.Runs {
		s.ExitCodes = append(s.ExitCodes, u.ExitCode)
		if u.ExitCode != 0 {
			failed[u.ExitCode]++
		}
	}
	for code, n := range failed {
		s.Failures = append(s.Failures, report.Failure{What: "exit code " + strconv.Itoa(code), Count: n})
	}
	slices.SortFunc(s.Failures, func(a, b report.Failure) int { return b.Count - a.Count })
	s.Metrics = r.metrics()
	return s
}

func (r *Result) metrics() []report.Metric {
	metric := func(name string, unit report.Unit, of func(*Usage) float64) report.Metric {
		return report.Sampled(name, unit, r.values(of))
	}
	memory := metric("peak memory", report.Bytes, func(u *Usage) float64 { return float64(u.MaxRSS) })
	memory.AtMost = memory.Summary.N > 0 && memory.Summary.Median <= float64(OwnPeak())
	return []report.Metric{
		metric("wall", report.Seconds, func(u *Usage) float64 { return u.Wall.Seconds() }),
		metric("user", report.Seconds, func(u *Usage) float64 { return u.User.Seconds() }),
		metric("system", report.Seconds, func(u *Usage) float64 { return u.System.Seconds() }),
		memory,
		metric("minor faults", report.Count, func(u *Usage) float64 { return float64(u.MinorFaults) }),
		metric("major faults", report.Count, func(u *Usage) float64 { return float64(u.MajorFaults) }),
		metric("voluntary switches", report.Count, func(u *Usage) float64 { return float64(u.Voluntary) }),
		metric("involuntary switches", report.Count, func(u *Usage) float64 { return float64(u.Involuntary) }),
	}
}
