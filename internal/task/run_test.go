package task

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
)

func TestRunNeeded(t *testing.T) {
	t.Parallel()
	order := []*Task{
		{Name: "a"},
		{Name: "c", DependsOn: []string{"a"}},
		{Name: "b", DependsOn: []string{"a"}},
		{Name: "d", DependsOn: []string{"c", "b"}, Sequential: true},
	}
	var mu sync.Mutex
	var done []string
	note := func(_ context.Context, k *Task) error {
		mu.Lock()
		defer mu.Unlock()
		for _, needed := range k.DependsOn {
			if !slices.Contains(done, needed) {
				t.Errorf("%s ran before %s", k.Name, needed)
			}
		}
		done = append(done, k.Name)
		return nil
	}
	if err := RunNeeded(t.Context(), order, 2, note); err != nil || !slices.Equal(done, []string{"a", "c", "b"}) {
		t.Errorf("%v: %q", err, done)
	}
	broken := errors.New("broken")
	done = nil
	err := RunNeeded(t.Context(), order, 1, func(ctx context.Context, k *Task) error {
		if k.Name == "a" {
			return broken
		}
		return note(ctx, k)
	})
	if !errors.Is(err, broken) || len(done) > 0 {
		t.Errorf("after a failure %q ran: %v", done, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	if err := RunNeeded(ctx, order, 1, note); !errors.Is(err, broken) || len(done) > 0 {
		t.Errorf("after the end %q ran: %v", done, err)
	}
}

func TestDigests(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"src/a.py": {Data: []byte("a")}, "src/b.txt": {Data: []byte("b")}, "src/__pycache__/a.pyc": {Data: []byte("c")},
		"docs/index.md": {Data: []byte("d")},
	}
	for _, test := range []struct {
		patterns []string
		want     []string
		complete bool
	}{
		{nil, nil, true},
		{[]string{"src/*.py"}, []string{"src/a.py"}, true},
		{[]string{"src", "./src/**/*.txt"}, []string{"src/a.py", "src/b.txt"}, true},
		{[]string{"src/*.py", "site"}, []string{"src/a.py"}, false},
	} {
		found, complete, err := Digests(t.Context(), fsys, test.patterns)
		var names []string
		for _, f := range found {
			names = append(names, f.Path)
		}
		if err != nil || complete != test.complete || !slices.Equal(names, test.want) {
			t.Errorf("%q match %q, complete: %t, %v", test.patterns, names, complete, err)
		}
	}
	if _, _, err := Digests(t.Context(), fsys, []string{"[a"}); err == nil {
		t.Error("a pattern that is none was taken")
	}
}
