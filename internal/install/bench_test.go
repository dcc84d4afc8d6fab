package install_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// benchWheels are 40 wheels of 125 files in some 20 directories, 5,000 files in
// all, with their manifests.
func benchWheels(b *testing.B) []install.Wheel {
	var wheels []install.Wheel
	for i := range 40 {
		content := files{}
		for k := range 125 {
			content[fmt.Sprintf("pkg%d/sub%d/deep%d/module%d.py", i, k%7, k%19, k)] = "x = 1\n"
		}
		w := newWheel(b, fmt.Sprint("pkg", i), "1.0", content)
		w.Manifest = manifest(b, w.Dir)
		wheels = append(wheels, w)
	}
	return wheels
}

// Set TMPDIR to a directory on tmpfs to leave the disk out of it.
func BenchmarkInstall(b *testing.B) {
	wheels := benchWheels(b)
	root := b.TempDir()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		l := layoutAt(filepath.Join(root, fmt.Sprint(n)))
		if err := install.Install(b.Context(), l, wheels, install.Options{LinkMode: fsx.Hardlink}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(40*125*n)/b.Elapsed().Seconds(), "files/s")
}

func BenchmarkUninstall(b *testing.B) {
	wheels := benchWheels(b)
	root := b.TempDir()
	n := 0
	for b.Loop() {
		b.StopTimer()
		l := layoutAt(filepath.Join(root, fmt.Sprint(n)))
		if err := install.Install(b.Context(), l, wheels, install.Options{LinkMode: fsx.Hardlink}); err != nil {
			b.Fatal(err)
		}
		site := open(b, l)
		b.StartTimer()
		if err := install.Apply(b.Context(), l, site, install.Changes{Remove: site.All()}, install.Options{}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(40*125*n)/b.Elapsed().Seconds(), "files/s")
}

// benchSite is a directory of 100 distributions with METADATA of usual size.
func benchSite(b *testing.B) install.Layout {
	l := layoutAt(b.TempDir())
	content := files{}
	for i := range 100 {
		info := fmt.Sprintf("pkg%d-1.%d.dist-info/", i, i)
		content[info+"METADATA"] = fmt.Sprintf("Metadata-Version: 2.1\nName: pkg%d\nVersion: 1.%d\nRequires-Dist: pkg%d>=1\n\n%5000s", i, i, i/2, "text")
		content[info+"WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
		content[fmt.Sprintf("pkg%d/__init__.py", i)] = ""
	}
	write(b, l.Purelib, content)
	return l
}

// Listing is what `pip list` does: names and versions, and whether editable.
func BenchmarkList(b *testing.B) {
	l := benchSite(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, d := range open(b, l).All() {
			if d.IsEditable() {
				b.Fatal(d)
			}
		}
	}
}

// Planning is what a sync that has nothing to do does.
func BenchmarkPlan(b *testing.B) {
	l := benchSite(b)
	set, err := tags.For(tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, tags.Platform{OS: tags.Linux, Arch: tags.X86_64, Libc: tags.Glibc, Major: 2, Minor: 36})
	if err != nil {
		b.Fatal(err)
	}
	var list []install.Wanted
	for _, d := range open(b, l).All() {
		list = append(list, wanted(string(d.Name), d.Version.String()))
	}
	opts := install.PlanOptions{Layout: l, Checker: install.Checker{Strict: true, Tags: set, BuildInfo: func(pyname.Package) []byte { return nil }}}
	b.ReportAllocs()
	for b.Loop() {
		p, err := install.NewPlan(open(b, l), list, opts)
		if err != nil || !p.IsEmpty() {
			b.Fatal(p, err)
		}
	}
}

func BenchmarkMetadata(b *testing.B) {
	l := benchSite(b)
	for b.Loop() {
		site := open(b, l)
		site.Preload(b.Context(), 2, func(d *install.Installed) {
			if _, err := d.Metadata(); err != nil {
				b.Error(err)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	dir := b.TempDir()
	content := files{}
	for i := range 100 {
		content[fmt.Sprintf("m%d.py", i)] = "def f(x):\n    return [x for x in range(x)]\n"
	}
	write(b, dir, content)
	opts := install.CompileOptions{Python: python3(b)}
	for b.Loop() {
		if err := os.RemoveAll(filepath.Join(dir, "__pycache__")); err != nil {
			b.Fatal(err)
		}
		if _, err := install.Compile(b.Context(), install.SourceFiles(dir), opts); err != nil {
			b.Fatal(err)
		}
	}
}
