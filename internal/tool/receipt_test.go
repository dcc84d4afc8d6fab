package tool

import (
	"bytes"
	"testing"
)

// receipts were written by uv.
var receipts = []string{
	`[tool]
requirements = [{ name = "ruff" }]
entrypoints = [
    { name = "ruff", install-path = "/home/me/.local/bin/ruff", from = "ruff" },
]
`,
	`[tool]
requirements = [
    { name = "ruff", extras = ["a", "b"], specifier = "==1.0" },
    { name = "idna", extras = ["x"], marker = "python_full_version >= '3.9'", specifier = ">=2" },
    { name = "proj", editable = "/srv/proj" },
    { name = "other", directory = "/srv/other" },
    { name = "file", path = "/srv/file-1.0-py3-none-any.whl" },
    { name = "archive", url = "http://example.com/archive-1.0.tar.gz", subdirectory = "sub" },
    { name = "repo", git = "https://example.com/repo?rev=main" },
]
constraints = [{ name = "idna", specifier = ">3" }]
overrides = [{ name = "h11", specifier = "<1" }]
excludes = ["sniffio"]
build-constraint-dependencies = [{ name = "setuptools", specifier = ">60" }]
python = "3.12"
entrypoints = [
    { name = "ruff", install-path = "/home/me/.local/bin/ruff", from = "ruff" },
    { name = "x", install-path = "/home/me/.local/bin/x" },
]

[tool.options]
index-strategy = "unsafe-best-match"
config-settings = { a = ["b", "c"] }
build-isolation = { shared-package = ["zz"] }
`,
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	for _, text := range receipts {
		r, err := ParseReceipt(ReceiptName, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(r.Bytes()); got != text {
			t.Errorf("written anew:\n%s\nit was:\n%s", got, text)
		}
	}
}

// Receipts of old have requirements as texts.
func TestReceiptTexts(t *testing.T) {
	t.Parallel()
	r, err := ParseReceipt(ReceiptName, []byte("[tool]\nrequirements = ['black[d]==24.2.0']\nentrypoints = [{ name = 'black', install-path = '/bin/black' }]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Tool().String(); got != "black[d]==24.2.0" {
		t.Error(got)
	}
}

func TestReceiptErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "tool = 1", "[tool]", "[tool]\nrequirements = []", "[tool]\nrequirements = ['a<>1']", "[tool]\nrequirements = [1]",
		"[tool]\nrequirements = [{ extras = [] }]", "[tool]\nrequirements = ['a']\nexcludes = [1]",
		"[tool]\nrequirements = ['a']\nentrypoints = [{ name = 'a' }]", "[tool]\nrequirements = ['a']\nconstraints = 1", "[tool",
	} {
		if r, err := ParseReceipt(ReceiptName, []byte(text)); err == nil {
			t.Errorf("%q was read as %+v", text, r)
		}
	}
}

// What is read, written and read again is the same.
func FuzzReceipt(f *testing.F) {
	for _, text := range receipts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseReceipt(ReceiptName, text)
		if err != nil {
			return
		}
		once := r.Bytes()
		again, err := ParseReceipt(ReceiptName, once)
		if err != nil {
			t.Fatalf("%v in\n%s", err, once)
		}
		if twice := again.Bytes(); !bytes.Equal(once, twice) {
			t.Fatalf("first\n%s\nthen\n%s", once, twice)
		}
	})
}
