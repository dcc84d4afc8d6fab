package backend

import (
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pyproject"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct{ requires, backend, want string }{
		{`"uv_build>=0.12,<0.13"`, "uv_build", ""},
		{`"uv-build"`, "uv_build", ""},
		{`"uv_build==0.9.30"`, "uv_build", ""},
		{`"uv_build>=0.5,<0.6"`, "uv_build", "`uv_build>=0.5, <0.6` is not a known compatible range"},
		{`"uv_build>0.12.5"`, "uv_build", "`uv_build>0.12.5` is not a known compatible range"},
		{`"uv_build", "x"`, "uv_build", "`build-system.requires` is not exactly `uv_build`, but `uv_build`, `x`"},
		{`"x"`, "uv_build", "`build-system.requires` is not `uv_build`, but `x`"},
		{`"uv_build @ https://example.com/uv_build.whl"`, "uv_build", "`build-system.requires` uses a URL requirement"},
		{`"hatchling"`, "hatchling.build", "`build-system.build-backend` is not `uv_build`, but `hatchling.build`"},
	}
	for _, tt := range tests {
		f, err := pyproject.Parse("pyproject.toml", []byte("[build-system]\nrequires = ["+tt.requires+"]\nbuild-backend = \""+tt.backend+"\"\n"))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := Check(f); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("[%s]: got %q, want %q", tt.requires, got, tt.want)
		}
	}
}

func TestLicenseExpressions(t *testing.T) {
	t.Parallel()
	for expression, ok := range map[string]bool{
		"MIT": true, "MIT OR Apache-2.0": true, "MIT or Apache-2.0": true, "(MIT)": true, "MIT AND(ISC)": true, "Apache-2.0+": true,
		"GPL-2.0-or-later WITH Bison-exception-2.2": true, "LicenseRef-My-Own": true,
		"mit": false, "MIT Or ISC": false, "GPL-2.0": false, "GPL-2.0+": false, "GPL-2.0-only+": false, "MIT OR": false, "(MIT": false, "": false,
	} {
		if err := checkExpression(expression); (err == nil) != ok {
			t.Errorf("%q: %v", expression, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir+"/pyproject.toml", []byte("[project]\nname = \"a\"\nversion = \"1\"\nclassifiers = [\"License :: Mine\"]\n"+
		"[build-system]\nrequires = [\"uv-build>=0.13\"]\nbuild-backend = \"other\"\n[tool.uv.build-backend]\nmodule-name = [\"a\", \"a.b\", \"a\"]\n"), "")
	writeFile(t, dir+"/src/a/__init__.py", nil, "")
	var got []string
	if _, err := ListSdist(Options{Dir: dir, Warn: func(text string) { got = append(got, text) }}); err != nil {
		t.Fatal(err)
	}
	want := []string{"expected to be `\"uv_build\"`, not `\"other\"`", "does not contain the current uv version", "is missing an upper bound", "Found license classifier `License :: Mine`", "Ignoring redundant module names in `tool.uv.build-backend.module-name`: `a.b`, `a`"}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("warning %d is %q, want %q", i, got[i], want[i])
		}
	}
}
