package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/packaging/pyname"
)

func mustRead(t *testing.T, text string) Options {
	t.Helper()
	o, err := readUVToml("uv.toml", "/w", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestCombine(t *testing.T) {
	t.Parallel()
	high := mustRead(t, `
resolution = "lowest"
no-proxy = ["a"]
config-settings = { x = "1", y = ["2"] }
exclude-newer-package = { a = "2020-01-01T00:00:00Z" }
extra-build-variables = { a = { K = "high" } }
extra-build-dependencies = { a = ["b"] }
cache-keys = []
pip = { strict = true, extra = ["x"] }
index = [{ url = "https://example.com/high", name = "high" }]
`)
	low := mustRead(t, `
resolution = "highest"
prerelease = "allow"
no-proxy = ["b"]
config-settings = { x = "3", y = "4", z = "5" }
exclude-newer-package = { a = "2021-01-01T00:00:00Z", b = false }
extra-build-variables = { a = { K = "low", L = "low" } }
extra-build-dependencies = { a = ["c"], d = ["e"] }
cache-keys = ["k"]
pip = { strict = false, extra = ["y"], no-deps = true }
index = [{ url = "https://example.com/low", name = "low" }]
`)
	o := Combine(high, low)
	check := func(name string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	check("resolution", *o.Resolution, "lowest")
	check("prerelease", *o.Prerelease, "allow")
	check("no-proxy", o.NoProxy, []string{"a", "b"})
	check("config-settings", o.ConfigSettings, ConfigSettings{
		"x": {[]string{"1", "3"}, true}, "y": {[]string{"2", "4"}, true}, "z": {[]string{"5"}, false},
	})
	check("exclude-newer-package", []string{o.ExcludeNewerPackage["a"].String(), o.ExcludeNewerPackage["b"].String()}, []string{"2020-01-01T00:00:00Z", "false"})
	check("extra-build-variables", o.ExtraBuildVariables, map[pyname.Package]map[string]string{"a": {"K": "high", "L": "low"}})
	check("extra-build-dependencies", len(o.ExtraBuildDependencies["a"])*10+len(o.ExtraBuildDependencies["d"]), 21)
	check("cache-keys", o.CacheKeys, []CacheKey{{File: "k"}})
	check("pip", []any{*o.Pip.Strict, o.Pip.Extra, *o.Pip.NoDeps}, []any{true, []pyname.Extra{"x", "y"}, true})
	check("index", []string{o.Index[0].Name, o.Index[1].Name}, []string{"high", "low"})
	check("the parts stay", []int{len(high.NoProxy), len(low.NoProxy), len(high.ConfigSettings)}, []int{1, 1, 2})
	if again := mustRead(t, ""); !reflect.DeepEqual(Combine(again, Options{}), Options{}) {
		t.Error("nothing and nothing is something")
	}
}

func TestForPip(t *testing.T) {
	t.Parallel()
	o := mustRead(t, `
resolution = "lowest"
link-mode = "copy"
find-links = ["/top"]
[pip]
resolution = "highest"
find-links = ["/pip"]
`)
	p := o.ForPip()
	if *p.Resolution != "highest" || p.LinkMode.String() != "copy" || len(p.FindLinks) != 2 || p.FindLinks[0].Given != "/pip" {
		t.Errorf("got %+v", p.Resolver)
	}
	if *o.Resolution != "lowest" || len(o.Pip.FindLinks) != 1 {
		t.Error("the settings were changed")
	}
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	o := mustRead(t, `
index-url = "https://example.com/main"
extra-index-url = ["./local"]
[[index]]
name = "one"
url = "https://example.com/one"
default = true
`)
	var got []string
	for _, x := range o.Indexes(o.Index) {
		got = append(got, fmt.Sprint(x.Name, " ", x.URL, " ", x.Default))
	}
	want := []string{"one https://example.com/one true", " file:///w/local false", " https://example.com/main true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFromScript(t *testing.T) {
	t.Parallel()
	o, err := FromScript("x.py", "/s", "dependencies = []\n[tool.uv]\nresolution = 'lowest'\nfind-links = ['x']\n")
	if err != nil || *o.Resolution != "lowest" || o.FindLinks[0].URL != "file:///s/x" {
		t.Errorf("got %+v, %v", o.Resolver, err)
	}
	if o, err := FromScript("x.py", "/s", "dependencies = []\n"); err != nil || o.Resolution != nil {
		t.Errorf("got %v, %v", o.Resolution, err)
	}
	if _, err := FromScript("x.py", "/s", "[tool.uv]\nworkspace = {}\n"); err == nil || !strings.Contains(err.Error(), "unknown field `workspace`") {
		t.Errorf("what is about projects: %v", err)
	}
	if _, err := FromScript("x.py", "/s", "[tool.uv]\nfoo = 1\n"); err == nil {
		t.Error("no error for an unknown key")
	}
}

// The fields of the structs and the tables of keys must match: each key sets a
// field, each field is set by a key and combined.
func TestEveryFieldHasAKey(t *testing.T) {
	t.Parallel()
	names := fieldNames(optionFields())
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			t.Errorf("key %s is listed twice", name)
		}
	}
	for _, test := range []struct {
		name   string
		fields int
		typ    reflect.Type
		extra  int // keys without a field of their own
	}{
		{"Options", len(optionFields()), reflect.TypeFor[Options](), 1 + 9 - 1}, // preview-features; keys read elsewhere; the field Tame is no key
		{"Pip", len(makePipFields()), reflect.TypeFor[Pip](), 0},
		{"Audit", len(auditFields()), reflect.TypeFor[Audit](), 0},
	} {
		n := 0
		for f := range test.typ.Fields() {
			if f.Anonymous {
				n += f.Type.NumField()
				continue
			}
			n++
		}
		if n != test.fields-test.extra {
			t.Errorf("%s has %d fields and %d keys", test.name, n, test.fields-test.extra)
		}
	}
}

func BenchmarkLoadNothing(b *testing.B) {
	f := files{"/w/p/pyproject.toml": "[project]\nname = 'p'\ndependencies = [\n'a',\n'b',\n]\n[tool.ruff]\nx = 1\n"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(f.request("/w/p")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadProject(b *testing.B) {
	f := files{"/w/p/pyproject.toml": "[project]\nname = 'p'\ndependencies = [\n'a',\n'b',\n]\n[tool.uv]\nresolution = 'lowest'\n[[tool.uv.index]]\nname = 'x'\nurl = 'https://example.com/simple'\n"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(f.request("/w/p")); err != nil {
			b.Fatal(err)
		}
	}
}
