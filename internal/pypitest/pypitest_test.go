package pypitest_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tame-py/tame/internal/pypitest"
)

const sample = `
# two versions of one project
Flask 1.0 2.0rc1
    requires werkzeug>=0.15 ; python_version >= "3.8"
    requires jinja2
    extra async: asgiref>=3
    extra empty:
    python >=3.8
    script flask = flask:main
    entry flask.plugins a = flask.a:A
    file flask/templates/index.html
        <p>
          hello
        </p>
    file flask/py.typed =
    sdist-file setup.cfg = [metadata]

werkzeug 0.16
    wheel py2.py3-none-any 1-cp312-cp312-linux_x86_64
    no-sdist
    yanked does not work
    uploaded 2020-01-01T00:00:00Z
`

func get(t *testing.T, s *pypitest.Server, path string, header ...string) (*http.Response, []byte) {
	t.Helper()
	res, body, err := try(s, path, header...)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

func try(s *pypitest.Server, path string, header ...string) (*http.Response, []byte, error) {
	req, err := http.NewRequest(http.MethodGet, s.Base()+path, nil)
	if err != nil {
		return nil, nil, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, body, err
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := pypitest.New(t, pypitest.Text(sample))
	res, body := get(t, s, "/simple/werkzeug/", "Accept", "application/vnd.pypi.simple.v1+json, text/html;q=0.1")
	if res.Header.Get("Content-Type") != "application/vnd.pypi.simple.v1+json" {
		t.Error(res.Header)
	}
	var page struct {
		Name  string
		Files []struct {
			Filename, URL, Yanked string
			Upload                string `json:"upload-time"`
			Size                  int
			Hashes, Core          map[string]string
		}
	}
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if len(page.Files) != 2 || page.Files[0].Filename != "werkzeug-0.16-py2.py3-none-any.whl" || page.Files[1].Yanked != "does not work" || page.Files[0].Upload != "2020-01-01T00:00:00Z" {
		t.Errorf("%+v", page)
	}
	_, wheel := get(t, s, strings.TrimPrefix(page.Files[0].URL, "../.."))
	if len(wheel) != page.Files[0].Size || pypitest.SHA256(wheel) != page.Files[0].Hashes["sha256"] {
		t.Errorf("the page says %+v", page.Files[0])
	}

	res, body = get(t, s, "/simple/flask/")
	if res.Header.Get("Content-Type") != "text/html; charset=utf-8" || !bytes.Contains(body, []byte(`data-requires-python="&gt;=3.8"`)) {
		t.Errorf("%v %s", res.Header, body)
	}
	if res, _ := get(t, s, "/simple/flask/", "If-None-Match", res.Header.Get("Etag")); res.StatusCode != http.StatusNotModified {
		t.Error(res.Status)
	}
	_, metadata := get(t, s, "/files/flask-1.0-py3-none-any.whl.metadata")
	if diff := cmp.Diff(wantMetadata, string(metadata)); diff != "" {
		t.Error(diff)
	}
	if res, _ := get(t, s, "/simple/nothing/"); res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
	if _, body := get(t, s, "/simple/"); !bytes.Contains(body, []byte(`<a href="flask/">flask</a>`)) {
		t.Errorf("%s", body)
	}
	if _, body := get(t, s, "/links/"); !bytes.Contains(body, []byte(`href="../files/flask-1.0.tar.gz#sha256=`)) {
		t.Errorf("%s", body)
	}
	if s.Count("flask/") != 2 || s.Count("*.metadata") != 1 || s.Count("/simple/") != 1 {
		t.Error(s.Requests())
	}
}

const wantMetadata = `Metadata-Version: 2.3
Name: Flask
Version: 1.0
Requires-Python: >=3.8
Provides-Extra: async
Provides-Extra: empty
Requires-Dist: werkzeug>=0.15 ; python_version >= '3.8'
Requires-Dist: jinja2
Requires-Dist: asgiref>=3 ; extra == 'async'
`

func TestArchives(t *testing.T) {
	t.Parallel()
	s := pypitest.New(t, pypitest.Text(sample))
	data := s.File("flask-1.0-py3-none-any.whl")
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		members[f.Name] = string(text)
	}
	for name, want := range map[string]string{
		"flask/templates/index.html":           "<p>\n  hello\n</p>\n",
		"flask/py.typed":                       "\n",
		"flask/__init__.py":                    "__version__ = \"1.0\"\n\n\ndef main():\n    print(\"Flask 1.0\")\n",
		"flask-1.0.dist-info/entry_points.txt": "[console_scripts]\nflask = flask:main\n\n[flask.plugins]\na = flask.a:A\n",
		"flask-1.0.dist-info/WHEEL":            "Wheel-Version: 1.0\nGenerator: uv-test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
	} {
		if diff := cmp.Diff(want, members[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if record := members["flask-1.0.dist-info/RECORD"]; strings.Count(record, "\n") != len(members) || !strings.HasSuffix(record, "flask-1.0.dist-info/RECORD,,\n") {
		t.Errorf("RECORD: %s", record)
	}

	data = s.File("flask-1.0.tar.gz")
	g, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(g); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	want := []string{
		"PKG-INFO", "_backend/entry_points.txt", "_backend/intree_backend.py", "pyproject.toml", "setup.cfg",
		"src/flask/__init__.py", "src/flask/py.typed", "src/flask/templates/index.html",
	}
	for i := range want {
		want[i] = "flask-1.0/" + want[i]
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	s := pypitest.New(t, pypitest.Text("a 1"))
	const path = "/files/a-1-py3-none-any.whl"
	_, whole := get(t, s, path)
	n := len(whole)
	for header, want := range map[string]string{
		"bytes=0-3":                        string(whole[:4]),
		"bytes=-22":                        string(whole[n-22:]),
		fmt.Sprintf("bytes=%d-", n-5):      string(whole[n-5:]),
		fmt.Sprintf("bytes=%d-99999", n-5): string(whole[n-5:]),
	} {
		res, body := get(t, s, path, "Range", header)
		if res.StatusCode != http.StatusPartialContent || string(body) != want {
			t.Errorf("%s: %s, %q", header, res.Status, body)
		}
	}
	if res, _ := get(t, s, path, "Range", "bytes=99999-"); res.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Error(res.Status)
	}
	s.Fail(pypitest.Rule{Path: "*", NoRange: true})
	if res, body := get(t, s, path, "Range", "bytes=0-3"); res.StatusCode != http.StatusOK || len(body) != n {
		t.Error(res.Status)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	s := pypitest.New(t, pypitest.Text("a 1\nb 1"))
	for _, rule := range []string{
		"a/ 503 times=2 retry-after=1 skip=1",
		"b/ redirect=/elsewhere",
		"*.whl truncate=10 times=1",
		"*.whl reset=10 times=1",
		"*.whl drip=100 times=1 type=text/html",
		"*.whl corrupt",
		"b-1.tar.gz body=login",
	} {
		r, err := pypitest.ParseRule(strings.Fields(rule))
		if err != nil {
			t.Fatal(err)
		}
		s.Fail(r)
	}
	var statuses []int
	for range 4 {
		res, _ := get(t, s, "/simple/a/")
		statuses = append(statuses, res.StatusCode)
	}
	if diff := cmp.Diff([]int{200, 503, 503, 200}, statuses); diff != "" {
		t.Error(diff)
	}
	if res, _ := get(t, s, "/simple/b/"); res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/elsewhere" {
		t.Error(res.Status)
	}
	const wheel = "/files/a-1-py3-none-any.whl"
	good := s.File("a-1-py3-none-any.whl")
	for _, kind := range []string{"truncated", "reset"} {
		if _, body, err := try(s, wheel); err == nil || !bytes.HasPrefix(good, body) {
			t.Errorf("%s: %v, %q", kind, err, body)
		}
	}
	if res, body := get(t, s, wheel); !bytes.Equal(body, good) || res.Header.Get("Content-Type") != "text/html" {
		t.Error("a slow answer differs")
	}
	if _, body := get(t, s, wheel); bytes.Equal(body, good) || len(body) != len(good) {
		t.Error("a corrupt answer does not differ")
	}
	if _, body := get(t, s, "/files/b-1.tar.gz"); string(body) != "login" {
		t.Errorf("%q", body)
	}
	for _, bad := range []string{"x", "x wat", "x times=many"} {
		if r, err := pypitest.ParseRule(strings.Fields(bad)); err == nil {
			t.Errorf("%q is %+v", bad, r)
		}
	}
}

func TestAuthAndTLS(t *testing.T) {
	t.Parallel()
	s := pypitest.New(t, pypitest.Text("@auth me secret\na 1"), pypitest.TLS)
	if res, _ := get(t, s, "/simple/a/"); res.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(res.Header.Get("Www-Authenticate"), "Basic") {
		t.Error(res.Status)
	}
	if res, _ := get(t, s, "/simple/a/", "Authorization", "Basic bWU6c2VjcmV0"); res.StatusCode != http.StatusOK {
		t.Error(res.Status)
	}
	if r := s.Requests(); len(r) != 2 || r[1].User != "me" || r[1].String() != "GET /simple/a/ 200" {
		t.Error(r)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const text = `
@html
@metadata off
@ranges off
@sizes off
@hashes off
@upload-times off
@cache-control max-age=600
A.b 1
    dynamic
    build-requires setuptools
    build-fails no compiler
    extra x: c ; os_name == 'nt' or os_name == 'posix'
    gui g = g:main
    summary An example.
`
	s := pypitest.New(t, pypitest.Text(text), pypitest.Address("127.0.0.1:0"))
	res, body := get(t, s, "/simple/a-b/", "Accept", "application/vnd.pypi.simple.v1+json")
	if res.Header.Get("Cache-Control") != "max-age=600" || bytes.ContainsAny(body, "#") || bytes.Contains(body, []byte("data-")) {
		t.Errorf("%v %s", res.Header, body)
	}
	if res, _ := get(t, s, "/files/a_b-1-py3-none-any.whl.metadata"); res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
	if res, _ := get(t, s, "/files/a_b-1-py3-none-any.whl", "Range", "bytes=0-1"); res.StatusCode != http.StatusOK {
		t.Error(res.Status)
	}
	s.Reset()
	if s.Count("*") != 0 {
		t.Error(s.Requests())
	}

	s = pypitest.New(t, pypitest.JSON, pypitest.NoHashes, pypitest.NoRanges, pypitest.CacheControl("no-store"))
	s.AddFile("a", pypitest.File{Name: "a-1.zip", Data: []byte("x")})
	if _, body := get(t, s, "/simple/a/"); !json.Valid(body) || !bytes.Contains(body, []byte("a-1.zip")) {
		t.Errorf("%s", body)
	}
	if _, body := get(t, s, strings.TrimPrefix(s.FileURL("a-1.zip"), s.Base())); string(body) != "x" {
		t.Errorf("%s", body)
	}
	if _, body := get(t, s, "/simple/"); !json.Valid(body) {
		t.Errorf("%s", body)
	}
}

func TestSourceTree(t *testing.T) {
	t.Parallel()
	r := pypitest.Release{Name: "A.b", Version: "1", BuildRequires: []string{"setuptools"}, BuildFails: "no compiler", Dynamic: true}
	tree := r.SourceTree()
	if !strings.HasPrefix(tree["PKG-INFO"], "Metadata-Version: 2.1\nName: A.b\n") || !strings.HasSuffix(tree["_backend/intree_backend.py"], "build_editable = build_wheel\n") {
		t.Errorf("%v", tree)
	}
	if diff := cmp.Diff("[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"intree_backend\"\nbackend-path = [\"_backend\"]\n", tree["pyproject.toml"]); diff != "" {
		t.Error(diff)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, kind := range pypitest.Hostile() {
		if kind != "bomb" {
			fmt.Fprintf(&text, "%s 1\n  hostile %s\n", kind, kind)
		}
	}
	s := pypitest.New(t, pypitest.Text(text.String()))
	plain := pypitest.Release{Name: "duplicate", Version: "1"}
	for _, kind := range pypitest.Hostile() {
		plain.Name = kind
		want := plain.Wheel("py3-none-any")
		if got := s.File(want.Name); kind != "bomb" && (got == nil || bytes.Equal(got, want.Data)) {
			t.Errorf("%s is not hostile", kind)
		}
	}
	bomb := pypitest.Release{Name: "b", Version: "1", Hostile: []string{"bomb"}}
	if n := len(bomb.Wheel("py3-none-any").Data); n > 100_000 {
		t.Errorf("the bomb has %d bytes", n)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a":               `text:1: "a" needs a version`,
		"  requires b":    "text:1: an indented line before the first release",
		"a 1\n  wat":      `text:2: "wat" says nothing about a release`,
		"a 1\n  extra b":  `text:2: extra "b" should read NAME: REQUIREMENT`,
		"a 1\n  script b": `text:2: entry point "b" should read NAME = VALUE`,
		"@wat":            "text:1: no such setting: wat",
		"-a 1":            `a release needs a name and a version: "-a" "1"`,
	} {
		_, err := pypitest.Start(pypitest.Text(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// The hashes in the locks that were recorded from uv are those of our files.
func TestScenarios(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("TAME_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	paths, err := filepath.Glob(filepath.Join(dir, "conformance/packse/scenarios/*/*.json"))
	if err != nil || len(paths) == 0 {
		t.Skipf("conformance scenarios are not here: %v", err)
	}
	file := regexp.MustCompile(`\[LOCALHOST\]/files/([^"]+)", hash = "sha256:([0-9a-f]+)"`)
	checked := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var recorded struct{ UV struct{ Lock string } }
		if err := json.Unmarshal(text, &recorded); err != nil {
			t.Fatal(err)
		}
		s := pypitest.New(t, pypitest.Path(path))
		for _, m := range file.FindAllStringSubmatch(recorded.UV.Lock, -1) {
			checked++
			if got := pypitest.SHA256(s.File(m[1])); got != m[2] {
				t.Errorf("%s: %s has the hash %s, want %s", path, m[1], got, m[2])
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d hashes were compared", checked)
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: func(env *testscript.Env) error { return pypitest.Setup(env, env.WorkDir, env.Values) },
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"index": func(ts *testscript.TestScript, neg bool, args []string) { pypitest.Command(ts, neg, args) },
			"get":   func(ts *testscript.TestScript, neg bool, args []string) { scriptGet(ts, neg, args) },
		},
	})
}

// scriptGet prints what a URL answers with.
func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // it ends as a program does
	res, err := client.Get(args[0])
	ts.Check(err)
	defer res.Body.Close()
	_, err = io.Copy(ts.Stdout(), res.Body)
	ts.Check(err)
	if (res.StatusCode >= 400) != neg {
		ts.Fatalf("%s", res.Status)
	}
}

func Example() {
	s, err := pypitest.Start(pypitest.Text(`
flask 1.0 2.0
    requires werkzeug>=0.15
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	s.Fail(pypitest.Rule{Path: "flask/", Status: 503, Times: 1})
	for range 2 {
		res, err := http.Get(s.URL() + "flask/")
		if err != nil {
			fmt.Println(err)
			return
		}
		res.Body.Close()
	}
	for _, r := range s.Requests() {
		fmt.Println(r)
	}
	// Output:
	// GET /simple/flask/ 503
	// GET /simple/flask/ 200
}

// What a client has asked for that ended without waiting for the answer is counted
// once the server has settled, and not later.
func TestSettle(t *testing.T) {
	t.Parallel()
	s := pypitest.New(t, pypitest.Text("a 1.0\n"))
	for range 200 {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.Base(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "GET /simple/a/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
		_ = c.Close()
		s.Settle()
		if n := s.Count("/simple/a/"); n != 1 {
			t.Fatalf("%d requests, want 1", n)
		}
		s.Reset()
	}
}
