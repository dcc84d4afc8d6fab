package lock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/pyname"
)

// large reads the lock of pandas, with 129 packages and 12 forks.
func large(b *testing.B) *lock.Lock {
	b.Helper()
	dir := sharedDir()
	if dir == "" {
		b.Skip("no conformance data")
	}
	text, err := os.ReadFile(filepath.Join(dir, "conformance", "ecosystem", "projects", "pandas", "expected.lock"))
	if err != nil {
		b.Fatal(err)
	}
	l, err := lock.Read("uv.lock", text)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func BenchmarkTree(b *testing.B) {
	l := large(b)
	b.ReportAllocs()
	for b.Loop() {
		l.Tree(lock.TreeRequest{Depth: 255, Group: func(pyname.Group) bool { return true }})
	}
}

func BenchmarkAppendRequirements(b *testing.B) {
	l := large(b)
	r := lock.ExportRequest{Root: "/srv", Roots: lock.Roots{Members: l.Members()}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.AppendRequirements(nil, &r, lock.RequirementsStyle{Hashes: true, Annotate: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTarget(b *testing.B) {
	l := large(b)
	env, set := linux(b)
	r := lock.TargetRequest{Root: "/srv", Roots: lock.Roots{Members: l.Members(), Extra: func(pyname.Extra) bool { return true }}, Env: env, Tags: set}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Target(r); err != nil {
			b.Fatal(err)
		}
	}
}
