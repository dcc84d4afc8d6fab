package dotenv

import (
	"fmt"
	"strings"
	"testing"
)

// The expectations are what uv 0.12.5 hands to a child for the same file.
func TestParse(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (string, bool) { return "env", name == "OUT" }
	for _, test := range []struct{ text, want string }{
		{"# c\nA=1\n\n export  B = two\\ words # c\n", `A="1" B="two words"`},
		{`A="a"b`, `A="ab"`},
		{`A=a"b c"d`, `A="ab cd"`},
		{`A=\$B`, `A="$B"`},
		{`A=a\nb`, `A="a\nb"`},
		{`A='\$B # no'`, `A="\\$B # no"`},
		{"A=\"multi\nline\"\nB=1", `A="multi\nline" B="1"`},
		{"A='multi\nline'", `A="multi\nline"`},
		{"B=1\nA=x${B}y$B", `B="1" A="x1y1"`},
		{"A=${B:-def}|$|$1", `A="||"`},
		{"A=$B_C.d", `A="_C.d"`},
		{"A=file\nB=$OUT-$A", `A="file" B="env-file"`},
		{"A=x#c\nB=x #c", `A="x#c" B="x"`},
		{"A=  x  \r\nB=\"x\" # c", `A="x" B="x"`},
		{"A=a'b\"c'\nB=\\\"x", `A="ab\"c" B="\"x"`},
		{"A=\nB=`x`", "A=\"\" B=\"`x`\""},
		{"A=1\nB = two words\nC=2", `A="1" line 2`},
		{`A="\t"`, "line 1"},
		{`A=1` + "\n" + `A="open`, `A="1" line 2`},
		{"A='open", "line 1"},
		{"A=${B", "line 1"},
		{"export A", "line 1"},
		{"1A=2", "line 1"},
		{"A.B-C=1", "line 1"},
		{"=1", "line 1"},
		{"A: 1", "line 1"},
		{"A=\"a\nb\"\nB=\"x\"  y", `A="a\nb" line 3`},
	} {
		entries, err := Parse(test.text, lookup)
		var got []string
		for _, e := range entries {
			got = append(got, fmt.Sprintf("%s=%q", e.Name, e.Value))
		}
		if err != nil {
			line, _, _ := strings.Cut(err.Error(), ":")
			got = append(got, line)
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.text, text, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("A=1\nexport B=\"${A}\\n\" # c\nC='x'")
	f.Fuzz(func(t *testing.T, text string) {
		entries, _ := Parse(text, func(string) (string, bool) { return "", false })
		for _, e := range entries {
			if e.Name == "" || strings.ContainsAny(e.Name, "= \n") {
				t.Fatalf("name %q out of %q", e.Name, text)
			}
		}
	})
}
