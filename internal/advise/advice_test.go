package advise

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/resolve"
)

// What a lock alone tells, without an index and with a resolver that has no answer.
func TestRequest(t *testing.T) {
	t.Parallel()
	l, err := lock.Read("uv.lock", []byte(`version = 1
revision = 3
requires-python = ">=3.12"

[[package]]
name = "app"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "x" }]

[package.metadata]
requires-dist = [{ name = "x", url = "https://files.example.com/x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl" }]

[[package]]
name = "x"
version = "1.0"
source = { url = "https://files.example.com/x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl" }
wheels = [{ url = "https://files.example.com/x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:`+strings.Repeat("0", 64)+`" }]
`))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte("import cgi\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := &Request{
		Lock: l, Python: "3.12.1", Current: *goal(t, 12), Goals: []Goal{*goal(t, 12), *goal(t, 13)}, Dir: dir,
		Shown: func(path string) string { return filepath.Base(path) },
		Suppose: func(context.Context, Supposition) (*resolve.Graph, error) {
			return nil, &ReasonError{errors.New("the project is for others")}
		},
	}
	got, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	here, next := got.Versions[0], got.Versions[1]
	if here.Status != Works || !here.Admitted || here.PEP == 0 {
		t.Errorf("at hand: %+v", here)
	}
	if next.Status != Blocked || len(next.Blockers) != 1 || next.Blockers[0].Name != "x" || next.Reason != "the project is for others" {
		t.Errorf("the next: %+v", next)
	}
	if len(got.Library) != 1 || got.Library[0].Name != "cgi" || got.Library[0].Removed != "3.13" || got.Library[0].Places[0].Path != "app.py" {
		t.Errorf("the library: %+v", got.Library)
	}
}
