package index

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
)

func TestTorchIndexes(t *testing.T) {
	t.Parallel()
	driver := func(s string) Card { return Card{Driver: pep440.MustParse(s)} }
	for _, c := range []struct {
		backend, system string
		card            Card
		want            string
	}{
		{"cu128", "linux", Card{}, "cu128"},
		{"auto", "linux", Card{}, "cpu"},
		{"auto", "linux", driver("440.100"), "cu102 cu101 cu100 cu92 cu91 cu90 cu80 cpu"},
		{"auto", "win32", driver("376.51"), "cu80 cpu"},
		{"auto", "linux", driver("100"), "cpu"},
		{"auto", "darwin", driver("580"), "cpu"},
		{"auto", "linux", Card{AMD: "gfx1151"}, "rocm7.2 cpu"},
		{"auto", "linux", Card{AMD: "gfx1101"}, "rocm7.2 rocm7.1 rocm7.0 rocm6.4 rocm6.3 rocm6.2.4 rocm6.1 cpu"},
		{"auto", "win32", Card{AMD: "gfx1151"}, "cpu"},
		{"auto", "linux", Card{Intel: true}, "xpu"},
	} {
		var got []string
		for _, x := range TorchIndexes(c.backend, c.system, c.card) {
			got = append(got, strings.TrimPrefix(x.URL, torchIndexes))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s on %s with %+v: got %s, want %s", c.backend, c.system, c.card, text, c.want)
		}
	}
}

func TestDriverFile(t *testing.T) {
	t.Parallel()
	for file, text := range map[string]string{
		"sys/module/nvidia/version":  "550.144.03\n",
		"proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.144.03  Wed Jun 14 01:39:39 PDT 2017\nGCC version: x\n",
	} {
		root := t.TempDir()
		path := filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if v, ok := driverFile(root); !ok || v.String() != "550.144.3" {
			t.Errorf("%s: got %s, %t", file, v, ok)
		}
	}
	if _, ok := driverFile(t.TempDir()); ok {
		t.Error("a driver where there is none")
	}
}

func TestHasIntelDisplay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class, vendor string
		want          bool
	}{{"0x030000", "0x8086", true}, {"0x020000", "0x8086", false}, {"0x030000", "0x10de", false}} {
		dir := t.TempDir()
		device := filepath.Join(dir, "0000:00:02.0")
		if err := os.Mkdir(device, 0o777); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"class": c.class, "vendor": c.vendor} {
			if err := os.WriteFile(filepath.Join(device, name), []byte(text+"\n"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got := hasIntelDisplay(dir); got != c.want {
			t.Errorf("class %s of vendor %s: got %t", c.class, c.vendor, got)
		}
	}
}
