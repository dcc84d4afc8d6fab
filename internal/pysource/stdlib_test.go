package pysource

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// oracle prints, for a part of the standard library, the imports that
// Python's own parser finds, and the attributes taken of names that are imported.
const oracle = `
import ast, json, os, sys, warnings
warnings.simplefilter("ignore")
root = os.path.dirname(os.__file__)
out = {}
for at, dirs, names in os.walk(root):
    dirs[:] = [d for d in dirs if d in ("asyncio", "importlib", "json", "http")]
    for name in sorted(names)[::3]:
        path = os.path.join(at, name)
        if not name.endswith(".py"):
            continue
        try:
            with open(path, encoding="utf-8") as f:
                text = f.read()
            tree = ast.parse(text)
            lines = text.encode().splitlines()
        except (SyntaxError, ValueError):
            continue
        uses = []
        for n in ast.walk(tree):
            if isinstance(n, ast.Import):
                uses += ["import %s" % a.name for a in n.names]
            elif isinstance(n, ast.ImportFrom) and not n.level:
                uses += ["import %s" % (n.module if a.name == "*" else n.module + "." + a.name) for a in n.names]
            elif isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name):
                if lines[n.value.end_lineno - 1][n.value.end_col_offset:].lstrip()[:1] == b")":
                    continue # (a).b
                uses.append("%s.%s" % (n.value.id, n.attr))
        out[path] = sorted(set(uses))
json.dump(out, sys.stdout)
`

// TestStandardLibrary compares the imports and attributes found in files of
// the standard library with those that Python itself finds.
func TestStandardLibrary(t *testing.T) {
	t.Parallel()
	home, _ := os.UserHomeDir()
	found, _ := filepath.Glob(filepath.Join(home, ".pyenv", "versions", "3.1*", "bin", "python3.1?"))
	if len(found) == 0 {
		t.Skip("there is no Python below ~/.pyenv/versions")
	}
	out, err := exec.Command(found[len(found)-1], "-I", "-S", "-c", oracle).Output()
	if err != nil {
		t.Fatal(err)
	}
	var files map[string][]string
	if err := json.Unmarshal(out, &files); err != nil {
		t.Fatal(err)
	}
	differ := 0
	for path, want := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if missing, extra := difference(string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))), want); len(missing)+len(extra) > 0 {
			if differ++; differ <= 10 {
				t.Errorf("%s: missing %q, too many %q", path, missing, extra)
			}
		}
	}
	t.Logf("%d files, %d differ", len(files), differ)
}

func difference(src string, want []string) (missing, extra []string) {
	got := map[string]bool{}
	r := &reader{tokens: Tokens(src), bound: map[string][]binding{}}
	r.readImports()
	inImport := map[int]bool{}
	for _, s := range r.imports {
		for _, u := range s.uses {
			got["import "+u.Name] = true
		}
		for i := s.from; i < s.to; i++ {
			inImport[i] = true
		}
	}
	for i := range r.tokens {
		if !inImport[i] && r.isName(i) && r.is(i+1, Op, ".") && r.isName(i+2) && (i == 0 || !r.is(i-1, Op, ".")) {
			got[r.tokens[i].Text+"."+r.tokens[i+2].Text] = true
		}
	}
	for _, w := range want {
		if !got[w] {
			missing = append(missing, w)
		}
		delete(got, w)
	}
	for g := range got {
		if !strings.HasPrefix(g, "from.") && !strings.HasPrefix(g, "import.") && !strings.HasPrefix(g, "None.") { // keywords
			extra = append(extra, g)
		}
	}
	return missing, extra
}
