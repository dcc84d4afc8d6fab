package lock

import (
	"strings"
	"testing"
)

func TestMisplacedLine(t *testing.T) {
	t.Parallel()
	const fine = `version = 1
# a comment
requires-python = ">=3.12"

[[package]]
name = "a"
source = { virtual = "." }
dependencies = [
    { name = "b # \" [", extra = ["x", "y"] },
]
optional = []
table = {}
`
	change := func(old, changed string) string {
		if !strings.Contains(fine, old) {
			t.Fatal(old)
		}
		return strings.Replace(fine, old, changed, 1)
	}
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"as written":         {fine, 0},
		"another order":      {change("name = \"a\"\nsource = { virtual = \".\" }", "source = { virtual = \".\" }\nname = \"a\""), 0},
		"a comment behind":   {change(`name = "a"`, `name = "a" # b`), 0},
		"empty":              {"", 1},
		"no end of line":     {strings.TrimSuffix(fine, "\n"), 12},
		"line ends":          {change("1\n", "1\r\n"), 1},
		"trailing blank":     {change(`"a"`, `"a" `), 6},
		"a blank line":       {change("\n\n", "\n \n"), 4},
		"no indentation":     {change("    {", "{"), 9},
		"other indentation":  {change("    {", "  {"), 9},
		"an indented end":    {change("\n]\n", "\n    ]\n"), 10},
		"an indented key":    {change("\nname", "\n    name"), 6},
		"quotes":             {change(`"a"`, `'a'`), 6},
		"three quotes":       {change(`"a"`, `"""a"""`), 6},
		"no blank before":    {change(`name = "a"`, `name= "a"`), 6},
		"no blank behind":    {change(`name = "a"`, `name ="a"`), 6},
		"two blanks":         {change(`name = "a"`, `name =  "a"`), 6},
		"a tab":              {change(`name = "a"`, "name =\t\"a\""), 6},
		"a table":            {change(`{ virtual`, `{virtual`), 7},
		"the end of a table": {change(`"." }`, `"."}`), 7},
		"a table in lines":   {change(`{ virtual = "." }`, "{\nvirtual = \".\" }"), 7},
		"its end in a line":  {change(`"." }`, "\".\"\n}"), 8},
		"an array":           {change(`["x"`, `[ "x"`), 9},
		"its end":            {change(`"y"]`, `"y" ]`), 9},
		"a comma":            {change(`"x", `, `"x",`), 9},
		"before a comma":     {change(`"x", `, `"x" , `), 9},
	} {
		if got := MisplacedLine(c.text); got != c.want {
			t.Errorf("%s: got line %d, want %d", name, got, c.want)
		}
	}
}
