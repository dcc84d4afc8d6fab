package install

import (
	"testing"

	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
)

// An interpreter that says of itself that it is the same as another, but has another
// form of bytecode, is given none of the other's.
func TestBytecodeKey(t *testing.T) {
	t.Parallel()
	python := func(version, magic string) *python.Interpreter {
		v, err := pep440.Parse(version)
		if err != nil {
			t.Fatal(err)
		}
		return &python.Interpreter{Env: marker.Env{ImplementationName: "cpython", PythonFullVersion: version}, Version: v, BytecodeMagic: magic}
	}
	seen := map[string]string{}
	for _, test := range []struct{ version, magic, env string }{
		{"3.12.1", "cb0d0d0a", ""},
		{"3.12.1", "cc0d0d0a", ""},
		{"3.12.2", "cb0d0d0a", ""},
		{"3.12.1", "cb0d0d0a", "PYTHONOPTIMIZE=1"},
		{"3.12.1", "cb0d0d0a", "PYC_INVALIDATION_MODE=CHECKED_HASH"},
	} {
		what := test.version + " " + test.magic + " " + test.env
		key, ok := bytecodeKey(python(test.version, test.magic), []string{test.env})
		if !ok {
			t.Errorf("nothing is kept for %s", what)
		}
		if other, again := seen[key]; again {
			t.Errorf("%s shares the bytecode of %s", what, other)
		}
		seen[key] = what
	}
	for _, i := range []*struct{ version, magic string }{{"3.12.1", ""}, {"3.15.0a1", "cb0d0d0a"}} {
		if _, ok := bytecodeKey(python(i.version, i.magic), nil); ok {
			t.Errorf("bytecode is kept for %+v", *i)
		}
	}
}
