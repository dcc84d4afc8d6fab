package lock_test

import (
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/lock"
)

// A merge has what either side changed, the newer version where both did, and
// can be read whatever the sides are.
func TestMerge(t *testing.T) {
	t.Parallel()
	read := func(edits ...string) *lock.Lock {
		t.Helper()
		l, err := lock.Read("uv.lock", []byte(strings.NewReplacer(edits...).Replace(workspaceLock)))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	base := read()
	newer, newest := read(`"3.0"`, `"3.1"`), read(`"3.0"`, `"3.2"`)
	asgi := read("name = \"asgiref\"\nversion = \"3.0\"", "name = \"asgiref\"\nversion = \"3.9\"")
	pytest := read(`"8.0"`, `"8.1"`)
	less := base.Part(false, "app", "core")
	for _, test := range []struct {
		name               string
		base, ours, theirs *lock.Lock
		want               string
	}{
		{"nothing", base, base, base, "asgiref 3.0, flask 3.0, pytest 8.0"},
		{"ours", base, newer, base, "asgiref 3.1, flask 3.1, pytest 8.0"},
		{"theirs", base, base, newer, "asgiref 3.1, flask 3.1, pytest 8.0"},
		{"both", base, newest, newer, "asgiref 3.2, flask 3.2, pytest 8.0"},
		{"each its own", base, asgi, pytest, "asgiref 3.9, flask 3.0, pytest 8.1"},
		{"one drops, one raises", base, less, asgi, "asgiref 3.9, flask 3.0, pytest 8.0"},
		{"no base", &lock.Lock{}, newer, less, "asgiref 3.1, flask 3.1, pytest 8.0"},
		{"nothing of theirs", &lock.Lock{}, base, &lock.Lock{}, "asgiref 3.0, flask 3.0, pytest 8.0"},
	} {
		merged := lock.Merge(test.base, test.ours, test.theirs)
		again, err := lock.Read("uv.lock", merged.Bytes())
		if err != nil {
			t.Fatalf("%s: %v\n%s", test.name, err, merged.Bytes())
		}
		var got []string
		for i := range again.Packages {
			if p := &again.Packages[i]; p.Source.IsRegistry() {
				got = append(got, string(p.Name)+" "+p.Version.String())
			}
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %v, want %s", test.name, got, test.want)
		}
	}
}
