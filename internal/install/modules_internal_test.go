package install

import (
	"slices"
	"testing"

	"github.com/tame-py/tame/packaging/dist"
)

func TestModules(t *testing.T) {
	t.Parallel()
	var record []dist.RecordEntry
	for _, path := range []string{
		"pkg/__init__.py", "pkg/sub/mod.py", "pkg/sub/types.pyi", "pkg/data.txt", "single.py", "old.pyc",
		"pkg/__pycache__/mod.cpython-312.pyc", "pkg/fast.cpython-312-x86_64-linux-gnu.so", "pkg/stable.abi3.so", "win.cp312-win_amd64.pyd",
		"pkg/libthing.so.1", "pkg-1.0.dist-info/METADATA", "pkg-1.0.dist-info/x.py", "pkg-1.0.data/purelib/gone.py",
		"../../../bin/run.py", "/abs.py", "not-one.py",
	} {
		record = append(record, dist.RecordEntry{Path: path})
	}
	want := []string{"old", "pkg", "pkg.fast", "pkg.stable", "pkg.sub", "pkg.sub.mod", "single", "win"}
	if got := modules(record); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
