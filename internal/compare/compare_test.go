package compare

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets the test's own program be both contestants, which it tells apart
// by their caches. MODE is what the one called tame does otherwise.
func TestMain(m *testing.M) {
	cache, inside := os.LookupEnv("UV_CACHE_DIR")
	if !inside || os.Getenv("MODE") == "" {
		os.Exit(m.Run())
	}
	mode := os.Getenv("MODE")
	if filepath.Base(cache) == "cache-uv" {
		mode = "same"
	}
	if err := contend(os.Args[1], mode); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func contend(command, mode string) error {
	switch command {
	case "--version":
		fmt.Println("program 1.0")
	case "lock":
		if mode == "fail" {
			return fmt.Errorf("no such luck")
		}
		text := "version = 1\nrevision = 3\nrequires-python = \">=3.9\"\n"
		if mode == "lock" {
			text = strings.ReplaceAll(text, "3.9", "3.8")
		}
		return os.WriteFile("uv.lock", []byte(text), 0o666)
	case "sync":
		dir := filepath.Join(".venv", "lib", "a-1.0.dist-info")
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		text := "a.py,sha256=x,1\nb.py,sha256=y,2\na-1.0.dist-info/INSTALLER,sha256=" + mode + ",1\n"
		if mode == "files" {
			text = strings.ReplaceAll(text, "y,2", "z,3")
		}
		return os.WriteFile(filepath.Join(dir, "RECORD"), []byte(text), 0o666)
	}
	return nil
}

func TestRun(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		mode  string
		equal bool
		want  []string // of the text
	}{
		{"same", true, []string{"a lock from nothing: equal byte for byte", "installed files: 2 alike, 0 that differ", "sync, nothing to do"}},
		{"lock", false, []string{"a lock from nothing: differs", "  ~ requires-python: >=3.9 -> >=3.8"}},
		{"files", false, []string{"installed files: 1 alike, 1 that differ", "b.py: uv sha256=y 2, tame sha256=z 3"}},
		{"fail", false, []string{"failed: tame lock: no such luck"}},
	} {
		t.Run(test.mode, func(t *testing.T) {
			t.Parallel()
			r := &Request{
				UV: self, Tame: self, Environ: append(os.Environ(), "MODE="+test.mode), Python: "3.12.1", Rounds: 1,
				Copy: func(_ context.Context, to, _ string) error { return os.Mkdir(to, 0o777) },
			}
			result, err := r.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if result.Equal != test.equal {
				t.Errorf("equal: %t", result.Equal)
			}
			for _, want := range test.want {
				if text := result.Text(); !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			if heading := "## tame and uv do the same"; strings.Contains(result.Markdown(), heading) != test.equal {
				t.Errorf("the report begins otherwise:\n%s", result.Markdown())
			}
		})
	}
}
