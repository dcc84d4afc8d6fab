package stdlib

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	for name, c := range Changes() {
		if c.Deprecated == None && c.Removed == None {
			t.Errorf("%s does not change", name)
		}
		if c.Removed != None && c.Deprecated >= c.Removed {
			t.Errorf("%s is removed in 3.%d, but deprecated in 3.%d", name, c.Removed, c.Deprecated)
		}
	}
	for _, bad := range []string{"a", "a | 3 | 3.9 |", "a | 3.x | 3.9 |", "a | - | 3.9 | b | c | d"} {
		if c, err := parse(bad); err == nil {
			t.Errorf("%q is %+v", bad, c)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"distutils.util": "distutils", "ast.Str": "ast.Str", "datetime.datetime.utcnow": "datetime.datetime.utcnow",
		"collections.Mapping.get": "collections.Mapping", "collections.abc.Mapping": "", "os.path": "", "importlib": "", "cgitb": "cgitb",
	} {
		got := ""
		if c := Find(name); c != nil {
			got = c.Name
		}
		if got != want {
			t.Errorf("%s is about %q, not %q", name, got, want)
		}
	}
	if page := Find("imp").Page(); page != "https://docs.python.org/3/whatsnew/3.12.html" {
		t.Error(page)
	}
}

func TestReleases(t *testing.T) {
	t.Parallel()
	all := Releases()
	for i, r := range all {
		if i > 0 && (r.Minor != all[i-1].Minor+1 || r.Released <= all[i-1].Released || r.EndOfLife <= all[i-1].EndOfLife) || r.EndOfLife <= r.Released {
			t.Errorf("%+v", r)
		}
	}
}

// present asks a Python which names there are. Modules that are for other systems,
// or that were not built, count if Python knows their names.
const present = `
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
known = getattr(sys, "stdlib_module_names", ())
def there(name):
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            at = importlib.import_module(".".join(parts[:n]))
        except ImportError:
            continue
        for attribute in parts[n:]:
            if not hasattr(at, attribute):
                return False
            at = getattr(at, attribute)
        return True
    return name in known
json.dump({name: there(name) for name in json.load(sys.stdin)}, sys.stdout)
`

// TestInterpreters asks the Pythons of this machine whether the table is right: what
// is to be removed is there up to then, and not after.
func TestInterpreters(t *testing.T) {
	t.Parallel()
	home, _ := os.UserHomeDir()
	names, err := json.Marshal(slices.Sorted(maps.Keys(Changes())))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range Releases() {
		version := "3." + strconv.Itoa(r.Minor)
		found, _ := filepath.Glob(filepath.Join(home, ".pyenv", "versions", version+".*", "bin", "python"+version))
		if len(found) == 0 {
			t.Logf("there is no Python %s below ~/.pyenv/versions", version)
			continue
		}
		cmd := exec.Command(found[0], "-I", "-c", present)
		cmd.Stdin = strings.NewReader(string(names))
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", found[0], err)
		}
		var is map[string]bool
		if err := json.Unmarshal(out, &is); err != nil {
			t.Fatal(err)
		}
		for name, c := range Changes() {
			gone := c.Removed != None && r.Minor >= c.Removed
			switch {
			case gone && is[name]:
				t.Errorf("%s is in Python %s, though removed in 3.%d", name, version, c.Removed)
			case !gone && seen[name] && !is[name]:
				t.Errorf("%s is not in Python %s, but removed in 3.%d only", name, version, c.Removed)
			}
			seen[name] = seen[name] || is[name]
		}
	}
	if len(seen) == 0 {
		t.Skip("there are no Pythons below ~/.pyenv/versions")
	}
	for name, c := range Changes() {
		if !seen[name] && name != "msilib" {
			t.Errorf("%s (removed in 3.%d) was in none of the Pythons", name, c.Removed)
		}
	}
}

func TestReleasedAfter(t *testing.T) {
	t.Parallel()
	day := time.Date(2024, 10, 7, 12, 0, 0, 0, time.UTC)
	if got := ReleasedAfter(11, day); !slices.Equal(got, []int{12, 13}) {
		t.Errorf("%v are released after 3.11", got)
	}
	if got := ReleasedAfter(11, day.AddDate(0, 0, -1)); !slices.Equal(got, []int{12}) {
		t.Errorf("%v were a day before", got)
	}
}
