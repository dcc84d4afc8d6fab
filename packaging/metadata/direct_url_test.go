package metadata_test

import (
	"fmt"
	"testing"

	"github.com/tame-py/tame/packaging/metadata"
)

// Each text is what uv writes for such an origin, and must come out of Marshal
// as it went into ParseDirectURL.
func TestDirectURLRoundTrip(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ json, requirement string }{
		{`{"url":"file:///home/user/project","dir_info":{}}`, "file:///home/user/project"},
		{`{"url":"file:///home/user/project","dir_info":{"editable":true}}`, "file:///home/user/project"},
		{`{"url":"file:///home/user/project","dir_info":{},"subdirectory":"a/b"}`, "file:///home/user/project#subdirectory=a/b"},
		{`{"url":"https://example.com/a%20b-1.0.zip","archive_info":{}}`, "https://example.com/a%20b-1.0.zip"},
		{
			`{"url":"https://example.com/a.zip","archive_info":{"hash":"sha256=ab","hashes":{"md5":"cd","sha256":"ab"}},"subdirectory":"x"}`,
			"https://example.com/a.zip#subdirectory=x&sha256=ab",
		},
		{`{"url":"https://example.com/a.zip?x=<1>&y","archive_info":{"hashes":{}}}`, "https://example.com/a.zip?x=<1>&y"},
		{
			`{"url":"https://example.com/r.git","vcs_info":{"vcs":"git","commit_id":"abc","requested_revision":"main","git_lfs":true},"subdirectory":"s","path":"p.whl"}`,
			"git+https://example.com/r.git@abc#subdirectory=s&lfs=true&path=p.whl",
		},
		{`{"url":"https://example.com/ü\"\\.git","vcs_info":{"vcs":"git"}}`, `git+https://example.com/ü"\.git`},
	} {
		d, err := metadata.ParseDirectURL([]byte(tt.json))
		if err != nil {
			t.Errorf("%s: %v", tt.json, err)
			continue
		}
		if got := string(d.Marshal()); got != tt.json {
			t.Errorf("marshal:\n got %s\nwant %s", got, tt.json)
		}
		if got := d.Requirement(); got != tt.requirement {
			t.Errorf("requirement: %s, want %s", got, tt.requirement)
		}
	}
	for _, bad := range []string{"", "{}", `{"url":"x"}`, `{"url":1,"dir_info":{}}`, `{"url":"x","vcs_info":{}}`, `{"url":"x","dir_info":{"editable":"yes"}}`} {
		if d, err := metadata.ParseDirectURL([]byte(bad)); err == nil {
			t.Errorf("%s: %+v, no error", bad, d)
		}
	}
}

func FuzzDirectURL(f *testing.F) {
	f.Add([]byte(`{"url":"https://example.com/a.zip","archive_info":{"hash":"sha256=ab","hashes":{"md5":"cd"}},"subdirectory":"x"}`))
	f.Add([]byte(`{"url":"https://example.com/r.git","vcs_info":{"vcs":"git","commit_id":"abc"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := metadata.ParseDirectURL(data)
		if err != nil {
			return
		}
		_, _ = d.Validate(), d.Requirement()
		first := d.Marshal()
		again, err := metadata.ParseDirectURL(first)
		if err != nil || string(again.Marshal()) != string(first) {
			t.Fatalf("%q became %q: %v", data, first, err)
		}
	})
}

func FuzzParseRaw(f *testing.F) {
	f.Add([]byte("Metadata-Version: 2.1\nName: a\nVersion: 1\nAuthor: A,\n  B\nProject-URL: x, y\n\nbody"))
	f.Fuzz(func(t *testing.T, data []byte) {
		raw, rest := metadata.ParseRaw(data)
		_ = rawFields(raw)
		_ = rest
	})
}

func FuzzParseLicense(f *testing.F) {
	f.Add("mit or (apache-2.0+ and GPL-3.0-only WITH Classpath-exception-2.0)")
	f.Fuzz(func(t *testing.T, s string) {
		out, err := metadata.ParseLicense(s)
		if err != nil {
			return
		}
		if again, err := metadata.ParseLicense(out); err != nil || again != out {
			t.Fatalf("%q became %q, then %q: %v", s, out, again, err)
		}
	})
}

func ExampleParseLicense() {
	canonical, err := metadata.ParseLicense("mit and (apache-2.0 or bsd-2-clause)")
	fmt.Println(canonical, err)
	_, err = metadata.ParseLicense("mit or")
	fmt.Println(err)
	// Output:
	// MIT AND (Apache-2.0 OR BSD-2-Clause) <nil>
	// invalid license expression "mit or": it ends where a license is expected
}

func ExampleDirectURL() {
	editable := true
	d := metadata.DirectURL{URL: "file:///home/user/project", Dir: &metadata.DirInfo{Editable: &editable}}
	fmt.Printf("%s\n", d.Marshal())
	// Output: {"url":"file:///home/user/project","dir_info":{"editable":true}}
}
