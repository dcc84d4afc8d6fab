package load

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseRate reads a rate in requests a second, as wrk2 writes it: 100, 2.5, 10k,
// 1M.
func ParseRate(text string) (float64, error) {
	number, scale := text, 1.0
	switch {
	case strings.HasSuffix(text, "k"), strings.HasSuffix(text, "K"):
		number, scale = text[:len(text)-1], 1e3
	case strings.HasSuffix(text, "M"):
		number, scale = text[:len(text)-1], 1e6
	}
	rate, err := strconv.ParseFloat(number, 64)
	if err != nil || !(rate >= 0 && rate*scale <= mostRate) {
		return 0, fmt.Errorf("%q is no rate: a number of requests a second such as 100, 2.5 or 10k is expected", text)
	}
	return rate * scale, nil
}

// ParseTime reads a duration as wrk2 writes it, 30, 30s, 2m, 1h, or as Go does,
// 1.5s, 200ms, 1m30s.
func ParseTime(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return time.Duration(seconds * 1e9), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration: 30s, 2m or 200ms is expected", text)
	}
	return d, nil
}

// ParseStage reads RATE:DURATION, a step, or FROM..TO:DURATION, a ramp.
func ParseStage(text string) (Stage, error) {
	rates, duration, found := strings.Cut(text, ":")
	from, to, ramp := strings.Cut(rates, "..")
	if !ramp {
		to = from
	}
	first, err1 := ParseRate(from)
	last, err2 := ParseRate(to)
	length, err3 := ParseTime(duration)
	if !found || err1 != nil || err2 != nil || err3 != nil {
		return Stage{}, fmt.Errorf("%q is no stage: RATE:DURATION or FROM..TO:DURATION is expected, such as 100:30s or 100..500:1m", text)
	}
	return Stage{first, last, length}, nil
}

// ReadTrace reads a recorded trace: CSV whose first row names the columns, of
// which `at` (seconds) and `target` or `path` are needed and `method` and `body`
// are obeyed, or an access log in the common or combined format of web servers.
// The first request is due at once, the others after as much time as they were
// recorded at, divided by speed.
func ReadTrace(r io.Reader, speed float64) ([]Arrival, error) {
	if !(speed > 0) {
		return nil, errors.New("the speed of a replay must be above zero")
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	first, _, _ := bytes.Cut(text, []byte{'\n'})
	read := readTable
	if bytes.Contains(first, []byte(" [")) {
		read = readLog
	}
	rows, err := read(text)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("the trace has no requests")
	}
	slices.SortStableFunc(rows, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) })
	begun := rows[0].At
	for i := range rows {
		rows[i].At = time.Duration(float64(rows[i].At-begun) / speed)
	}
	return rows, nil
}

func readTable(text []byte) ([]Arrival, error) {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	at, target := slices.Index(rows[0], "at"), max(slices.Index(rows[0], "target"), slices.Index(rows[0], "path"))
	method, body := slices.Index(rows[0], "method"), slices.Index(rows[0], "body")
	if at < 0 || target < 0 {
		return nil, errors.New("the first row must name the columns `at` and `target`")
	}
	out := make([]Arrival, 0, len(rows)-1)
	for i, row := range rows[1:] {
		seconds, err := strconv.ParseFloat(row[at], 64)
		if err != nil || math.Abs(seconds) > 4e9 {
			return nil, fmt.Errorf("row %d: %q is no time in seconds", i+2, row[at])
		}
		a := Arrival{At: time.Duration(seconds * 1e9), Target: row[target]}
		if method >= 0 {
			a.Method = row[method]
		}
		if body >= 0 {
			a.Body = []byte(row[body])
		}
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+2, err)
		}
		out = append(out, a)
	}
	return out, nil
}

// check refuses what would not be one request.
func (a *Arrival) check() error {
	switch {
	case a.Method != "" && !isToken(a.Method):
		return fmt.Errorf("%q is no method of HTTP", a.Method)
	case !strings.HasPrefix(a.Target, "/") || strings.ContainsFunc(a.Target, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return fmt.Errorf("%q is no path", a.Target)
	}
	return nil
}

// readLog reads an access log. Lines that are no requests, such as those of TLS
// spoken to a plain port, are left out. The requests of one second, the
// resolution of such logs, are spread evenly over it.
func readLog(text []byte) ([]Arrival, error) {
	var out []Arrival
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, mostBody)
	for lines.Scan() {
		_, rest, _ := strings.Cut(lines.Text(), "[")
		stamp, rest, _ := strings.Cut(rest, "]")
		_, rest, _ = strings.Cut(rest, `"`)
		request, _, _ := strings.Cut(rest, `"`)
		method, request, _ := strings.Cut(request, " ")
		target, _, _ := strings.Cut(request, " ")
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", stamp)
		if err != nil {
			return nil, fmt.Errorf("a line has no time in the form of access logs: %.60q", lines.Text())
		}
		if a := (Arrival{At: time.Duration(at.UnixNano()), Method: method, Target: target}); a.Method != "" && a.check() == nil {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) })
	for i := 0; i < len(out); {
		n := 1
		for i+n < len(out) && out[i+n].At == out[i].At {
			n++
		}
		for k := range n {
			out[i+k].At += time.Second * time.Duration(k) / time.Duration(n)
		}
		i += n
	}
	return out, lines.Err()
}
