package index

import (
	"fmt"
	"strings"
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
func (c Cutoff) IsZero() bool { return c.Time.IsZero() && c.Span == 0 && c.text == "" && !c.Off }

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
// have no fixed length and are refused. The sign of a span does not matter.
func ParseCutoff(text string, zone *time.Location) (Cutoff, error) {
	if text == "false" {
		return Cutoff{Off: true}, nil
	}
	if t, ok := parseInstant(text); ok {
		return Cutoff{Time: t}, nil
	}
	if t, ok := parseDate(text, zone); ok {
		return Cutoff{Time: t.AddDate(0, 0, 1)}, nil
	}
	s, err := parseSpan(text)
	if err != nil {
		return Cutoff{}, fmt.Errorf("%q is neither a time (2006-01-02T15:04:05Z), a date (2006-01-02) nor a span (`30 days`, `P30D`): %w", text, err)
	}
	return Cutoff{Span: s.duration(), text: s.String()}, nil
}

// parseInstant reads a time with its offset, in RFC 3339 or one of the shorter
// forms of ISO 8601. The name of a zone may follow in brackets (RFC 9557) and
// counts for nothing beside the offset.
func parseInstant(text string) (time.Time, bool) {
	text, _, _ = strings.Cut(text, "[")
	text = strings.Replace(strings.ToUpper(text), " ", "T", 1)
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15Z07:00",
		"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "20060102T150405Z0700", "20060102T1504Z0700",
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseDate reads a date; a time of day without a zone may follow and is
// ignored, as uv does.
func parseDate(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{
		time.DateOnly, "20060102", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "20060102T150405",
	} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			year, month, day := t.Date()
			return time.Date(year, month, day, 0, 0, 0, 0, zone), true
		}
	}
	return time.Time{}, false
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
