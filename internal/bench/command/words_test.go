package command

import (
	"slices"
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, step, want string }{
		{"1", "4", "", "1 2 3 4"},
		{"1", "10", "4", "1 5 9"},
		{"0.3", "0.7", "0.2", "0.3 0.5 0.7"},
		{"-0.1", "0.1", "0.1", "-0.1 0.0 0.1"},
		{"4", "1", "-1", "4 3 2 1"},
		{"4", "1", "", "error"},
		{"0.3", "0.7", "", "error"},
		{"1", "2", "0", "error"},
		{"a", "2", "1", "error"},
		{"1", "1000000000", "1", "error"},
	} {
		l, err := Scan("n", c.from, c.to, c.step)
		got := strings.Join(l.Values, " ")
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("Scan(%s, %s, %s) = %s (%v), want %s", c.from, c.to, c.step, got, err, c.want)
		}
	}
}

func TestParseList(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"gcc,clang": "gcc|clang", `a\,b,c`: "a,b|c", "": "", "a,,b": "a||b", `x\y`: `x\y`} {
		if got := strings.Join(ParseList("n", text).Values, "|"); got != want {
			t.Errorf("ParseList(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCombine(t *testing.T) {
	t.Parallel()
	commands, err := Combine([]Command{{Line: "a {x} {y}"}, {Line: "b {x}"}}, []List{{"x", []string{"{y}", "2"}}, {"y", []string{"p", "q"}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range commands {
		got = append(got, c.Filled().Line)
	}
	want := []string{"a {y} p", "b {y}", "a 2 p", "b 2", "a {y} q", "b {y}", "a 2 q", "b 2"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := Combine(nil, []List{{Name: "x"}, {Name: "x"}}); err == nil {
		t.Error("the same name twice is taken")
	}
}
