package marker

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// The text of markers is part of the format of lock files.
func TestString(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`python_version == '3.9'`, `python_full_version == '3.9.*'`},
		{`python_version <= '3.9.0'`, `python_full_version < '3.10'`},
		{`python_version == '3.*'`, `python_full_version >= '3' and python_full_version < '4'`},
		{`python_version in '3.9 3.11'`, `python_full_version == '3.9.*' or python_full_version == '3.11.*'`},
		{`python_version in '3.9 3.10 3.11'`, `python_full_version >= '3.9' and python_full_version < '3.12'`},
		{
			`python_version not in '3.9 3.11'`,
			`python_full_version < '3.9' or python_full_version == '3.10.*' or python_full_version >= '3.12'`,
		},
		{
			`python_version != '3.8' and python_version < '3.10'`,
			`python_full_version < '3.8' or python_full_version == '3.9.*'`,
		},
		{
			`python_version != '3.8' and python_version != '3.9'`,
			`python_full_version < '3.8' or python_full_version >= '3.10'`,
		},
		{`python_version == '3.9.1'`, `python_version < '0'`},
		{`python_version != '3.9.1'`, ``},
		{`python_version in '3.9.*'`, ``},
		{`python_version in '3.9,3.10'`, ``},
		{
			`((extra == 'a' or extra == 'b') and extra == 'c') or extra == 'b'`,
			`extra == 'b' or (extra == 'a' and extra == 'c')`,
		},
		{
			`python_version >= '3.8' and implementation_version >= '3.9'`,
			`implementation_version >= '3.9' and python_full_version >= '3.8'`,
		},
		{`sys_platform == 'a' and sys_platform == 'b'`, `python_version < '0'`},
		{`os_name == "it's"`, `os_name == "it's"`},
		{`(os_name=='nt')and(os_name!='java')`, `os_name == 'nt'`},
		{`python_full_version in '3.9.1 3.9.2rc1'`, `python_full_version == '3.9.1' or python_full_version == '3.9.2'`},
		{`python_version >= '3.99999999999999999999'`, ``}, // no version in our range
		{`python_version > '3.9223372036854775807'`, `python_full_version >= '3.9223372036854775807'`},
	}
	for _, tt := range tests {
		tree, _, err := Parse(tt.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		if got := tree.String(); got != tt.want {
			t.Errorf("Parse(%q) prints\n\t%s\nwant\t%s", tt.in, got, tt.want)
		}
	}
}

// testdata/printed.tsv holds markers and what uv 0.12.5 prints for them.
func TestStringIsThatOfUV(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/printed.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		in, want, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), "\t")
		if !ok {
			continue
		}
		tree, _, err := Parse(in)
		if err != nil {
			t.Errorf("Parse(%q): %v", in, err)
			continue
		}
		if got := tree.String(); got != want {
			t.Errorf("Parse(%q) prints\n\t%s\nwant\t%s", in, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in             string
		offset, length int
		message        string
	}{
		{``, 0, 1, "expected marker value, found end of dependency specification"},
		{`os_name`, 7, 1, "expected a valid marker operator (such as `>=` or `not in`), found ``"},
		{`os_name ==`, 10, 1, "expected marker value, found end of dependency specification"},
		{`os_name == 'nt`, 11, 1, "expected `'`, found end of dependency specification"},
		{`os_nam == 'nt'`, 0, 6, "expected a quoted string or a valid marker name, found `os_nam`"},
		{`os_name == posix`, 11, 5, "expected a quoted string or a valid marker name, found `posix`"},
		{`os_name = 'nt'`, 8, 1, "expected a valid marker operator (such as `>=` or `not in`), found `=`"},
		{`'3.6'inpython_version`, 5, 16, "expected a valid marker operator (such as `>=` or `not in`), found `inpython_version`"},
		{`os_name not 'nt'`, 8, 3, "expected a valid marker operator (such as `>=` or `not in`), found `not`"},
		{`(os_name == 'nt'`, 0, 1, "expected `)`, found end of dependency specification"},
		{`(os_name == 'nt' 'x')`, 17, 1, "expected `)`, found `'`"},
		{`os_name == 'nt' é`, 16, 2, "unexpected character 'é', expected `and`, `or` or end of input"},
		{`os_name == 'nt' and`, 19, 1, "expected marker value, found end of dependency specification"},
		{
			`'a' == extras`, 0, 13,
			"the operator == is not supported with the marker extras, only the `in` and `not in` operators are supported",
		},
		{strings.Repeat("(", 300), 200, 1, "parentheses are nested too deeply"},
	}
	for _, tt := range tests {
		_, _, err := Parse(tt.in)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		want := Error{tt.in, tt.offset, tt.length, tt.message}
		if diff := cmp.Diff(want, *e); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
	_, _, err := Parse("os_name ==\t'é' and foo")
	want := "expected a quoted string or a valid marker name, found `foo`\nos_name ==\t'é' and foo\n          \t        ^^^"
	if err == nil || err.Error() != want {
		t.Errorf("the message is\n%v\nwant\n%s", err, want)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		kind WarningKind
		want string // the marker
	}{
		{`os.name == 'nt'`, DeprecatedName, `os_name == 'nt'`},
		{`python_implementation == 'CPython'`, DeprecatedName, `platform_python_implementation == 'CPython'`},
		{`extra > 'a'`, InvalidExtra, ``},
		{`extra == 'a!'`, InvalidExtra, `python_version < '0'`},
		{`'a!' not in extras`, InvalidExtra, `'a!' not in extras`},
		{`'a!' in dependency_groups`, InvalidGroup, `'a!' in dependency_groups`},
		{`extras == 'a'`, SetComparison, ``},
		{`os_name ~= 'nt' and extra == 'a'`, StringOperator, `extra == 'a'`},
		{`os_name === 'nt'`, StringOperator, ``},
		{`os_name == sys_platform`, TwoNames, ``},
		{`extra == sys_platform`, InvalidExtra, ``},
		{`'a' == 'b' or os_name == 'nt'`, TwoStrings, `os_name == 'nt'`},
		{`python_version == 'three'`, InvalidVersion, ``},
		{`python_version >= '3.*'`, InvalidVersion, ``},
		{`'3.*' == python_version`, InvalidVersion, ``},
		{`python_version ~= '3'`, InvalidVersion, ``},
		{`python_version >= '3+local'`, InvalidVersion, ``},
		{`'3' in python_version`, InvalidVersion, ``},
		{`python_version in '3.8, 3.9'`, InvalidVersion, ``},
	}
	for _, tt := range tests {
		tree, warnings, err := Parse(tt.in)
		if err != nil || len(warnings) != 1 || warnings[0].Kind != tt.kind || warnings[0].Message == "" {
			t.Errorf("Parse(%q) warns %v (%v), want one of kind %d", tt.in, warnings, err, tt.kind)
		}
		if tree.String() != tt.want {
			t.Errorf("Parse(%q) is %q, want %q", tt.in, tree, tt.want)
		}
	}
}

// Text whose diagram or printed form explodes is refused in little time.
func TestTooComplex(t *testing.T) {
	t.Parallel()
	var pairs, parity []string
	for i := range 40 {
		a, b := numbered("a", i), numbered("b", i)
		pairs = append(pairs, "(extra == '"+a+"' and extra == '"+b+"')")
		parity = append(parity, "(extra == '"+a+"' or extra == '"+b+"')")
	}
	for _, text := range []string{strings.Join(pairs, " or "), strings.Join(parity, " and ")} {
		if _, _, err := Parse(text); err == nil || !strings.Contains(err.Error(), "too complex") {
			t.Errorf("Parse of %d bytes: %v", len(text), err)
		}
	}
	var many []string
	for i := range 500 {
		many = append(many, "extra == '"+numbered("x", i)+"'")
	}
	text := strings.Join(many, " or ")
	if tree, _, err := Parse(text); err != nil || tree.String() != text {
		t.Errorf("Parse of a long disjunction: %v", err)
	}
}

func numbered(prefix string, i int) string {
	return prefix + string(rune('a'+i/100)) + string(rune('a'+i/10%10)) + string(rune('a'+i%10))
}

func TestTopLevelExtra(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`extra == 'a'`, "a"},
		{`extra == 'a' and os_name == 'nt'`, "a"},
		{`(os_name == 'nt' or os_name == 'posix') and extra == 'a'`, "a"},
		{`python_version < '3.8' and extra == 'a' or os_name == 'nt' and extra == 'a'`, "a"},
		{`os_name == 'nt' or extra == 'a'`, ""},
		{`extra != 'a'`, ""},
		{`os_name == 'nt' and (extra == 'a' or extra == 'b')`, ""},
		{`extra == 'a' or extra == 'b'`, "a"}, // as in uv
		{`os_name == 'nt'`, ""},
		{`'a' == 'a'`, ""},
		{`python_version == '3.9.1'`, ""},
	}
	for _, tt := range tests {
		if got, ok := MustParse(tt.in).TopLevelExtra(); string(got) != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v", tt.in, got, ok)
		}
	}
}

func TestExtras(t *testing.T) {
	t.Parallel()
	tree := MustParse(`extra == 'b' and os_name == 'nt' or extra != 'a' and 'c' in extras`)
	if diff := cmp.Diff([]pyname.Extra{"a", "b"}, tree.Extras()); diff != "" || !tree.HasExtras() {
		t.Error(diff)
	}
	tests := []struct {
		name string
		got  Tree
		want string
	}{
		{"simplified", tree.SimplifyExtras([]pyname.Extra{"a"}), `os_name == 'nt' and extra == 'b'`},
		{
			"simplified for others", tree.SimplifyNotExtrasWith(func(e pyname.Extra) bool { return e == "b" }),
			`'c' in extras and extra != 'a'`,
		},
		{"without", tree.WithoutExtras(), `os_name == 'nt' or 'c' in extras`},
		{"only", tree.OnlyExtras(), `extra == 'b' or extra != 'a'`},
		{"constructed", Extra("a").And(InExtras("b")).And(InGroups("c")).And(Equal(SysPlatform, "x")), `sys_platform == 'x' and 'b' in extras and 'c' in dependency_groups and extra == 'a'`},
	}
	for _, tt := range tests {
		if tt.got.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	if MustParse(`os_name == 'nt'`).HasExtras() {
		t.Error("os_name is taken for an extra")
	}
}

func TestPython(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`python_version >= '3.8' and os_name == 'nt' or python_version == '3.6'`, `>=3.6,<3.7 | >=3.8`},
		{`python_full_version > '3.8' and python_full_version <= '3.9'`, `>3.8,<=3.9`},
		{`python_version < '3.8' and extra == 'a'`, `<3.8`},
	}
	for _, tt := range tests {
		got := MustParse(tt.in).PythonRange()
		if s := got.String(); strings.ReplaceAll(s, ", ", ",") != tt.want {
			t.Errorf("%s: %s, want %s", tt.in, s, tt.want)
		}
		if !Python(got).PythonRange().Equal(got) {
			t.Errorf("%s: Python of %s is %s", tt.in, got, Python(got))
		}
	}
	if !MustParse(`python_version > '3' or os_name == 'nt'`).PythonRange().IsFull() || !False().PythonRange().IsEmpty() {
		t.Error("the range of a marker for all Pythons is not full, or that of false not empty")
	}
	from := pep440.AtLeast(pep440.MustParse("3.8.0"))
	old := MustParse(`python_version < '3.8' or sys_platform == 'win32' and python_version < '3.10'`)
	if got, want := old.SimplifyPython(from, pep440.Bound{}).String(), `python_full_version < '3.10' and sys_platform == 'win32'`; got != want {
		t.Errorf("simplified: %s, want %s", got, want)
	}
	if got, want := True().ComplexifyPython(from, pep440.Bound{}).String(), `python_full_version >= '3.8'`; got != want {
		t.Errorf("complexified: %s, want %s", got, want)
	}
}

func TestRestrict(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, assumption, want string }{
		{`sys_platform == 'linux' and python_version < '3.11'`, `sys_platform == 'linux'`, `python_full_version < '3.11'`},
		{`sys_platform == 'linux'`, `sys_platform == 'linux'`, ``},
		{`sys_platform != 'linux'`, `sys_platform == 'linux'`, `python_version < '0'`},
		{`extra == 'a'`, `os_name == 'nt' and extra == 'a' or extra == 'b'`, `extra == 'a'`},
		{`python_version >= '3.9' and python_version < '3.12'`, `python_version >= '3.10'`, `python_full_version < '3.12'`},
		{`sys_platform == 'linux'`, `sys_platform == 'linux' or sys_platform == 'win32'`, `sys_platform != 'win32'`},
	}
	for _, tt := range tests {
		if got := MustParse(tt.value).Restrict(MustParse(tt.assumption)).String(); got != tt.want {
			t.Errorf("%s restricted to %s: %q, want %q", tt.value, tt.assumption, got, tt.want)
		}
	}
}

func TestEnv(t *testing.T) {
	t.Parallel()
	env, err := NewEnv(Env{
		OSName: "posix", SysPlatform: "linux", PlatformRelease: "6.1", ImplementationName: "cpython",
		ImplementationVersion: "3.12.1", PythonVersion: "3.12", PythonFullVersion: "3.12.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	older := env.WithPython(pep440.MustParse("3.8.2rc1"))
	if older.PythonVersion != "3.8" || older.PythonFullVersion != "3.8.2rc1" || older.ImplementationVersion != "3.8.2rc1" {
		t.Errorf("with another Python: %+v", older)
	}
	for text, want := range map[string][2]bool{
		`python_version < '3.10'`:          {false, true},
		`python_full_version >= '3.8.2'`:   {true, false},
		`implementation_version > '3.9'`:   {true, false},
		`os_name in 'posix java'`:          {true, true},
		`'lin' in sys_platform`:            {true, true},
		`platform_release >= '6'`:          {true, true},
		`'x' in extras`:                    {false, false},
		`'!' not in extras`:                {false, false},
		`extra != 'x' and extra == 'test'`: {true, true},
	} {
		for i, e := range []*Env{&env, &older} {
			if got := MustParse(text).Evaluate(e, []pyname.Extra{"test"}); got != want[i] {
				t.Errorf("%s in %s: %v", text, e.PythonFullVersion, got)
			}
		}
	}
	lock := MustParse(`'x' in extras and 'dev' in dependency_groups and extra != 'x'`)
	if !lock.EvaluateLock(&env, []pyname.Extra{"x"}, []pyname.Group{"dev"}) {
		t.Errorf("%s does not hold", lock)
	}
	plain := Env{PythonFullVersion: "3.9"}
	if !MustParse(`python_version == '3.9'`).Evaluate(&plain, nil) {
		t.Error("an Env without NewEnv does not evaluate")
	}
	for _, bad := range []Env{{}, {ImplementationVersion: "1"}, {ImplementationVersion: "1", PythonFullVersion: "3"}} {
		if _, err := NewEnv(bad); err == nil {
			t.Errorf("NewEnv(%+v) has no error", bad)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", `os_name=="nt"`: `os_name == 'nt'`} {
		tree := False()
		if err := tree.UnmarshalText([]byte(in)); err != nil {
			t.Error(err)
		}
		if text, err := tree.MarshalText(); err != nil || string(text) != want {
			t.Errorf("%q becomes %q (%v)", in, text, err)
		}
	}
	if new(Tree).UnmarshalText([]byte("x")) == nil {
		t.Error("what is no marker is read")
	}
}

// Many goroutines that make the same markers get the same trees.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	texts := []string{
		`python_version >= '3.8' and sys_platform == 'win32'`, `os_name == 'nt' or extra == 'con'`,
		`platform_machine == 'con1' or platform_machine == 'con2'`, `python_full_version < '3.77' and 'x' in extras`,
	}
	results := make([][]Tree, 8)
	var wait sync.WaitGroup
	for g := range results {
		wait.Go(func() {
			for i := range 200 {
				a := MustParse(texts[(i+g)%4] + " and extra == 'con" + numbered("", i) + "'")
				for j := range texts {
					a = a.Or(MustParse(texts[(j+g)%4])).And(MustParse(texts[(j+g)%4]).Not())
				}
				b := Extra(pyname.Extra(numbered("con", i))).Or(Equal(OSName, numbered("con", i))).Restrict(MustParse(texts[0]))
				if a.Disjoint(b) != a.And(b).IsFalse() {
					t.Errorf("%s and %s: Disjoint is wrong", a, b)
				}
				results[g] = append(results[g], b)
			}
		})
	}
	wait.Wait()
	for g := range results {
		if diff := cmp.Diff(results[0], results[g], cmp.Comparer(func(a, b Tree) bool { return a == b })); diff != "" {
			t.Errorf("goroutine %d differs: %s", g, diff)
		}
	}
}

// A memo that has met more nodes than fit a word still remembers.
func TestMemoOfLargeRefs(t *testing.T) {
	t.Parallel()
	var m memo
	m.put(4, 6, 8)
	m.put(memoLimit+2, 6, 10)
	m.put(2, 6, memoLimit)
	for _, tt := range []struct{ a, b, want ref }{{4, 6, 8}, {memoLimit + 2, 6, 10}, {2, 6, memoLimit}} {
		if got, ok := m.get(tt.a, tt.b); !ok || got != tt.want {
			t.Errorf("of %d and %d: %d, %v", tt.a, tt.b, got, ok)
		}
	}
	if _, ok := m.get(8, 10); ok {
		t.Error("the memo has what was not put")
	}
}
