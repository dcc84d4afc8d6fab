// Package report is what a measurement found, as a value: a [Report] of
// subjects with their metrics, of comparisons between them, and of the machine.
// It is written as text for a terminal ([Report.Text]), as Markdown, as one
// self-contained HTML page, and as JSON that [Read] reads back.
package report

import (
	"slices"
	"time"

	"github.com/tame-py/tame/internal/bench/machine"
	"github.com/tame-py/tame/internal/bench/stats"
)

// Schema names the form of the JSON.
const Schema = "tame-bench/1"

// A Report is what one measurement found.
type Report struct {
	Schema  string  `json:"schema"`
	Kind    string  `json:"kind"` // what made it: "cmd", "http", "ab", "capacity"
	Title   string  `json:"title,omitempty"`
	Seconds float64 `json:"seconds"` // how long it took
	// Interrupted: it was stopped, and the report is of what was measured so far.
	Interrupted bool `json:"interrupted,omitempty"`
	// Invalid says why the figures must not be used, such as a load generator
	// that was late; empty where they may.
	Invalid     []string     `json:"invalid,omitempty"`
	Subjects    []Subject    `json:"subjects"`
	Comparisons []Comparison `json:"comparisons,omitempty"`
	Noise       *stats.Noise `json:"noise,omitempty"`
	Sections    []Section    `json:"sections,omitempty"`
	Notes       []string     `json:"notes,omitempty"` // warnings: what to know before believing the figures
	// Parts are several measurements of one call, each with a title; a report that
	// has them has no subjects of its own.
	Parts       []Report            `json:"parts,omitempty"`
	Environment machine.Environment `json:"environment"`
}

// A Subject is one thing that was measured.
type Subject struct {
	Name       string      `json:"name"`
	Command    string      `json:"command,omitempty"` // the command line or URL, where that is not the name
	Parameters []Parameter `json:"parameters,omitempty"`
	// Metrics: the first one is what the subject is judged by.
	Metrics  []Metric  `json:"metrics"`
	Failures []Failure `json:"failures,omitempty"`
	// ExitCodes are those of each run of a command; -1 for one that a signal ended.
	ExitCodes []int     `json:"exit_codes,omitempty"`
	Sections  []Section `json:"sections,omitempty"`
}

// Metric is the metric of a name, or nil.
func (s *Subject) Metric(name string) *Metric {
	for i := range s.Metrics {
		if s.Metrics[i].Name == name {
			return &s.Metrics[i]
		}
	}
	return nil
}

// A Parameter is a value that was put into a command.
type Parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Failure counts one kind of what went wrong.
type Failure struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// A Unit is that of a metric's values.
type Unit string

// The units: times are always in seconds, sizes in bytes.
const (
	Seconds   Unit = "s"
	Bytes     Unit = "B"
	Count     Unit = "1"
	PerSecond Unit = "1/s"
)

// A Metric is one figure of a subject, measured many times.
type Metric struct {
	Name    string        `json:"name"` // "wall", "user", "latency", "lateness"
	Unit    Unit          `json:"unit"`
	Summary stats.Summary `json:"summary"`
	// Samples are all measurements in their order; nil where they were counted.
	Samples []float64 `json:"samples,omitempty"`
	// Bins are the counted measurements, ascending; nil where there are samples.
	Bins []Bin `json:"bins,omitempty"`
	// Series is the metric over time, where the samples' order does not tell it.
	Series []Point `json:"series,omitempty"`
	// Curve are more quantiles than those of the summary, for pictures; nil where
	// they can be had from the measurements.
	Curve []stats.Quantile `json:"curve,omitempty"`
	// AtMost: the values are no more than bounds, such as a peak of memory that is
	// hidden below that of the program which started the command.
	AtMost bool `json:"at_most,omitempty"`
	// Hidden metrics stand in JSON and HTML but not in the text.
	Hidden bool `json:"hidden,omitempty"`
}

// A Bin is a value that was measured Count times.
type Bin struct {
	Value float64 `json:"value"`
	Count int64   `json:"count"`
}

// A Point is a value at a time.
type Point struct {
	At    float64 `json:"at"` // seconds since the start
	Value float64 `json:"value"`
}

// A Comparison is between two subjects, by their first metric.
type Comparison struct {
	Subject   string `json:"subject"`
	Reference string `json:"reference"`
	Metric    string `json:"metric"`
	// Ratios are subject / reference of each block.
	Ratios []float64 `json:"ratios,omitempty"`
	stats.Comparison
}

// A Section is a small table of what has no distribution: rates, totals.
type Section struct {
	Title string `json:"title"`
	Rows  []Row  `json:"rows"`
}

// A Row is a name with its value as text.
type Row struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// New is an empty report of a kind, made on this machine.
func New(kind string, now time.Time, version string) *Report {
	e := machine.Describe(now)
	e.Versions = append(e.Versions, machine.Version{Name: "tame", Version: version})
	return &Report{Schema: Schema, Kind: kind, Environment: e, Notes: e.Warnings()}
}

// Sampled is a metric of single measurements.
func Sampled(name string, unit Unit, samples []float64) Metric {
	return Metric{Name: name, Unit: unit, Samples: samples, Summary: stats.Summarize(samples)}
}

// Counted is a metric of counted measurements, ascending by value.
func Counted(name string, unit Unit, bins []Bin) Metric {
	counted := make([]stats.Bin, len(bins))
	for i, b := range bins {
		counted[i] = stats.Bin(b)
	}
	return Metric{Name: name, Unit: unit, Bins: bins, Summary: stats.SummarizeBins(counted)}
}

// Parted is a metric that was counted in parts, which may differ from each
// other by more than chance.
func Parted(name string, unit Unit, parts [][]stats.Bin) Metric {
	m := Metric{Name: name, Unit: unit, Summary: stats.SummarizeParts(parts), Curve: stats.SummarizeParts(parts, CurveShares()...).Quantiles}
	for _, b := range stats.Merge(parts...) {
		m.Bins = append(m.Bins, Bin(b))
	}
	return m
}

// Join makes a report of a single part that part itself.
func (r *Report) Join() {
	if len(r.Parts) != 1 {
		return
	}
	only := r.Parts[0]
	r.Parts, r.Title = nil, only.Title
	r.Subjects, r.Comparisons, r.Noise, r.Sections = only.Subjects, only.Comparisons, only.Noise, only.Sections
	r.Invalid, r.Notes = append(r.Invalid, only.Invalid...), append(r.Notes, only.Notes...)
}

// Valid reports whether the figures of all parts may be used.
func (r *Report) Valid() bool {
	valid := len(r.Invalid) == 0
	for i := range r.Parts {
		valid = valid && r.Parts[i].Valid()
	}
	return valid
}

// All are the subjects of all parts.
func (r *Report) All() []Subject {
	out := slices.Clone(r.Subjects)
	for i := range r.Parts {
		out = append(out, r.Parts[i].All()...)
	}
	return out
}
