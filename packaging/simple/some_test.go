package simple

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compact is a page as indexes write it, without white space.
func compact(t *testing.T, page string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(page)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Of a page some files are the same as of the whole page, and the rest of it too.
func TestParseSome(t *testing.T) {
	t.Parallel()
	const nested = `{"files":[
		{"core-metadata":{"sha256":"ab"},"dist-info-metadata":{"sha256":"ab"},"filename":"a-1.tar.gz","hashes":{"sha256":"01"},"url":"a"},
		{"core-metadata":{"sha256":"cd"},"filename":"a-2.tar.gz","more":[{"x":1},{"x":2}],"url":"b"},
		{"filename":"a-3.tar.gz","hashes":{},"url":"c"}],
		"meta":{"api-version":"1.1"},"name":"a","project-status":{"status":"archived"}}`
	plain := strings.Replace(nested, `"more":[{"x":1},{"x":2}],`, "", 1)
	for _, c := range []struct {
		name, doc string
		some      bool // it can be read in part
	}{
		{"all there is", compact(t, sameJSON), true},
		{"names behind other members", compact(t, plain), true},
		{"objects in an array of a file", compact(t, nested), false},
		{"no files", `{"meta":{},"files":[]}`, true},
		{"one file", `{"files":[{"filename":"a-1.tar.gz","url":"u"}],"name":"a"}`, true},
		{"white space", sameJSON, false},
		{"no list", `{"meta":{}}`, false},
		{"another list of objects", `{"files":[{"filename":"a-1.tar.gz","url":"u"}],"x":[{"a":1},{"b":2}]}`, false},
		{"a name with escapes", `{"files":[{"filename":"a-1\u002etar.gz","url":"u"},{"filename":"a-2.tar.gz","url":"u"}]}`, false},
		{"a file without a name", `{"files":[{"filename":"a-1.tar.gz","url":"u"},{"url":"u"},{"filename":"a-2.tar.gz","url":"u"}]}`, false},
		{"a bound in a text", `{"files":[{"filename":"a-1.tar.gz","url":"u","yanked":"},{"},{"filename":"a-2.tar.gz","url":"u"}]}`, false},
		{"cut off", `{"files":[{"filename":"a-1.tar.gz","url":"u"},{"filename":"a-2.tar.gz"`, false},
		{"something behind it", `{"files":[{"filename":"a-1.tar.gz","url":"u"}]}]`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want, err := ParseJSON(c.doc, pageURL)
			var names []string
			if err == nil {
				for _, f := range want.Files {
					names = append(names, f.Filename)
				}
			}
			for mask := range 1 << len(names) {
				pick := map[string]bool{}
				var files []File
				for i, name := range names {
					if pick[name] = mask>>i&1 == 1; pick[name] {
						files = append(files, want.Files[i])
					}
				}
				var s Scratch
				got, ok := s.ParseSome(MediaJSON, c.doc, pageURL, func(name string) bool { return pick[name] })
				if ok != c.some {
					t.Fatalf("files %b: ok is %v, want %v", mask, ok, c.some)
				}
				if !ok {
					continue
				}
				part := *want
				if part.Files = files; len(got.Files) == 0 {
					got.Files = nil
				}
				if diff := cmp.Diff(&part, got); diff != "" {
					t.Errorf("files %b: %s", mask, diff)
				}
			}
		})
	}
	var s Scratch
	if _, ok := s.ParseSome(MediaHTML, sameHTML, pageURL, func(string) bool { return true }); ok {
		t.Error("HTML is read in part")
	}
}
