package marker

import "testing"

func TestFacts(t *testing.T) {
	t.Parallel()
	env, err := NewEnv(Env{
		OSName: "posix", SysPlatform: "linux", PlatformSystem: "Linux", PlatformMachine: "x86_64",
		PlatformPythonImplementation: "CPython", PlatformRelease: "6.1", PlatformVersion: "#1 SMP",
		ImplementationName: "cpython", ImplementationVersion: "3.12.1", PythonVersion: "3.12", PythonFullVersion: "3.12.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		markers []string
		want    string
	}{
		{nil, ""},
		{[]string{`extra == 'a'`}, ""},
		{[]string{`python_version < '3.8'`}, `python_full_version == '3.12.1'`},
		{[]string{`sys_platform == 'win32'`, `os_name == 'nt' or extra == 'b'`}, `os_name == 'posix' and sys_platform == 'linux'`},
		{[]string{`'arm' in platform_machine`, `platform_machine in 'x86'`}, `platform_machine == 'x86_64'`},
		{[]string{`implementation_version >= '3'`}, `implementation_version == '3.12.1'`},
	} {
		var trees []Tree
		for _, m := range test.markers {
			trees = append(trees, MustParse(m))
		}
		got := Facts(&env, trees...)
		if got.String() != test.want {
			t.Errorf("%q: %q, want %q", test.markers, got, test.want)
		}
		if !got.Evaluate(&env, nil) {
			t.Errorf("%q: the facts do not hold in their own environment", test.markers)
		}
	}
}
