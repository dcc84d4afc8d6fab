package report

import (
	"fmt"
	"strings"
	"time"
)

// Markdown is the report as tables.
func (r *Report) Markdown() string {
	var b strings.Builder
	title := r.Title
	if title == "" {
		title = "tame bench " + r.Kind
	}
	fmt.Fprintf(&b, "# %s\n\n", title)
	r.markdown(&b)
	for i := range r.Parts {
		fmt.Fprintf(&b, "# %s\n\n", r.Parts[i].Title)
		r.Parts[i].markdown(&b)
	}
	fmt.Fprintf(&b, "%s · %s\n", environmentText(&r.Environment), r.Environment.Time.Format(time.RFC3339))
	return b.String()
}

// markdown is what was measured, without the machine.
func (r *Report) markdown(b *strings.Builder) {
	for _, why := range r.Invalid {
		fmt.Fprintf(b, "**Invalid:** %s\n\n", why)
	}
	if r.Interrupted {
		b.WriteString("**Interrupted:** this is what was measured so far.\n\n")
	}
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		fmt.Fprintf(b, "* **%s** (p = %.2g, Holm's %.2g; bootstrap %s; %d blocks)\n", c.Words(), c.P, c.PHolm, ratioText(c.Bootstrap), c.Blocks)
	}
	if r.Noise != nil {
		fmt.Fprintf(b, "* %s\n", NoiseText(r.Noise))
	}
	if len(r.Comparisons) > 0 || r.Noise != nil {
		b.WriteString("\n")
	}
	for i := range r.Subjects {
		r.Subjects[i].markdown(b)
	}
	for _, s := range r.Sections {
		s.markdown(b)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(b, "> %s\n\n", n)
	}
}

func (s *Subject) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "## %s\n\n| | n | mean | σ |", cell(s.title()))
	var main []float64
	if len(s.Metrics) > 0 {
		for _, q := range s.Metrics[0].Summary.Quantiles {
			main = append(main, q.P)
			fmt.Fprintf(b, " %s |", quantileName(q.P))
		}
	}
	b.WriteString("\n|:--|--:|--:|--:|" + strings.Repeat("--:|", len(main)) + "\n")
	for i := range s.Metrics {
		m := &s.Metrics[i]
		if m.Summary.N == 0 || m.Hidden {
			continue
		}
		fmt.Fprintf(b, "| %s | %d | %s | %s |", cell(m.Name), m.Summary.N, Value(m.Summary.Mean, m.Unit), Value(m.Summary.StdDev, m.Unit))
		for _, p := range main {
			q, ok := m.Summary.Quantile(p)
			value, interval := quantileText(q, m.Unit, Value)
			if !ok {
				value, interval = "", ""
			}
			fmt.Fprintf(b, " %s (%s) |", value, interval)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, f := range s.Failures {
		fmt.Fprintf(b, "Failed %d times: %s\n\n", f.Count, f.What)
	}
	for _, section := range s.Sections {
		section.markdown(b)
	}
}

func (s *Section) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "### %s\n\n| | |\n|:--|--:|\n", cell(s.Title))
	for _, r := range s.Rows {
		fmt.Fprintf(b, "| %s | %s |\n", cell(r.Name), cell(r.Value))
	}
	b.WriteString("\n")
}

// cell keeps text from ending a cell or a line.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}
