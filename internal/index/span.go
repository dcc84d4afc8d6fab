package index

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A span is a length of time in the units it was written in, which lock files
// keep: 7 days are not a week there.
type span struct {
	negative bool
	counts   [len(spanUnits)]int64
	nanos    int64 // below a second
}

// spanUnits are the units of a span, from the longest; zero has no fixed length.
var spanUnits = [...]time.Duration{0, 0, 7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

// The places of units in spanUnits from which fractions may be written.
const spanHours, spanSeconds = 4, 6

// spanNames are the designators of spanUnits in ISO 8601.
const spanNames = "YMWDHMS"

const maxSpan = 1 << 62

func (s span) duration() time.Duration {
	total := time.Duration(s.nanos)
	for i, n := range s.counts {
		total += time.Duration(n) * spanUnits[i]
	}
	return total
}

// String writes the span in ISO 8601.
func (s span) String() string {
	var b strings.Builder
	if s.negative {
		b.WriteByte('-')
	}
	b.WriteByte('P')
	for i, n := range s.counts {
		if i == spanHours && (s.counts[4] != 0 || s.counts[5] != 0 || s.counts[6] != 0 || s.nanos != 0) {
			b.WriteByte('T')
		}
		switch {
		case i == spanSeconds && s.nanos != 0:
			fraction := strings.TrimRight(fmt.Sprintf("%09d", s.nanos), "0")
			fmt.Fprintf(&b, "%d.%sS", n, fraction)
		case n != 0:
			fmt.Fprintf(&b, "%d%c", n, spanNames[i])
		}
	}
	if s.duration() == 0 {
		return "PT0S"
	}
	return b.String()
}

// parseSpan reads a span in ISO 8601 or in words. Units come from the longest
// to the shortest; the last may have a fraction if it is an hour or less.
func parseSpan(text string) (span, error) {
	var s span
	rest := text
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		s.negative = rest[0] == '-'
		rest = rest[1:]
	}
	if rest != "" && (rest[0] == 'P' || rest[0] == 'p') {
		return s, s.parseISO(strings.ToUpper(rest[1:]))
	}
	if before, ok := strings.CutSuffix(rest, " ago"); ok {
		rest, s.negative = strings.TrimRight(before, " "), !s.negative
	}
	return s, s.parseWords(strings.TrimLeft(rest, " "))
}

func (s *span) parseISO(rest string) error {
	if rest == "" || strings.HasSuffix(rest, "T") {
		return errors.New("it is empty")
	}
	next, clock := 0, false
	for rest != "" {
		if rest[0] == 'T' && !clock {
			clock, next, rest = true, spanHours, rest[1:]
			continue
		}
		number, after := cutNumber(rest)
		if after == "" {
			return fmt.Errorf("a unit is expected behind %q", number)
		}
		unit := strings.IndexByte(spanNames[next:], after[0]) + next
		if unit < next || !clock && unit >= spanHours {
			return fmt.Errorf("unexpected %q", after[:1])
		}
		rest, next = after[1:], unit+1
		if err := s.set(unit, number, rest == ""); err != nil {
			return err
		}
	}
	return nil
}

func (s *span) parseWords(rest string) error {
	if rest == "" {
		return errors.New("it is empty")
	}
	for next := 0; rest != ""; {
		number, after := cutNumber(rest)
		after = strings.TrimLeft(after, " ")
		end := strings.IndexFunc(after, func(c rune) bool { return c < 'a' || c > 'z' })
		if end < 0 {
			end = len(after)
		}
		if number == "" || end == 0 {
			return fmt.Errorf("a number with a unit is expected at %q", rest)
		}
		unit := unitNamed(after[:end])
		if unit < 0 {
			return fmt.Errorf("unknown unit %q", after[:end])
		}
		if unit < next {
			return fmt.Errorf("longer units come first: %q", after[:end])
		}
		rest = strings.TrimLeft(strings.TrimPrefix(after[end:], ","), " ")
		next = unit + 1
		if err := s.set(unit, number, rest == ""); err != nil {
			return err
		}
	}
	return nil
}

// cutNumber splits digits, with or without a fraction, off a text.
func cutNumber(s string) (number, rest string) {
	end := strings.IndexFunc(s, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// set takes the count of a unit. A fraction goes to the shorter units.
func (s *span) set(unit int, number string, last bool) error {
	whole, fraction, hasFraction := strings.Cut(number, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	length := spanUnits[unit]
	switch {
	case length == 0:
		return errors.New("months and years have no fixed length: use days or weeks")
	case err != nil && whole != "" && strings.Trim(whole, "0123456789") == "":
		return errors.New("the span is too long")
	case err != nil:
		return fmt.Errorf("a number is expected, not %q", number)
	case n > (maxSpan-int64(s.duration()))/int64(length):
		return errors.New("the span is too long")
	}
	s.counts[unit] = n
	if !hasFraction {
		return nil
	}
	if !last || unit < spanHours || fraction == "" || len(fraction) > 9 || strings.Trim(fraction, "0123456789") != "" {
		return fmt.Errorf("unexpected fraction in %q", number)
	}
	part, _ := strconv.ParseInt(fraction+strings.Repeat("0", 9-len(fraction)), 10, 64)
	left := time.Duration(part) * (length / time.Second)
	for i := unit + 1; i < len(spanUnits); i++ {
		s.counts[i] = int64(left / spanUnits[i])
		left %= spanUnits[i]
	}
	s.nanos = int64(left)
	return nil
}

// unitNamed returns the place in spanUnits of a unit in words, -1 if it is none.
func unitNamed(name string) int {
	switch name {
	case "y", "yr", "yrs", "year", "years":
		return 0
	case "mo", "mos", "month", "months":
		return 1
	case "w", "wk", "wks", "week", "weeks":
		return 2
	case "d", "day", "days":
		return 3
	case "h", "hr", "hrs", "hour", "hours":
		return 4
	case "m", "min", "mins", "minute", "minutes":
		return 5
	case "s", "sec", "secs", "second", "seconds":
		return 6
	}
	return -1
}
