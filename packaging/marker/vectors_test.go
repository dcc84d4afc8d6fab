package marker

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pyname"
)

// shared returns a folder of the shared conformance data, which is not part of
// this repository: in the folder TAME_SHARED, or in one named shared beside
// the repository.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("TAME_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	dir = filepath.Join(dir, "conformance", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("conformance data is not here: %v", err)
	}
	return dir
}

type vectors struct {
	Valid    []struct{ Input, Str string }
	Invalid  []struct{ Input string }
	Evaluate []struct {
		Marker      string
		Context     string
		Error       string
		Expected    bool
		Environment map[string]any `json:"full_environment"`
	}
}

func readVectors(t *testing.T) vectors {
	data, err := os.ReadFile(filepath.Join(shared(t, "vectors"), "markers.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// exempt are the rows where uv answers otherwise, each with the reason.
var exempt = map[string]string{
	"python_version >= \"3\"\n":   "uv takes line breaks for white space",
	"python_version >= \"3\"\r":   "uv takes line breaks for white space",
	"python_version >= \"3\"\r\n": "uv takes line breaks for white space",
	`"b" < python_full_version`:   "uv ignores what is no version",
	`"b" > "a"`:                   "uv ignores comparisons of constants",
	`"b" >= "a"`:                  "uv ignores comparisons of constants",
	`"b" <= "a"`:                  "uv ignores comparisons of constants",
	`"2.7" not in python_version`: "uv ignores text looked for in a version",
}

func TestVectorsParse(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, row := range v.Valid {
		tree, _, err := Parse(row.Input)
		if err != nil {
			t.Errorf("Parse(%q): %v", row.Input, err)
			continue
		}
		if again := MustParse(row.Str); again != tree {
			t.Errorf("%q is %s, but %q is %s", row.Input, tree, row.Str, again)
		}
		if s := tree.String(); s != "" && MustParse(s) != tree && !tree.IsFalse() {
			t.Errorf("%q prints %q, which reads back as %s", row.Input, s, MustParse(s))
		}
	}
	for _, row := range v.Invalid {
		if tree, _, err := Parse(row.Input); err == nil && exempt[row.Input] == "" {
			t.Errorf("Parse(%q) is %s, want an error", row.Input, tree)
		}
	}
}

func TestVectorsEvaluate(t *testing.T) {
	t.Parallel()
	for _, row := range readVectors(t).Evaluate {
		tree, warnings, err := Parse(row.Marker)
		if err != nil {
			t.Errorf("Parse(%q): %v", row.Marker, err)
			continue
		}
		if row.Error != "" {
			// What the reference refuses to compare is warned about here, or
			// is a variable that exists in lock files only.
			if len(warnings) == 0 && row.Error != "UndefinedEnvironmentName" {
				t.Errorf("%q: no warning, want %s", row.Marker, row.Error)
			}
			continue
		}
		env, members := environment(t, row.Environment)
		if got := tree.evaluate(&env, members); got != row.Expected && exempt[row.Marker] == "" {
			t.Errorf("%q (%s) is %v in %v", row.Marker, tree, got, row.Environment)
		}
	}
}

func environment(t *testing.T, values map[string]any) (Env, func(*variable) bool) {
	t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	var env Env
	if err := json.Unmarshal(text, &env); err != nil {
		t.Fatal(err)
	}
	// A test that sets only python_version means a Python of that version.
	if env.PythonFullVersion == "3.11.7" {
		env.PythonFullVersion = env.PythonVersion
	}
	list := func(key string) []string {
		var out []string
		values, _ := values[key].([]any)
		for _, v := range values {
			out = append(out, pyname.Normalize(v.(string)))
		}
		return out
	}
	extra, _ := values["extra"].(string)
	return env, func(v *variable) bool {
		switch v.rank {
		case rankExtra:
			return v.text == pyname.Normalize(extra)
		case rankExtras:
			return has(list("extras"), v.text)
		}
		return has(list("dependency_groups"), v.text)
	}
}

// Every marker in the recorded lock files is printed as it stands there.
func TestLockFilesAreFixedPoints(t *testing.T) {
	t.Parallel()
	marker := regexp.MustCompile(`marker = \\?"(.*?)\\?"`)
	list := regexp.MustCompile(`^    "(.*(?:==|!=|<|>| in ).*)",$`)
	seen := map[string]bool{}
	check := func(text string) {
		if seen[text] {
			return
		}
		seen[text] = true
		tree, warnings, err := Parse(text)
		if got := tree.String(); err != nil || len(warnings) > 0 || got != text {
			t.Errorf("a lock file has\n\t%s\nwhich prints as\n\t%s (%v, %v)", text, got, warnings, err)
		}
	}
	err := filepath.WalkDir(shared(t, "ecosystem"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".lock") {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			for _, m := range marker.FindAllStringSubmatch(lines.Text(), -1) {
				check(m[1])
			}
			if m := list.FindStringSubmatch(lines.Text()); m != nil {
				check(m[1])
			}
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 100 {
		t.Errorf("only %d markers were found", len(seen))
	}
}
