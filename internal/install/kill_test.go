package install_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/pyname"
)

// With this variable the test binary is a process that changes an environment
// until it is killed.
const victimVariable = "TAME_TEST_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimVariable); dir != "" {
		victim(dir)
		return
	}
	os.Exit(m.Run())
}

// victim switches between two versions of all wheels for ever.
func victim(dir string) {
	l := layoutAt(filepath.Join(dir, "env"))
	fmt.Println("ready")
	for version := 1; ; version = 3 - version {
		if err := change(l, victimWheels(filepath.Join(dir, fmt.Sprint("v", version)), version)); err != nil {
			fmt.Println("error:", err)
			return
		}
	}
}

func victimWheels(dir string, version int) []install.Wheel {
	var wheels []install.Wheel
	for i := range 4 {
		name := fmt.Sprint("pkg", i)
		wheels = append(wheels, install.Wheel{
			Name: pyname.MustParsePackage(name), Version: mustVersion(fmt.Sprint(version)), Dir: filepath.Join(dir, name),
		})
	}
	return wheels
}

// change makes an environment hold exactly the wheels, as a sync does.
func change(l install.Layout, wheels []install.Wheel) error {
	site, err := install.Open(l.Purelib)
	if err != nil {
		return err
	}
	c := install.Changes{}
	for _, w := range wheels {
		have := site.Get(w.Name)
		if len(have) == 1 && have[0].Version.Equal(w.Version) {
			continue
		}
		c.Remove = append(c.Remove, have...)
		c.Install = append(c.Install, w)
	}
	return install.Apply(context.Background(), l, site, c, install.Options{Workers: 2})
}

// A process that is killed at any moment leaves an environment in which every
// visible distribution is whole, and which the next change makes right.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for version := 1; version <= 2; version++ {
		for i := range 4 {
			name := fmt.Sprint("pkg", i)
			content := files{"INFO/entry_points.txt": "[console_scripts]\n" + name + " = x:y\n", fmt.Sprintf("%s-%d.data/data/share/%s", name, version, name): ""}
			for k := range 30 {
				content[fmt.Sprintf("%s/v%d/m%d.py", name, version, k)] = fmt.Sprint(version)
				content[fmt.Sprintf("shared/%s/m%d.py", name, k)] = fmt.Sprint(version)
			}
			w := newWheel(t, name, fmt.Sprint(version), content)
			target := filepath.Join(dir, fmt.Sprint("v", version), name)
			if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(w.Dir, target); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := layoutAt(filepath.Join(dir, "env"))
	clean := layoutAt(filepath.Join(dir, "clean"))
	wheels := victimWheels(filepath.Join(dir, "v1"), 1)
	if err := change(clean, wheels); err != nil {
		t.Fatal(err)
	}
	want := tree(t, clean.Data)
	for round := range 25 {
		killAfter(t, dir, time.Duration(round*1100)*time.Microsecond)
		wholeOrAbsent(t, l)
		if err := change(l, wheels); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if diff := cmp.Diff(want, tree(t, l.Data)); diff != "" {
			t.Fatalf("round %d (-want +got):\n%s", round, diff)
		}
	}
}

func killAfter(t *testing.T, dir string, delay time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var first [6]byte
	if _, err := io.ReadFull(out, first[:]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(delay)
	_ = cmd.Process.Kill()
	rest, _ := io.ReadAll(out)
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || len(rest) > 0 {
		t.Fatalf("the victim ended by itself: %v, %s", err, rest)
	}
}

// wholeOrAbsent checks that each visible distribution has all its files.
func wholeOrAbsent(t *testing.T, l install.Layout) {
	t.Helper()
	for _, d := range open(t, l).All() {
		entries, err := d.Record()
		if err != nil {
			t.Errorf("%s: %v", d, err)
		}
		for _, e := range entries {
			path := filepath.Join(l.Purelib, filepath.FromSlash(e.Path))
			info, err := os.Stat(path)
			if err != nil || e.Size >= 0 && info.Size() != e.Size {
				t.Errorf("%s is visible but not whole: %s: %v", d, e.Path, err)
			}
		}
	}
}

// What was left behind is removed, but not what belongs to others.
func TestRepair(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	apply(t, l, install.Changes{Install: []install.Wheel{newWheel(t, "other", "1", files{"space/other.py": ""})}})
	before := tree(t, l.Purelib)
	write(t, l.Purelib, files{
		".tame-install-half-1/RECORD": "half.py,,\nspace/half.py,,\nspace/other.py,,\nnever/there.py,,\nhalf-1.dist-info/RECORD,,\n",
		".tame-install-half-1/WHEEL":  "",
		".tame-remove-gone-1/RECORD":  "gone/sub/a.py,,\ngone-1.dist-info/RECORD,,\n",
		".tame-install-cut-1/RECORD":  "a,b,c\n",
		".tame-install-early-1/x":     "",
		"half.py":                     "", "space/half.py": "",
	})
	if err := os.MkdirAll(filepath.Join(l.Purelib, "gone", "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	if got := listed(open(t, l)); got != "other 1\n" {
		t.Errorf("visible: %s", got)
	}
	apply(t, l, install.Changes{})
	if diff := cmp.Diff(before, tree(t, l.Purelib)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	entries, err := os.ReadDir(l.Purelib)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".tame") || e.Name() == "gone" {
			t.Errorf("%s is left", e.Name())
		}
	}
}
