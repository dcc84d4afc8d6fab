package pep440

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// uvRefuses are versions that packaging reads and uv does not: white space
// around a version is ASCII only.
var uvRefuses = []string{"\u202f1.0\t\u2029\n "}

func TestVersionVectors(t *testing.T) {
	t.Parallel()
	var v versionVectors
	vectors(t, "versions.json", &v)
	for _, row := range v.Valid {
		if slices.Contains(uvRefuses, row.Input) {
			continue
		}
		got, err := Parse(row.Input)
		if err != nil {
			t.Errorf("Parse(%q): %v", row.Input, err)
			continue
		}
		want := fmt.Sprintln(row.Normalized, row.Epoch, row.Release, row.Pre, pointer(row.Post), pointer(row.Dev), row.Local, row.Public, row.Base, row.Pre1, row.Post1, row.Dev1)
		if is := facts(got); is != want {
			t.Errorf("Parse(%q): %s", row.Input, cmp.Diff(want, is))
		}
		if again := MustParse(got.String()); !again.Equal(got) || again.Key() != got.Key() {
			t.Errorf("%q changed to %q", got, again)
		}
	}
	for _, row := range v.Invalid {
		if got, err := Parse(row.Input); err == nil {
			t.Errorf("Parse(%q) = %q, want an error", row.Input, got)
		}
	}
	for i, a := range v.Ordered {
		for j, b := range v.Ordered {
			if got, want := MustParse(a).Compare(MustParse(b)), sign(i-j); got != want {
				t.Errorf("Compare(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
	for _, row := range v.Canonicalize {
		got := row.Args.Version
		if v, err := Parse(got); err == nil {
			if row.Args.Strip == nil || *row.Args.Strip {
				v = v.TrimZeros()
			}
			got = v.String()
		}
		if got != row.Expected {
			t.Errorf("canonicalize(%q) = %q, want %q", row.Args.Version, got, row.Expected)
		}
	}
}

func pointer(n *int) string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(*n)
}

// facts prints all that the accessors tell.
func facts(v Version) string {
	optional := func(n int, ok bool) string {
		if !ok {
			return "none"
		}
		return fmt.Sprint(n)
	}
	var pre []any
	if kind, n, ok := v.Pre(); ok {
		pre = []any{kind, n}
	}
	return fmt.Sprintln(v, v.Epoch(), v.Release(), pre, optional(v.Post()), optional(v.Dev()), v.Local(), v.Public(), v.Base(), v.IsPrerelease(), v.IsPostrelease(), v.IsDevrelease())
}

func TestDerived(t *testing.T) {
	t.Parallel()
	v := MustParse("1!2.3.0rc1.post2.dev3+x.1")
	for got, want := range map[string]string{
		v.Public().String():                         "1!2.3.0rc1.post2.dev3",
		v.WithoutLocal().String():                   "1!2.3.0rc1.post2.dev3",
		v.Base().String():                           "1!2.3.0",
		v.OnlyRelease().String():                    "2.3.0",
		v.TrimZeros().String():                      "1!2.3rc1.post2.dev3+x.1",
		v.Truncate(1).String():                      "1!2",
		v.Truncate(4).String():                      "1!2.3.0.0",
		MustParse("0.0.0").TrimZeros().String():     "0",
		MustParse("1.2.3.4a1").Truncate(2).String(): "1.2",
		FromRelease(3, 70000).String():              "3.70000",
		Version{}.String():                          "",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if w, err := MustParse("1.0").WithLocal("Ubuntu-01"); err != nil || w.String() != "1.0+ubuntu.1" {
		t.Error(w, err)
	}
	for _, bad := range []string{"a b", "-", "a+b"} {
		if w, err := v.WithLocal(bad); err == nil {
			t.Errorf("%q made %s", bad, w)
		}
	}
	var read struct {
		A Version
		S Specifiers
	}
	text := []byte(`{"A":"1.0RC1","S":">=1,<2"}`)
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if out, err := json.Marshal(read); err != nil || string(out) != `{"A":"1.0rc1","S":"\u003e=1,\u003c2"}` {
		t.Errorf("%s, %v", out, err)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"1.2.3", "2024.12.14", "75.8.0", "1.0rc1", "2.0.0.dev3", "1.0.post1", "2.31.0.20240106", "1!2.0a1.post3.dev4+local.7"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, err := Parse(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, pair := range []string{"1.2.3 1.2.4", "1.2.3 1.2.3", "2.31.0.20240106 2.31.0.20240107"} {
		b.Run(pair, func(b *testing.B) {
			x, y, _ := strings.Cut(pair, " ")
			v, w := MustParse(x), MustParse(y)
			for range b.N {
				v.Compare(w)
			}
		})
	}
}

func BenchmarkString(b *testing.B) {
	v := MustParse("1.2.3")
	b.ReportAllocs()
	for range b.N {
		_ = v.String()
	}
}
