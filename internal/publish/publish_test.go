package publish

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/pypitest"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
)

// A world is an index and a directory with things to publish.
type world struct {
	*testing.T
	index *pypitest.Server
	dir   string
	p     *Publisher
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{T: t, index: pypitest.New(t), dir: t.TempDir()}
	client := web.New(web.Options{Retries: -1})
	w.p = New(Options{
		URL: w.index.UploadURL(), Credentials: auth.Basic("me", "secret"), Web: client, Storage: client, Retries: 2,
		Pause: func(int) time.Duration { return 0 },
	})
	return w
}

// add puts a release into the directory and returns its wheel.
func (w *world) add(r pypitest.Release) File {
	w.Helper()
	for _, f := range r.Build() {
		w.write(f.Name, f.Data)
	}
	found, err := Collect(w.dir, []string{"*.whl"}, true)
	if err != nil || len(found.Files) == 0 {
		w.Fatal(found, err)
	}
	return found.Files[len(found.Files)-1]
}

func (w *world) write(name string, data []byte) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), data, 0o666); err != nil {
		w.Fatal(err)
	}
}

func (w *world) upload(f *File) (bool, error) {
	w.Helper()
	form, err := Read(f)
	if err != nil {
		w.Fatal(err)
	}
	return w.p.Upload(context.Background(), f, form)
}

func TestCollect(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{
		"b-1.0.tar.gz", "b-1.0-py3-none-any.whl", "a-1.0-py2.py3-none-any.whl", "a-1.0-py2.py3-none-any.whl.publish.attestation", "C-01.0.tar.gz",
		"bad.whl", "data.tar.gz", "x-1-2-asdf.zip", "notes.txt", ".gitignore",
	} {
		w.write(name, nil)
	}
	found, err := Collect(w.dir, []string{"*", "b-1.0.tar.gz"}, true)
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(w.dir, name) }
	want := Found{
		Files: []File{
			{
				Path: at("a-1.0-py2.py3-none-any.whl"), Name: "a-1.0-py2.py3-none-any.whl", Normalized: "a-1.0-py2.py3-none-any.whl", Project: "a",
				Kind: dist.WheelKind, Python: "py2.py3", Attestations: []string{at("a-1.0-py2.py3-none-any.whl.publish.attestation")},
			},
			{Path: at("b-1.0-py3-none-any.whl"), Name: "b-1.0-py3-none-any.whl", Normalized: "b-1.0-py3-none-any.whl", Project: "b", Kind: dist.WheelKind, Python: "py3"},
			{Path: at("C-01.0.tar.gz"), Name: "C-01.0.tar.gz", Normalized: "c-1.0.tar.gz", Project: "c", Kind: dist.SdistKind, Python: "source"},
			{Path: at("b-1.0.tar.gz"), Name: "b-1.0.tar.gz", Normalized: "b-1.0.tar.gz", Project: "b", Kind: dist.SdistKind, Python: "source"},
		},
		Doubtful: []string{at("bad.whl"), at("data.tar.gz"), at("x-1-2-asdf.zip")},
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if found, _ := Collect(w.dir, []string{"a*"}, false); found.Files[0].Attestations != nil {
		t.Error("attestations were not wanted")
	}
	if _, err := Collect(w.dir, []string{"["}, true); err == nil {
		t.Error("`[` is a pattern")
	}
}

// The form has all the metadata, the file, and the attestations.
func TestForm(t *testing.T) {
	w := newWorld(t)
	f := w.add(pypitest.Release{
		Name: "Some.Thing", Version: "1.0", Summary: "what it is", Requires: []string{"x>1", "y"}, RequiresPython: ">=3.8",
		Extras: map[string][]string{"more": {"z"}},
	})
	w.write(f.Name+".publish.attestation", []byte("{\"a\": 1}"))
	f.Attestations = []string{f.Path + ".publish.attestation"}
	if ok, err := w.upload(&f); !ok || err != nil {
		t.Fatal(ok, err)
	}
	u := w.index.Uploads()[0]
	if u.Filename != f.Name || u.User != "me" || u.Password != "secret" {
		t.Errorf("uploaded %s as %s with %s", u.Filename, u.User, u.Password)
	}
	u.Fields = slices.DeleteFunc(u.Fields, func(f pypitest.Field) bool { return strings.HasSuffix(f.Name, "_digest") })
	want := []pypitest.Field{
		{Name: ":action", Value: "file_upload"},
		{Name: "protocol_version", Value: "1"},
		{Name: "metadata_version", Value: "2.1"},
		{Name: "name", Value: "Some.Thing"},
		{Name: "version", Value: "1.0"},
		{Name: "filetype", Value: "bdist_wheel"},
		{Name: "pyversion", Value: "py3"},
		{Name: "summary", Value: "what it is"},
		{Name: "requires_python", Value: ">=3.8"},
		{Name: "provides_extra", Value: "more"},
		{Name: "requires_dist", Value: "x>1"},
		{Name: "requires_dist", Value: "y"},
		{Name: "requires_dist", Value: "z ; extra == 'more'"},
		{Name: "attestations", Value: `[{"a":1}]`},
	}
	for i := range want {
		if want[i].Name == "metadata_version" {
			want[i].Value = u.Get("metadata_version")
		}
	}
	if d := cmp.Diff(want, u.Fields); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	w.write(f.Name+".publish.attestation", []byte("no"))
	if _, err := Read(&f); err == nil || !strings.Contains(err.Error(), "it is no JSON") {
		t.Errorf("a broken attestation: %v", err)
	}
}

func TestBrokenFiles(t *testing.T) {
	w := newWorld(t)
	w.write("a-1.0-py3-none-any.whl", []byte("no"))
	w.write("a-1.0.tar.gz", pypitest.Gzip(pypitest.Tar([]pypitest.Entry{{Name: "a-1.0/setup.py", Mode: 0o644}})))
	w.write("b-1.0.tar.gz", pypitest.Gzip(pypitest.Tar([]pypitest.Entry{{Name: "b-1.0/PKG-INFO", Mode: 0o644}, {Name: "c/PKG-INFO", Mode: 0o644}})))
	w.write("c-1.0.zip", nil)
	found, err := Collect(w.dir, []string{"*"}, true)
	if err != nil || len(found.Files) < 3 {
		t.Fatal(found, err)
	}
	for _, f := range found.Files {
		var wrong *FileError
		if _, err := Read(&f); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// The same file is skipped, another of the same name is an error.
func TestExists(t *testing.T) {
	w := newWorld(t)
	w.p.CheckURL = w.index.URL()
	f := w.add(pypitest.Release{Name: "a", Version: "1.0"})
	if there, err := w.p.Exists(context.Background(), &f); there || err != nil {
		t.Fatal(there, err)
	}
	if ok, err := w.upload(&f); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if there, err := w.p.Exists(context.Background(), &f); !there || err != nil {
		t.Fatal(there, err)
	}
	other := w.add(pypitest.Release{Name: "a", Version: "1.0", Summary: "changed"})
	var mismatch *MismatchError
	if _, err := w.p.Exists(context.Background(), &other); !errors.As(err, &mismatch) || mismatch.Algorithm != "sha256" {
		t.Errorf("another file: %v", err)
	}
	if _, err := w.upload(&other); !errors.As(err, &mismatch) {
		t.Errorf("uploading another file: %v", err)
	}
}

// What broke off is looked up before it is repeated, and not sent twice.
func TestBrokenUpload(t *testing.T) {
	w := newWorld(t)
	f := w.add(pypitest.Release{Name: "a", Version: "1.0"})
	// The server has the file, but its answer gets lost.
	w.p.CheckURL = w.index.URL()
	w.index.Fail(pypitest.Rule{Path: "/upload/", Status: http.StatusBadGateway, Times: 1})
	if ok, err := w.upload(&f); !ok || err != nil {
		t.Errorf("an upload with a lost answer: %v, %v", ok, err)
	}
	if n := w.index.Count("/upload/"); n != 1 {
		t.Errorf("uploaded %d times", n)
	}
	// The server did not get it.
	w.index.Remove("a")
	w.index.Reset()
	w.index.Fail(pypitest.Rule{Path: "/simple/a/", Status: http.StatusNotFound, Times: 1})
	w.index.Fail(pypitest.Rule{Path: "/upload/", Status: http.StatusServiceUnavailable, Times: 1})
	if ok, err := w.upload(&f); !ok || err != nil {
		t.Errorf("an upload that is repeated: %v, %v", ok, err)
	}
	if n := w.index.Count("/upload/"); n != 2 {
		t.Errorf("uploaded %d times", n)
	}
}

// Without a place to look things up, the error says what may have happened.
func TestBrokenWithoutCheck(t *testing.T) {
	w := newWorld(t)
	f := w.add(pypitest.Release{Name: "a", Version: "1.0"})
	w.index.Fail(pypitest.Rule{Path: "/upload/", Status: http.StatusBadGateway})
	_, err := w.upload(&f)
	var failed *SendError
	if !errors.As(err, &failed) || failed.Status != http.StatusBadGateway {
		t.Fatal(err)
	}
	if hints := strings.Join(failed.Hints(), " "); !strings.Contains(hints, "may have been received") {
		t.Errorf("hints: %s", hints)
	}
	if n := w.index.Count("/upload/"); n != 3 {
		t.Errorf("tried %d times", n)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name, want, hint string
		prepare          func(*world)
	}{
		{"token", "permission denied (status code 403 Forbidden). Server says: 403 Invalid API Token", "__token__", func(w *world) { w.p.Credentials = auth.Basic("__token__", "wrong") }},
		{"simple", "uploads are not supported by the endpoint (status code 405 Method Not Allowed)", "uploads have a URL of their own", func(w *world) { w.p.URL = w.index.URL() }},
		{"html", "server returned status code 400 Bad Request. Server says: Oh no", "", func(w *world) {
			w.index.Fail(pypitest.Rule{Path: "/upload/", Status: 400, ContentType: "text/html", Body: []byte("<html><title>Oh no</title>")})
		}},
		{"exists", "Server says: 400 File already exists ('a-1.0-py3-none-any.whl').", "--check-url", func(w *world) {
			w.index.AddFile("a", pypitest.File{Name: "a-1.0-py3-none-any.whl", Data: []byte("other")})
		}},
		{"elsewhere", "redirected to another server: http://example.com/upload", "", func(w *world) {
			w.index.Fail(pypitest.Rule{Path: "/upload/", Redirect: "http://example.com/upload"})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			f := w.add(pypitest.Release{Name: "a", Version: "1.0"})
			tt.prepare(w)
			_, err := w.upload(&f)
			var failed *SendError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if hints := strings.Join(failed.Hints(), " "); !strings.Contains(hints, tt.hint) {
				t.Errorf("hints: %s", hints)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("a password is told: %v", err)
			}
		})
	}
}

// A redirect on the same server is followed.
func TestRedirect(t *testing.T) {
	w := newWorld(t)
	w.p.URL = strings.TrimSuffix(w.index.UploadURL(), "/")
	f := w.add(pypitest.Release{Name: "a", Version: "1.0"})
	if ok, err := w.upload(&f); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if n := len(w.index.Uploads()); n != 1 {
		t.Errorf("%d uploads", n)
	}
}

func TestToken(t *testing.T) {
	w := newWorld(t)
	env := map[string]string{}
	token := func() (string, error) {
		return Token(context.Background(), w.p.Web, w.p.URL, func(name string) string { return env[name] })
	}
	if _, err := token(); !errors.Is(err, ErrNoIdentity) {
		t.Errorf("nowhere: %v", err)
	}
	env["GITHUB_ACTIONS"] = "true"
	if _, err := token(); err == nil || !strings.Contains(strings.Join(err.(*TokenError).Hints(), ""), "id-token: write") {
		t.Errorf("without the permission: %v", err)
	}
	env["ACTIONS_ID_TOKEN_REQUEST_URL"] = w.index.Base() + pypitest.IdentityPath + "?x=1"
	env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = pypitest.JobToken
	if got, err := token(); got != pypitest.MintedToken || err != nil {
		t.Errorf("on GitHub: %q, %v", got, err)
	}
	env = map[string]string{"GITLAB_CI": "true"}
	if _, err := token(); err == nil || !strings.Contains(err.Error(), "PYPITEST_ID_TOKEN") {
		t.Errorf("without an ID token: %v", err)
	}
	env["PYPITEST_ID_TOKEN"] = pypitest.IdentityToken
	if got, err := token(); got != pypitest.MintedToken || err != nil {
		t.Errorf("on GitLab: %q, %v", got, err)
	}
	env["PYPITEST_ID_TOKEN"] = strings.TrimSuffix(pypitest.IdentityToken, "sign") + "other"
	_, err := token()
	if err == nil || !strings.Contains(err.Error(), "Token request failed") || !strings.Contains(err.Error(), "sub: repo:a/b") {
		t.Errorf("an identity that is not accepted: %v", err)
	}
}

func FuzzSaid(f *testing.F) {
	f.Add("application/json", []byte(`{"code": "400 no"}`))
	f.Add("text/html; charset=utf-8", []byte("<html><title>x</title>\x1b[31m"))
	f.Add("application/problem+json", []byte(`{"title": "a", "detail": "b"}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		if text := said(contentType, body); strings.ContainsAny(text, "\x1b\n\r\x00\u009b") || len(text) > 8000 {
			t.Errorf("%q", text)
		}
	})
}
