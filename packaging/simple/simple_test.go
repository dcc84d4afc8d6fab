package simple

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const pageURL = "https://index.example.com/simple/flask/"

func yes() *bool { v := true; return &v }

// The same project as both kinds of document say it.
var (
	sameJSON = `{
  "meta": {"api-version": "1.4", "_last-serial": 123, "tracks": ["https://index.example.org/simple/flask/"]},
  "name": "Flask", "versions": ["1.0", "2.0"], "alternate-locations": ["https://index.example.net/flask/"],
  "project-status": {"status": "archived", "reason": "no \"time\""},
  "extra": [{"a": [1, -2.5e3, null, true, false, "x\\"]}, {}, []],
  "files": [
    {"filename": "flask-1.0.tar.gz", "url": "../../files/flask-1.0.tar.gz", "hashes": {"sha256": "ab12"}, "yanked": false},
    {"filename": "flask-2.0-py3-none-any.whl", "url": "https://files.example.com/a/flask-2.0-py3-none-any.whl",
     "hashes": {"sha256": "cd34"}, "requires-python": ">=3.8,<4", "size": 1234, "upload-time": "2024-02-29T23:59:59.123456Z",
     "yanked": "broken < 3 & \u00e9", "core-metadata": {"sha256": "ef56"}, "data-dist-info-metadata": {"sha256": "00"},
     "gpg-sig": true, "provenance": "https://index.example.com/p/1"},
    {"filename": "flask-2.1.zip", "url": "/f/flask-2.1.zip", "hashes": {}, "yanked": true, "dist-info-metadata": true}
  ]
}`
	sameHTML = `<!DOCTYPE html><html><head>
<meta name="pypi:repository-version" content="1.4"><META NAME="pypi:project-status" CONTENT="archived">
<meta name="pypi:project-status-reason" content="no &quot;time&quot;">
<meta name="pypi:tracks" content="https://index.example.org/simple/flask/">
<meta name="pypi:alternate-locations" content="https://index.example.net/flask/">
</head><body><h1>Links</h1>
<a href="../../files/flask-1.0.tar.gz#sha256=ab12">flask-1.0.tar.gz</a><br/>
<A HREF='https://files.example.com/a/flask-2.0-py3-none-any.whl#sha256=cd34' data-requires-python="&gt;=3.8,&lt;4"
 data-yanked="broken &lt; 3 &amp; é" data-dist-info-metadata="sha256=00" data-core-metadata="sha256=ef56" data-gpg-sig="true"
 data-provenance="https://index.example.com/p/1" data-size="1234" data-upload-time="2024-02-29T23:59:59.123456Z">text</A>
<a href="/f/flask-2.1.zip" data-yanked data-dist-info-metadata="true">x</a>
<a>no target</a><a href="">empty</a><a href="../">up</a>
</body></html>`
	same = &Project{
		APIVersion: "1.4", Status: Archived, StatusReason: `no "time"`,
		Tracks:             []string{"https://index.example.org/simple/flask/"},
		AlternateLocations: []string{"https://index.example.net/flask/"},
		Files: []File{
			{
				Filename: "flask-1.0.tar.gz", URL: "https://index.example.com/files/flask-1.0.tar.gz",
				Hashes: []Hash{{"sha256", "ab12"}}, Size: -1,
			},
			{
				Filename: "flask-2.0-py3-none-any.whl", URL: "https://files.example.com/a/flask-2.0-py3-none-any.whl",
				Hashes: []Hash{{"sha256", "cd34"}}, RequiresPython: ">=3.8,<4", Size: 1234,
				UploadTime: time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC),
				Yanked:     true, YankedReason: "broken < 3 & é",
				Metadata: Metadata{Available: true, Hashes: []Hash{{"sha256", "ef56"}}},
				GPGSig:   yes(), Provenance: "https://index.example.com/p/1",
			},
			{
				Filename: "flask-2.1.zip", URL: "https://index.example.com/f/flask-2.1.zip", Size: -1, Yanked: true,
				Metadata: Metadata{Available: true},
			},
		},
	}
)

func TestBothFormatsGiveTheSame(t *testing.T) {
	t.Parallel()
	fromHTML, err := Parse("text/html; charset=utf-8", sameHTML, pageURL)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(same, fromHTML); d != "" {
		t.Errorf("HTML (-want +got):\n%s", d)
	}
	fromJSON, err := Parse("application/vnd.pypi.simple.v1+json", sameJSON, pageURL)
	if err != nil {
		t.Fatal(err)
	}
	want := *same
	want.Name, want.Versions = "Flask", []string{"1.0", "2.0"}
	for i := range fromJSON.Files {
		if len(fromJSON.Files[i].Hashes) == 0 {
			fromJSON.Files[i].Hashes = nil
		}
	}
	if d := cmp.Diff(&want, fromJSON); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
}

// What a scratch held before has no influence on what is read into it.
func TestScratch(t *testing.T) {
	t.Parallel()
	var s Scratch
	for range 3 {
		for _, doc := range []string{sameJSON, `{"files": []}`, `{"files": [{"filename": "a-1.tar.gz", "url": "/a-1.tar.gz"}]}`, `{"files": [{`} {
			want, wantErr := ParseJSON(doc, pageURL)
			got, err := s.Parse(MediaJSON, doc, pageURL)
			if (err == nil) != (wantErr == nil) {
				t.Errorf("%v, want %v", err, wantErr)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestWriteAndReadAgain(t *testing.T) {
	t.Parallel()
	p := *same
	p.Name, p.Versions = "Flask", []string{"1.0", "2.0"}
	doc := p.AppendJSON(nil)
	if !json.Valid(doc) {
		t.Fatalf("not JSON: %s", doc)
	}
	got, err := ParseJSON(string(doc), "")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&p, got); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
	got, err = ParseHTML(string(same.AppendHTML(nil)), "")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(same, got); d != "" {
		t.Errorf("HTML (-want +got):\n%s", d)
	}
}

func TestSeveralHashes(t *testing.T) {
	t.Parallel()
	p, err := ParseJSON(`{"files":[{"filename":"a","url":"b","hashes":{"sha512":"3","md5":"1","sha256":"2","md5":"4","x":5}}]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []Hash{{"md5", "4"}, {"sha256", "2"}, {"sha512", "3"}}
	if d := cmp.Diff(want, p.Files[0].Hashes); d != "" {
		t.Error(d)
	}
	if got := Digest(want, "sha256"); got != "2" {
		t.Errorf("Digest = %q", got)
	}
	html, err := ParseHTML(string(p.AppendHTML(nil)), "")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Hash{{"sha256", "2"}}, html.Files[0].Hashes); d != "" {
		t.Error(d)
	}
}

func TestJSONIsTakenLeniently(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		member string
		want   File
	}{
		{`"yanked":null,"size":null,"upload-time":null,"requires-python":null,"core-metadata":null`, File{Size: -1}},
		{`"yanked":[],"size":"big","upload-time":7,"requires-python":{},"core-metadata":1,"hashes":[]`, File{Size: -1}},
		{`"size":1.5`, File{Size: -1}},
		{`"size":-1`, File{Size: -1}},
		{`"size":9223372036854775807`, File{Size: -1}}, // no file is so large
		{`"size":0`, File{}},
		{`"yanked":""`, File{Size: -1, Yanked: true}},
		{`"upload-time":"2024-02-30T00:00:00Z"`, File{Size: -1}},
		{`"upload-time":"2024-01-31T00:00:00+01:00"`, File{Size: -1, UploadTime: time.Date(2024, 1, 30, 23, 0, 0, 0, time.UTC)}},
		{`"core-metadata":false,"dist-info-metadata":true`, File{Size: -1, Metadata: Metadata{Available: true}}},
		{`"requires-python":">=3.8\u002c<4"`, File{Size: -1, RequiresPython: ">=3.8,<4"}},
	} {
		p, err := ParseJSON(string(`{"files":[{"filename":"a","url":"u",`+c.member+`}]}`), "")
		if err != nil {
			t.Errorf("%s: %v", c.member, err)
			continue
		}
		c.want.Filename, c.want.URL = "a", "u"
		if d := cmp.Diff(c.want, p.Files[0]); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.member, d)
		}
	}
}

func TestBrokenJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ doc, want string }{
		{``, "at byte 0: unexpected end where an object should begin"},
		{`[]`, "at byte 0: unexpected character [ where an object should begin"},
		{`{}`, "at byte 0: no files key"},
		{`{"files":{}}`, "at byte 9: unexpected character { where the list of files should begin"},
		{`{"files":[{"filename":"a"}]}`, "at byte 10: a file without name or URL"},
		{`{"files":[{"filename":"a","url":"u"}]} x`, "at byte 39: unexpected character after the document"},
		{`{"files":[1]}`, "unexpected character 1 where an object should begin"},
		{`{"files":[`, "unexpected end"},
		{`{"files":[],}`, "where a key should begin"},
		{`{"a":tru}`, "unexpected word"},
		{`{"a":01}`, "in an object"},
		{`{"a":1.}`, "unfinished number"},
		{"{\"a\":\"\n\"}", "control character in a string"},
		{`{"a":"\x"}`, "invalid escape"},
		{`{"a":"b`, "unterminated string"},
		{`{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "nested too deeply"},
	} {
		_, err := ParseJSON(c.doc, "")
		var parse *ParseError
		if !errors.As(err, &parse) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: %v, want %s", c.doc, err, c.want)
		}
	}
}

func TestHTMLOddities(t *testing.T) {
	t.Parallel()
	file := func(name, url string) File { return File{Filename: name, URL: url, Size: -1} }
	for _, c := range []struct {
		name, html string
		want       []File
	}{
		{"base", `<base href="https://files.example.com/d/"><a href="a.whl">`, []File{file("a.whl", "https://files.example.com/d/a.whl")}},
		{"relative base", `<base href="../x/"><a href="a.whl">`, []File{file("a.whl", "https://index.example.com/simple/x/a.whl")}},
		{"late base", `<a href="a.whl"><base href="https://files.example.com/d/">`, []File{file("a.whl", pageURL+"a.whl")}},
		{"second base", `<base href="/1/"><base href="/2/"><a href="a.whl">`, []File{file("a.whl", "https://index.example.com/1/a.whl")}},
		{"query", `<a href="a.whl?token=1&amp;x=2#sha256=ab">`, []File{{
			Filename: "a.whl", URL: pageURL + "a.whl?token=1&x=2", Hashes: []Hash{{"sha256", "ab"}}, Size: -1,
		}}},
		{"escaped name", `<a href="torch-1.0%2Bcpu-py3-none-any.whl">`, []File{file("torch-1.0+cpu-py3-none-any.whl", pageURL+"torch-1.0%2Bcpu-py3-none-any.whl")}},
		{"bad escape", `<a href="a%zz.whl">`, []File{file("a%zz.whl", "a%zz.whl")}},
		{"other fragments", `<a href="a.whl#egg=x"><a href="b.whl#main"><a href="c.whl#"><a href="d.whl#sha256=nothex!">`, []File{
			file("a.whl", pageURL+"a.whl"), file("b.whl", pageURL+"b.whl"), file("c.whl", pageURL+"c.whl"), file("d.whl", pageURL+"d.whl"),
		}},
		{"hash and subdirectory", `<a href="a.zip#sha256=ab&subdirectory=x">`, []File{{
			Filename: "a.zip", URL: pageURL + "a.zip", Hashes: []Hash{{"sha256", "ab"}}, Size: -1,
		}}},
		{"spaces", "<a href=' \n a.whl '>", []File{file("a.whl", pageURL+"a.whl")}},
		{"protocol-relative", `<a href="//cdn.example.com/a.whl">`, []File{file("a.whl", "https://cdn.example.com/a.whl")}},
		{"dot segments", `<a href="./x/../a.whl">`, []File{file("a.whl", pageURL+"a.whl")}},
		{"above the root", `<a href="../../../../a.whl">`, []File{file("a.whl", "https://index.example.com/a.whl")}},
		{"comment and script", `<!-- <a href="no.whl"> --><script>"<a href='no.whl'>"</script><a href=a.whl>`, []File{file("a.whl", pageURL+"a.whl")}},
		{"not metadata", `<a href="a.whl" data-core-metadata="false" data-size="-1" data-upload-time="x">`, []File{file("a.whl", pageURL+"a.whl")}},
		{"no links", `hello`, []File{}},
	} {
		p, err := ParseHTML(c.html, pageURL)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := cmp.Diff(c.want, p.Files); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	if _, err := ParseHTML("<a href='\xff'>", ""); err == nil || !strings.Contains(err.Error(), "byte 9: not UTF-8") {
		t.Errorf("bytes that are not UTF-8: %v", err)
	}
}

// The quick way of resolving a link must agree with package url's.
func TestResolveAgreesWithURL(t *testing.T) {
	t.Parallel()
	for _, on := range []string{
		pageURL, "https://example.com", "https://example.com/x?q=1", "http://u:p@h.example.com:8080/a/b/c.html", "file:///srv/links/",
		"https://example.com/a//b/", "https://example.com/a/./b/", "https://example.com/a%20b/c/",
	} {
		b := newBase(on)
		for _, ref := range []string{
			"a.whl", "../a.whl", "../../a.whl", "../../../../a.whl", "/a/b.whl", "/../a.whl", "//h.example.com/a", "./a", "a/../b", "?q",
			"a//b", "a/", "..", "../..", "x:y", "a+b~c_d-1.0.whl", "a%2Bb.whl", "a b", ".hidden", "a/.hidden", "é", "../é.whl",
		} {
			got := b.resolve(ref)
			want := ref
			if u, err := b.parsed.Parse(ref); err == nil && !hasScheme(ref) {
				want = u.String()
			}
			if got != want {
				t.Errorf("%q on %q gives %q, want %q", ref, on, got, want)
			}
		}
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	for _, ct := range []string{"application/json", "text/plain", "", "application/vnd.pypi.simple.v2+json"} {
		var unsupported *UnsupportedError
		if _, err := Parse(ct, "{}", ""); !errors.As(err, &unsupported) || err.Error() == "" {
			t.Errorf("content type %q: %v", ct, err)
		}
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	x := &Index{APIVersion: "1.1", Projects: []string{"Flask", "a b&c", "zope.interface"}}
	got, err := ParseIndexJSON(string(x.AppendJSON(nil)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(x, got); d != "" {
		t.Error(d)
	}
	if got, err = ParseIndexHTML(string(x.AppendHTML(nil))); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(x, got); d != "" {
		t.Error(d)
	}
	if got, err = ParseIndexHTML(`<a href="x"> two <b>parts</b> </a><a>none</a><a href="y"></a>`); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"two parts"}, got.Projects); d != "" {
		t.Error(d)
	}
	if _, err := ParseIndexJSON(`{"files":[]}`); err == nil {
		t.Error("a project page is read as an index")
	}
}

// generic is what encoding/json makes of the members that the scanner reads.
type generic struct {
	Files []map[string]any `json:"files"`
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(sameJSON))
	f.Add([]byte(`{"files":[{"filename":"\ud83d\ude00","url":"\ud800","size":12}]}`))
	f.Add([]byte("{\"files\":[{\"filename\":\"\xff\xc3\xa9\",\"url\":\"x\"}]}"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := ParseJSON(string(doc), "")
		if !json.Valid(doc) {
			if err == nil {
				t.Fatalf("accepted what is not JSON")
			}
			return
		}
		if err != nil {
			return
		}
		// Key by key the document is what encoding/json sees, whose maps also
		// keep the last of equal keys.
		var raw map[string]json.RawMessage
		var g []map[string]any
		if json.Unmarshal(doc, &raw) != nil || json.Unmarshal(raw["files"], &g) != nil || len(g) != len(p.Files) {
			return // a repeated "files" key
		}
		for i, m := range g {
			if name, ok := m["filename"].(string); ok && name != p.Files[i].Filename {
				t.Errorf("filename %q, want %q", p.Files[i].Filename, name)
			}
		}
		again, err := ParseJSON(string(p.AppendJSON(nil)), "")
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if p.APIVersion == "" {
			p.APIVersion = latestAPI
		}
		if d := diffProjects(p, again); d != "" {
			t.Errorf("(-first +again):\n%s", d)
		}
	})
}

// diffProjects forgives what has two spellings.
func diffProjects(a, b *Project) string {
	text := func(p *Project) string {
		return strings.ReplaceAll(fmt.Sprintf("%q %q %q %q %q", p.Name, p.Status, p.Versions, p.Tracks, p.AlternateLocations), "[]", "") +
			fmt.Sprintf("%+v", func() (out []string) {
				for _, f := range p.Files {
					sig := "-"
					if f.GPGSig != nil {
						sig = fmt.Sprint(*f.GPGSig)
					}
					f.GPGSig = nil
					out = append(out, fmt.Sprintf("%q %s", fmt.Sprintf("%+v", f), sig))
				}
				return out
			}())
	}
	return cmp.Diff(text(a), text(b))
}

func FuzzHTML(f *testing.F) {
	f.Add([]byte(sameHTML))
	f.Add([]byte(`<a href="a%20b.whl#sha256=00" data-yanked>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := ParseHTML(string(doc), pageURL)
		if err != nil {
			return
		}
		again, err := ParseHTML(string(p.AppendHTML(nil)), "")
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		for i := range again.Files {
			if i >= len(p.Files) || again.Files[i].Yanked != p.Files[i].Yanked || again.Files[i].Size != p.Files[i].Size {
				t.Fatalf("file %d changed: %+v", i, again.Files[i])
			}
		}
		if _, err := ParseIndexHTML(string(doc)); err != nil {
			t.Errorf("reading it as an index: %v", err)
		}
	})
}

// bigPage is a page with n files like those of a large project.
func bigPage(n int) *Project {
	p := &Project{Name: "big"}
	for i := range n {
		p.Files = append(p.Files, File{
			Filename:       fmt.Sprintf("big-1.%d.%d-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", i/20, i%20),
			URL:            fmt.Sprintf("https://files.example.com/packages/%02x/%02x/%060x/big-1.%d.%d-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", i%256, i%251, i, i/20, i%20),
			Hashes:         []Hash{{"sha256", fmt.Sprintf("%064x", i)}},
			RequiresPython: ">=3.9", Size: int64(1000 + i),
			UploadTime: time.Date(2023, 5, i%28+1, 12, 0, i%60, 123456000, time.UTC),
			Metadata:   Metadata{Available: true, Hashes: []Hash{{"sha256", fmt.Sprintf("%064x", -i&0xffff)}}},
		})
	}
	return p
}

func BenchmarkJSON(b *testing.B) {
	doc := string(bigPage(5000).AppendJSON(nil))
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJSON(doc, pageURL); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHTML(b *testing.B) {
	doc := string(bigPage(4600).AppendHTML(nil))
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseHTML(doc, pageURL); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	doc := bigPage(5000).AppendJSON(nil)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		var g generic
		if err := json.Unmarshal(doc, &g); err != nil {
			b.Fatal(err)
		}
	}
}
