package shellwords

import (
	"fmt"
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		want []string // nil: an error
	}{
		{"", []string{}},
		{" \t\n", []string{}},
		{"grep word /home/user", []string{"grep", "word", "/home/user"}},
		{`a 'b c' "d \"e\" \f" g\ h`, []string{"a", "b c", `d "e" \f`, "g h"}},
		{`a '' ""`, []string{"a", "", ""}},
		{`x'y'"z"`, []string{"xyz"}},
		{"a\\\nb \"c\\\nd\"", []string{"ab", "cd"}},
		{`'open`, nil},
		{`"open\"`, nil},
		{`end\`, nil},
	} {
		got, err := Split(c.line)
		if (err == nil) != (c.want != nil) || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("Split(%q) = %q, %v; want %q", c.line, got, err, c.want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"": "''", "a-b_c.d/e": "a-b_c.d/e", "a b": "'a b'", "a'b": `'a'"'"'b'`, "$a": "'$a'", "ä": "'ä'",
	} {
		if got := Quote(word); got != want {
			t.Errorf("Quote(%q) = %s, want %s", word, got, want)
		}
	}
}

// FuzzSplit holds Split against Join.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{`a b`, `'a b' "c\"d"`, `a\ b`, `''`, `"`, "a\\\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Split(line)
		if err != nil {
			return
		}
		again, err := Split(Join(words))
		if err != nil || !slices.Equal(words, again) {
			t.Errorf("%q gives %q, which quoted gives %q, %v", line, words, again, err)
		}
	})
}

func ExampleSplit() {
	words, err := Split(`python -c 'print("hello, world")'`)
	fmt.Printf("%q %v\n", words, err)
	fmt.Println(Join(words))
	// Output:
	// ["python" "-c" "print(\"hello, world\")"] <nil>
	// python -c 'print("hello, world")'
}
