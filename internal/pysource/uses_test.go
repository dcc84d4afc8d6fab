package pysource

import (
	"fmt"
	"strings"
	"testing"
)

func TestUses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"imports", "import a.b, c as d\nfrom e import (f, # one\n  g as h,)\nfrom . import x\nfrom ..y import z\nfrom k import *", "a.b:1 c:1 e.f:2 e.g:3 k:6"},
		{"attributes", "import datetime as dt\nx = dt.datetime.utcnow().z\ny = other.dt.datetime", "datetime:1 datetime.datetime.utcnow:2"},
		{"no imports", "yield from import_x\nraise X from import_y\nx = 'import os'\n# import os\n", ""},
		{"one line", "import a; import b\nif x: import c\n", "a:1 b:1 c:2"},
		{"a keyword is no attribute", "import ast\nf(ast=1).ast.Str\nast.\\\nStr", "ast:1 ast.Str:3"},
		{"strings", "import a\nx = f'{a.b!r:>{a.c}} {{a.d}}' rb'{a.e}'\nf\"\"\"\n{a.f\n + a.g}\"\"\"; a.h", "a:1 a.b:2 a.c:2 a.f:4 a.g:5 a.h:5"},
		{"nested strings", "import a\nx = f'{a.b + f\"{a.c}\"}'\ny = f'{a.d['k']}' + a.e", "a:1 a.b:2 a.c:2 a.d:3 a.e:3"},
		{"behind a string", "import a\nx = f'{a}'.b + f'{a:2}'.c", "a:1"},
		{"template strings", "import a\nt'{a.b}'", "a:1 a.b:2"},
		{"raw", "import a\nr'\\'\nx = a.b", "a:1 a.b:3"}, // the quote does not end it, the line does
		{"try", "try:\n  import a\n  a.b\nexcept ImportError:\n  import c\nimport d\ntry:\n  import e\nexcept OSError:\n  pass", "a:2? a.b:3? c:5? d:6 e:8"},
		{"bare", "try: import a\nexcept: a = None\nimport b", "a:1? b:3"},
		{"second clause", "try:\n  import a\nexcept OSError:\n  import b\nexcept (ValueError, ImportError):\n  pass", "a:2? b:4?"},
		{"else of a try", "try:\n  import a\nexcept ImportError:\n  pass\nelse:\n  import b", "a:2? b:6"},
		{"version", "import sys\nif sys.version_info >= (3, 12):\n  import a\nelif x:\n  import b\nelse:\n  import c\nif x:\n  import d\nelse:\n  import e", "sys:1 sys.version_info:2? a:3? b:5? c:7? d:9 e:11"},
		{"nested", "def f():\n\tif sys.version_info < (3,):\n\t\ttry:\n\t\t\timport a\n\t\texcept OSError: pass\n\timport b", "a:4? b:6"},
		{"suppress", "with suppress(ImportError):\n  import a\nimport b", "a:2? b:3"},
		{"tests", "import unittest\nself.assertEquals(1, 1)\nself.other.assertEquals()", "unittest:1 unittest.TestCase.assertEquals:2"},
		{"no tests", "self.assertEquals(1, 1)", ""},
		{"later import", "def f():\n  return a.b\nimport x as a\nimport y as a\na.c", "x.b:2 x:3 y:4 y.c:5"},
		{"brackets", "import a\nf(\n  a.b,\n)\n", "a:1 a.b:3"},
		{"byte order mark and CRLF", "\ufeffimport a\r\nimport b\\\r\n.c\r\n", "a:1 b.c:2"},
		{"numbers", "import a\nx = 1.e5-a.b\ny = 0xfe+a.c if 1else 2", "a:1 a.b:2 a.c:3"},
		{"not closed", "import a\nx = 'oops\na.b\ny = f'{a.c\n", "a:1 a.b:3 a.c:4"},
		{"annotation", "import a\nx: a.b = 1\ndef f(y: a.c) -> a.d: ...", "a:1 a.b:2 a.c:3 a.d:3"},
	} {
		var got []string
		for _, u := range Uses(c.in) {
			mark := ""
			if u.Guarded {
				mark = "?"
			}
			got = append(got, fmt.Sprintf("%s:%d%s", u.Name, u.Line, mark))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: got %s, not %s", c.name, text, c.want)
		}
	}
}

func FuzzUses(f *testing.F) {
	for _, s := range []string{"import a.b as c\nc.d", "f'{a:{b}}'", "f'''{", "try:\n import a\nexcept:\n pass", "if x: import y", "x = (", "\\", "f'{{}}'", "from . import ("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		lines := strings.Count(src, "\n") + 1
		for _, k := range Tokens(src) {
			if k.Line < 1 || k.Line > lines || k.Depth < 0 {
				t.Fatalf("token %+v of %d lines", k, lines)
			}
		}
		for _, u := range Uses(src) {
			if u.Name == "" || u.Line < 1 || u.Line > lines {
				t.Fatalf("use %+v of %d lines", u, lines)
			}
		}
	})
}

func BenchmarkUses(b *testing.B) {
	src := strings.Repeat("import os.path as p\n\ndef f(x):\n    \"\"\"Text of it.\"\"\"\n    return p.join(f'{x}', 'name', self.other(1, 2))  # why\n", 1000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		Uses(src)
	}
}
