package toml

import "testing"

func TestLitString(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":           `""`,
		"plain é":    `"plain é"`,
		`a"b`:        `'a"b'`,
		`a\b`:        `'a\b'`,
		`a"'b`:       `"""a"'b"""`,
		`a"""'b`:     `'''a"""'b'''`,
		"a\nb":       "\"\"\"\na\nb\"\"\"",
		"a\n\\b":     "'''\na\n\\b'''",
		"a\tb":       `"a\tb"`,
		"a\x00\x7f":  `"a\u0000\u007F"`,
		"a\t\nb":     "\"\"\"\na\\t\nb\"\"\"",
		"\t\n\"\"\"": "\"\"\"\n\\t\n\"\"\\\"\"\"\"",
	} {
		if got := string(LitString(in)); got != want {
			t.Errorf("LitString(%q) is %s, want %s", in, got, want)
		}
	}
}

func TestLiterals(t *testing.T) {
	t.Parallel()
	got := LitTable(Field{"a", LitInt(-1)}, Field{"b c", LitBool(true)}, Field{"d", LitStrings("x", "y")})
	if want := Literal(`{ a = -1, "b c" = true, d = ["x", "y"] }`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for in, want := range map[string]string{"a-_1": "a-_1", "": `""`, "a b": `"a b"`, `a"b`: `'a"b'`, "a\"'": `"a\"'"`, "é": `"é"`} {
		if got := QuoteKey(in); got != want {
			t.Errorf("QuoteKey(%q) is %s, want %s", in, got, want)
		}
	}
}
