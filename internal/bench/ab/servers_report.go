package ab

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/stats"
)

// A ServerReport is what was measured of servers.
type ServerReport struct {
	Subjects    []report.Subject
	Comparisons []report.Comparison
	Noise       *report.Section // of the A/A pass
	Invalid     []string
	Notes       []string
}

// lateShare is the share of windows in which the generator may have been late.
const lateShare = 0.1

func (f *field) report(w *watch, subjects int) *ServerReport {
	out := &ServerReport{}
	blocks := len(f.subjects[0].Windows)
	if blocks == 0 {
		return out
	}
	var late int
	var why string
	for _, m := range f.subjects[:subjects] {
		out.Subjects = append(out.Subjects, m.subject(f.drive))
		for _, window := range m.Windows {
			if window.Late != "" {
				late, why = late+1, window.Late
			}
		}
	}
	if late > 0 {
		text := fmt.Sprintf("in %d of %d windows %s", late, blocks*subjects, why)
		if float64(late) > lateShare*float64(blocks*subjects) {
			out.Invalid = append(out.Invalid, text)
		} else {
			out.Notes = append(out.Notes, text)
		}
	}
	if f.drive.Plan.Closed {
		out.Notes = append(out.Notes, "closed model: while a server is slow less is sent, so that the latencies are not those of users who arrive by themselves")
	}
	if f.drive.Keep {
		out.Notes = append(out.Notes, "each server was started once: what differs from start to start of the same program is not told apart from a difference between the servers")
	}
	if subjects > 1 {
		out.Comparisons = f.comparisons(w, subjects, time.Since(f.begun).Seconds()/float64(blocks))
	}
	if f.twins() > 0 {
		out.Noise = f.noise(blocks)
	}
	return out
}

// subject is a server as reports show it: the latencies of all its windows
// first, then what it is compared by.
func (m *measured) subject(d *Drive) report.Subject {
	s := report.Subject{Name: m.Spec.Name, Command: strings.Join(m.Spec.Words, " ")}
	parts := make([][]stats.Bin, len(m.Windows))
	for i := range m.Windows {
		parts[i] = m.Windows[i].Latency
	}
	latency := report.Parted("latency", report.Seconds, parts)
	p99 := m.values(P99)
	for i := range m.Windows {
		latency.Series = append(latency.Series, report.Point{At: m.Windows[i].At.Seconds(), Value: p99[i]})
	}
	s.Metrics = []report.Metric{latency}
	for a := range numAspects {
		if a == Startup && d.Keep {
			continue // there was but one
		}
		if values := m.values(a); !math.IsNaN(values[0]) {
			name, unit := a.metric()
			s.Metrics = append(s.Metrics, report.Sampled(name, unit, values))
		}
	}
	return s
}

func (f *field) comparisons(w *watch, subjects int, pace float64) []report.Comparison {
	found := w.last(f.rows(subjects))
	random := rand.New(rand.NewPCG(1, uint64(len(found)))) //nolint:gosec // the same report for the same samples
	var out []report.Comparison
	for _, m := range f.subjects[1:subjects] {
		for _, a := range f.drive.Aspects {
			name, _ := a.metric()
			c := report.Comparison{Subject: m.Spec.Name, Reference: f.subjects[0].Spec.Name, Metric: name, Comparison: found[len(out)]}
			logs := f.row(m, a)
			c.Bootstrap = stats.BootstrapRatio(logs, resamples, random)
			if c.BlocksNeeded > 0 {
				c.Seconds = float64(c.BlocksNeeded-c.Blocks) * pace
			}
			for _, d := range logs {
				c.Ratios = append(c.Ratios, math.Exp(d))
			}
			if a == Throughput {
				c.Invert()
			}
			out = append(out, c)
		}
	}
	return out
}

// noise is what the first server differs from itself.
func (f *field) noise(blocks int) *report.Section {
	twin := f.subjects[len(f.subjects)-1]
	out := &report.Section{Title: "A/A: what equals differ by"}
	for _, a := range f.drive.Aspects {
		name, _ := a.metric()
		n := stats.NoiseOf(f.row(twin, a), blocks)
		out.Rows = append(out.Rows, report.Row{Name: name, Value: report.NoiseBrief(&n)})
	}
	return out
}
