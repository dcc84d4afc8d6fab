package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files is a file system for Load.
type files map[string]string

func (f files) ReadFile(path string) ([]byte, error) {
	if text, ok := f[filepath.ToSlash(path)]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func (f files) request(dir string) LoadRequest {
	env := map[string]string{"HOME": "/home/u"}
	return LoadRequest{Dir: dir, Workdir: dir, ReadFile: f.ReadFile, Getenv: func(name string) string { return env[name] }}
}

func unixPaths(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the paths of this test are of Unix")
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	unixPaths(t)
	f := files{
		"/w/p/pyproject.toml":        "[project]\nname = 'p'\n",
		"/w/pyproject.toml":          "[tool.uv]\nresolution = 'lowest'\nno-proxy = ['a']\nfind-links = ['./x']\nsources = {}\n",
		"/pyproject.toml":            "[tool.uv]\nno-proxy = ['far']\n",
		"/home/u/.config/uv/uv.toml": "resolution = 'highest'\nno-proxy = ['b']\noffline = true\nfind-links = ['./y']\n",
		"/etc/uv/uv.toml":            "offline = false\nno-proxy = ['c']\nno-cache = true\n",
	}
	r, err := Load(f.request("/w/p"))
	if err != nil {
		t.Fatal(err)
	}
	o := r.Options
	if diff := cmp.Diff([]string{"a", "b", "c"}, o.NoProxy); diff != "" {
		t.Error(diff)
	}
	if *o.Resolution != "lowest" || !*o.Offline || !*o.NoCache || o.NoIndex != nil {
		t.Errorf("got %v %v %v %v", *o.Resolution, *o.Offline, *o.NoCache, o.NoIndex)
	}
	if len(o.FindLinks) != 2 || o.FindLinks[0].URL != "file:///w/x" || o.FindLinks[1].URL != "file:///home/u/.config/uv/y" || !o.FindLinks[0].Flat {
		t.Errorf("got %+v", o.FindLinks)
	}
	if diff := cmp.Diff([]string{"/w/pyproject.toml", "/home/u/.config/uv/uv.toml", "/etc/uv/uv.toml"}, r.Files); diff != "" {
		t.Error(diff)
	}
	if len(r.Warnings) > 0 {
		t.Errorf("warnings %q", r.Warnings)
	}
}

func TestLoadSelects(t *testing.T) {
	t.Parallel()
	unixPaths(t)
	f := files{
		"/w/uv.toml":                 "no-proxy = ['project']\n",
		"/w/pyproject.toml":          "[tool.uv]\nno-proxy = ['hidden']\noffline = true\nmanaged = false\n",
		"/home/u/.config/uv/uv.toml": "no-proxy = ['user']\n",
		"/w/other/my.toml":           "no-proxy = ['given']\nfind-links = ['x']\n",
	}
	for _, test := range []struct {
		name     string
		change   func(*LoadRequest)
		want     []string
		warnings int
	}{
		{"all", func(*LoadRequest) {}, []string{"project", "user"}, 1},
		{"user only", func(r *LoadRequest) { r.UserOnly = true }, []string{"user"}, 0},
		{"none", func(r *LoadRequest) { r.NoConfig = true }, nil, 0},
		{"given", func(r *LoadRequest) { r.ConfigFile = "other/my.toml" }, []string{"given"}, 0},
	} {
		req := f.request("/w")
		test.change(&req)
		r, err := Load(req)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, r.Options.NoProxy); diff != "" || len(r.Warnings) != test.warnings {
			t.Errorf("%s: %s %q", test.name, diff, r.Warnings)
		}
		for _, w := range r.Warnings {
			if !strings.HasSuffix(w, "in favor of the `uv.toml` file:\n- offline\n- no-proxy") {
				t.Errorf("%s: warning %q", test.name, w)
			}
		}
		if test.name == "given" && r.Options.FindLinks[0].URL != "file:///w/other/x" {
			t.Errorf("%s: %+v", test.name, r.Options.FindLinks)
		}
	}
	req := f.request("/w")
	req.ConfigFile = "absent.toml"
	if _, err := Load(req); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	unixPaths(t)
	for _, test := range []struct{ name, file, text, want, warning string }{
		{"unknown key", "uv.toml", "foo = 1\n", "failed to parse: `uv.toml`: TOML parse error at line 1, column 1\n  |\n1 | foo = 1\n  | ^^^\nunknown field `foo`, expected one of `required-version`, `system-certs`,", ""},
		{"project key", "uv.toml", "sources = {}\n", "failed to parse: `uv.toml`. The `sources` field is not allowed in a `uv.toml` file.", ""},
		{"environments", "uv.toml", "environments = []\n", "failed to parse: `uv.toml`. The `environments` field is not allowed", ""},
		{"syntax", "uv.toml", "a = \n", "failed to parse: `uv.toml`: TOML parse error at line 1,", ""},
		{"version", "uv.toml", "required-version = '>=1'\n", "required uv version `>=1` does not match the running version `0.12.5`", ""},
		{"version before others", "uv.toml", "foo = 1\nrequired-version = '0.1'\n", "required uv version `==0.1` does not match", ""},
		{"version of a project", "pyproject.toml", "[tool.uv]\nrequired-version = '>=1'\n", "required uv version `>=1` does not match", ""},
		{"version of a wrong project", "pyproject.toml", "[tool.uv]\nfoo = 1\nrequired-version = '>=1'\n", "required uv version `>=1` does not match", ""},
		{"version that fits", "uv.toml", "required-version = '0.12.5'\n", "", ""},
		{"wrong project", "pyproject.toml", "[tool.uv]\nfoo = 1\n", "", "Failed to parse `pyproject.toml` during settings discovery:\n  TOML parse error at line 2, column 1\n    |\n  2 | foo = 1\n    | ^^^\n  unknown field `foo`,"},
		{"wrong syntax in a project", "pyproject.toml", "[tool.uv]\nfoo = \n", "", "Failed to parse `pyproject.toml` during settings discovery:\n  TOML parse error at line 2"},
		{"not a table", "pyproject.toml", "[tool]\nuv = 1\n", "", "Failed to parse `pyproject.toml`"},
	} {
		r, err := Load(files{"/w/" + test.file: test.text}.request("/w"))
		switch {
		case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)):
			t.Errorf("%s: got error %v, want %s", test.name, err, test.want)
		}
		got := strings.Join(r.Warnings, "\n")
		if (got == "") != (test.warning == "") || !strings.HasPrefix(got, test.warning) {
			t.Errorf("%s: got warnings %q, want %q", test.name, got, test.warning)
		}
	}
}

func TestMayHaveToolUV(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                false,
		"[project]\nname = 'uv'\n":        false,
		"[tool.ruff]\nuv = 1\n":           false,
		"[tool.uvicorn]\n":                false,
		"[tool.uv]\n":                     true,
		"  [ tool . uv ]\n":               true,
		"[[tool.uv.index]]\n":             true,
		"[tool.uv.sources]\n":             true,
		"[\"tool\".'uv']\n":               true,
		"[tool]\nuv = {}\n":               true,
		"tool.uv.offline = true\n":        true,
		"tool = { uv = {} }\n":            true,
		"[\"t\\u006fol\".uv]\n":           true,
		"# [tool.uv]\n":                   false,
		"[build-system]\nrequires=['uv']": false,
	} {
		if got := mayHaveToolUV([]byte(text)); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

// What uv 0.12.5 says to wrong values, in the words that programs may look for:
// place and message.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	const name = `not a valid package name`
	for text, want := range map[string]string{
		`cache-dir=1`:                                      "1:11 invalid type: integer `1`, expected path string",
		`concurrent-downloads=0`:                           "1:22 invalid value: integer `0`, expected a nonzero usize",
		`concurrent-downloads=-1`:                          "1:22 invalid value: integer `-1`, expected a nonzero usize",
		`concurrent-downloads="x"`:                         "1:22 invalid type: string \"x\", expected a nonzero usize",
		`python-preference="x"`:                            "1:19 unknown variant `x`, expected one of `only-managed`, `managed`, `system`, `only-system`",
		`python-downloads="x"`:                             "1:18 unknown variant `x`, expected one of `auto`, `automatic`, `manual`, `never`",
		`keyring-provider="x"`:                             "1:18 unknown variant `x`, expected `disabled` or `subprocess`",
		`index-strategy="x"`:                               "1:16 unknown variant `x`, expected one of `first-index`, `unsafe-any-match`, `unsafe-first-match`, `unsafe-best-match`",
		`link-mode="x"`:                                    "1:11 unknown variant `x`, expected one of `clone`, `reflink`, `copy`, `hardlink`, `symlink`",
		`index=[{}]`:                                       "1:8 missing field `url`",
		`index=[{url="x", explicit=true}]`:                 "1:8 an index with `explicit = true` requires a `name`",
		`index=[{url="http://a/", name="a b"}]`:            "1:31 index names may only contain letters, digits, hyphens, underscores, and periods, but found unsupported character (` `) in: `a b`",
		`index=[{url="http://a/",format="x"}]`:             "1:32 unknown variant `x`, expected `simple` or `flat`",
		`index=[{url="http://a/",authenticate="x"}]`:       "1:38 unknown variant `x`, expected one of `auto`, `always`, `never`",
		`index=[{url="http://a/",ignore-error-codes=[1]}]`: "1:45 1 is not a valid HTTP status code",
		`index=[{url="http://a/",cache-control={api=1}}]`:  "1:44 invalid type: integer `1`, expected a string",
		`index=[{url="http://["}]`:                         "1:13 invalid URL",
		"[index]\nurl='x'":                                 "1:1 invalid type: map, expected a sequence",
		`index=[{url=1}]`:                                  "1:13 invalid type: integer `1`, expected a string",
		`pip={foo=1}`:                                      "1:6 unknown field `foo`, expected one of `python`, `system`, `break-system-packages`",
		`pip={python-version="x"}`:                         "1:21 the Python version `x` could not be parsed",
		`pip={python-platform="x"}`:                        "1:22 unknown platform",
		`pip={group=["a:b"]}`:                              "1:13 the path of a group is required to end in `pyproject.toml`",
		`pip={no-binary=["-"]}`:                            "1:17 " + name,
		`pip={annotation-style="x"}`:                       "1:23 unknown variant `x`, expected `line` or `split`",
		`pip={index=[]}`:                                   "1:6 unknown field `index`",
		`pip=1`:                                            "1:5 invalid type: integer `1`, expected struct PipOptions",
		"preview=true\npreview-features=['x']":             "2:1 cannot specify both `preview` and `preview-features`",
		`preview-features=1`:                               "1:18 invalid type: integer `1`, expected a boolean or a list of preview feature names",
		`no-proxy="x"`:                                     "1:10 invalid type: string \"x\", expected a sequence",
		`upgrade-package=["a b c"]`:                        "1:18 ",
		`exclude-newer=true`:                               "1:15 expected false to disable exclude-newer, got true",
		`exclude-newer="x"`:                                "1:15 ",
		`exclude-newer="1 month"`:                          "1:15 ",
		`exclude-newer="false"`:                            "1:15 ",
		`exclude-newer-package={a=1}`:                      "1:26 invalid type: integer `1`, expected a date/timestamp/duration string, false to disable exclude-newer, or a table with timestamp/span",
		`exclude-newer-package={"-"="x"}`:                  "1:24 " + name,
		`exclude-newer={span="P1D"}`:                       "1:15 missing field `timestamp`",
		`config-settings={a=1}`:                            "1:20 invalid type: integer `1`, expected a string or list of strings",
		`config-settings-package={a=1}`:                    "1:28 invalid type: integer `1`, expected a map from string to string or list of strings",
		`extra-build-variables={a={b=1}}`:                  "1:29 invalid type: integer `1`, expected a string",
		`extra-build-dependencies={a="x"}`:                 "1:29 invalid type: string \"x\", expected a sequence",
		`extra-build-dependencies={a=[{requirement="x"}]}`: "1:30 missing field `match-runtime`",
		`allow-insecure-host=[1]`:                          "1:22 invalid type: integer `1`, expected a string or map",
		`allow-insecure-host=["a:b"]`:                      "1:22 invalid port for `--trusted-host`: `a:b`",
		`http-proxy="ftp://x"`:                             "1:12 invalid proxy URL scheme `ftp` in `ftp://x",
		`publish-url="x"`:                                  "1:13 relative URL without a base: \"x\"",
		`publish-url=1`:                                    "1:13 invalid type: integer `1`, expected a string representing an URL",
		`cache-keys=[{fil="x"}]`:                           "1:13 expected a cache key",
		`cache-keys=[1]`:                                   "1:13 expected a cache key",
		`cache-keys=[{git={x=true}}]`:                      "1:19 unknown field `x`, expected one of `commit`, `tags`",
		`dependency-metadata=[{nam="x"}]`:                  "1:23 unknown field `nam`, did you mean `name`?",
		`dependency-metadata=[{}]`:                         "1:22 missing field `name`",
		`override-dependencies=[1]`:                        "1:24 invalid type: integer `1`, expected a string or map",
		`exclude-dependencies=[{package={name="a"}}]`:      "1:23 missing field `dependencies`",
		`preview-features=[""]`:                            "1:19 a preview feature name cannot be empty",
		`index-url=""`:                                     "1:11 an index needs a URL or path",
		`http-proxy=""`:                                    "1:12 invalid proxy URL",
		`required-version="x"`:                             "1:18 ",
		`prerelease-package={a="x"}`:                       "1:23 unknown variant `x`",
		`torch-backend="x"`:                                "1:15 unknown variant `x`, expected one of `auto`, `cpu`, `cu132`",
		`audit={malware-check=1}`:                          "1:22 invalid type: integer `1`, expected a boolean",
	} {
		_, err := readUVToml("uv.toml", "/w", []byte(text))
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		place, message, _ := strings.Cut(want, " ")
		line, column, _ := strings.Cut(place, ":")
		if !strings.HasPrefix(err.Error(), "failed to parse: `uv.toml`: TOML parse error at line "+line+", column "+column+"\n") {
			t.Errorf("%s: not at %s: %v", text, place, err)
		}
		lines := strings.SplitN(err.Error(), "\n", 5)
		if !strings.HasPrefix(lines[len(lines)-1], message) {
			t.Errorf("%s: got %q, want %q", text, lines[len(lines)-1], message)
		}
	}
}

func TestRightValues(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", `index=[{url="http://a/",foo=1}]`, `audit={x=1}`, `check-url="x"`, `index-url="::"`, `preview-features=["nonsense"]`,
		`exclude-newer={timestamp="2020-01-01T00:00:00Z", span="P1D"}`, `exclude-newer=false`, `exclude-newer="3 days"`,
		`pip={python-platform="x8664-manylinux217"}`, `pip={python-platform="manylinux_2_28_aarch64"}`, `pip={python-platform="macos"}`,
		`pip={python-platform="manylinux2014_x86_64"}`,
		`pip={group=["x/pyproject.toml:dev", "Test_Group"]}`, `allow-insecure-host=["*", {host="a", port=1, scheme="https"}]`,
		`override-dependencies=["a>1", {package={name="a", version="1"}, dependencies=["b"]}]`, `cache-keys=["x", {git={commit=true, tags=true}}, {env="A"}]`,
		`config-settings={a="b", c=["d"]}`, `extra-build-dependencies={a=["b", {requirement="c", match-runtime=true}]}`,
		`dependency-metadata=[{name="a", version="1", requires-dist=["b"], requires-python=">3", provides-extras=["x"]}]`,
		`index=[{url="http://a/",default=true},{url="http://b/",default=true}]`, `required-version="0.12.5"`, `http-proxy="localhost:80"`,
		`torch-backend="cu128"`, `index-strategy="unsafe-any-match"`, `link-mode="reflink"`, `python-downloads="auto"`,
	} {
		if _, err := readUVToml("uv.toml", "/w", []byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
