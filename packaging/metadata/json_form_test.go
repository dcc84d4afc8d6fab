package metadata

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeadersJSON(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"all": {
			"Metadata-Version: 2.4\nName: Foo\nVersion: 1.0\nSummary: A \"thing\"\nKeywords: a, b c\nLicense-File: A\nLicense-File: B\n" +
				"Requires-Dist: bar>=1; extra == 'x'\nProvides-Extra: x\nProject-URL: Home, https://example.com\nUnheard-Of: 1\n\nLong\ntext\n",
			`{"metadata_version":"2.4","name":"Foo","version":"1.0","summary":"A \"thing\"","description":"Long\ntext\n","keywords":["a","b c"],` +
				`"license_file":["A","B"],"requires_dist":["bar>=1; extra == 'x'"],"project_url":["Home, https://example.com"],"provides_extra":["x"]}`,
		},
		"words":          {"Name: a\nKeywords: one two\n", `{"name":"a","keywords":["one","two"]}`},
		"description":    {"Name: a\nDescription: short\n", `{"name":"a","description":"short"}`},
		"nothing at all": {"", `{}`},
	} {
		got, err := ParseHeaders([]byte(test.text)).MarshalJSON()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
