package index

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
	"github.com/tame-py/tame/packaging/tags"
)

func TestCutoff(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	now := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct{ text, moment, print string }{
		{"2024-03-25T00:00:00Z", "2024-03-25T00:00:00Z", "2024-03-25T00:00:00Z"},
		{"2024-03-25T01:00:00.5+01:00", "2024-03-25T00:00:00.5Z", "2024-03-25T00:00:00.5Z"},
		{"2024-03-25T00:00Z", "2024-03-25T00:00:00Z", "2024-03-25T00:00:00Z"},
		{"2024-03-25T01:00:00+01[Europe/Paris]", "2024-03-25T00:00:00Z", "2024-03-25T00:00:00Z"},
		{"20240325T013000+0130", "2024-03-25T00:00:00Z", "2024-03-25T00:00:00Z"},
		{"2024-03-25", "2024-03-25T23:00:00Z", "2024-03-25T23:00:00Z"},
		{"3 weeks", "2025-12-20T00:00:00Z", "P3W"},
		{"1 week, 1 day", "2026-01-02T00:00:00Z", "P1W1D"},
		{"36h", "2026-01-08T12:00:00Z", "PT36H"},
		{"P7D", "2026-01-03T00:00:00Z", "P7D"},
		{"PT90M", "2026-01-09T22:30:00Z", "PT90M"},
		{"1.5 hours", "2026-01-09T22:30:00Z", "PT1H30M"},
		{"PT0.5S", "2026-01-09T23:59:59.5Z", "PT0.5S"},
		{"1d12h", "2026-01-08T12:00:00Z", "P1DT12H"},
		{"p1w3d", "2025-12-31T00:00:00Z", "P1W3D"},
		{"-3 days", "2026-01-07T00:00:00Z", "-P3D"},
		{"3 weeks ago", "2025-12-20T00:00:00Z", "-P3W"},
		{"3600s", "2026-01-09T23:00:00Z", "PT3600S"},
		{"20240325", "2024-03-25T23:00:00Z", "2024-03-25T23:00:00Z"},
		{"2024-03-25T10:00:00", "2024-03-25T23:00:00Z", "2024-03-25T23:00:00Z"},
		{"false", "none", "false"},
	} {
		c, err := ParseCutoff(test.text, zone)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		got := "none"
		if at, ok := c.At(now); ok {
			got = at.UTC().Format(time.RFC3339Nano)
		}
		if got != test.moment || c.String() != test.print {
			t.Errorf("%s: %s, printed %s; want %s, %s", test.text, got, c, test.moment, test.print)
		}
	}
	for _, bad := range []string{
		"", "soon", "2 months", "P1Y", "P", "3", "2024-13-01", "99999999999999999999 days", "9999999999999 weeks",
		"3 WEEKS", "2 days 3 weeks", " 2024-03-25", "PT", "P3H", "1.5 days", "1 day 1 day", "FALSE", "P1", "PT1H1H",
	} {
		if c, err := ParseCutoff(bad, zone); err == nil {
			t.Errorf("%q was read as %s", bad, c)
		}
	}
}

func linux312(t testing.TB) *tags.Set {
	t.Helper()
	target, err := tags.ParseTarget("x86_64-manylinux_2_28", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	set, err := tags.For(tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12, ImplMajor: 3, ImplMinor: 12}, target.Platform)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	const name = pyname.Package("a")
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	sha := func(c string) []simple.Hash { return []simple.Hash{{Algorithm: "sha256", Digest: c}} }
	files := []simple.File{
		{Filename: "a-1.0-py3-none-any.whl", UploadTime: day, Hashes: sha("1")},
		{Filename: "a-1.0.tar.gz", UploadTime: day, Hashes: sha("2")},
		{Filename: "a-2.0-cp312-cp312-manylinux_2_17_x86_64.whl", UploadTime: day},
		{Filename: "a-2.0-1-cp312-cp312-manylinux_2_17_x86_64.whl", UploadTime: day},
		{Filename: "a-2.0-py3-none-any.whl", UploadTime: day},
		{Filename: "a-3.0-cp312-cp312-win_amd64.whl", UploadTime: day},
		{Filename: "a-3.0.tar.gz", UploadTime: day},
		{Filename: "a-4.0-py3-none-any.whl", UploadTime: day, RequiresPython: ">=3.13"},
		{Filename: "a-5.0-py3-none-any.whl", UploadTime: day, Yanked: true, YankedReason: "broken"},
		{Filename: "a-6.0-cp312-cp312-win_amd64.whl", UploadTime: day},
		{Filename: "a-7.0-py3-none-any.whl", UploadTime: day.AddDate(1, 0, 0)},
		{Filename: "a-8.0-py3-none-any.whl"},
		{Filename: "other-9.0-py3-none-any.whl"},
		{Filename: "a-9.0.exe"},
		{Filename: "a-9.1.tar.bz2", UploadTime: day},
		{Filename: "a-9.2-cp312-cp312-win_amd64.whl", UploadTime: day.AddDate(1, 0, 0)},
		{Filename: "a-9.2.tar.gz", UploadTime: day},
		{Filename: "a-9.3-py3-none-any.whl", UploadTime: day, Hashes: sha("1")},
		{Filename: "a-9.3.tar.gz", UploadTime: day},
	}
	base := Policy{Tags: linux312(t), Target: target.AtLeast(pep440.MustParse("3.12"))}
	show := func(p Policy, limit Cutoff, version string) string {
		m := NewVersionMap(name, source.Source{}, NewPage(name, files), &p, limit)
		i, ok := m.Find(pep440.MustParse(version))
		if !ok {
			return "absent"
		}
		c := m.Candidate(i)
		if m.Hidden(i) != c.Hidden {
			t.Errorf("%s: hidden is %v before the candidate is made, and %v after", version, m.Hidden(i), c.Hidden)
		}
		if c.Dist == nil {
			return fmt.Sprintf("refused %d hidden=%v %s", c.Refused, c.Hidden, c.YankedReason)
		}
		text := c.Dist.File.Filename
		if c.Metadata != c.Dist {
			text += " metadata of " + c.Metadata.File.Filename
		}
		if len(c.RequiresPython) > 0 {
			text += " python " + c.RequiresPython.String()
		}
		return text
	}
	limit := Cutoff{Time: day.AddDate(0, 6, 0)}
	for _, test := range []struct {
		version, want string
		limit         Cutoff
		change        func(*Policy)
	}{
		{version: "1.0", want: "a-1.0-py3-none-any.whl"},
		{version: "1.0", want: "a-1.0.tar.gz metadata of a-1.0-py3-none-any.whl", change: func(p *Policy) { p.NoBinary.All = true }},
		{version: "1.0", want: "a-1.0.tar.gz", change: func(p *Policy) {
			p.Hashes.Allowed = map[pyname.Package][]simple.Hash{name: sha("2")}
		}},
		{version: "2.0", want: "a-2.0-1-cp312-cp312-manylinux_2_17_x86_64.whl"},
		{version: "3.0", want: "a-3.0.tar.gz metadata of a-3.0-cp312-cp312-win_amd64.whl"},
		{version: "3.0", want: fmt.Sprintf("refused %d hidden=false ", BuildsRefused), change: func(p *Policy) { p.NoBuild.All = true }},
		{version: "4.0", want: "a-4.0-py3-none-any.whl python >=3.13"},
		{version: "5.0", want: fmt.Sprintf("refused %d hidden=false broken", Withdrawn)},
		{version: "5.0", want: "a-5.0-py3-none-any.whl", change: func(p *Policy) {
			p.Yanked = func(pyname.Package, pep440.Version) bool { return true }
		}},
		{version: "6.0", want: fmt.Sprintf("refused %d hidden=false ", WrongPlatform)},
		{version: "6.0", want: "a-6.0-cp312-cp312-win_amd64.whl", change: func(p *Policy) { p.Tags = nil }},
		{version: "7.0", want: "a-7.0-py3-none-any.whl"},
		{version: "7.0", limit: limit, want: fmt.Sprintf("refused %d hidden=true ", NewerThanLimit)},
		{version: "8.0", limit: limit, want: fmt.Sprintf("refused %d hidden=true ", UnknownUploadTime)},
		{version: "9.0", want: "absent"},
		{version: "9.1", want: fmt.Sprintf("refused %d hidden=false ", UnsupportedArchive)},
		{version: "9.2", limit: limit, want: "a-9.2.tar.gz"},
		{version: "9.3", want: "a-9.3.tar.gz", change: func(p *Policy) {
			p.Hashes.Allowed = map[pyname.Package][]simple.Hash{name: sha("2")}
		}},
	} {
		p := base
		if test.change != nil {
			test.change(&p)
		}
		if got := show(p, test.limit, test.version); got != test.want {
			t.Errorf("%s: %s, want %s", test.version, got, test.want)
		}
	}
}

// Files of flat indexes join the versions of an index: theirs win among equals,
// and neither upload times nor yanks concern them.
func TestFlatParts(t *testing.T) {
	t.Parallel()
	const name = pyname.Package("a")
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	flat := source.Source{Index: "flat"}
	simplePage := NewPage(name, []simple.File{
		{Filename: "a-1.0-py3-none-any.whl", UploadTime: day, URL: "simple"},
		{Filename: "a-2.0-py3-none-any.whl", UploadTime: day.AddDate(1, 0, 0), URL: "simple"},
		{Filename: "a-3.0-py3-none-any.whl", UploadTime: day.AddDate(1, 0, 0), URL: "simple"},
	})
	flatPage := NewPage(name, []simple.File{
		{Filename: "a-0.5-py3-none-any.whl", URL: "flat"},
		{Filename: "a-1.0.0-py3-none-any.whl", URL: "flat"},
		{Filename: "a-2.0.tar.gz", URL: "flat", Yanked: true},
	})
	policy := &Policy{Tags: linux312(t)}
	m := newVersionMap(name, []part{{flatPage, flat, true}, {simplePage, source.Source{Index: "simple"}, false}}, policy, Cutoff{Time: day.AddDate(0, 6, 0)})
	var got []string
	for i := range m.Len() {
		c := m.Candidate(i)
		line := fmt.Sprintf("%s hidden=%v/%v", m.Version(i), m.Hidden(i), c.Hidden)
		if c.Dist != nil {
			line += " " + c.Dist.File.Filename + " from " + c.Dist.Source.Index
		}
		got = append(got, fmt.Sprint(line, " of ", len(c.Files())))
	}
	want := []string{
		"0.5 hidden=false/false a-0.5-py3-none-any.whl from flat of 1",
		"1.0.0 hidden=false/false a-1.0.0-py3-none-any.whl from flat of 2",
		"2.0 hidden=false/false a-2.0.tar.gz from flat of 2",
		"3.0 hidden=true/true of 1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if m.Flat || m.Source.Index != "simple" {
		t.Errorf("the map is of %+v", m.Source)
	}
}
