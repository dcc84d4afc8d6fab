package tool

import (
	"bytes"
	"strings"
	"testing"
)

const manifest = `[tools.black]
from = "black[jupyter]>=24"
version = "24.3.0"
python = "3.12"
with = ["idna>=2", "repo @ git+https://example.com/repo@main"]
with-executables-from = ["ipython"]
executables = ["black", "blackd", "ipython"]
constraints = ["click<9"]
excludes = ["sniffio"]

[tools.black.options]
index = [{ name = "mine", url = "https://example.com/simple", explicit = false }]
resolution = "lowest"

[tools.proj]
from = "file:///srv/proj"
editable = true
`

func TestManifest(t *testing.T) {
	t.Parallel()
	m, err := ParseManifest("tools.toml", []byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(m.Bytes()); got != manifest {
		t.Errorf("written anew:\n%s\nit was:\n%s", got, manifest)
	}
	if m[0].IsLocal() || !m[1].IsLocal() {
		t.Error("the project is on this machine, and the other tool is not")
	}
}

func TestManifestErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[tools": "", "tools = 1": "unknown key `tools`", "[tool.a]": "unknown key `tool`", "[tools]\na = 1": "expected a table",
		"[tools.a]\nnosuch = 1": "unknown key `nosuch`", "[tools.a]\nwith = 'b'": "array of strings", "[tools.a]\nfrom = 1": "a string",
		"[tools.'a b']": "", "[tools.a]\n[tools.A]": "listed twice", "[tools.a]\neditable = 1": "`true` or `false`",
	} {
		if m, err := ParseManifest("tools.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q was read as %+v, %v", text, m, err)
		}
	}
}

// A receipt with secrets makes a manifest without.
func TestListWithoutSecrets(t *testing.T) {
	t.Parallel()
	r, err := ParseReceipt(ReceiptName, []byte(`[tool]
requirements = [
    { name = "a", git = "https://me:secret@example.com/a?rev=main" },
    { name = "b", editable = "/srv/b" },
]
python = "/usr/bin/python3.12"
entrypoints = [
    { name = "a", install-path = "/bin/a", from = "a" },
    { name = "b", install-path = "/bin/b", from = "b" },
]
[tool.options]
index-url = "https://me:secret@example.com/simple"
`))
	if err != nil {
		t.Fatal(err)
	}
	got := string(Manifest{List("a", "1.0", r, "3.12")}.Bytes())
	want := `[tools.a]
from = "a @ git+https://example.com/a@main"
version = "1.0"
python = "3.12"
with-editable = ["file:///srv/b"]
with-executables-from = ["b"]
executables = ["a", "b"]

[tools.a.options]
index-url = "https://example.com/simple"
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What is read, written and read again is the same.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(manifest))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseManifest("tools.toml", text)
		if err != nil {
			return
		}
		once := m.Bytes()
		again, err := ParseManifest("tools.toml", once)
		if err != nil {
			t.Fatalf("%v in\n%s", err, once)
		}
		if twice := again.Bytes(); !bytes.Equal(once, twice) {
			t.Fatalf("first\n%s\nthen\n%s", once, twice)
		}
	})
}
