package pyproject_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pyproject"
)

func TestParseScript(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, in, metadata string // metadata "-" for none
		err                error
	}{
		{"the example of the PEP", "#!/usr/bin/env python\n# /// script\n# dependencies = [\n#   'x',\n# ]\n# ///\nimport x\n", "dependencies = [\n  'x',\n]\n", nil},
		{"none", "import x\n", "-", nil},
		{"empty file", "", "-", nil},
		{"empty block", "# /// script\n# ///\n", "", nil},
		{"empty lines", "# /// script\n#\n# a = 1\n# ///", "\na = 1\n", nil},
		{"the last closing tag", "# /// script\n# a = '''\n# ///\n# '''\n# ///\n", "a = '''\n///\n'''\n", nil},
		{"comments behind it", "# /// script\n# a = 1\n# ///\n# more\n#\n", "a = 1\n", nil},
		{"not at a line's start", " # /// script\n# ///\n", "-", nil},
		{"text behind the tag", "# /// script x\n# ///\n", "-", nil},
		{"another type", "# /// other\n# /// script\n# ///\n", "-", nil},
		{"behind another type", "# /// other\n# x\n# ///\n\n# /// script\n# a = 1\n# ///\n", "a = 1\n", nil},
		{"CRLF", "# /// script\r\n# a = 1\r\n# ///\r\nx\r\n", "a = 1\n", nil},
		{"unclosed", "# /// script\n# a = 1\n\n# ///\n", "-", pyproject.ErrUnclosedScript},
		{"no blank", "# /// script\n#a = 1\n# ///\n", "-", pyproject.ErrUnclosedScript},
		{"text behind the closing tag", "# /// script\n# a = 1\n# /// end\n", "-", pyproject.ErrTrailingScript},
		{"two", "# /// script\n# ///\n\n# /// script\n# ///\n", "-", pyproject.ErrSecondScript},
		{"a second without end", "# /// script\n# ///\n\n# /// script\n", "", nil},
	} {
		s, err := pyproject.ParseScript("x.py", []byte(test.in))
		if !errors.Is(err, test.err) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.err)
			continue
		}
		if (s == nil) != (test.metadata == "-") {
			t.Errorf("%s: got %v", test.name, s)
			continue
		}
		if s == nil {
			continue
		}
		if s.Metadata() != test.metadata {
			t.Errorf("%s: got %q, want %q", test.name, s.Metadata(), test.metadata)
		}
		if got := string(s.Bytes()); got != test.in {
			t.Errorf("%s: unchanged script became %q", test.name, got)
		}
	}
	var e *pyproject.Error
	if _, err := pyproject.ParseScript("x.py", []byte("# /// script\n# a = \n# ///\n")); !errors.As(err, &e) || e.Line != 1 {
		t.Errorf("broken TOML: %v", err)
	}
	if _, err := pyproject.ParseScript("x.py", []byte("# /// script\n# \xff\n# ///\n")); err == nil {
		t.Error("no error for broken UTF-8")
	}
}

func TestInsertScript(t *testing.T) {
	t.Parallel()
	block := "# /// script\n# dependencies = []\n# ///\n"
	for in, want := range map[string]string{
		"":                           block,
		"import x\n":                 block + "import x\n",
		"#!/bin/x\nimport x\n":       "#!/bin/x\n" + block + "import x\n",
		"#!/bin/x":                   "#!/bin/x\n" + block,
		"# a comment\nimport x\n":    block + "\n# a comment\nimport x\n",
		"#!/bin/x\n#\nimport x\n":    "#!/bin/x\n" + block + "\n#\nimport x\n",
		"#no blank\n":                block + "#no blank\n",
		"\"\"\"doc\"\"\"\r\nx\r\n":   strings.ReplaceAll(block, "\n", "\r\n") + "\"\"\"doc\"\"\"\r\nx\r\n",
		"\nimport x\n":               block + "\nimport x\n",
		"#!/usr/bin/env x\n\nimport": "#!/usr/bin/env x\n" + block + "\nimport",
	} {
		got := pyproject.InsertScript([]byte(in), "dependencies = []\n")
		if string(got) != want {
			t.Errorf("%q became\n%q, want\n%q", in, got, want)
		}
		if s, err := pyproject.ParseScript("x.py", got); err != nil || s == nil || s.Metadata() != "dependencies = []\n" {
			t.Errorf("%q reads %v, %v", got, s, err)
		}
	}
}

func FuzzParseScript(f *testing.F) {
	f.Add("#!/usr/bin/env python\n# /// script\n# dependencies = ['x']\n# ///\nimport x\n")
	f.Add("# /// other\n# ///\n\n# /// script\r\n# a = 1\r\n# ///")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := pyproject.ParseScript("x.py", []byte(text))
		if err != nil || s == nil {
			return
		}
		if got := string(s.Bytes()); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
