package metadata_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/metadata"
)

// summarise prints metadata on one line a field.
func summarise(m *metadata.Metadata) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", m.Name, m.Version)
	for _, r := range m.RequiresDist {
		fmt.Fprintf(&b, "\n%s %s", r.Name, r.Specifiers)
	}
	if m.RequiresPython != nil {
		fmt.Fprintf(&b, "\npython %s", m.RequiresPython)
	}
	for _, e := range m.ProvidesExtra {
		fmt.Fprintf(&b, "\nextra %s", e)
	}
	if len(m.Dynamic) > 0 {
		fmt.Fprintf(&b, "\ndynamic %s", m.Dynamic)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\n", "foo-bar 1.0"},
		{"windows lines", "Name: foo\r\nVersion: 1.0\r\nRequires-Dist: bar\r\n\r\nName: body\r\n", "foo 1.0\nbar "},
		{"case of names", "NAME: foo\nversion:1.0\nrequires-dist: a", "foo 1.0\na "},
		{"folded", "Name: foo\nVersion: 1.0\nRequires-Dist: bar\n        >=1.0,\n\t<2\n", "foo 1.0\nbar >=1.0, <2"},
		{"unknown counts as absent", "Name: foo\nVersion: 1.0\nRequires-Python: UNKNOWN\nRequires-Dist: UNKNOWN\nProvides-Extra: UNKNOWN\n", "foo 1.0"},
		{"first of repeated", "Name: foo\nName: bar\nVersion: 1\nVersion: 2\n", "foo 1"},
		{"bad extras are left out", "Name: foo\nVersion: 1\nProvides-Extra: a_b\nProvides-Extra: -x-\nProvides-Extra: c\n", "foo 1\nextra a-b\nextra c"},
		{"python", "Name: foo\nVersion: 1\nRequires-Python: >=3.6,\n", "foo 1\npython >=3.6"},
		{"dynamic", "Name: foo\nVersion: 1\nDynamic: Version\nDynamic: Summary", "foo 1\ndynamic [Version Summary]"},
		{"body without an empty line", "Name: foo\nVersion: 1\nthis is no header\nRequires-Dist: x\n", "foo 1"},
		{"order", "Name: foo\nVersion: 1\nRequires-Dist: z\nRequires-Dist: a\n", "foo 1\nz \na "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := metadata.Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := summarise(m); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "Name",
		"Name: foo":                   "Version",
		"Name: -\nVersion: 1":         "Name",
		"Name: foo\nVersion: x":       "Version",
		"Name: foo\nVersion: UNKNOWN": "Version",
		"Name: foo\nVersion: 1\nRequires-Dist: a >= x": "Requires-Dist",
		"Name: foo\nVersion: 1\nRequires-Python: x":    "Requires-Python",
	} {
		m, err := metadata.Parse([]byte(text))
		var wrong *metadata.FieldError
		if !errors.As(err, &wrong) || wrong.Field != want {
			t.Errorf("%q: %v, %v; want an error in %s", text, m, err, want)
		}
	}
}

func TestParseStatic(t *testing.T) {
	t.Parallel()
	const rest = "Name: foo\nVersion: 1\n"
	for text, want := range map[string]string{
		"Metadata-Version: 2.2\n" + rest:                           "",
		"Metadata-Version: 2.4\nDynamic: Version\n" + rest:         "",
		"Metadata-Version: 2.2\nDynamic: Summary\n" + rest:         "",
		"Metadata-Version: 2.1\n" + rest:                           "PKG-INFO needs metadata version 2.2 or later, not 2.1",
		"Metadata-Version: 3.0\n" + rest:                           "PKG-INFO needs metadata version 2.2 or later, not 3.0",
		"Metadata-Version: 2.2\nDynamic: Requires-Dist\n" + rest:   "metadata field Requires-Dist is dynamic",
		"Metadata-Version: 2.2\nDynamic: Requires-Python\n" + rest: "metadata field Requires-Python is dynamic",
		"Metadata-Version: 2.2\nDynamic: Provides-Extra\n" + rest:  "metadata field Provides-Extra is dynamic",
		"Metadata-Version: two\n" + rest:                           `invalid metadata field Metadata-Version "two": not of the form 2.2`,
		rest:                                                       "metadata field Metadata-Version not found",
	} {
		_, err := metadata.ParseStatic([]byte(text))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// Each row is a field on top of a file that is right.
func TestValidateFields(t *testing.T) {
	t.Parallel()
	for field, ok := range map[string]bool{
		"Summary: one line":           true,
		"Summary: two\n        lines": false,
		"Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM": true,
		"Description-Content-Type: TEXT/X-RST":                                true,
		"Description-Content-Type: text/plain; charset=\"utf-8\"":             true,
		"Description-Content-Type: text/plain;":                               true,
		"Description-Content-Type: text/html":                                 false,
		"Description-Content-Type: text":                                      false,
		"Description-Content-Type: text/plain; charset=latin-1":               false,
		"Description-Content-Type: text/markdown; variant=gfm":                false,
		"Description-Content-Type: text/plain; a=\"b\" c":                     false,
		"Dynamic: Requires-Dist":                                              true,
		"Dynamic: name":                                                       false,
		"Dynamic: nothing":                                                    false,
		"Requires-Python: >=3.8":                                              true,
		"Requires-Python: NotReal":                                            false,
		"Provides-Extra: a-b":                                                 true,
		"Provides-Extra: -a":                                                  false,
		"License-Expression: mit":                                             true,
		"License-Expression: mit or":                                          false,
		"License-File: a/LICENSE":                                             true,
		"License-File: ../LICENSE":                                            false,
		"License-File: /LICENSE":                                              false,
		"License-File: C:/LICENSE":                                            false,
		`License-File: a\LICENSE`:                                             false,
		"License-File: *.txt":                                                 false,
		"License-File: a//b":                                                  false,
		"Import-Name: a.b ; private":                                          true,
		"Import-Name: a;public":                                               false,
		"Import-Name: class":                                                  false,
		"Import-Name: 1a":                                                     false,
		"Import-Namespace: a.b":                                               true,
		"Requires-Dist: a>=1":                                                 true,
		"Requires-Dist: a>=x":                                                 false,
		"Obsoletes: x":                                                        true,
		"Color: red":                                                          false,
		"Summary: a\nSummary: b":                                              false,
	} {
		_, err := metadata.ParseStrict([]byte("Metadata-Version: 2.6\nName: foo\nVersion: 1\n" + field + "\n"))
		if (err == nil) != ok {
			t.Errorf("%q: %v", field, err)
		}
	}
	_, err := metadata.ParseStrict([]byte("Metadata-Version: 1.0\nName: foo\nVersion: 1\nRequires-Dist: a\n"))
	if err == nil || !strings.Contains(err.Error(), "introduced in metadata version 1.2, not 1.0") {
		t.Errorf("a field newer than the file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Metadata-Version: 2.2\nName: a\nVersion: 1\nRequires-Dist: b[c]>=1; d\nRequires-Python: >=3\n\nbody"))
	f.Add([]byte("Description-Content-Type: text/plain; a=\"b\"; c\nLicense-File: x\nImport-Name: y;private\nDynamic: z"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = metadata.Parse(data)
		_, _ = metadata.ParseStatic(data)
		_, _ = metadata.ParseStrict(data)
		_, _, _ = metadata.ParseIdentity(data)
	})
}

func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("Metadata-Version: 2.1\nName: example\nVersion: 1.2.3\nSummary: s\nHome-page: https://example.com\nRequires-Python: >=3.8\n")
	for i := range 20 {
		fmt.Fprintf(&text, "Classifier: Programming Language :: Python :: %d\nRequires-Dist: dep%d (>=1.%d,<2)\n", i, i, i)
	}
	text.WriteString("\n" + strings.Repeat("A line of the long description.\n", 500))
	data := []byte(text.String())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := metadata.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleParse() {
	m, err := metadata.Parse([]byte("Metadata-Version: 2.1\nName: Example_Project\nVersion: 1.0\nRequires-Dist: other>=2\nRequires-Python: >=3.9\n\nText."))
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Name, m.Version, m.RequiresDist[0].Name, m.RequiresPython)
	// Output: example-project 1.0 other >=3.9
}
