package settings

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/packaging/pyname"
)

// below are layers of a uv.toml and of variables, in a world without files and
// previews.
func below(t *testing.T, toml string, variables ...string) *Layers {
	t.Helper()
	dir := t.TempDir()
	o, err := config.FromProject("pyproject.toml", dir, []byte(toml))
	if err != nil {
		t.Fatal(err)
	}
	return &Layers{
		Env: config.NewEnv(variables), Files: &o, Dir: dir,
		Preview: func(string) bool { return false }, Exists: func(string) bool { return false }, Warn: func(string) {},
	}
}

func on() *bool {
	yes := true
	return &yes
}

func off() *bool { return new(bool) }

func given(s string) *string { return &s }

// combine is what a command about a project makes of its flags.
func combine(t *testing.T, l *Layers, groups ...Group) *Settings {
	t.Helper()
	s, err := Combine(l, ForProject(l.Files), groups...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A flag goes before its variable, and that before the files.
func TestOrderOfLayers(t *testing.T) {
	const file = "[tool.uv]\nresolution = \"lowest\"\nlink-mode = \"copy\"\ncompile-bytecode = true\n"
	const resolution, link, compiles = "UV_RESOLUTION=lowest-direct", "UV_LINK_MODE=hardlink", "UV_COMPILE_BYTECODE=0"
	for _, test := range []struct {
		name       string
		variables  []string
		resolver   Resolver
		installer  Installer
		resolution string
		link       fsx.LinkMode
		compile    bool
	}{
		{name: "files", resolution: "lowest", link: fsx.Copy, compile: true},
		{name: "variables", variables: []string{resolution, link, compiles}, resolution: "lowest-direct", link: fsx.Hardlink},
		{name: "empty variables say nothing", variables: []string{"UV_RESOLUTION=", "UV_LINK_MODE=", "UV_COMPILE_BYTECODE="}, resolution: "lowest", link: fsx.Copy, compile: true},
		{
			name: "flags", variables: []string{resolution, link, compiles},
			resolver: Resolver{Resolution: "highest"}, installer: Installer{LinkMode: "symlink", CompileBytecode: on()},
			resolution: "highest", link: fsx.Symlink, compile: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := combine(t, below(t, file, test.variables...), &test.resolver, &test.installer)
			if got := text(s.Pip.Resolution); got != test.resolution {
				t.Errorf("resolution is %s, want %s", got, test.resolution)
			}
			if got := *s.Pip.LinkMode; got != test.link {
				t.Errorf("link mode is %v, want %v", got, test.link)
			}
			if got := isTrue(s.Pip.CompileBytecode); got != test.compile {
				t.Errorf("compile is %v, want %v", got, test.compile)
			}
		})
	}
}

// Indexes of flags go before those of files, and the older flags behind the newer.
func TestIndexes(t *testing.T) {
	l := below(t, "[[tool.uv.index]]\nname = \"file\"\nurl = \"https://file.example.com/simple\"\n",
		"UV_INDEX=https://ignored.example.com/simple", "UV_EXTRA_INDEX_URL=https://extra.example.com/simple")
	s := combine(t, l, &Indexes{Index: []string{"own=https://own.example.com/simple", "", "./wheels"}, DefaultIndex: given("https://last.example.com/simple")})
	var got []string
	for _, x := range s.Indexes {
		line := x.Name + " " + x.URL
		if x.Default {
			line += " default"
		}
		got = append(got, strings.Replace(line, filepath.ToSlash(l.Dir), "DIR", 1))
	}
	want := []string{
		"own https://own.example.com/simple", " file://DIR/wheels", " https://last.example.com/simple default",
		" https://extra.example.com/simple", "file https://file.example.com/simple",
	}
	if diff := cmp.Diff(want, got); diff != "" && filepath.Separator == '/' {
		t.Error(diff)
	}
}

// An index may be named by the name that it has in the files, unless there is a
// directory of that name.
func TestIndexByName(t *testing.T) {
	const file = "[[tool.uv.index]]\nname = \"file\"\nurl = \"https://file.example.com/simple\"\nexplicit = true\ndefault = true\n"
	for _, test := range []struct {
		name            string
		exists, preview bool
		index           string
		want, err, warn string
	}{
		{name: "known", index: "file", want: "https://file.example.com/simple", warn: "by its name is experimental"},
		{name: "known, preview", index: "file", preview: true, want: "https://file.example.com/simple"},
		{name: "directory", index: "file", exists: true, want: "file://", warn: "should not look like the name"},
		{name: "directory, preview", index: "file", exists: true, preview: true, want: "https://file.example.com/simple"},
		{name: "unknown", index: "other", want: "file://", warn: "should not look like the name"},
		{name: "unknown, preview", index: "other", preview: true, err: "no index named `other`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := below(t, file)
			var warned []string
			l.Warn = func(text string) { warned = append(warned, text) }
			l.Exists, l.Preview = func(string) bool { return test.exists }, func(string) bool { return test.preview }
			list, err := (&Indexes{Index: []string{test.index}}).Chosen(l)
			switch {
			case test.err != "":
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			if x := list[0]; !strings.HasPrefix(x.URL, test.want) || x.Default || x.Explicit {
				t.Errorf("index %+v, want %s", x, test.want)
			}
			if got := strings.Join(warned, "\n"); (got == "") != (test.warn == "") || !strings.Contains(got, test.warn) {
				t.Errorf("warned %q, want %q", got, test.warn)
			}
		})
	}
}

// The lists of the commands of pip join; the last `:all:` or `:none:` takes back what
// stands before it; a name counts more than `:all:` on the other side.
func TestBinary(t *testing.T) {
	names := func(list ...pyname.Package) map[pyname.Package]bool {
		m := map[pyname.Package]bool{}
		for _, n := range list {
			m[n] = true
		}
		return m
	}
	for _, test := range []struct {
		name              string
		file              string
		variables         []string
		flags             Group
		noBinary, noBuild index.Selection
	}{
		{name: "nothing", flags: &Binary{}},
		{
			name: "joined", file: "no-binary-package = [\"a\"]\nno-build-package = [\"b\"]", flags: &Binary{NoBinary: []string{"C"}, OnlyBinary: []string{"d"}},
			noBinary: index.Selection{Packages: names("c", "a")}, noBuild: index.Selection{Packages: names("d", "b")},
		},
		{
			name: "taken back", flags: &Binary{NoBinary: []string{"a", ":none:", "b"}},
			noBinary: index.Selection{Packages: names("b")},
		},
		{
			name: "all but", flags: &Binary{NoBinary: []string{":all:"}, OnlyBinary: []string{"a"}},
			noBinary: index.Selection{All: true, Except: names("a")}, noBuild: index.Selection{Packages: names("a")},
		},
		{name: "switch", file: "no-build = true", flags: &Binary{}, noBuild: index.Selection{All: true}},
		{name: "top level counts always", file: "no-build = true", flags: &Binary{NoBuild: off()}, noBuild: index.Selection{All: true}},
		{name: "table pip turned off", file: "[tool.uv.pip]\nno-build = true", flags: &Binary{NoBuild: off()}},
		{
			name: "nothing built, names without meaning", file: "[tool.uv.pip]\nno-build = true\nonly-binary = [\"a\"]", flags: &Binary{NoBinary: []string{"a"}},
			noBinary: index.Selection{Packages: names("a")}, noBuild: index.Selection{All: true, Except: names("a")},
		},
		{
			name: "projects", file: "no-binary-package = [\"a\"]", variables: []string{"UV_NO_BUILD=1", "UV_NO_BINARY_PACKAGE=b c"}, flags: &PackageBinary{},
			noBinary: index.Selection{Packages: names("a", "b", "c")}, noBuild: index.Selection{All: true, Except: names("a", "b", "c")},
		},
		{
			name: "projects by flag", file: "no-binary = true", variables: []string{"UV_NO_BINARY_PACKAGE=b"},
			flags: &PackageBinary{NoBinary: off(), NoBinaryPackage: []string{"d"}}, noBinary: index.Selection{Packages: names("d")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := below(t, "[tool.uv]\n"+test.file, test.variables...)
			base := ForProject(l.Files)
			if _, ok := test.flags.(*Binary); ok {
				base = l.Files.ForPip()
			}
			s, err := Combine(l, base, test.flags)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.noBinary, s.NoBinary); diff != "" {
				t.Errorf("no binary: %s", diff)
			}
			if diff := cmp.Diff(test.noBuild, s.NoBuild); diff != "" {
				t.Errorf("no build: %s", diff)
			}
		})
	}
}

// What is laid over the settings of files leaves those as they are: the next command
// of the same process reads them too.
func TestFilesStayAsTheyAre(t *testing.T) {
	l := below(t, `[tool.uv]
exclude-newer-package = { a = "2020-01-01T00:00:00Z" }
prerelease-package = { a = "allow" }
config-settings-package = { a = { k = "v" } }
upgrade-package = ["a"]
no-build-isolation-package = ["a"]
no-sources-package = ["a"]
`)
	flags := func() []Group {
		return []Group{
			&Resolver{
				PrereleasePackage: []string{"b=disallow"}, UpgradePackage: []string{"b>1"},
				Times: Times{ExcludeNewerPackage: []string{"b=2021-01-01"}}, Sources: Sources{NoSourcesPackage: []string{"b"}},
			},
			&Build{ConfigSettingsPackage: []string{"a:k=w", "b:k=v"}, NoBuildIsolationPackage: []string{"b"}},
		}
	}
	combine(t, l, flags()...)
	s := combine(t, l)
	r := &s.Pip.Resolver
	if len(r.ExcludeNewerPackage) != 1 || len(l.Files.PrereleasePackage) != 1 || len(r.UpgradePackage) != 1 || len(r.NoSourcesPackage) != 1 || len(r.NoBuildIsolationPackage) != 1 ||
		len(r.ConfigSettingsPackage) != 1 || len(r.ConfigSettingsPackage["a"]["k"].Values) != 1 {
		t.Errorf("the files have changed: %+v", r)
	}
	s = combine(t, l, flags()...)
	r = &s.Pip.Resolver
	if len(r.ExcludeNewerPackage) != 2 || len(s.PrereleasePackage) != 2 || len(r.UpgradePackage) != 2 || len(r.NoSourcesPackage) != 2 || len(r.NoBuildIsolationPackage) != 2 ||
		len(r.ConfigSettingsPackage) != 2 {
		t.Errorf("flags are missing: %+v", s)
	}
}

// What flags and variables say wrongly is told with their name.
func TestRefused(t *testing.T) {
	for _, test := range []struct {
		want     string
		flags    Group
		variable string
	}{
		{"invalid value for `--index`", &Indexes{Index: []string{"own="}}, ""},
		{"invalid value for `--index-url`", &Indexes{}, "UV_INDEX_URL=na me=https://example.com"},
		{"invalid value for `--keyring-provider`", &Indexes{Keyring: "safe"}, ""},
		{"invalid value for `--exclude-newer`", &Times{ExcludeNewer: given("yesteryear")}, ""},
		{"invalid value for `--exclude-newer-package`", &Times{ExcludeNewerPackage: []string{"six"}}, ""},
		{"invalid value for `--upgrade-package`", &Resolver{UpgradePackage: []string{"!"}}, ""},
		{"invalid value for `--prerelease-package`", &Resolver{PrereleasePackage: []string{"six"}}, ""},
		{"invalid value for `--reinstall-package`", &Installer{ReinstallPackage: []string{"!"}}, ""},
		{"invalid value for `--link-mode`", LinkMode("glue"), ""},
		{"UV_COMPILE_BYTECODE", &Installer{}, "UV_COMPILE_BYTECODE=perhaps"},
		{"UV_NO_SOURCES", &Sources{}, "UV_NO_SOURCES=perhaps"},
		{"UV_TORCH_BACKEND", Torch(""), "UV_TORCH_BACKEND=abacus"},
		{"`--config-setting`", &Build{ConfigSetting: []string{"=v"}}, ""},
		{"`--config-settings-package`", &Build{ConfigSettingsPackage: []string{"six=v"}}, ""},
		{"invalid value for `--only-binary`", &Binary{OnlyBinary: []string{":some:"}}, ""},
		{"UV_SYSTEM_PYTHON", &Environment{}, "UV_SYSTEM_PYTHON=perhaps"},
	} {
		l := below(t, "", test.variable)
		if _, err := Combine(l, ForProject(l.Files), test.flags); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v with %q: error %v, want %q", test.flags, test.variable, err, test.want)
		}
	}
	var usage cmdline.UsageError
	if _, err := Combine(below(t, "", "UV_TORCH_BACKEND=abacus"), config.Pip{}, Torch("")); !errors.As(err, &usage) {
		t.Errorf("%v is no error of usage", err)
	}
}

// A target and a prefix exclude each other, whichever the files have.
func TestEnvironment(t *testing.T) {
	l := below(t, "[tool.uv.pip]\ntarget = \"t\"\npython = \"3.8\"\n", "UV_PYTHON=3.9", "UV_SYSTEM_PYTHON=1")
	s, err := Combine(l, l.Files.ForPip(), &Environment{Prefix: given("p"), System: off()})
	if err != nil {
		t.Fatal(err)
	}
	if s.Pip.Target != nil || text(s.Pip.Prefix) != "p" || text(s.Pip.Python) != "3.9" || isTrue(s.Pip.System) {
		t.Errorf("target %q, prefix %q, Python %q", text(s.Pip.Target), text(s.Pip.Prefix), text(s.Pip.Python))
	}
}

func TestSeconds(t *testing.T) {
	minute := time.Minute
	for _, test := range []struct {
		variable string
		file     *time.Duration
		want     time.Duration
		fails    bool
	}{
		{variable: "T="},
		{variable: "T=", file: &minute, want: time.Minute},
		{variable: "T=1.5", file: &minute, want: 1500 * time.Millisecond},
		{variable: "T=0", fails: true},
		{variable: "T=-1", fails: true},
		{variable: "T=soon", fails: true},
	} {
		l := Layers{Env: config.NewEnv([]string{test.variable})}
		got, err := l.Seconds("T", test.file, 1)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("%s: %v, %v; want %v", test.variable, got, err, test.want)
		}
	}
}

// Upgrading and reinstalling ask again for what they are about.
func TestCacheRefresh(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, test := range []struct {
		name       string
		refresh    Refresh
		flags      []Group
		all, named bool // whether everything, and whether the package six is asked for again
	}{
		{name: "nothing"},
		{name: "refresh", refresh: Refresh{All: on()}, all: true, named: true},
		{name: "refresh package", refresh: Refresh{Packages: []string{"Six"}}, named: true},
		{name: "upgrade", flags: []Group{&Resolver{Upgrade: on()}}, all: true, named: true},
		{name: "upgrade package", flags: []Group{&Resolver{UpgradePackage: []string{"six<2"}}}, named: true},
		{name: "reinstall package", flags: []Group{&Installer{ReinstallPackage: []string{"six"}}}, named: true},
	} {
		r, err := combine(t, below(t, ""), test.flags...).CacheRefresh(&test.refresh, now)
		if err != nil {
			t.Fatal(err)
		}
		old := now.Add(-time.Hour)
		if all, named := r.Stale("other", old), r.Stale("six", old); all != test.all || named != test.named {
			t.Errorf("%s: all %v, named %v; want %v, %v", test.name, all, named, test.all, test.named)
		}
	}
}
