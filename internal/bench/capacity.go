package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tame-py/tame/internal/bench/load"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/ui"
)

// capacityFlags are those of `bench capacity`.
type capacityFlags struct {
	target
	latency, quantile, failures, step, from, to, precision string
}

func capacityCommand() Command {
	return Command{
		Path: "bench capacity", Args: "URL", Short: "Find the highest rate that a server bears",
		Long: "Rates are tried, doubling first and then between the highest that was borne and the lowest that was not, until both are close. " +
			"A rate is borne if the latency stays below a limit, few enough requests fail, and the generator itself keeps up; where it does not, that is said, and the answer is a lower bound.",
		Prepare: func(f *cmdline.Flags) Work {
			var o capacityFlags
			f.Under("Goal")
			f.Text(&o.latency, "max-latency", "DURATION", "The latency that the server may have [default: 100ms]")
			f.Text(&o.quantile, "percentile", "PERCENT", "At which percentile it may have it [default: 99]")
			f.Text(&o.failures, "max-failures", "PERCENT", "How many requests may fail [default: 0.1]")
			f.Under("Search")
			f.Text(&o.step, "step", "DURATION", "Try each rate for this long, and the answer for twice as long [default: 5s]")
			f.Text(&o.from, "from", "RATE", "Begin with this rate [default: 50]")
			f.Text(&o.to, "to", "RATE", "Try no rate above this one [default: 100k]")
			f.Text(&o.precision, "precision", "PERCENT", "Stop when the answer is known this well [default: 5]")
			o.register(f)
			return func(ctx context.Context, h *Host, args []string) error { return o.run(ctx, h, args) }
		},
	}
}

// goal reads what the server must keep to.
func (o *capacityFlags) goal() (*load.Goal, error) {
	g := &load.Goal{}
	for _, t := range []struct {
		text, preset, flag string
		to                 *time.Duration
	}{{o.latency, "100ms", "max-latency", &g.Latency}, {o.step, "5s", "step", &g.Step}} {
		d, err := load.ParseTime(either(t.text, t.preset))
		if err != nil || d == 0 {
			return nil, cmdline.UsageError(fmt.Sprintf("invalid value for `--%s`: %q is no duration above zero", t.flag, t.text))
		}
		*t.to = d
	}
	for _, n := range []struct {
		text, preset, flag string
		most, scale        float64
		to                 *float64
	}{
		{o.quantile, "99", "percentile", 99.999, 100, &g.Quantile},
		{o.failures, "0.1", "max-failures", 100, 100, &g.Failures},
		{o.precision, "5", "precision", 1000, 100, &g.Precision},
	} {
		value, err := strconv.ParseFloat(either(n.text, n.preset), 64)
		if err != nil || !(value >= 0 && value <= n.most) {
			return nil, cmdline.UsageError(fmt.Sprintf("invalid value for `--%s`: %q is no percentage up to %v", n.flag, n.text, n.most))
		}
		*n.to = value / n.scale
	}
	var err1, err2 error
	g.From, err1 = load.ParseRate(either(o.from, "50"))
	g.To, err2 = load.ParseRate(either(o.to, "100k"))
	if err1 != nil || err2 != nil || g.From <= 0 || g.To < g.From {
		return nil, cmdline.UsageError("the rates of `--from` and `--to` must be above zero and in this order")
	}
	g.Precision = max(g.Precision, 0.001)
	return g, nil
}

func either(text, preset string) string {
	if text == "" {
		return preset
	}
	return text
}

func (o *capacityFlags) run(ctx context.Context, h *Host, args []string) error {
	p, err := o.plan(args)
	if err != nil {
		return err
	}
	goal, err := o.goal()
	if err != nil {
		return err
	}
	goal.Report = func(t load.Try) {
		q := t.Result.Latency.Quantile(goal.Quantile)
		h.Print.Line("%10.1f/s  p%s %s, %.2f%% failed: %s", t.Rate, strconv.FormatFloat(goal.Quantile*100, 'f', -1, 64), quantileText(q), t.Result.FailureShare()*100, t.Verdict)
	}
	begun := time.Now()
	limit, err := load.Capacity(ctx, *p, *goal)
	if err != nil {
		return err
	}
	full := report.New("capacity", time.Now(), h.Version)
	full.Seconds, full.Interrupted = time.Since(begun).Seconds(), limit.Interrupted
	if limit.GeneratorLimit {
		full.Notes = append(full.Notes, "the generator did not keep up at the highest rate: the server may bear more")
	}
	full.Title = capacityText(goal, limit)
	full.Subjects = append(full.Subjects, capacitySubject(p, limit))
	h.Print.Data("%s\n", full.Title)
	for _, note := range full.Notes {
		h.Print.Warn("%s", note)
	}
	if err := (&runFlags{reports: o.reports}).finish(h, full); err != nil {
		return err
	}
	switch {
	case limit.Interrupted:
		return cmdline.ExitStatus(130)
	case limit.Borne == 0:
		return cmdline.ExitStatus(cmdline.Failed)
	}
	return nil
}

// capacitySubject has the latencies of the rate that is the answer.
func capacitySubject(p *load.Plan, limit *load.Limit) report.Subject {
	s := report.Subject{Name: p.URL.Redacted()}
	tries := report.Section{Title: "Rates"}
	for _, t := range limit.Tries {
		tries.Rows = append(tries.Rows, report.Row{Name: fmt.Sprintf("%.1f/s", t.Rate), Value: fmt.Sprintf("%s: p99 %s, %.2f%% failed", t.Verdict, quantileText(t.Result.Latency.Quantile(0.99)), 100*t.Result.FailureShare())})
		if t.Rate == limit.Borne && t.Verdict == load.Borne {
			s = loadSubject(t.Result)
		}
	}
	s.Sections = append(s.Sections, tries)
	return s
}

func capacityText(g *load.Goal, limit *load.Limit) string {
	goal := fmt.Sprintf("p%s ≤ %s and at most %s%% failures", strconv.FormatFloat(g.Quantile*100, 'f', -1, 64), timeText(g.Latency.Seconds()), strconv.FormatFloat(g.Failures*100, 'f', -1, 64))
	tried := ui.Count(len(limit.Tries), "rate") + " tried"
	switch {
	case limit.Borne == 0:
		return fmt.Sprintf("Capacity: none of the rates was borne with %s (%s)", goal, tried)
	case limit.Refused == 0:
		return fmt.Sprintf("Capacity: at least %.0f/s with %s (%s)", limit.Borne, goal, tried)
	}
	return fmt.Sprintf("Capacity: %.0f/s with %s; %.0f/s is too much (%s)", limit.Borne, goal, limit.Refused, tried)
}
