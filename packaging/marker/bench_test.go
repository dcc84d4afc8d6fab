package marker

import (
	"fmt"
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

const (
	short  = `python_version < "3.11"`
	medium = `python_version >= '3.8' and extra == 'test'`
	long   = `(platform_machine != 'aarch64' and sys_platform == 'linux') or (sys_platform != 'darwin' and sys_platform != 'linux')`
)

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{"short": short, "medium": medium, "long": long} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				MustParse(text)
			}
		})
	}
}

// Fresh text, of which no node is known.
func BenchmarkParseNew(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		MustParse(fmt.Sprintf("python_version < '3.%d' and extra == 'x%d'", i%1000, i))
	}
}

func BenchmarkString(b *testing.B) {
	for name, text := range map[string]string{"short": short, "medium": medium, "long": long} {
		tree := MustParse(text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = tree.String()
			}
		})
	}
}

func BenchmarkOperations(b *testing.B) {
	x, y := MustParse(long), MustParse(`python_version < '3.12' and sys_platform == 'win32'`)
	env, _ := NewEnv(Env{SysPlatform: "linux", PythonFullVersion: "3.12.1", ImplementationVersion: "3.12.1", PythonVersion: "3.12"})
	extras := []pyname.Extra{"test"}
	needsExtra := MustParse(medium)
	lo := pep440.AtLeast(pep440.MustParse("3.9"))
	operations := []struct {
		name string
		run  func()
	}{
		{"and", func() { x.And(y) }},
		{"or", func() { x.Or(y) }},
		{"disjoint", func() { x.Disjoint(y) }},
		{"restrict", func() { x.Restrict(y) }},
		{"evaluate", func() { x.Evaluate(&env, nil) }},
		{"evaluate extras", func() { needsExtra.EvaluateExtras(extras) }},
		{"simplify python", func() { y.SimplifyPython(lo, pep440.Bound{}) }},
		{"simplify extras", func() { needsExtra.SimplifyExtras(extras) }},
		{"python range", func() { needsExtra.PythonRange() }},
		{"top level extra", func() { needsExtra.TopLevelExtra() }},
	}
	for _, o := range operations {
		b.Run(o.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				o.run()
			}
		})
	}
}

// Conjunctions that no memo knows.
func BenchmarkAndNew(b *testing.B) {
	var trees []Tree
	for i := range 200 {
		trees = append(trees, MustParse(fmt.Sprintf("python_version < '3.%d' and extra != 'y%d' or sys_platform == 'b%d'", i%40, i, i%7)))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		trees[i%200].And(trees[i/200%200])
	}
}
