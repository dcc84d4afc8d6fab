package index

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/pypitest"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A session is one run of the program: a new client on a cache that stays.
type session struct {
	t         *testing.T
	dir       string
	locations Locations
	web       web.Options
	refresh   cache.Refresh
	policy    *Policy
}

func newSession(t *testing.T, l Locations) *session {
	t.Helper()
	return &session{t: t, dir: t.TempDir(), locations: l, policy: &Policy{
		Tags: linux312(t), Target: target.AtLeast(pep440.MustParse("3.12")), Now: time.Now(),
	}}
}

func (s *session) client() *Client {
	s.t.Helper()
	opened, err := cache.Open(s.t.Context(), s.dir, cache.Options{Refresh: s.refresh})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { opened.Close() })
	o := s.web
	o.Getenv = func(key string) string {
		if key == "UV_TEST_NO_HTTP_RETRY_DELAY" {
			return "1"
		}
		return ""
	}
	o.Auth = auth.NewStore(auth.Options{Indexes: s.locations.Auth(o.Getenv)})
	return New(Options{Web: web.New(o), Cache: opened, Locations: s.locations})
}

// versions tells what a new client finds, in one line: the lists by index with
// their versions, or the absence, or the error.
func (s *session) versions(name pyname.Package, index string) string {
	s.t.Helper()
	answer, err := s.client().Versions(s.t.Context(), name, index, s.policy)
	return describe(answer, err)
}

func describe(answer *Answer, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	if answer.Absence != Present {
		return fmt.Sprintf("absent %d", answer.Absence)
	}
	var lists []string
	for _, m := range answer.Lists {
		var b strings.Builder
		for i := range m.Len() {
			fmt.Fprintf(&b, " %s", m.Version(i))
		}
		lists = append(lists, strings.TrimSpace(b.String()))
	}
	return strings.Join(lists, " | ")
}

func (s *session) expect(name pyname.Package, want string) {
	s.t.Helper()
	if got := s.versions(name, ""); got != want {
		s.t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

// metadata tells what a new client reads of a version's best file.
func (s *session) metadata(name pyname.Package, version string) string {
	s.t.Helper()
	c := s.client()
	answer, err := c.Versions(s.t.Context(), name, "", s.policy)
	if err != nil || len(answer.Lists) == 0 {
		return describe(answer, err)
	}
	m := answer.Lists[0]
	i, ok := m.Find(pep440.MustParse(version))
	if !ok {
		return "no such version"
	}
	candidate := m.Candidate(i)
	if candidate.Metadata == nil {
		return fmt.Sprintf("refused %d", candidate.Refused)
	}
	meta, err := c.Metadata(s.t.Context(), candidate.Metadata)
	var unavailable *Unavailable
	if errors.As(err, &unavailable) {
		return fmt.Sprintf("unavailable %d", unavailable.Reason)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	var requires []string
	for _, r := range meta.RequiresDist {
		requires = append(requires, r.String())
	}
	return fmt.Sprintf("%s %s [%s] %v python%s", meta.Name, meta.Version, strings.Join(requires, ", "), meta.ProvidesExtra, meta.RequiresPython)
}

const twoProjects = `
flask 1.0 2.0
    requires werkzeug>=0.15 ; python_version >= '3.8'
    extra async: asgiref>=3
    python >=3.8
werkzeug 0.16
`

func one(t *testing.T, options ...pypitest.Option) (*pypitest.Server, *session) {
	t.Helper()
	s := pypitest.New(t, options...)
	return s, newSession(t, Locations{Indexes: []Index{{URL: s.URL(), Default: true}}})
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for _, format := range []pypitest.Option{pypitest.JSON, pypitest.HTML} {
		server, s := one(t, pypitest.Text(twoProjects), format)
		s.expect("flask", "1.0 2.0")
		s.expect("missing", fmt.Sprint("absent ", NotFound))
		const want = "flask 2.0 [werkzeug>=0.15 ; python_full_version >= '3.8', asgiref>=3 ; extra == 'async'] [async] python>=3.8"
		for range 2 { // from the server and from the cache
			if got := s.metadata("flask", "2.0"); got != want {
				t.Errorf("metadata %s, want %s", got, want)
			}
		}
		if n := server.Count("*.metadata"); n != 1 {
			t.Errorf("the metadata was asked for %d times", n)
		}
	}
}

func TestNoLocations(t *testing.T) {
	t.Parallel()
	s := newSession(t, Locations{})
	s.expect("flask", fmt.Sprint("absent ", NotFound))
	s.locations.NoIndex = true
	s.expect("flask", fmt.Sprint("absent ", NoIndex))
}

// A page that is fresh is not asked for again; one that is not is confirmed; a
// refresh asks for it once per run.
func TestPagesAreCached(t *testing.T) {
	t.Parallel()
	server, s := one(t, pypitest.Text(twoProjects), pypitest.CacheControl("max-age=600"))
	count := func(want int) {
		t.Helper()
		if got := server.Count("/simple/flask/"); got != want {
			t.Errorf("%d requests for the page, want %d", got, want)
		}
	}
	s.expect("flask", "1.0 2.0")
	s.expect("flask", "1.0 2.0")
	count(1)
	s.web.Now = func() time.Time { return time.Now().Add(time.Hour) }
	s.expect("flask", "1.0 2.0")
	count(2)
	s.web.Now = nil
	s.refresh = cache.RefreshPackages(time.Now().Add(time.Second), "flask")
	s.expect("flask", "1.0 2.0")
	s.expect("werkzeug", "0.16")
	s.expect("werkzeug", "0.16")
	count(3)
	if n := server.Count("/simple/werkzeug/"); n != 1 {
		t.Errorf("%d requests for the other page", n)
	}
	server.Remove("flask")
	s.refresh = cache.Refresh{}
	s.web.Offline = true
	s.expect("flask", "1.0 2.0")
	s.expect("unknown", fmt.Sprint("absent ", Offline))
}

func TestCacheControlOfAnIndex(t *testing.T) {
	t.Parallel()
	server, s := one(t, pypitest.Text(twoProjects), pypitest.CacheControl("no-store"))
	s.locations.Indexes[0].CacheControlAPI = "max-age=600"
	s.expect("flask", "1.0 2.0")
	s.expect("flask", "1.0 2.0")
	if n := server.Count("/simple/flask/"); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestAskedOnce(t *testing.T) {
	t.Parallel()
	server, s := one(t, pypitest.Text(twoProjects), pypitest.CacheControl("no-store"))
	c := s.client()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := describe(c.Versions(t.Context(), "flask", "", s.policy)); got != "1.0 2.0" {
				t.Error(got)
			}
		})
	}
	wg.Wait()
	if n := server.Count("/simple/flask/"); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// Whoever waits for a question that was given up asks it again.
func TestGivenUpByAnother(t *testing.T) {
	t.Parallel()
	server, s := one(t, pypitest.Text(twoProjects))
	server.Fail(pypitest.Rule{Path: "flask/", Hang: true, Times: 1})
	c := s.client()
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := c.Versions(ctx, "flask", "", s.policy)
		first <- err
	}()
	for server.Count("flask/") == 0 {
		time.Sleep(time.Millisecond)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if got := describe(c.Versions(t.Context(), "flask", "", s.policy)); got != "1.0 2.0" {
		t.Error(got)
	}
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestStrategies(t *testing.T) {
	t.Parallel()
	a := pypitest.New(t, pypitest.Text("both 1.0\nfirst 1.0\n"))
	b := pypitest.New(t, pypitest.Text("both 2.0\nsecond 2.0\n"))
	s := newSession(t, Locations{Indexes: []Index{
		{URL: b.URL(), Default: true},
		{Name: "x", URL: a.URL()},
		{Name: "x", URL: b.URL()},                                 // hidden by the one before
		{Name: "only", URL: b.URL(), Explicit: true},              // not asked unless pinned
		{Name: "late", URL: "http://127.0.0.1:1/", Default: true}, // another default comes first
	}})
	s.expect("both", "1.0")
	s.expect("second", "2.0")
	if n := b.Count("both/"); n != 0 {
		t.Errorf("the second index was asked %d times", n)
	}
	if got := s.versions("both", b.URL()); got != "2.0" {
		t.Errorf("pinned to the second index: %s", got)
	}
	if got := s.versions("both", strings.TrimSuffix(b.URL(), "/")); got != "2.0" {
		t.Errorf("pinned, written another way: %s", got)
	}
	if got := s.versions("first", b.URL()); got != fmt.Sprint("absent ", NotFound) {
		t.Errorf("pinned to the index that has it not: %s", got)
	}
	for _, strategy := range []Strategy{UnsafeFirstMatch, UnsafeBestMatch} {
		s.locations.Strategy = strategy
		s.expect("both", "1.0 | 2.0")
		s.expect("second", "2.0")
	}
	if x, ok := s.locations.Named("only"); !ok || !x.Explicit {
		t.Errorf("the index named only: %+v", x)
	}
	if _, ok := s.locations.Named(""); ok {
		t.Error("an index without name is found by it")
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	fallback := pypitest.New(t, pypitest.Text("flask 1.0\n"))
	for _, c := range []struct {
		status   int
		ignore   []int
		strategy Strategy
		want     string
		problem  bool
	}{
		{404, nil, FirstIndex, "1.0", false},
		{401, nil, FirstIndex, fmt.Sprint("absent ", NotFound), true},
		{403, nil, FirstIndex, fmt.Sprint("absent ", NotFound), true},
		{403, []int{403}, FirstIndex, "1.0", false},
		{404, []int{403}, FirstIndex, "1.0", false},
		{500, []int{500}, FirstIndex, "1.0", false},
		{401, nil, UnsafeBestMatch, "1.0", true},
		{407, nil, UnsafeFirstMatch, "1.0", false},
		{400, nil, FirstIndex, "error", false},
		{500, nil, UnsafeBestMatch, "error", false},
	} {
		broken := pypitest.New(t)
		broken.Fail(pypitest.Rule{Path: "flask/", Status: c.status})
		s := newSession(t, Locations{Strategy: c.strategy, Indexes: []Index{
			{URL: broken.URL(), IgnoreErrorCodes: c.ignore}, {URL: fallback.URL()},
		}})
		client := s.client()
		got := describe(client.Versions(t.Context(), "flask", "", s.policy))
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%d: got %q, want %q", c.status, got, c.want)
		}
		problems := client.Problems()
		if (len(problems) == 1) != c.problem || c.problem && problems[0] != (Problem{Index: broken.URL(), Status: c.status}) {
			t.Errorf("%d: problems %v", c.status, problems)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	server := pypitest.New(t, pypitest.Text(twoProjects), pypitest.Auth("me", "secret"))
	with := auth.Join(server.URL(), auth.Basic("me", "secret"))
	s := newSession(t, Locations{Indexes: []Index{{URL: with}}})
	answer, err := s.client().Versions(t.Context(), "flask", "", s.policy)
	if got := describe(answer, err); got != "1.0 2.0" {
		t.Fatal(got)
	}
	m := answer.Lists[0]
	if d := m.Candidate(0).Dist; strings.Contains(fmt.Sprintf("%+v", d), "secret") || m.Source.Index != server.URL() {
		t.Errorf("the distribution carries credentials: %+v", d)
	}
	if got := s.metadata("flask", "1.0"); !strings.HasPrefix(got, "flask 1.0") {
		t.Error(got)
	}
	filepath.WalkDir(s.dir, func(path string, _ os.DirEntry, _ error) error {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), "secret") || strings.Contains(path, "secret") {
			t.Errorf("%s holds the password", path)
		}
		return nil
	})
}

func TestUnusualPages(t *testing.T) {
	t.Parallel()
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html><body>Please <a href='/login'>log in</a></body></html>")
	}))
	t.Cleanup(portal.Close)
	for _, c := range []struct {
		rule pypitest.Rule
		want string
		hint string
	}{
		{pypitest.Rule{Redirect: strings.Replace(portal.URL, "127.0.0.1", "localhost", 1)}, "error: received an unexpected page from http://localhost", "log in"},
		{pypitest.Rule{ContentType: "text/plain", Body: []byte("hello")}, "error: received an unexpected page from http://127", "package index"},
		{pypitest.Rule{ContentType: "application/vnd.pypi.simple.v1+json", Body: []byte("{")}, "error: received an unexpected page from http://127", ""},
		{pypitest.Rule{ContentType: "application/vnd.pypi.simple.v1+json", Body: []byte(`{"files":[]}`)}, "", ""},
		{pypitest.Rule{ContentType: "text/html", Body: []byte(`<a href="other-1.0.tar.gz">x</a><a href="other-1.0-py3-none-any.whl">x</a>`)}, "error: received an unexpected page from http://127", ""},
		{pypitest.Rule{ContentType: "text/html", Body: []byte(`<a href="flask-1.0-py3-none-any.whl">x</a><a href="flask-oops.whl">x</a>
			<a href="other-1.0-py3-none-any.whl">x</a><a href="flask-2.0.tar.gz" data-requires-python="what?">x</a><a href="flask-1.5.tar.gz">x</a>`)}, "1.0 1.5", ""},
	} {
		server, s := one(t, pypitest.Text(twoProjects))
		c.rule.Path = "flask/"
		server.Fail(c.rule)
		_, err := s.client().Versions(t.Context(), "flask", "", s.policy)
		if got := s.versions("flask", ""); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("got %q, want %q", got, c.want)
		}
		var hinter interface{ Hints() []string }
		if c.hint != "" && (!errors.As(err, &hinter) || !strings.Contains(strings.Join(hinter.Hints(), " "), c.hint)) {
			t.Errorf("%v has no hint about %s", err, c.hint)
		}
	}
}

func TestFindLinks(t *testing.T) {
	t.Parallel()
	server := pypitest.New(t, pypitest.Text("flask 1.0\nother 1.0\n"))
	folder := t.TempDir()
	for _, name := range []string{"flask-0.9-py3-none-any.whl", "flask-1.0-py3-none-any.whl", "local_only-1.0.tar.gz", "notes.txt", "odd-1.0.tar.bz2"} {
		if err := os.WriteFile(filepath.Join(folder, name), server.File("flask-1.0-py3-none-any.whl"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "dir-1.0.tar.gz"), 0o700); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "links.html")
	if err := os.WriteFile(page, []byte(`<a href="files/paged-3.0-py3-none-any.whl#sha256=00">x</a>`), 0o600); err != nil {
		t.Fatal(err)
	}
	remote := pypitest.New(t, pypitest.Text("far 4.0\nflask 0.1\n"))
	fileURL := func(path string) string { return source.FromPath(path, path, "").FileURL() }
	s := newSession(t, Locations{
		Indexes:   []Index{{URL: server.URL()}},
		FindLinks: []Index{{URL: fileURL(folder), Flat: true}, {URL: fileURL(page), Flat: true}, {URL: remote.Links(), Flat: true}},
	})
	s.expect("flask", "0.1 0.9 1.0")
	s.expect("other", "1.0")
	s.expect("local-only", "1.0")
	s.expect("paged", "3.0")
	s.expect("far", "4.0")
	s.expect("dir", fmt.Sprint("absent ", NotFound))
	s.expect("odd", "1.0")
	if got := s.versions("local-only", server.URL()); got != fmt.Sprint("absent ", NotFound) {
		t.Errorf("a pinned project is found in flat lists: %s", got)
	}
	answer, err := s.client().Versions(t.Context(), "flask", "", s.policy)
	if err != nil {
		t.Fatal(err)
	}
	m := answer.Lists[0]
	i, _ := m.Find(pep440.MustParse("1.0"))
	if d := m.Candidate(i).Dist; d.Source.Index != fileURL(folder) || !strings.HasPrefix(d.File.URL, "file://") {
		t.Errorf("of equal files that of the flat list is taken: %+v", d)
	}
	if got := s.metadata("flask", "1.0"); !strings.HasPrefix(got, "flask 1.0 ") {
		t.Error(got)
	}
	if got := s.metadata("far", "4.0"); !strings.HasPrefix(got, "far 4.0 ") {
		t.Error(got)
	}
	s.locations.NoIndex = true
	s.expect("flask", "0.1 0.9 1.0")
	s.expect("other", fmt.Sprint("absent ", NoIndex))

	s.locations.FindLinks = []Index{{URL: fileURL(filepath.Join(folder, "missing"))}}
	if got := s.versions("flask", ""); !strings.Contains(got, "failed to read `--find-links` location file://") {
		t.Error(got)
	}
	fresh := newSession(t, Locations{NoIndex: true, FindLinks: []Index{{URL: remote.Links()}}})
	fresh.web.Offline = true
	fresh.expect("far", fmt.Sprint("absent ", Offline))
}

func TestFlatIndex(t *testing.T) {
	t.Parallel()
	server := pypitest.New(t, pypitest.Text("flask 1.0\nother 1.0\n"))
	s := newSession(t, Locations{Indexes: []Index{
		{URL: server.Links(), Flat: true}, {URL: server.URL(), Default: true},
	}})
	s.expect("flask", "1.0")
	s.expect("missing", fmt.Sprint("absent ", NotFound))
	s.policy.ExcludeNewer.Global = Cutoff{Time: time.Unix(0, 1)}
	answer, err := s.client().Versions(t.Context(), "flask", "", s.policy)
	if err != nil || !answer.Lists[0].Flat || answer.Lists[0].Candidate(0).Dist == nil {
		t.Errorf("a flat index is not exempt from exclude-newer: %v", err)
	}
}

func TestFolderIndexes(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("with-page/index.html", `<a href="../../files/with_page-1.0-py3-none-any.whl">x</a><a href="http://files.example.com/with_page-2.0.tar.gz">y</a>`)
	write("only-files/only_files-3.0-py3-none-any.whl", "")
	write("nothing/readme.txt", "")
	s := newSession(t, Locations{Indexes: []Index{{URL: source.FromPath(root, root, "").FileURL()}}})
	s.expect("with-page", "1.0 2.0")
	s.expect("only-files", "3.0")
	s.expect("nothing", "")
	s.expect("missing", fmt.Sprint("absent ", NotFound))
	answer, err := s.client().Versions(t.Context(), "with-page", "", s.policy)
	if err != nil {
		t.Fatal(err)
	}
	want := source.FromPath(filepath.Join(filepath.Dir(root), "files", "with_page-1.0-py3-none-any.whl"), "", "").FileURL()
	if got := answer.Lists[0].Candidate(0).Dist.File.URL; got != want {
		t.Errorf("URL %s, want %s", got, want)
	}
}

func TestExcludeNewer(t *testing.T) {
	t.Parallel()
	_, s := one(t, pypitest.Text("flask 1.0\n    uploaded 2024-01-01T00:00:00Z\nflask 2.0\n    uploaded 2024-06-01T00:00:00Z\n"))
	chosen := func() string {
		answer, err := s.client().Versions(t.Context(), "flask", "", s.policy)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for i := range answer.Lists[0].Len() {
			if c := answer.Lists[0].Candidate(i); c.Dist != nil && !answer.Lists[0].Hidden(i) {
				out = append(out, c.Version.String())
			}
		}
		return strings.Join(out, " ")
	}
	cutoff := func(text string) Cutoff {
		c, err := ParseCutoff(text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	got := []string{chosen()}
	s.policy.ExcludeNewer.Global = cutoff("2024-03-01")
	got = append(got, chosen())
	s.locations.Indexes[0].ExcludeNewer = cutoff("2023-01-01")
	got = append(got, chosen())
	s.policy.ExcludeNewer.Package = map[pyname.Package]Cutoff{"flask": cutoff("false")}
	got = append(got, chosen())
	if d := cmp.Diff([]string{"1.0 2.0", "1.0", "", "1.0 2.0"}, got); d != "" {
		t.Error(d)
	}
}

func TestMetadataWays(t *testing.T) {
	t.Parallel()
	const want = "flask 2.0 [werkzeug>=0.15 ; python_full_version >= '3.8', asgiref>=3 ; extra == 'async'] [async] python>=3.8"
	for _, c := range []struct {
		name    string
		options []pypitest.Option
		rules   []pypitest.Rule
		wheel   int // requests for the wheel itself
		want    string
	}{
		{"beside", nil, nil, 0, want},
		{"beside, but not there", nil, []pypitest.Rule{{Path: "*.metadata", Status: 404}}, 1, want},
		{"beside, but changed", nil, []pypitest.Rule{{Path: "*.metadata", Body: []byte("Metadata-Version: 2.1\nName: flask\nVersion: 2.0\n")}}, 1, want},
		{"parts", []pypitest.Option{pypitest.Metadata(false)}, nil, 1, want},
		{"whole", []pypitest.Option{pypitest.Metadata(false), pypitest.NoRanges}, nil, 1, want},
		{"whole, after a refusal of parts", []pypitest.Option{pypitest.Metadata(false)}, []pypitest.Rule{{Path: "*.whl", Status: 501, Times: 1}}, 2, want},
		{"whole, broken off once", []pypitest.Option{pypitest.Metadata(false), pypitest.NoRanges}, []pypitest.Rule{{Path: "*.whl", Truncate: 100, Times: 1}}, 2, want},
		{"whole, in chunks", []pypitest.Option{pypitest.Metadata(false), pypitest.NoRanges}, []pypitest.Rule{{Path: "*.whl", Chunked: true}}, 1, want},
		{"parts, broken off once", []pypitest.Option{pypitest.Metadata(false)}, []pypitest.Rule{{Path: "*.whl", Reset: 10, Times: 1}}, 2, want},
		{"not a wheel", []pypitest.Option{pypitest.Metadata(false)}, []pypitest.Rule{{Path: "*.whl", Body: []byte("hello"), NoRange: true}}, 1, fmt.Sprint("unavailable ", Broken)},
		{"gone", []pypitest.Option{pypitest.Metadata(false)}, []pypitest.Rule{{Path: "*.whl", Status: 404}}, 1, "error: failed to fetch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, s := one(t, append(c.options, pypitest.Text(twoProjects))...)
			server.Fail(c.rules...)
			if got := s.metadata("flask", "2.0"); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if n := server.Count("flask-2.0-py3-none-any.whl"); n != c.wheel {
				t.Errorf("%d requests for the wheel, want %d: %v", n, c.wheel, server.Requests())
			}
			if c.want != want {
				return
			}
			server.Reset()
			s.web.Offline = true
			if got := s.metadata("flask", "2.0"); got != want {
				t.Errorf("from the cache: %s", got)
			}
			if n := len(server.Requests()); n != 0 {
				t.Errorf("%d more requests", n)
			}
		})
	}
}

func TestMetadataTroubles(t *testing.T) {
	t.Parallel()
	server, s := one(t, pypitest.Metadata(false), pypitest.Text(`
wrong-name 1.0
    hostile wrong-name
wrong-version 1.0
    hostile wrong-version
truncated 1.0
    hostile truncated
not-a-zip 1.0
    hostile not-a-zip
good 1.0
`))
	for name, want := range map[pyname.Package]string{
		"wrong-name": fmt.Sprint("unavailable ", Foreign), "wrong-version": fmt.Sprint("unavailable ", Foreign),
		"truncated": fmt.Sprint("unavailable ", Broken), "not-a-zip": fmt.Sprint("unavailable ", Broken), "good": "good 1.0 ",
	} {
		if got := s.metadata(name, "1.0"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	s.expect("good", "1.0")
	s.web.Offline = true
	if got := s.metadata("truncated", "1.0"); got != fmt.Sprint("unavailable ", NotCached) {
		t.Errorf("offline: %s", got)
	}
	s.web.Offline = false
	s.locations.Indexes[0].IgnoreErrorCodes = []int{403}
	server.Fail(pypitest.Rule{Path: "truncated-*.whl", Status: 403})
	if got := s.metadata("truncated", "1.0"); got != fmt.Sprint("unavailable ", Unreachable) {
		t.Errorf("ignored status: %s", got)
	}
}

// What is remembered of one wheel's refusal spares the next the attempt.
func TestRangesAreRemembered(t *testing.T) {
	t.Parallel()
	server, s := one(t, pypitest.Text("a 1.0\nb 1.0\n"), pypitest.Metadata(false))
	server.Fail(pypitest.Rule{Path: "*.whl", Status: 405, Times: 1})
	c := s.client()
	for _, name := range []pyname.Package{"a", "b"} {
		answer, err := c.Versions(t.Context(), name, "", s.policy)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Metadata(t.Context(), answer.Lists[0].Candidate(0).Dist); err != nil {
			t.Error(err)
		}
	}
	if n := server.Count("*.whl"); n != 3 {
		t.Errorf("%d requests for wheels", n)
	}
}
