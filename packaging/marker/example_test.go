package marker_test

import (
	"fmt"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

func ExampleParse() {
	t, warnings, err := marker.Parse(`os.name == "nt" and python_version <= "3.9"`)
	fmt.Println(t, err)
	for _, w := range warnings {
		fmt.Println(w.Message)
	}
	// Output:
	// python_full_version < '3.10' and os_name == 'nt' <nil>
	// os.name is deprecated in favor of os_name
}

func ExampleTree() {
	a := marker.MustParse(`python_version < '3.8' or python_version >= '3.9'`)
	b := marker.MustParse(`python_version != '3.8'`)
	fmt.Println(a == b)
	fmt.Println(a.And(marker.MustParse(`python_version == '3.8'`)).IsFalse())
	// Output:
	// true
	// true
}

func ExampleTree_Evaluate() {
	env, err := marker.NewEnv(marker.Env{
		SysPlatform: "linux", PythonVersion: "3.12", PythonFullVersion: "3.12.1", ImplementationVersion: "3.12.1",
	})
	if err != nil {
		panic(err)
	}
	t := marker.MustParse(`sys_platform == 'linux' and extra == 'test'`)
	fmt.Println(t.Evaluate(&env, nil), t.Evaluate(&env, []pyname.Extra{"test"}))
	// Output: false true
}

func ExampleTree_SimplifyPython() {
	t := marker.MustParse(`python_version >= '3.8' and python_version < '3.11' and os_name == 'nt'`)
	fmt.Println(t.SimplifyPython(pep440.AtLeast(pep440.MustParse("3.9")), pep440.Bound{}))
	// Output: python_full_version < '3.11' and os_name == 'nt'
}
