package install_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/tags"
)

func linuxEnv(t testing.TB) *marker.Env {
	t.Helper()
	return &marker.Env{
		OSName: "posix", SysPlatform: "linux", PlatformSystem: "Linux", PlatformMachine: "x86_64", PlatformPythonImplementation: "CPython",
		ImplementationName: "cpython", ImplementationVersion: "3.12.1", PythonVersion: "3.12", PythonFullVersion: "3.12.1",
	}
}

func requirements(t testing.TB, texts ...string) []source.Requirement {
	t.Helper()
	var out []source.Requirement
	for _, text := range texts {
		r, err := source.FromPEP508(pep508.MustParse(text))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestSatisfies(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	write(t, l.Purelib, files{
		"aa-1.0.dist-info/METADATA": "Name: aa\nVersion: 1.0\nRequires-Dist: bb>=1\nRequires-Dist: cc; extra == 'more'\nRequires-Dist: win; sys_platform == 'win32'\n",
		"bb-1.0.dist-info/METADATA": "Name: bb\nVersion: 1.0\nRequires-Dist: aa\nRequires-Dist: dd<2\n",
		"dd-1.5.dist-info/METADATA": "Name: dd\nVersion: 1.5\n",
		"ee-1.0.dist-info/METADATA": "Name: ee\nVersion: 1.0\n",
		"ee-2.0.dist-info/METADATA": "Name: ee\nVersion: 2.0\n",
	})
	site := open(t, l)
	for _, tt := range []struct{ want, constraints, unmet string }{
		{"aa", "", ""},
		{"aa>=1|bb==1", "", ""},
		{"aa>1", "", "aa>1"},
		{"aa[more]", "", "cc ; extra == 'more'"},
		{"ee", "", "ee"},
		{"absent; sys_platform == 'win32'", "", ""},
		{"aa", "dd>=2", "dd<2"},
		{"aa", "dd>=2; sys_platform == 'win32'", ""},
		{"aa @ https://example.com/aa.zip", "", "aa @ https://example.com/aa.zip"},
	} {
		opts := install.SatisfyOptions{Env: linuxEnv(t)}
		if tt.constraints != "" {
			opts.Constraints = requirements(t, tt.constraints)
		}
		unmet, err := site.Satisfies(requirements(t, strings.Split(tt.want, "|")...), opts)
		if err != nil || unmet != tt.unmet {
			t.Errorf("%s (%s): %q, %v; want %q", tt.want, tt.constraints, unmet, err, tt.unmet)
		}
	}
	opts := install.SatisfyOptions{Env: linuxEnv(t), Dependencies: func(of *install.Installed, list []source.Requirement) []source.Requirement {
		if of != nil && of.Name == "aa" {
			return requirements(t, "other")
		}
		return list
	}}
	if unmet, err := site.Satisfies(requirements(t, "aa"), opts); err != nil || unmet != "other" {
		t.Errorf("overridden: %q, %v", unmet, err)
	}
	write(t, l.Purelib, files{"ff-1.dist-info/x": ""})
	if _, err := open(t, l).Satisfies(requirements(t, "ff"), install.SatisfyOptions{Env: linuxEnv(t)}); err == nil {
		t.Error("no METADATA, no error")
	}
}

// The texts are those of uv.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	write(t, l.Purelib, files{
		"aa-1.0.dist-info/METADATA": "Name: aa\nVersion: 1.0\nRequires-Python: >=3.13,<4\nRequires-Dist: bb>=2 ; python_version>\"3\"\n" +
			"Requires-Dist: cc[x]<3,>=1\nRequires-Dist: dd @ https://example.com/dd.zip\nRequires-Dist: ee>=1; extra==\"x\"\nRequires-Dist: twice>5\n",
		"aa-1.0.dist-info/WHEEL":       "Wheel-Version: 1.0\nTag: py3-none-any\n",
		"bb-1.0.dist-info/METADATA":    "Name: bb\nVersion: 1.0\n",
		"bb-1.0.dist-info/WHEEL":       "Wheel-Version: 1.0\nTag: cp312-cp312-win_amd64\n",
		"dd-1.0.dist-info/WHEEL":       "Wheel-Version: 1.0\n",
		"ee-1.0.dist-info/METADATA":    "Name: ee\nVersion: 1.0\n",
		"twice-1.0.dist-info/METADATA": "", "twice-2.0.dist-info/METADATA": "",
	})
	set, err := tags.For(tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, tags.Platform{OS: tags.Linux, Arch: tags.X86_64, Libc: tags.Glibc, Major: 2, Minor: 28})
	if err != nil {
		t.Fatal(err)
	}
	opts := install.DiagnoseOptions{Env: linuxEnv(t), Tags: set}
	var got []string
	for _, d := range open(t, l).Diagnose(opts) {
		got = append(got, strings.ReplaceAll(d.String(), l.Purelib, "SITE"))
	}
	want := []string{
		"The package `aa` requires Python >=3.13, <4, but `3.12.1` is installed",
		"The package `aa` requires `bb>=2 ; python_full_version >= '3.1'`, but `1.0` is installed",
		"The package `aa` requires `cc[x]>=1,<3`, but it's not installed",
		"The package `bb` was built for a different platform",
		"The package `dd` is broken or incomplete (unable to read `METADATA`). Consider recreating the virtualenv, or removing the package directory at: SITE/dd-1.0.dist-info.",
		"The package `ee` is broken or incomplete (unable to read `WHEEL` file). Consider recreating the virtualenv, or removing the package directory at: SITE/ee-1.0.dist-info.",
		"The package `twice` has multiple installed distributions: \n  - SITE/twice-1.0.dist-info\n  - SITE/twice-2.0.dist-info",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	opts.Metadata = func(i *install.Installed) *metadata.Metadata {
		return &metadata.Metadata{Name: i.Name, Version: i.Version}
	}
	if list := open(t, l).Diagnose(opts); len(list) != 3 || !list[0].Involves("bb") || list[0].Involves("aa") {
		t.Errorf("with other metadata: %v", list)
	}
}
