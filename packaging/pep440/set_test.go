package pep440

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// world is every shape of version around a few releases, in ascending order
// of writing, not of version.
func world() []Version {
	var out []Version
	for _, release := range []string{"0", "1", "1.0.0.1", "1.1", "2.0", "1!1", "70000", "1.2.3.4.5"} {
		for _, suffix := range []string{
			".dev0", ".dev1", "a0.dev0", "a0", "a1.dev0", "a1", "a1.post0.dev0", "a1.post0", "a1+x", "a2.dev0", "rc1",
			"", "+a", "+a.1", "+1", ".post0.dev0", ".post0", ".post0+x", ".post1.dev0", ".post1.dev1", ".post1", ".post2000",
		} {
			out = append(out, MustParse(release+suffix))
		}
	}
	return out
}

func drawVersion() *rapid.Generator[Version] { return rapid.SampledFrom(world()) }

func drawSpecifier() *rapid.Generator[Specifier] {
	return rapid.Custom(func(t *rapid.T) Specifier {
		op := Operator(rapid.IntRange(int(Equal), int(GreaterEqual)).Draw(t, "op"))
		v := drawVersion().Draw(t, "version")
		if op.IsStar() {
			v = v.Base()
		}
		if op != Equal && op != NotEqual && op != ExactEqual {
			v = v.Public()
		}
		if op == Tilde && v.Len() < 2 {
			op = GreaterEqual
		}
		s, err := NewSpecifier(op, v)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// drawSet draws a set as a union of conjunctions of specifiers.
func drawSet() *rapid.Generator[Set] {
	return rapid.Custom(func(t *rapid.T) Set {
		out := None()
		for range rapid.IntRange(0, 4).Draw(t, "terms") {
			term := Full()
			for range rapid.IntRange(0, 3).Draw(t, "factors") {
				term = term.Intersect(FromSpecifier(drawSpecifier().Draw(t, "specifier")))
			}
			out = out.Union(term)
		}
		return out
	})
}

func TestSetLaws(t *testing.T) {
	t.Parallel()
	all := world()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawSet().Draw(t, "a"), drawSet().Draw(t, "b"), drawSet().Draw(t, "c")
		same := func(law string, x, y Set) {
			if !x.Equal(y) || x.Hash() != y.Hash() {
				t.Fatalf("%s: %v and %v differ for a=%v b=%v c=%v", law, x, y, a, b, c)
			}
		}
		same("involution", a.Complement().Complement(), a)
		same("commutative and", a.Intersect(b), b.Intersect(a))
		same("commutative or", a.Union(b), b.Union(a))
		same("associative", a.Intersect(b).Intersect(c), a.Intersect(b.Intersect(c)))
		same("distributive", a.Intersect(b.Union(c)), a.Intersect(b).Union(a.Intersect(c)))
		same("De Morgan", a.Intersect(b).Complement(), a.Complement().Union(b.Complement()))
		same("minus", a.Minus(b), a.Intersect(b.Complement()))
		same("excluded middle", a.Union(a.Complement()), Full())
		same("contradiction", a.Intersect(a.Complement()), None())
		if a.Disjoint(b) != a.Intersect(b).IsEmpty() {
			t.Fatalf("%v and %v disjoint: %v", a, b, a.Disjoint(b))
		}
		if a.SubsetOf(b) != a.Minus(b).IsEmpty() {
			t.Fatalf("%v subset of %v: %v", a, b, a.SubsetOf(b))
		}
		rebuilt := None()
		for i := range a.All() {
			if !rebuilt.Disjoint(i.Set()) {
				t.Fatalf("intervals of %v overlap: %v", a, a.Intervals())
			}
			rebuilt = rebuilt.Union(i.Set())
		}
		same("intervals", rebuilt, a)
		if !a.IsEmpty() && !a.SubsetOf(a.Span().Set()) {
			t.Fatalf("%v is not within its span %v", a, a.Span())
		}
		and, or, not, subset := a.Intersect(b), a.Union(b), a.Complement(), a.SubsetOf(b)
		for _, v := range all {
			x, y := a.Contains(v), b.Contains(v)
			if and.Contains(v) != (x && y) || or.Contains(v) != (x || y) || not.Contains(v) == x {
				t.Fatalf("%s and its membership in %v, %v, %v, %v and %v", v, a, b, and, or, not)
			}
			if x && (a.IsEmpty() || !y && subset) {
				t.Fatalf("%v contains %s and is empty or within %v", a, v, b)
			}
		}
	})
}

func TestSpecifierAndItsSetAgree(t *testing.T) {
	t.Parallel()
	all := world()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpecifier().Draw(t, "specifier")
		set := FromSpecifier(s)
		release := ReleaseSetOf(s)
		for _, v := range all {
			if got, want := s.Contains(v), set.Contains(v); got != want && s.Op != ExactEqual {
				t.Fatalf("%s contains %s: %v, its set says %v", s, v, got, want)
			}
			plain := v.OnlyRelease()
			relaxed := Specifier{Op: s.Op, Version: s.Version.OnlyRelease(), Text: s.Version.OnlyRelease().String()}
			if got, want := release.Contains(plain), FromSpecifier(relaxed).Contains(plain); got != want {
				t.Fatalf("release-only %s contains %s: %v, want %v", s, plain, got, want)
			}
		}
	})
}

// The order of versions is total, and cuts refine it.
func TestOrder(t *testing.T) {
	t.Parallel()
	all := world()
	for _, v := range all {
		for _, w := range all {
			c := v.Compare(w)
			if c != -w.Compare(v) || (c == 0) != (v.Key() == w.Key()) || v.Less(w) != (c < 0) {
				t.Errorf("%s and %s compare %d and %d", v, w, c, w.Compare(v))
			}
			if v.IsLocal() || w.IsLocal() {
				continue
			}
			x, y := after(v), afterLocals(w)
			if got := sign(compareCut(&x, &y)); c != 0 && got != c && afterLocals(v) != before(w) {
				t.Errorf("the cuts after %s and %s compare %d, the versions %d", v, w, got, c)
			}
		}
	}
}

func TestSetText(t *testing.T) {
	t.Parallel()
	for specifiers, want := range map[string]string{
		"":                          "*",
		">=1,<0":                    "∅",
		"==1.0":                     "==1.0",
		"===1.0":                    "==1.0",
		"==1.0+x":                   "==1.0+x",
		"!=1.0":                     "!=1.0",
		"<1.0":                      "<1.0",
		"<=1.0":                     "<=1.0",
		">1.0":                      ">1.0",
		">1.0a1":                    ">=1.0a2.dev0",
		">1.0.post1":                ">1.0.post1",
		">=1.0":                     ">=1.0",
		"<1.0a1":                    "<1.0a1",
		"<1.0.post1":                "<=1.0.post0",
		"==1.2.*":                   "==1.2.*",
		"!=1.2.*":                   "<1.2 | >=1.3.dev0",
		"~=1.2":                     ">=1.2,<2",
		">=1,<2,!=1.5":              ">=1,<1.5 | >1.5,<2",
		">=0.dev0":                  "*",
		">=1.0.post0.dev0":          ">1.0",
		"==2024.*":                  "==2024.*",
		"==1!2.*":                   "==1!2.*",
		"==70000.*,!=70000.1.2.3.4": ">=70000.dev0,<70000.1.2.3.4 | >70000.1.2.3.4,<70001",
	} {
		if got := MustParseSpecifiers(specifiers).Set().String(); got != want {
			t.Errorf("%q is %s, want %s", specifiers, got, want)
		}
	}
}

func TestReleaseSpecifiers(t *testing.T) {
	t.Parallel()
	for specifiers, want := range map[string]string{
		"":                      "",
		">=3.12,<3.13":          "==3.12.*",
		"~=3.12.0":              "==3.12.*",
		"~=3.12":                ">=3.12, <4",
		">=3.12.0":              ">=3.12.0",
		">=3.8, !=3.11.*, <4":   ">=3.8, !=3.11.*, <4",
		"==3.8":                 "==3.8",
		">=3.8, !=3.9.1":        ">=3.8, !=3.9.1",
		">3.8,<=3.9":            ">3.8, <=3.9",
		">=3.8rc1":              ">=3.8",
		"==3.*":                 ">=3, <4",
		">=3,<3.1":              "==3.0.*",
		"!=3.9.*,!=3.10.*,>=3":  ">=3, !=3.9.*, !=3.10.*",
		">=3.8,<3.8":            "<0",
		">=3.8, !=3.9, !=3.9.0": ">=3.8, !=3.9",

		// As uv 0.12.5 writes them into uv.lock.
		">=3.8,!=3.9.5,!=3.10.*":                ">=3.8, !=3.9.5, !=3.10.*",
		">=3.8.1,<3.13.0":                       ">=3.8.1, <3.13.0",
		">=3.8.post1":                           ">=3.8",
		">=3.8,<3.14,!=3.9.2.*":                 ">=3.8, <3.14",
		"!=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*,>=2.7": ">=2.7, !=3.0.*, !=3.1.*, !=3.2.*, !=3.3.*",
		">=2.7,!=3.*":                           ">=2.7",
		"!=3.11":                                "!=3.11",
		">=3.8,>=3.9":                           ">=3.9",
	} {
		got := ReleaseSpecifiers(ReleaseSet(MustParseSpecifiers(specifiers))).String()
		if got != want {
			t.Errorf("%q is %q, want %q", specifiers, got, want)
		}
	}
}

func TestSingleton(t *testing.T) {
	t.Parallel()
	for specifiers, want := range map[string]string{
		"==1.0": "1.0", "===1.0": "1.0", "==1.0+x": "1.0+x", ">=1.0,<=1.0": "1.0",
		"==1.*": "", ">=1.0": "", "": "", "<1.0": "", "==1.0.dev1": "1.0.dev1",
	} {
		v, ok := MustParseSpecifiers(specifiers).Set().Singleton()
		if v.String() != want || ok != (want != "") {
			t.Errorf("%q holds only %q, want %q", specifiers, v, want)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	one, two := MustParse("1"), MustParse("2")
	lower := []Bound{{}, AtLeast(one), Above(one), {Excluded, one, WithLocals}, {Excluded, one, WithPosts}, AtLeast(two)}
	upper := []Bound{Above(one), AtLeast(one), {Included, one, WithLocals}, {Included, one, WithPosts}, Above(two), {}}
	for i := range lower {
		for j := range lower {
			if got, want := lower[i].CompareLower(lower[j]), sign(i-j); got != want {
				t.Errorf("lower bounds %+v and %+v compare %d, want %d", lower[i], lower[j], got, want)
			}
			if got, want := upper[i].CompareUpper(upper[j]), sign(i-j); got != want {
				t.Errorf("upper bounds %+v and %+v compare %d, want %d", upper[i], upper[j], got, want)
			}
			s := Between(lower[i], upper[j])
			if s.IsEmpty() || i == 0 && j == 5 {
				continue
			}
			if got := s.Span(); got.Lo.CompareLower(lower[i]) != 0 || got.Hi.CompareUpper(upper[j]) != 0 {
				t.Errorf("bounds changed: %s", cmp.Diff(fmt.Sprint(Interval{lower[i], upper[j]}), fmt.Sprint(got)))
			}
		}
	}
}

func BenchmarkFromSpecifier(b *testing.B) {
	for _, text := range []string{">=1.2", "==1.2.3", "~=1.2", "<2", ">1.2", "==1.*"} {
		s := MustParseSpecifier(text)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				FromSpecifier(s)
			}
		})
	}
}

func BenchmarkSet(b *testing.B) {
	x, y := MustParseSpecifiers(">=1.2,<2").Set(), MustParseSpecifiers(">=1.5,!=1.6").Set()
	z, one := MustParseSpecifiers(">=1.4").Set(), Exactly(MustParse("1.5"))
	v := MustParse("1.5.1")
	for name, f := range map[string]func(){
		"intersect":       func() { x.Intersect(z) },
		"intersect three": func() { x.Intersect(y) },
		"union":           func() { x.Union(one) },
		"complement":      func() { x.Complement() },
		"disjoint":        func() { x.Disjoint(one) },
		"subset":          func() { one.SubsetOf(x) },
		"contains":        func() { x.Contains(v) },
		"equal":           func() { x.Equal(z) },
		"hash":            func() { x.Hash() },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				f()
			}
		})
	}
}

func BenchmarkParseSpecifiers(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		if _, err := ParseSpecifiers(">=1.21.0,!=1.24.*,<2"); err != nil {
			b.Fatal(err)
		}
	}
}
