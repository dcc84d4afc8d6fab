package index

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/pypitest"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// pinned makes the session ask for one version alone.
func (s *session) pinned(name pyname.Package, pin string) {
	s.policy.Pins = map[pyname.Package]pep440.Specifier{}
	if pin != "" {
		s.policy.Pins[name] = pep440.MustParseSpecifier(pin)
	}
}

// kept says whether the page of a project is kept whole, with how many versions.
func (s *session) kept(name string) string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "tame-pages-*", "*", name))
	if err != nil || len(found) != 1 {
		return fmt.Sprint(len(found), " pages")
	}
	file, err := os.ReadFile(found[0])
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := openListing(file)
	switch {
	case err != nil:
		return err.Error()
	case l.some != nil:
		return fmt.Sprint("some ", len(l.versions))
	}
	return fmt.Sprint("whole ", len(l.versions))
}

const manyVersions = `
flask 1.0 2.0 2.0+local 2.0.0.1 3.0rc1 3.0
`

func TestSomeVersions(t *testing.T) {
	t.Parallel()
	for _, format := range []struct {
		name    string
		options []pypitest.Option
		some    string
	}{
		{"JSON", nil, "some 2"},
		{"HTML", []pypitest.Option{pypitest.HTML}, "whole 6"},
	} {
		t.Run(format.name, func(t *testing.T) {
			t.Parallel()
			const all = "1.0 2.0 2.0+local 2.0.0.1 3.0rc1 3.0"
			server, s := one(t, append(format.options, pypitest.CacheControl("max-age=600"), pypitest.Text(manyVersions))...)
			expect := func(pin, want, kept string, requests int) {
				t.Helper()
				s.pinned("flask", pin)
				s.expect("flask", want)
				if got := s.kept("flask"); got != kept {
					t.Errorf("%s: kept %s, want %s", pin, got, kept)
				}
				if n := server.Count("flask/"); n != requests {
					t.Errorf("%s: %d requests, want %d", pin, n, requests)
				}
			}
			first := all
			if format.some != "whole 6" {
				first = "2.0 2.0+local"
			}
			expect("==2.0", first, format.some, 1)
			expect("==2.0", first, format.some, 1)
			s.web.Offline = true
			expect("==3.0", all, "whole 6", 1)
			expect("==2.0", all, "whole 6", 1)
			expect("", all, "whole 6", 1)
		})
	}
}

// What is kept in part becomes what it would have been at once, and goes on to be
// confirmed by the server.
func TestSomeBecomesWhole(t *testing.T) {
	t.Parallel()
	server, s := one(t, pypitest.CacheControl("max-age=600"), pypitest.Text(manyVersions))
	_, other := one(t)
	other.locations = s.locations
	read := func(s *session) string {
		found, _ := filepath.Glob(filepath.Join(s.dir, "tame-pages-*", "*", "flask"))
		file, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		l, err := openListing(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(file[:l.rows.Size()])
	}
	s.pinned("flask", "==1.0")
	s.expect("flask", "1.0")
	s.web.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	s.expect("flask", "1.0")
	if got := s.kept("flask"); got != "some 1" {
		t.Errorf("confirmed: kept %s", got)
	}
	s.pinned("flask", "")
	other.expect("flask", "1.0 2.0 2.0+local 2.0.0.1 3.0rc1 3.0")
	s.expect("flask", "1.0 2.0 2.0+local 2.0.0.1 3.0rc1 3.0")
	if read(s) != read(other) {
		t.Error("the page is not what it would have been")
	}
	if n := server.Count("flask/"); n != 4 { // the last confirmed it again; one is of the other session
		t.Errorf("%d requests", n)
	}
}

// A version that is not there is looked for on the whole page.
func TestSomeMissing(t *testing.T) {
	t.Parallel()
	server, s := one(t, pypitest.Text(manyVersions))
	s.pinned("flask", "==4.0")
	s.expect("flask", "1.0 2.0 2.0+local 2.0.0.1 3.0rc1 3.0")
	if got := s.kept("flask"); got != "whole 6" {
		t.Errorf("kept %s", got)
	}
	if n := server.Count("flask/"); n != 1 {
		t.Errorf("%d requests", n)
	}
}
