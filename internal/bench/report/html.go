package report

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/stats"
)

// HTML is the report as one page that needs nothing else: its pictures are
// inline SVG, and there is no script in it.
func (r *Report) HTML() string {
	p := &page{}
	title := r.Title
	if title == "" {
		title = "tame bench " + r.Kind
	}
	p.add("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s</title>\n<style>%s</style></head><body>\n<h1>%s</h1>\n", esc(title), pageStyle, esc(title))
	p.part(r)
	for i := range r.Parts {
		p.add("<section><h1 class=\"part\">%s</h1>\n", esc(r.Parts[i].Title))
		p.part(&r.Parts[i])
		p.add("</section>\n")
	}
	p.add("<p class=\"note\">%s", esc(environmentText(&r.Environment)))
	if !r.Environment.Time.IsZero() {
		p.add(" · %s", r.Environment.Time.Format(time.RFC3339))
	}
	p.add("</p>\n</body></html>\n")
	return p.String()
}

// part is what was measured, without the machine.
func (p *page) part(r *Report) {
	for _, why := range r.Invalid {
		p.add("<p class=\"bad\">Invalid: %s</p>\n", esc(why))
	}
	if r.Interrupted {
		p.add("<p class=\"bad\">Interrupted: this is what was measured so far.</p>\n")
	}
	r.verdicts(p)
	if len(r.Subjects) > 0 {
		legend := r.legend()
		p.add("<h2>Percentiles</h2>\n%s%s", legend, r.percentiles())
		p.add("<h2>Over time</h2>\n%s%s", legend, r.overTime())
		p.add("<h2>Densities</h2>\n%s%s", legend, r.densities())
	}
	for i := range r.Subjects {
		p.subject(&r.Subjects[i], color(i))
	}
	for _, s := range r.Sections {
		p.section(s)
	}
	for _, n := range r.Notes {
		p.add("<p class=\"note\">%s</p>\n", esc(n))
	}
}

// coded is a text with what stands between backquotes as code.
func coded(s string) string {
	var b strings.Builder
	for i, piece := range strings.Split(s, "`") {
		if i%2 == 1 {
			b.WriteString("<code>" + esc(piece) + "</code>")
		} else {
			b.WriteString(esc(piece))
		}
	}
	return b.String()
}

const pageStyle = `:root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1d21;background:#fff}
h1{font-size:1.5rem;margin-bottom:.2rem}h1.part{margin-top:3.5rem;padding-top:1rem;border-top:2px solid #dfe3e8}h2{font-size:1.15rem;margin:2rem 0 .5rem;overflow-wrap:anywhere}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.5rem 0 1rem;font-size:.9rem}
th,td{padding:.2rem .55rem;border-bottom:1px solid #dfe3e8;text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left}
table.facts td:last-child{text-align:left;white-space:normal}
svg{max-width:100%;height:auto;display:block}svg text{font:11px system-ui,sans-serif;fill:#555}.note{color:#5b6470;font-size:.87rem}.bad{color:#a40000;font-weight:600}
.verdict{margin:.7rem 0 .1rem;padding-left:.7rem;border-left:4px solid;font-weight:600}.verdict+.note{margin:.1rem 0 .9rem;padding-left:calc(.7rem + 4px)}
.key{display:inline-block;width:.8em;height:.8em;margin-right:.4em;border-radius:2px}.legend{font-size:.87rem;margin:.2rem 0}.legend>span{margin-right:1.2rem;white-space:nowrap}
code{font-size:.92em;padding:.05em .25em;border-radius:3px;background:#8882}.over{overflow-x:auto}
@media(prefers-color-scheme:dark){body{color:#e4e7eb;background:#15181c}th,td,h1.part{border-color:#343a41}svg text{fill:#a8b0ba}.note{color:#98a2ae}.bad{color:#ff7b72}}`

func esc(s string) string { return html.EscapeString(s) }

// colors tell subjects apart also for those who see few of them (Okabe and Ito).
func color(i int) string {
	return [...]string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"}[i%7]
}

type page struct{ strings.Builder }

func (p *page) add(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (r *Report) verdicts(p *page) {
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		p.add("<p class=\"verdict\" style=\"border-color:%s\">%s</p>\n<p class=\"note\">p = %.2g, Holm's %.2g; bootstrap %s; %d blocks</p>\n", shade(c.Verdict), coded(c.Words()), c.P, c.PHolm, esc(ratioText(c.Bootstrap)), c.Blocks)
	}
	if len(r.Comparisons) > 0 {
		p.add("%s", r.ratios())
	}
	if r.Noise != nil {
		p.add("<p class=\"note\">%s</p>\n", esc(NoiseText(r.Noise)))
	}
}

func (p *page) subject(s *Subject, key string) {
	p.add("<h2><span class=\"key\" style=\"background:%s\"></span>%s</h2>\n", key, esc(s.title()))
	if len(s.Metrics) == 0 {
		p.add("<p>Not measured.</p>\n")
		return
	}
	p.add("<div class=\"over\"><table><tr><th></th><th>n</th><th>mean</th><th>σ</th><th>min</th><th>max</th>")
	first := shown(s)
	for _, q := range first {
		p.add("<th>%s</th>", quantileName(q.P))
	}
	p.add("</tr>\n")
	for i := range s.Metrics {
		m := &s.Metrics[i]
		sum := &m.Summary
		if sum.N == 0 {
			continue
		}
		p.add("<tr><td>%s</td><td>%d</td>", esc(m.Name), sum.N)
		for _, v := range []float64{sum.Mean, sum.StdDev, sum.Min, sum.Max} {
			p.add("<td>%s</td>", Value(v, m.Unit))
		}
		for _, q := range first {
			q, ok := sum.Quantile(q.P)
			value, interval := quantileText(q, m.Unit, Value)
			if !ok || q.Withheld() {
				value = "–"
			}
			p.add("<td title=\"%s\">%s</td>", esc(interval), esc(value))
		}
		p.add("</tr>\n")
	}
	p.add("</table></div>\n<p class=\"note\">Quantiles show their intervals of 95%% when pointed at. – stands where there are too few measurements for one.</p>\n")
	for _, f := range s.Failures {
		p.add("<p class=\"bad\">Failed %d times: %s</p>\n", f.Count, esc(f.What))
	}
	for _, section := range s.Sections {
		p.section(section)
	}
}

// shown are the quantiles that any of the metrics has.
func shown(s *Subject) []stats.Quantile {
	return slices.DeleteFunc(slices.Clone(s.Metrics[0].Summary.Quantiles), func(q stats.Quantile) bool {
		return !slices.ContainsFunc(s.Metrics, func(m Metric) bool {
			has, ok := m.Summary.Quantile(q.P)
			return ok && !has.Withheld()
		})
	})
}

func (p *page) section(s Section) {
	p.add("<h2>%s</h2>\n<table class=\"facts\">\n", esc(s.Title))
	for _, r := range s.Rows {
		p.add("<tr><td>%s</td><td>%s</td></tr>\n", esc(r.Name), esc(r.Value))
	}
	p.add("</table>\n")
}
