package audit

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

func dependency(name, version string) Dependency {
	return Dependency{pyname.Package(name), pep440.MustParse(version)}
}

func TestParseRecord(t *testing.T) {
	t.Parallel()
	r, err := parseRecord("A", []byte(`{
		"id": "A", "modified": "2026-01-01T01:00:00.5+01:00", "summary": "  two\nlines \n", "aliases": ["CVE-1", "B"],
		"affected": [
			{"package": {"ecosystem": "PyPI", "name": "Some_Name"}, "ranges": [
				{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2"}, {"fixed": "2.1"}, {"fixed": "no version"}]},
				{"type": "GIT", "events": [{"fixed": "3"}]},
				{"type": "SOMETHING NEW", "events": [{"limit": "4"}]}]},
			{"package": {"ecosystem": "PyPI", "name": "other"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "5"}]}]},
			{"package": {"ecosystem": "Go", "name": "some-name"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "6"}]}]},
			{"ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "7"}]}]}],
		"references": [{"type": "WEB", "url": "https://example.com/page"}, {"type": "ADVISORY", "url": "https://example.com/advisory"}],
		"schema_version": "1.7.0", "database_specific": {"x": 1}}`))
	if err != nil {
		t.Fatal(err)
	}
	v := r.of(dependency("some-name", "1.0"))
	if got := strings.Join(texts(v.Fixed), " "); got != "1.2 2.1" {
		t.Errorf("fixed in %s", got)
	}
	if v.Summary != "twolines" || v.Link != "https://example.com/advisory" || v.Modified != "2026-01-01T00:00:00.5Z" || v.Published != "" {
		t.Errorf("got %+v", v)
	}
	if v.DisplayID() != "CVE-1" || !v.Has("A") || !v.Has("B") || v.Has("C") {
		t.Errorf("goes by %s", v.DisplayID())
	}
	if bare, err := parseRecord("X/Y", []byte(`{"id": "X/Y", "modified": "2026-01-01T00:00:00Z"}`)); err != nil || bare.link() != "https://osv.dev/vulnerability/X%2FY" {
		t.Errorf("bare: %v, %v", bare, err)
	}
}

func TestParseRecordMalformed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `[]`, `{}`, `{"id": "A"}`, `{"modified": "2026-01-01T00:00:00Z"}`, `{"id": "A", "modified": "yesterday"}`,
		`{"id": "A", "modified": "2026-01-01T00:00:00Z", "affected": [{"ranges": [{"type": "ECOSYSTEM", "events": [{}]}]}]}`,
		`{"id": "A", "modified": "2026-01-01T00:00:00Z", "affected": [{"ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "1", "limit": "2"}]}]}]}`,
		`{"id": "A", "modified": "2026-01-01T00:00:00Z", "affected": [{"ranges": [{"type": "ECOSYSTEM", "events": [{"broken": "1"}]}]}]}`,
		`{"id": "A", "modified": "2026-01-01T00:00:00Z", "references": [{"type": "WEB", "url": "nowhere"}]}`,
	} {
		_, err := parseRecord("A", []byte(text))
		var malformed *MalformedError
		if !errors.As(err, &malformed) || malformed.ID != "A" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"id":"A","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"fixed":"1"}]}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRecord("A", text)
		if err != nil {
			return
		}
		v := r.of(dependency("a", "1"))
		report := NewReport(1, []Vulnerability{v}, nil)
		out, err := report.JSON()
		if err != nil || !json.Valid(out) {
			t.Fatalf("%v: %s", err, out)
		}
		if out, err = SARIF(SARIFTool{Name: "x"}, SARIFRun{Report: report}); err != nil || !json.Valid(out) {
			t.Fatalf("%v: %s", err, out)
		}
	})
}

func TestFixes(t *testing.T) {
	t.Parallel()
	found := func(name, version, id string, fixed ...string) Vulnerability {
		v := Vulnerability{Dependency: dependency(name, version), ID: id}
		for _, f := range fixed {
			v.Fixed = append(v.Fixed, pep440.MustParse(f))
		}
		return v
	}
	r := NewReport(3, []Vulnerability{
		found("b", "1.0", "B1"), found("a", "2.0", "A1", "1.5", "2.4", "3.1"), found("a", "2.0", "A2", "2.2"),
		found("a", "3.0", "A1", "1.5", "2.4", "3.1"), found("c", "2.0", "C1", "1.9"),
	}, nil)
	fixes, rest := r.Fixes()
	var got []string
	for _, f := range fixes {
		got = append(got, string(f.Name)+" "+f.Version.String()+" "+f.Least.String()+" "+strings.Join(f.IDs, ","))
	}
	for _, v := range rest {
		got = append(got, "rest "+v.ID)
	}
	if want := []string{"a 2.0 2.4 A1,A2", "a 3.0 3.1 A1", "rest B1", "rest C1"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestIgnores(t *testing.T) {
	t.Parallel()
	all := []Vulnerability{
		{ID: "A"}, {ID: "B", Aliases: []string{"B2"}}, {ID: "C", Fixed: []pep440.Version{pep440.MustParse("1")}}, {ID: "D"},
	}
	g := Ignores{Always: []string{"B2", "none"}, UntilFixed: []string{"C", "D", "never"}}
	matched := map[string]bool{}
	var left []string
	for _, v := range g.Apply(slices.Clone(all), matched) {
		left = append(left, v.ID)
	}
	if !slices.Equal(left, []string{"A", "C"}) {
		t.Errorf("left %q", left)
	}
	if got := g.Unmatched(matched); !reflect.DeepEqual(got, []string{"none", "never"}) {
		t.Errorf("unmatched %q", got)
	}
}

func TestAdverse(t *testing.T) {
	t.Parallel()
	for status, want := range map[simple.Status]bool{"": false, "active": false, "new": false, "archived": true, "deprecated": true, "quarantined": true} {
		if IsAdverse(status) != want {
			t.Errorf("%q", status)
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"http://127.0.0.1:1", "https://example.com/osv/"} {
		if err := CheckURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "not-a-url", "ftp://example.com", "http://", ":", "http://a b"} {
		if CheckURL(bad) == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

// TestServicePages checks that all pages of an answer are asked for, in batches,
// and that an answer without end is refused.
func TestServicePages(t *testing.T) {
	t.Parallel()
	s := serve(t, func(asked [][2]string) string {
		var out []string
		for _, q := range asked {
			switch {
			case q[0] == "endless":
				out = append(out, `{"vulns": [{"id": "E"}], "next_page_token": "again"}`)
			case q[0] == "long" && q[1] == "":
				out = append(out, `{"vulns": [{"id": "L1"}, {"id": "L1"}], "next_page_token": "two"}`)
			case q[0] == "long":
				out = append(out, `{"vulns": [{"id": "L2"}, {"id": "MAL-3"}]}`)
			default:
				out = append(out, `{}`)
			}
		}
		return `{"results": [` + strings.Join(out, ",") + `]}`
	})
	all := make([]Dependency, 2500)
	for i := range all {
		all[i] = dependency("short", "1")
	}
	all[2001] = dependency("long", "1")
	ids, err := s.IDs(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ids[2001], []string{"L1", "L2", "MAL-3"}) || len(ids[0]) != 0 {
		t.Errorf("got %q and %q", ids[2001], ids[0])
	}
	if ids, err = s.Malware(t.Context(), all[2000:2002]); err != nil || !slices.Equal(ids[1], []string{"MAL-3"}) {
		t.Errorf("malware %q, %v", ids, err)
	}
	var malformed *MalformedError
	if _, err := s.IDs(t.Context(), []Dependency{dependency("endless", "1")}); !errors.As(err, &malformed) {
		t.Errorf("endless: %v", err)
	}
	if ids, err := s.IDs(context.Background(), nil); err != nil || len(ids) != 0 {
		t.Errorf("nothing: %v, %v", ids, err)
	}
}

func testClient() *web.Client {
	return web.New(web.Options{Auth: auth.NewStore(auth.Options{}), Retries: -1, Getenv: func(string) string { return "" }})
}
