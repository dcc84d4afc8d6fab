package python

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
)

// Texts and how the request prints, which is what goes into files.
func TestParseRequest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		in   string
		kind Kind
		want string // "" if like in
	}{
		{"any", KindAny, ""},
		{"Default", KindDefault, "default"},
		{"3", KindVersion, ""},
		{"3.12", KindVersion, ""},
		{"312", KindVersion, "3.12"},
		{"3.12.1", KindVersion, ""},
		{"3.13.0rc1", KindVersion, "3.13rc1"},
		{"3.14.5rc1", KindVersion, ""},
		{"313rc4", KindVersion, "3.13rc4"},
		{"3.13.0a01", KindVersion, "3.13a1"},
		{"3.13t", KindVersion, "3.13+freethreaded"},
		{"3.13td", KindVersion, "3.13+freethreaded+debug"},
		{"3.13+gil+debug", KindVersion, ""},
		{"3.13dt", KindExecutableName, ""},
		{">=3.12", KindVersion, ""},
		{"<3.13,>=3.12", KindVersion, ">=3.12, <3.13"},
		{">=3.13t", KindVersion, ">=3.13"},
		{"==3.12.4", KindVersion, "3.12.4"},
		{"==3.12.*", KindVersion, ""},
		{"python3.12", KindVersion, "3.12"},
		{"Python@3.12", KindVersion, "3.12"},
		{"python", KindExecutableName, ""},
		{"python@latest", KindExecutableName, ""},
		{"CPython", KindImplementation, "cpython"},
		{"pp", KindImplementation, "pypy"},
		{"pp310", KindImplementationVersion, "pypy@3.10"},
		{"graalpy@>=3.11", KindImplementationVersion, ""},
		{"cpython3.12.2", KindImplementationVersion, "cpython@3.12.2"},
		{"cpython-3.12", KindKey, "cpython-3.12-any-any-any"},
		{"any-3.12-any-aarch64", KindKey, "any-3.12-any-aarch64-any"},
		{"linux-i686-musl", KindKey, "any-any-linux-x86-musl"},
		{"cpython-3.13+freethreaded-windows-x86_64_v2-none", KindKey, ""},
		{"cpython-3.12-linux-x86_64-gnu-more", KindExecutableName, ""},
		{"3.12-dev", KindExecutableName, ""},
		{"3.12.post1", KindExecutableName, ""},
		{"3.12+local", KindExecutableName, ""},
		{"3.12.1.2", KindExecutableName, ""},
		{"3rc1", KindExecutableName, ""},
		{"31000", KindExecutableName, ""},
		{"foo", KindExecutableName, ""},
		{"", KindExecutableName, ""},
		{"." + string(filepath.Separator) + "foo", KindFile, ""},
	} {
		want := c.want
		if want == "" {
			want = c.in
		}
		r := ParseRequest(c.in, dir)
		if r.Kind != c.kind || r.Canonical() != want {
			t.Errorf("%q: kind %d %q, want kind %d %q", c.in, r.Kind, r.Canonical(), c.kind, want)
		}
	}
}

func TestParseRequestPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "3.99x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tool"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]Kind{
		"3.99x": KindDirectory, "tool": KindFile, filepath.Join(dir, "tool"): KindFile, dir: KindDirectory,
		filepath.Join(dir, "nowhere"): KindFile, "nowhere": KindExecutableName,
	} {
		if r := ParseRequest(in, dir); r.Kind != want || r.Path != in {
			t.Errorf("%s: kind %d path %s, want kind %d", in, r.Kind, r.Path, want)
		}
	}
}

func TestParseToolName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"python": "default", "python3.12": "3.12", "python@3.12": "3.12", "pypy": "pypy", "pypy39": "pypy@3.9",
		"pp39": "-", "39": "-", "ruff": "-", "python@latest": "!", "python@foo": "!", "@3": "!",
	} {
		r, ok, err := ParseToolName(in)
		got := "-"
		if err != nil {
			got = "!"
		} else if ok {
			got = r.Canonical()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestRequestDescriptions(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"3.12": "Python 3.12", "any": "any Python", "default": "a default Python", "pypy": "PyPy", "cp312": "CPython 3.12",
		"foo": "executable name `foo`", "./x": "path `./x`", "linux": "any-any-linux-any-any",
	} {
		if got := ParseRequest(in, "/").String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestVersionRequestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		request, version string
		variant          Variant
		want             bool
	}{
		{"3", "3.12.1", 0, true},
		{"3.12", "3.12.1", 0, true},
		{"3.12", "3.12.0rc1", 0, true},
		{"3.12.0", "3.12.0rc1", 0, false},
		{"3.12rc1", "3.12.0rc1", 0, true},
		{"3.12rc1", "3.12.0rc2", 0, false},
		{"3.12rc1", "3.12.0", 0, false},
		{"3.12.1rc1", "3.12.1rc1", 0, true},
		{">=3.14", "3.14.0rc1", 0, true},
		{">=3.14rc2", "3.14.0rc1", 0, false},
		{">=3.10,<3.12", "3.12.0", 0, false},
		{"3.13", "3.13.0", 2, false}, // free threads have to be asked for
		{"3.14", "3.14.0", 2, true},  // until they are no experiment
		{"3.13t", "3.13.0", 2, true},
		{"3.13t", "3.13.0", 0, false},
		{"3.14+gil", "3.14.0", 2, false},
		{"3.13", "3.13.0", 1, true},
		{"3.13d", "3.13.0", 0, false},
		{"3.13td", "3.13.0", 3, true},
		{"3.13+gil+debug", "3.13.0", 1, true},
	} {
		r, err := ParseVersionRequest(c.request)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.matches(pep440.MustParse(c.version), c.variant); got != c.want {
			t.Errorf("%s matches %s %s: %t", c.request, c.version, c.variant, got)
		}
	}
}

func TestMayMatchMinor(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"3": "6 7 8 9 10 11 12", "3.9": "9", "4": "", ">=3.10.4": "10 11 12", "<3.8.0": "6 7", ">3.9,<3.9.5": "9",
		"==3.11.*": "11", "!=3.10.*": "6 7 8 9 11 12", ">=3.12rc1": "12",
	} {
		r, err := ParseVersionRequest(request)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for minor := 6; minor <= 12; minor++ {
			if r.mayMatchMinor(minor) {
				got = append(got, pep440.FromRelease(minor).String())
			}
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
}

func TestCheckSupported(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"3.6": "", "2": "Python <3 is not supported but 2 was requested",
		"2.7.18": "Python <3.6 is not supported but 2.7.18 was requested",
		"3.5rc1": "Python <3.6 is not supported but 3.5rc1 was requested",
		"3.12t":  "Python <3.13 does not support free-threading but 3.12+freethreaded was requested",
		"3.13t":  "", "<3": "",
	} {
		r, _ := ParseVersionRequest(request)
		got := ""
		if err := r.CheckSupported(); err != nil {
			got = strings.TrimPrefix(err.Error(), "invalid version request: ")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

func TestRequestAndRequiresPython(t *testing.T) {
	t.Parallel()
	requires := pep440.MustParseSpecifiers(">=3.12")
	for request, want := range map[string]bool{
		"3": true, "2": false, "3.12": true, "3.11": false, ">=3.10,<3.12": false, "cpython@>=3.12,<3.13": true,
		"any": true, "pypy": true, "cpython-3.11": false, "foo": true,
	} {
		if got := ParseRequest(request, "/").IntersectsRequiresPython(requires); got != want {
			t.Errorf("%s: %t", request, got)
		}
	}
	for request, want := range map[string]string{"3": "3", "3.12t": "3.12", "3.14rc2": "3.14.0rc2", "cp-3.12.1": "3.12.1", ">=3": "none"} {
		got := "none"
		if v, ok := ParseRequest(request, "/").PEP440(); ok {
			got = v.String()
		}
		if got != want {
			t.Errorf("%s: version %s, want %s", request, got, want)
		}
	}
}

func TestExecutableNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"any":       "python python3 cpython cpython3 pypy pypy3 graalpy graalpy3 pyodide pyodide3",
		"default":   "python python3",
		"3":         "python3 python",
		"4":         "python4 python",
		"3.13":      "python3.13 python3 python",
		">=3.13":    "python3 python",
		"pypy":      "pypy pypy3 python python3",
		"pypy@3.10": "pypy3.10 pypy3 pypy python3.10 python3 python",
		"3.13t":     "python3.13t python3.13 python3t python3 pythont python",
		"3.13.2":    "python3.13.2 python3.13 python3 python",
		"3.13rc2":   "python3.13rc2 python3.13 python3 python",
		"3.13+gil":  "python3.13 python3 python",
	} {
		r := ParseRequest(in, "/")
		var got []string
		for _, name := range r.version().executableNames(r.Implementation) {
			got = append(got, strings.TrimSuffix(name, ".exe"))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestMinorOfName(t *testing.T) {
	t.Parallel()
	if filepath.Separator == '\\' {
		t.Skip("names without .exe")
	}
	for name, want := range map[string]int{
		"python3.12": 12, "python3.13t": 13, "python3.6": 6,
		"python3": -1, "python3.": -1, "python3.t": -1, "python3.123": -1, "python3.12-config": -1, "python3.6m": -1, "pypy3.10": -1,
	} {
		got, ok := minorOfName(name)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	for _, s := range []string{"3.13t", ">=3.12,<3.14", "pypy@3.10", "cpython-3.12-linux-x86_64-gnu", "313rc4", "./x", "any-any"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := ParseRequest(s, "/nonexistent")
		text := r.Canonical()
		if r.Kind == KindDirectory || strings.ContainsRune(s, 0) {
			return
		}
		// A range loses its variant in print, as it does in uv.
		if again := ParseRequest(text, "/nonexistent"); again.Canonical() != text || again.Kind != r.Kind && r.Version.kind != versionRange {
			t.Errorf("%q is kind %d, prints %q, which is kind %d, prints %q", s, r.Kind, text, again.Kind, again.Canonical())
		}
	})
}

func TestSources(t *testing.T) {
	t.Parallel()
	if filepath.Separator == '\\' {
		t.Skip("Windows has the registry")
	}
	for _, c := range []struct {
		e    Environments
		p    Preference
		r    string
		want string
	}{
		{AnyEnvironment, PreferManaged, "3.99", "no interpreter found for Python 3.99 in virtual environments, managed installations, or search path"},
		{OnlyOutside, PreferSystem, "default", "no interpreter found in search path or managed installations"},
		{OnlyOutside, OnlySystem, "pypy", "no interpreter found for PyPy in search path"},
		{AnyEnvironment, OnlyManaged, "any", "no interpreter found in virtual environments or managed installations"},
		{ExplicitSystem, PreferManaged, "3.12", "no interpreter found for Python 3.12 in virtual environments"},
		{OnlyVirtual, PreferManaged, "3.12", "no interpreter found for Python 3.12 in virtual environments"},
		{OnlyVirtual, PreferManaged, "./x", "no interpreter found at path `./x`"},
	} {
		err := &NotFoundError{Request: ParseRequest(c.r, "/"), Environments: c.e, Preference: c.p}
		if err.Error() != c.want {
			t.Errorf("%s, want %s", err, c.want)
		}
	}
	err := (&NotFoundError{}).WithHint("download one")
	if !slices.Equal(err.Hints(), []string{"download one"}) {
		t.Errorf("hints %q", err.Hints())
	}
}

func TestPreferenceText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"managed", "only-managed", "system", "only-system"} {
		var p Preference
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Error(err)
		}
		if got, _ := p.MarshalText(); string(got) != text {
			t.Errorf("%s prints as %s", text, got)
		}
	}
	var p Preference
	if p.UnmarshalText([]byte("installed")) == nil {
		t.Error("an unknown preference must be refused")
	}
	if PreferManaged.WithSystemFlag() != PreferSystem || OnlyManaged.WithSystemFlag() != OnlyManaged {
		t.Error("--system prefers system Pythons unless only managed ones are allowed")
	}
}
