package install_test

import (
	"slices"
	"testing"

	"github.com/tame-py/tame/internal/install"
)

func TestOverlaps(t *testing.T) {
	t.Parallel()
	wheels := []install.Wheel{
		newWheel(t, "gpu-b", "1.0", files{"gpu/__init__.py": "", "gpu/deep/run.py": "two", "gpu/run.py": "bb", "b.py": "b", "one.py": "1"}),
		newWheel(t, "gpu-a", "2.0", files{"gpu/__init__.py": "", "gpu/deep/run.py": "three", "gpu/run.py": "a", "b.py": "a"}),
		newWheel(t, "other", "1.0", files{"one.py": "12"}),
	}
	got, err := install.Overlaps(wheels)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, o := range got {
		line := o.Path
		for _, w := range o.Wheels {
			line += " " + w.String()
		}
		lines = append(lines, line)
	}
	// Files of one size may be the same, and one of each module is enough.
	want := []string{"gpu/run.py gpu-a==2.0 gpu-b==1.0", "one.py gpu-b==1.0 other==1.0"}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}
