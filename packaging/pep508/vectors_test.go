package pep508

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

type requirementVectors struct {
	Valid []struct {
		Input, Name, Specifier, URL, Marker, Str string
		Extras                                   []string
	}
	Invalid []struct{ Input string }
}

// vectors reads the shared conformance vectors, which are not part of this
// repository: in the folder TAME_SHARED, or in one named shared beside the
// repository.
func vectors(t *testing.T) requirementVectors {
	t.Helper()
	dir := os.Getenv("TAME_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	data, err := os.ReadFile(filepath.Join(dir, "conformance", "vectors", "requirements.json"))
	if err != nil {
		t.Skipf("conformance vectors are not here: %v", err)
	}
	var v requirementVectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Every valid row is read alike by Parse and ParseStrict, and what is read
// prints as a requirement that means the same.
func TestVectorsValid(t *testing.T) {
	t.Parallel()
	for _, row := range vectors(t).Valid {
		r, err := ParseStrict(row.Input)
		if err != nil {
			t.Errorf("ParseStrict(%q): %v", row.Input, err)
			continue
		}
		if again, err := Parse(row.Input); err != nil || !equal(again, r) {
			t.Errorf("Parse(%q) is %s (%v), but strictly %s", row.Input, again, err, r)
		}
		extras := make([]string, len(r.Extras))
		for i, e := range r.Extras {
			extras[i] = string(e)
		}
		slices.Sort(extras)
		for i, e := range row.Extras {
			row.Extras[i] = pyname.Normalize(e)
		}
		slices.Sort(row.Extras)
		specifiers, err := pep440.ParseSpecifiers(row.Specifier)
		want := marker.True()
		if row.Marker != "" {
			want = marker.MustParse(row.Marker)
		}
		if string(r.Name) != pyname.Normalize(row.Name) || !slices.Equal(extras, row.Extras) ||
			err != nil || !r.Specifiers.Equal(specifiers) || r.URL != row.URL || r.Marker != want {
			t.Errorf("ParseStrict(%q) is %s", row.Input, r)
		}
		for _, text := range []string{row.Str, r.String()} {
			if again, err := Parse(text); err != nil || !equal(again, r) {
				t.Errorf("%q prints %q, and %q is %s (%v)", row.Input, r, text, again, err)
			}
		}
	}
}

func equal(a, b Requirement) bool {
	x, y := slices.Sorted(slices.Values(a.Extras)), slices.Sorted(slices.Values(b.Extras))
	return a.Name == b.Name && slices.Equal(x, y) && a.Specifiers.Equal(b.Specifiers) && a.URL == b.URL && a.Marker == b.Marker
}

// lenient has the rows that uv accepts, and so does Parse, each with the
// reason.
var lenient = map[string]string{
	"name>=1\n":                                       "white space may be line breaks",
	"name>=1\r":                                       "white space may be line breaks",
	"name>=1\r\n":                                     "white space may be line breaks",
	"name; python_version >= \"3\"\n":                 "white space may be line breaks",
	"name; python_version >= \"3\"\r":                 "white space may be line breaks",
	"name; python_version >= \"3\"\r\n":               "white space may be line breaks",
	`name; os_name == "C:\"`:                          "a constant may hold a backslash",
	`name; os_name == "\x"`:                           "a constant may hold a backslash",
	"name @ https://example.com/; extra == 'example'": "a URL ends before a semicolon with a blank after it",
}

func TestVectorsInvalid(t *testing.T) {
	t.Parallel()
	for _, row := range vectors(t).Invalid {
		if r, err := ParseStrict(row.Input); err == nil {
			t.Errorf("ParseStrict(%q) is %s, want an error", row.Input, r)
		}
		if r, err := Parse(row.Input); (err == nil) != (lenient[row.Input] != "") {
			t.Errorf("Parse(%q) is %s (%v)", row.Input, r, err)
		}
	}
}
