package toml

import (
	"strings"
	"testing"
)

// A line of any length is shown as the part around the mistake, with the mark
// below the same characters, and the place is that in the document.
func TestExcerptOfLongLine(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nested": "x = " + strings.Repeat("[", 200_000),
		"middle": "x = [" + strings.Repeat("'é', ", 5000) + "?, " + strings.Repeat("'é', ", 5000) + "]",
		"start":  "? = " + strings.Repeat("x", 200_000),
		"broken": "x = '" + strings.Repeat("a", 2000) + strings.Repeat("\xff", 2000) + "' ?",
	} {
		_, err := Parse("f", []byte(text))
		failure, ok := err.(*Error)
		if !ok {
			t.Fatalf("%s: got %v", name, err)
		}
		lines := strings.Split(failure.Excerpt, "\n")
		if name != "broken" && len(failure.Excerpt) > 2000 {
			t.Errorf("%s: the excerpt has %d bytes", name, len(failure.Excerpt))
		}
		mark := strings.IndexByte(lines[2], '^')
		shown := []rune(lines[1])
		if name == "middle" && (mark >= len(shown) || shown[mark] != '?' || failure.Column != 25006) {
			t.Errorf("column %d, and the mark is at %d of\n%s", failure.Column, mark, failure.Excerpt)
		}
	}
}
