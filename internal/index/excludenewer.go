package index

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/packaging/pyname"
)

// A Cutoff is one value of `exclude-newer`: a moment, a span before now, or
// the word that lifts the limit. The zero Cutoff says nothing.
type Cutoff struct {
	Time time.Time     // a fixed moment, exclusive
	Span time.Duration // or a span before the moment of asking
	Off  bool          // `false`: no limit

	text string // a span as ISO 8601
}

// IsZero reports whether nothing was said.
func (c Cutoff) IsZero() bool { return c.Time.IsZero() && c.Span == 0 && !c.Off }

// At is the moment from which on files are hidden; ok is false if none is.
func (c Cutoff) At(now time.Time) (moment time.Time, ok bool) {
	switch {
	case c.Off || c.IsZero():
		return time.Time{}, false
	case !c.Time.IsZero():
		return c.Time, true
	}
	return now.Add(-c.Span), true
}

// String is the value as lock files and headers have it: an RFC 3339 time, an
// ISO 8601 span, or `false`.
func (c Cutoff) String() string {
	switch {
	case c.Off:
		return "false"
	case !c.Time.IsZero():
		return c.Time.UTC().Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	return c.text
}

// UnmarshalText reads a setting. A date means the end of that day in local
// time, as on the command line.
func (c *Cutoff) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCutoff(string(text), time.Local)
	return err
}

// ParseCutoff reads `exclude-newer`: an RFC 3339 time, a date (which includes
// the whole of that day in zone), a span in words (`3 weeks`, `24 hours`) or in
// ISO 8601 (`P7D`, `PT24H`), or `false`. Days have 24 hours; months and years
// have no fixed length and are refused.
func ParseCutoff(text string, zone *time.Location) (Cutoff, error) {
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, "false") {
		return Cutoff{Off: true}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, strings.Replace(strings.ToUpper(text), " ", "T", 1)); err == nil {
		return Cutoff{Time: t}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return Cutoff{Time: t.AddDate(0, 0, 1)}, nil
	}
	span, err := parseSpan(text)
	if err != nil {
		return Cutoff{}, fmt.Errorf("%q is neither a time (2006-01-02T15:04:05Z), a date (2006-01-02) nor a span (`30 days`, `P30D`): %w", text, err)
	}
	return Cutoff{Span: span, text: formatSpan(span)}, nil
}

var spanPatterns = sync.OnceValues(func() (iso, words *regexp.Regexp) {
	return regexp.MustCompile(`(?i)^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`),
		regexp.MustCompile(`^(\d+)\s*([A-Za-z]+)[\s,]*`)
})

// spanUnits are the lengths of what an ISO 8601 span counts; zero is a unit
// without a fixed length.
var spanUnits = [...]time.Duration{0, 0, 7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

func parseSpan(text string) (time.Duration, error) {
	iso, words := spanPatterns()
	if m := iso.FindStringSubmatch(text); m != nil && len(text) > 2 {
		return addUp(func(yield func(string, time.Duration) bool) {
			for i, unit := range spanUnits {
				if m[i+1] != "" && !yield(m[i+1], unit) {
					return
				}
			}
		})
	}
	rest := strings.TrimSuffix(strings.TrimSpace(text), " ago")
	type part struct {
		count string
		unit  time.Duration
	}
	var parts []part
	for rest != "" {
		m := words.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("a number with a unit is expected at %q", rest)
		}
		unit, ok := unitNamed(strings.ToLower(m[2]))
		if !ok {
			return 0, fmt.Errorf("unknown unit %q", m[2])
		}
		parts = append(parts, part{m[1], unit})
		rest = rest[len(m[0]):]
	}
	if len(parts) == 0 {
		return 0, fmt.Errorf("it is empty")
	}
	return addUp(func(yield func(string, time.Duration) bool) {
		for _, p := range parts {
			if !yield(p.count, p.unit) {
				return
			}
		}
	})
}

func unitNamed(name string) (unit time.Duration, ok bool) {
	switch name {
	case "w", "wk", "wks", "week", "weeks":
		return 7 * 24 * time.Hour, true
	case "d", "day", "days":
		return 24 * time.Hour, true
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour, true
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute, true
	case "s", "sec", "secs", "second", "seconds":
		return time.Second, true
	case "mo", "mos", "month", "months", "y", "yr", "yrs", "year", "years":
		return 0, true
	}
	return 0, false
}

func addUp(parts func(func(string, time.Duration) bool)) (total time.Duration, err error) {
	parts(func(count string, unit time.Duration) bool {
		n, parseErr := strconv.ParseInt(count, 10, 64)
		switch {
		case unit == 0:
			err = fmt.Errorf("months and years have no fixed length: use days or weeks")
		case parseErr != nil || n > int64((1<<62)/unit):
			err = fmt.Errorf("the span is too long")
		default:
			total += time.Duration(n) * unit
		}
		return err == nil
	})
	return total, err
}

// formatSpan writes a span in ISO 8601 with the largest units that divide it
// evenly.
func formatSpan(span time.Duration) string {
	const day = 24 * time.Hour
	if span > 0 && span%(7*day) == 0 {
		return fmt.Sprintf("P%dW", span/(7*day))
	}
	var date, clock strings.Builder
	if days := span / day; days > 0 {
		fmt.Fprintf(&date, "%dD", days)
	}
	rest := span % day
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "H"}, {time.Minute, "M"}, {time.Second, "S"}} {
		if n := rest / u.unit; n > 0 {
			fmt.Fprintf(&clock, "%d%s", n, u.name)
		}
		rest %= u.unit
	}
	switch {
	case clock.Len() > 0:
		return "P" + date.String() + "T" + clock.String()
	case date.Len() > 0:
		return "P" + date.String()
	}
	return "PT0S"
}

// ExcludeNewer is the whole setting: the general limit and those of single
// projects, of which the project's own counts.
type ExcludeNewer struct {
	Global  Cutoff
	Package map[pyname.Package]Cutoff
}

// For is the limit of a project's files: its own, else that of the index it is
// looked for in, else the general one.
func (e ExcludeNewer) For(name pyname.Package, index Cutoff) Cutoff {
	if c, ok := e.Package[name]; ok {
		return c
	}
	if !index.IsZero() {
		return index
	}
	return e.Global
}
