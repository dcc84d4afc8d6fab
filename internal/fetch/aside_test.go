package fetch_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tame-py/tame/internal/fetch"
)

// TestTreeDigestOfLock writes a lock into projects, of whose wheels it may or may
// not be a part.
func TestTreeDigestOfLock(t *testing.T) {
	t.Parallel()
	const project = "[project]\nname = \"demo\"\nversion = \"1\"\n"
	system := func(requires, backend string) string {
		return "[build-system]\nrequires = [" + requires + "]\nbuild-backend = \"" + backend + "\"\n"
	}
	tests := []struct {
		name, text string
		counts     bool
	}{
		{"uv_build", project + system(`"uv_build>=0.7,<1000"`, "uv_build"), false},
		{"uv_build with data", project + system(`"uv_build>=0.7,<1000"`, "uv_build") + "[tool.uv.build-backend]\ndata.data = \".\"\n", true},
		{"hatchling", project + system(`"hatchling>=1.21"`, "hatchling.build"), false},
		{"old hatchling", project + system(`"hatchling<1.19"`, "hatchling.build"), true},
		{"hatchling with settings", project + system(`"hatchling"`, "hatchling.build") + "[tool.hatch.build]\ninclude = [\"*\"]\n", true},
		{"a plug-in of hatchling", project + system(`"hatchling", "hatch-pinned-extra"`, "hatchling.build"), true},
		{"flit", project + system(`"flit_core>=3.2,<4"`, "flit_core.buildapi"), false},
		{"licence", project + "license-files = [\"*\"]\n" + system(`"hatchling"`, "hatchling.build"), true},
		{"readme", project + "readme = \"uv.lock\"\n" + system(`"hatchling"`, "hatchling.build"), true},
		{"setuptools", project + system(`"setuptools"`, "setuptools.build_meta"), true},
		{"of its own", project + "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\nbackend-path = [\".\"]\n", true},
		{"none", project, true},
		{"damaged", "[project", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			digest := func(file, text string) string {
				t.Helper()
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
				d, err := fetch.TreeDigest(dir)
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
			before := digest("pyproject.toml", test.text)
			if changed := digest("uv.lock", "version = 1\n") != before; changed != test.counts {
				t.Errorf("a lock changes what is built: %t, want %t", changed, test.counts)
			}
			before = digest("module.py", "")
			if digest("module.py", "x = 1\n") == before {
				t.Error("a module changes nothing")
			}
		})
	}
}
