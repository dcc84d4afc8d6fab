package pep508

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/packaging/pyname"
)

// What uv 0.12.5 reads, and how it writes it.
func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"p", "p"},
		{"P_Q.R>=01.0", "p-q-r>=1.0"},
		{"p[b,a]>=1", "p[b,a]>=1"},
		{"p[]", "p"},
		{"p [ a , B_c ] (>=1)", "p[a,b-c]>=1"},
		{"p(>=1,)", "p>=1"},
		{"p>=1,", "p>=1"},
		{"p>=1 , <2 ", "p>=1,<2"},
		{"p<2,>=1", "p>=1,<2"},
		{"p~=1.0,!=1.0.3,<2,>=1.0", "p~=1.0,>=1.0,!=1.0.3,<2"},
		{"p==1.0-1", "p==1.0.post1"},
		{"p==v1.0", "p==1.0"},
		{"p==1!2.0", "p==1!2.0"},
		{"p===1.0", "p===1.0"},
		{"p === foo", "p===foo"},
		{"p==1.0.*", "p==1.0.*"},
		{"p!=1.0+local", "p!=1.0+local"},
		{"p\n>=1", "p>=1"},
		{"p.tar.gz>=1", "p-tar-gz>=1"},
		{"p ; python_version > '3'\nand os_name=='nt'", "p ; python_full_version >= '3.1' and os_name == 'nt'"},
		{"p;'a'=='a'", "p"},
		{"p@https://e.com/p-1.tar.gz", "p @ https://e.com/p-1.tar.gz"},
		{"p @ https://e.com/p-1.tar.gz#sha256=abc ; os_name=='nt'", "p @ https://e.com/p-1.tar.gz#sha256=abc ; os_name == 'nt'"},
		{"p @ https://e.com/p-1.tar.gz; os_name=='nt'", "p @ https://e.com/p-1.tar.gz ; os_name == 'nt'"},
		{"p @ https://e.com/p-1.tar.gz;os_name=='nt'", "p @ https://e.com/p-1.tar.gz;os_name=='nt'"},
		{"p @ https://e.com/p-1.tar.gz #x", "p @ https://e.com/p-1.tar.gz"},
		{"p @ https://e.com/a b/p-1.tar.gz\n", "p @ https://e.com/a b/p-1.tar.gz"},
		{"p[a] @ git+https://e.com/a/b@main[extra]", "p[a] @ git+https://e.com/a/b@main[extra]"},
		{"p @ ./dir", "p @ ./dir"},
		{"p @ ${HOME}/dir", "p @ ${HOME}/dir"},
		{"p\u00a0>= 1", "p>=1"},
	}
	for _, tt := range tests {
		r, err := Parse(tt.in)
		if err != nil || r.String() != tt.want {
			t.Errorf("Parse(%q) is %q (%v), want %q", tt.in, r, err, tt.want)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in             string
		offset, length int
		message        string
		needsName      bool
	}{
		{"", 0, 1, "empty field is not allowed for PEP508", false},
		{"-p", 0, 1, "expected package name starting with an alphanumeric character, found `-`", false},
		{"é", 0, 2, "expected package name starting with an alphanumeric character, found `é`", false},
		{"p_ >1", 1, 1, "package name must end with an alphanumeric character, not `_`", false},
		{"p[a", 1, 1, "missing closing bracket (expected ']', found end of dependency specification)", false},
		{"p[a,", 1, 1, "missing closing bracket (expected ']', found end of dependency specification)", false},
		{"p[a,]", 4, 1, "expected an alphanumeric character starting the extra name, found `]`", false},
		{"p[a b]", 4, 1, "expected either `,` (separating extras) or `]` (ending the extras section), found `b`", false},
		{"p[a-]", 3, 1, "extra name must end with an alphanumeric character, not `-`", false},
		{"p(>=1", 1, 1, "missing closing parenthesis (expected ')', found end of dependency specification)", false},
		{"p (>=1) , <2", 8, 1, "expected end of input or `;`, found `,`", false},
		{"p 1.0", 2, 1, "expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `1`", false},
		{"p\x00", 1, 1, "expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `\x00`", false},
		{"p # c", 2, 1, "expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `#`", false},
		{"p @ ", 4, 1, "expected URL", false},
		{"p >= 1, > two", 8, 5, "", false},
		{"p>=1.0.* ; os_name == 'nt'", 1, 7, "", false},
		{"p ; os_name == nt", 15, 2, "expected a quoted string or a valid marker name, found `nt`", false},
		{"p ; os_name == 'nt' x", 20, 1, "unexpected character 'x', expected `and`, `or` or end of input", false},
		{"p ;", 3, 1, "expected marker value, found end of dependency specification", false},
		{"p ; extras == 'a'", 3, 14, "extras must be on the right hand side of `in` or `not in`, will be ignored", false},
		{"./p", 0, 3, "URL requirement must be preceded by a package name", true},
		{"https://e.com/p.whl ; os_name == 'nt'", 0, 19, "URL requirement must be preceded by a package name", true},
		{"foo/bar", 0, 7, "URL requirement must be preceded by a package name", true},
		{" p-1.0.tar.gz", 1, 12, "URL requirement must be preceded by a package name", true},
	}
	for _, tt := range tests {
		_, err := Parse(tt.in)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		if tt.message == "" {
			tt.message = e.Message
		}
		want := Error{tt.in, tt.offset, tt.length, tt.message, tt.needsName}
		if diff := cmp.Diff(want, *e); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.in, diff)
		}
		if len(e.Hints()) > 0 != tt.needsName {
			t.Errorf("Parse(%q): hints %q", tt.in, e.Hints())
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"p é", "expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `é`\np é\n  ^"},
		{
			"p @ https://user:secret@e.com/p.whl ; x",
			"expected a quoted string or a valid marker name, found `x`\n" +
				"p @ https://user:******@e.com/p.whl ; x\n                                      ^",
		},
		{
			"https://token@e.com/ ssh://git@e.com/ https://e.com/a@b",
			"URL requirement must be preceded by a package name\n" +
				"https://*****@e.com/ ssh://git@e.com/ https://e.com/a@b\n^^^^^^^^^^^^^^^^^^^^",
		},
		{"", "empty field is not allowed for PEP508"},
	}
	for _, tt := range tests {
		if _, err := Parse(tt.in); err == nil || err.Error() != tt.want {
			t.Errorf("Parse(%q):\n%v\nwant\n%s", tt.in, err, tt.want)
		}
	}
}

func TestParseLenient(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"elasticsearch-dsl (>=7.2.0<8.0.0)", "elasticsearch-dsl>=7.2.0,<8.0.0"},
		{"jupyter-core (!=~5.0,>=4.12)", "jupyter-core>=4.12,!=5.0.*"},
		{"torch (>= 1.9.*)", "torch>=1.9"},
		{"pyzmq (>=2.7,!=3.0*,!=3.1*,!=3.2*)", "pyzmq>=2.7,!=3.0.*,!=3.1.*,!=3.2.*"},
		{"pyzmq >=3.6,", "pyzmq>=3.6"},
		{"p >dev", "p>0.0.0.dev0"},
		{"p>=3.6'; python_version >= '3.7'", "p>=3.6 ; python_full_version >= '3.7'"},
		{"p>=1", "p>=1"},
	}
	for _, tt := range tests {
		r, err := ParseLenient(tt.in)
		if err != nil || r.String() != tt.want {
			t.Errorf("ParseLenient(%q) is %q (%v), want %q", tt.in, r, err, tt.want)
		}
	}
	if _, err := ParseLenient("p >= one"); err == nil || !strings.Contains(err.Error(), "p >= one") {
		t.Errorf("the error of a hopeless text: %v", err)
	}
}

func TestParseUnnamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, url string
		extras  []pyname.Extra
		printed string
	}{
		{"./dir", "./dir", nil, "./dir"},
		{"./dir[a, b]", "./dir", []pyname.Extra{"a", "b"}, "./dir[a,b]"},
		{"./dir[a] ; os_name=='nt'", "./dir", []pyname.Extra{"a"}, "./dir[a] ; os_name == 'nt'"},
		{"./a dir/b # comment", "./a dir/b", nil, "./a dir/b"},
		{"https://e.com/p.whl[a]#egg=p", "https://e.com/p.whl[a]#egg=p", nil, "https://e.com/p.whl[a]#egg=p"},
		{"https://e.com/p.whl#egg=p[a]", "https://e.com/p.whl#egg=p", []pyname.Extra{"a"}, "https://e.com/p.whl#egg=p[a]"},
		{"https://e.com/p.whl; os_name=='nt'", "https://e.com/p.whl", nil, "https://e.com/p.whl ; os_name == 'nt'"},
		{"./dir[a ; b", "./dir[a ; b", nil, "./dir[a ; b"},
		{"./dir]", "./dir]", nil, "./dir]"},
		{"./dir[]", "./dir", nil, "./dir"},
	}
	for _, tt := range tests {
		u, err := ParseUnnamed(tt.in)
		if err != nil || u.URL != tt.url || u.String() != tt.printed {
			t.Errorf("ParseUnnamed(%q) is %q (%v), want %q", tt.in, u, err, tt.printed)
		}
		if diff := cmp.Diff(tt.extras, u.Extras); diff != "" {
			t.Errorf("ParseUnnamed(%q):\n%s", tt.in, diff)
		}
	}
	for in, offset := range map[string]int{"": 0, "./dir[a b]": 8, "./dir ; x": 8} {
		_, err := ParseUnnamed(in)
		var e *Error
		if !errors.As(err, &e) || e.Offset != offset || e.Input != in {
			t.Errorf("ParseUnnamed(%q): %v", in, err)
		}
	}
}

func TestIsUnnamed(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		"": false, "p": false, "p[a]": false, "p==1.0": false, "p.whl": true, "p.tar.gz[a]": true, "p.gz": false,
		"p.tgz": true, ".tgz": true, "./p": true, ".": true, "..": true, "/p": true, "a/b": true, `C:\x`: true,
		`a\b`: true, "https://e.com": true, "git+ssh:x": true, "é:x": false, "a b:c": false,
	} {
		if got := IsUnnamed(word); got != want {
			t.Errorf("IsUnnamed(%q) is %v", word, got)
		}
	}
}

func TestExpandVars(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (string, bool) {
		values := map[string]string{"A": "x", "B_1": "${A}", "EMPTY": ""}
		v, ok := values[name]
		return v, ok
	}
	for in, want := range map[string]string{
		"": "", "plain": "plain", "${A}": "x", "a${A}b${B_1}c": "axb${A}c", "${NONE}${A}": "${NONE}x", "${a}": "${a}",
		"$A": "$A", "${A": "${A", "${}": "${}", "${${A}}": "${x}", "$${A}": "$x", "${EMPTY}": "", "-${EMPTY}-": "--",
	} {
		if got := ExpandVars(in, lookup); got != want {
			t.Errorf("ExpandVars(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var r Requirement
	if err := r.UnmarshalText([]byte("p >= 1")); err != nil {
		t.Fatal(err)
	}
	if text, err := r.MarshalText(); err != nil || string(text) != "p>=1" {
		t.Errorf("%s, %v", text, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("MustParse of no requirement does not panic")
		}
	}()
	MustParse("?")
}
