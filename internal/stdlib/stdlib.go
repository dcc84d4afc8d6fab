// Package stdlib knows what the versions of Python are about: when they appear and
// end, and what they remove from the standard library or declare deprecated.
//
// Changes are the facts of the pages "What's New in Python 3.x", of PEP 594 and PEP
// 632 and of the pages on pending removals, in the file changes.txt; Find looks one
// up by a full name. Releases are those of the schedules (PEP 602 and the PEP of
// each version). Python's versions are written by their minor number here: 13 is
// Python 3.13.
package stdlib

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed changes.txt
var text string

// None stands for a version that is not known, or that there is none.
const None = -1

// A Change is the end of a part of the standard library.
type Change struct {
	Name string // full: "imp", "ast.Str", "unittest.TestCase.assertEquals"
	// Deprecated is the minor version that first says so, Removed the one that does
	// not have it any more, perhaps one to come; or None.
	Deprecated, Removed int
	Instead             string // what to use, for people; may be empty
	Package             string // a project of the index that has the module; may be empty
}

// Page is the URL of the page that tells of the removal or, if there is none, of
// the deprecation.
func (c *Change) Page() string {
	minor := c.Removed
	if minor == None {
		minor = c.Deprecated
	}
	return fmt.Sprintf("https://docs.python.org/3/whatsnew/3.%d.html", max(minor, 0))
}

// Changes are all that are known, by name.
func Changes() map[string]*Change { return changes() }

var changes = sync.OnceValue(func() map[string]*Change {
	out := map[string]*Change{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		c, err := parse(line)
		if err != nil || out[c.Name] != nil {
			panic(fmt.Sprintf("internal error: the table of changes: %s: %v", line, err))
		}
		out[c.Name] = &c
	}
	return out
})

// parse reads a row of the table.
func parse(line string) (Change, error) {
	fields := strings.Split(line, "|")
	if len(fields) < 4 || len(fields) > 5 {
		return Change{}, fmt.Errorf("it has %d fields", len(fields))
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	c := Change{Name: fields[0], Instead: fields[3]}
	if len(fields) > 4 {
		c.Package = fields[4]
	}
	var err error
	if c.Deprecated, err = minor(fields[1]); err == nil {
		c.Removed, err = minor(fields[2])
	}
	return c, err
}

// minor reads a version; what Python 2 has said is as if 3.0 had.
func minor(version string) (int, error) {
	if version == "-" {
		return None, nil
	}
	if strings.HasPrefix(version, "2.") {
		return 0, nil
	}
	rest, ok := strings.CutPrefix(version, "3.")
	if !ok {
		return 0, fmt.Errorf("%q is no version", version)
	}
	return strconv.Atoi(rest)
}

// Find is the change that a name of a module, or of something in it, is about; nil
// if there is none.
func Find(name string) *Change {
	for all := changes(); ; {
		if c := all[name]; c != nil {
			return c
		}
		dot := strings.LastIndexByte(name, '.')
		if dot < 0 {
			return nil
		}
		name = name[:dot]
	}
}

// A Release is a minor version of Python.
type Release struct {
	Minor     int
	Released  string // the day, 2024-10-07
	EndOfLife string // the day or, if that is to come, the month: 2029-10
	PEP       int    // with the schedule
}

// Releases are the versions that are known, the oldest first.
func Releases() []Release {
	return []Release{
		{8, "2019-10-14", "2024-10-07", 569},
		{9, "2020-10-05", "2025-10-31", 596},
		{10, "2021-10-04", "2026-10", 619},
		{11, "2022-10-24", "2027-10", 664},
		{12, "2023-10-02", "2028-10", 693},
		{13, "2024-10-07", "2029-10", 719},
		{14, "2025-10-07", "2030-10", 745},
		{15, "2026-10-01", "2031-10", 790},
	}
}

// ReleasedAfter are the minor versions above one that were released by a day.
func ReleasedAfter(minor int, day time.Time) []int {
	var out []int
	today := day.UTC().Format(time.DateOnly)
	for _, r := range Releases() {
		if r.Minor > minor && r.Released <= today {
			out = append(out, r.Minor)
		}
	}
	return out
}
