package command

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/stats"
)

// hyperfineFile is what hyperfine exports as JSON; times are in seconds.
type hyperfineFile struct {
	Results []hyperfineResult `json:"results"`
}

type hyperfineResult struct {
	Command    string            `json:"command"`
	Mean       float64           `json:"mean"`
	StdDev     *float64          `json:"stddev"` // null for a single run
	Median     float64           `json:"median"`
	User       float64           `json:"user"`
	System     float64           `json:"system"`
	Min        float64           `json:"min"`
	Max        float64           `json:"max"`
	Times      []float64         `json:"times,omitempty"`
	Memory     []int64           `json:"memory_usage_byte,omitempty"`
	ExitCodes  []*int            `json:"exit_codes"` // null for a signal
	Parameters map[string]string `json:"parameters,omitempty"`
}

func hyperfineOf(s *report.Subject) hyperfineResult {
	wall := s.Metrics[0]
	sum := wall.Summary
	out := hyperfineResult{Command: s.Name, Mean: sum.Mean, Median: sum.Median, Min: sum.Min, Max: sum.Max, Times: wall.Samples, ExitCodes: []*int{}}
	if sum.N > 1 {
		out.StdDev = &sum.StdDev
	}
	if m := s.Metric("user"); m != nil {
		out.User = m.Summary.Mean
	}
	if m := s.Metric("system"); m != nil {
		out.System = m.Summary.Mean
	}
	if m := s.Metric("peak memory"); m != nil {
		for _, b := range m.Samples {
			out.Memory = append(out.Memory, int64(b))
		}
	}
	for _, code := range s.ExitCodes {
		if code < 0 {
			out.ExitCodes = append(out.ExitCodes, nil)
		} else {
			out.ExitCodes = append(out.ExitCodes, &code)
		}
	}
	for _, p := range s.Parameters {
		if out.Parameters == nil {
			out.Parameters = map[string]string{}
		}
		out.Parameters[p.Name] = p.Value
	}
	return out
}

// WriteJSON writes subjects as hyperfine's JSON.
func WriteJSON(w io.Writer, subjects []report.Subject) error {
	file := hyperfineFile{Results: []hyperfineResult{}}
	for i := range subjects {
		file.Results = append(file.Results, hyperfineOf(&subjects[i]))
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(file)
}

// ReadHyperfine reads hyperfine's JSON, of any version since exit codes are in
// it or before.
func ReadHyperfine(text []byte) ([]report.Subject, error) {
	var file hyperfineFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("this is no export of hyperfine: %w", err)
	}
	if file.Results == nil {
		return nil, errors.New("this is no export of hyperfine: it has no `results`")
	}
	var out []report.Subject
	for i, r := range file.Results {
		s, err := r.subject()
		if err != nil {
			return nil, fmt.Errorf("result %d of hyperfine's export: %w", i+1, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func (r *hyperfineResult) subject() (report.Subject, error) {
	s := report.Subject{Name: r.Command}
	if len(r.Times) == 0 {
		return s, errors.New("it has no `times`")
	}
	for _, t := range r.Times {
		if t < 0 {
			return s, fmt.Errorf("a time of %v seconds", t)
		}
	}
	s.Metrics = []report.Metric{report.Sampled("wall", report.Seconds, r.Times)}
	// Of these there are only means.
	for _, m := range []struct {
		name string
		mean float64
	}{{"user", r.User}, {"system", r.System}} {
		s.Metrics = append(s.Metrics, report.Metric{Name: m.name, Unit: report.Seconds, Summary: stats.Summarize([]float64{m.mean})})
	}
	if len(r.Memory) > 0 {
		var sizes []float64
		for _, b := range r.Memory {
			sizes = append(sizes, float64(b))
		}
		s.Metrics = append(s.Metrics, report.Sampled("peak memory", report.Bytes, sizes))
	}
	for _, code := range r.ExitCodes {
		if code == nil {
			s.ExitCodes = append(s.ExitCodes, -1)
		} else {
			s.ExitCodes = append(s.ExitCodes, *code)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
		s.Parameters = append(s.Parameters, report.Parameter{Name: name, Value: r.Parameters[name]})
	}
	return s, nil
}

// WriteCSV writes a line for each subject, as hyperfine does; times are in
// seconds.
func WriteCSV(w io.Writer, subjects []report.Subject) error {
	header := []string{"command", "mean", "stddev", "median", "user", "system", "min", "max"}
	var names []string
	if len(subjects) > 0 {
		for _, p := range subjects[0].Parameters {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		header = append(header, "parameter_"+n)
	}
	out := csv.NewWriter(w)
	_ = out.Write(header) // the writer keeps its first error
	for i := range subjects {
		r := hyperfineOf(&subjects[i])
		row := []string{r.Command}
		for _, v := range []float64{r.Mean, subjects[i].Metrics[0].Summary.StdDev, r.Median, r.User, r.System, r.Min, r.Max} {
			row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
		}
		for _, n := range names {
			row = append(row, r.Parameters[n])
		}
		_ = out.Write(row)
	}
	out.Flush()
	return out.Error()
}
