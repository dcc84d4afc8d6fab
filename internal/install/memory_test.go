package install_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// crowd are ten distributions, enough to be remembered.
func crowd() files {
	out := files{}
	for n := range 10 {
		info := fmt.Sprintf("p%d-1.%d.dist-info/", n, n)
		out[info+"METADATA"] = fmt.Sprintf("Metadata-Version: 2.1\nName: p%d\nVersion: 1.%d\nRequires-Python: >=3.%d\nProvides-Extra: x\n"+
			"Requires-Dist: p%d; extra == 'x'\nRequires-Dist: always>=%d\nRequires-Dist: old; python_version < '3'\n"+
			"Requires-Dist: folded\n  >=2; extra == 'x' or python_version >= '3'\n\nA text.\nRequires-Dist: not-this\n", n, n, n, (n+1)%10, n)
		out[info+"WHEEL"] = fmt.Sprintf("Wheel-Version: 1.0\nTag: py3-none-any\nTag: cp3%d-none-any\n", n)
	}
	return out
}

// told is all that the distributions of a site say.
func told(s *install.Site, ask func(*install.Installed)) string {
	env := &marker.Env{PythonVersion: "3.12", PythonFullVersion: "3.12.1"}
	var b strings.Builder
	join := func(list []pep508.Requirement) string {
		var text []string
		for _, r := range list {
			text = append(text, r.String())
		}
		return strings.Join(text, ", ")
	}
	for _, i := range s.All() {
		if ask != nil {
			ask(i)
		}
		none, err1 := i.Requires(env, nil)
		x, err2 := i.Requires(env, []pyname.Extra{"x"})
		python, err3 := i.RequiresPython()
		tags, err4 := i.Tags()
		fmt.Fprintf(&b, "%s | %s | %s | %s | %s | %v %v %v %v", i, join(none), join(x), python, tags, err1 != nil, err2 != nil, err3 != nil, err4 != nil)
		if m, err := i.Metadata(); err == nil {
			fmt.Fprintf(&b, " | %s %s %s %s %s", m.Name, m.Version, m.RequiresPython, m.ProvidesExtra, join(m.RequiresDist))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// What a memory says is what reading says, whatever has happened since.
func TestMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("nothing is remembered there")
	}
	const info, metadata = "p3-1.3.dist-info", "p3-1.3.dist-info/METADATA"
	mutations := map[string]func(site string) error{
		"nothing": func(string) error { return nil },
		"edited, as long and as old as before": func(site string) error {
			path := filepath.Join(site, metadata)
			was, err := os.Stat(path)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), "always>=3", "always>=7", 1)), 0o666); err != nil {
				return err
			}
			return os.Chtimes(path, was.ModTime(), was.ModTime())
		},
		"replaced": func(site string) error {
			if err := os.WriteFile(filepath.Join(site, "new"), []byte("Name: p3\nVersion: 1.3\nRequires-Dist: new\n"), 0o666); err != nil {
				return err
			}
			return os.Rename(filepath.Join(site, "new"), filepath.Join(site, metadata))
		},
		"broken": func(site string) error {
			return os.WriteFile(filepath.Join(site, metadata), []byte("Name: p3\n"), 0o666)
		},
		"removed":     func(site string) error { return os.RemoveAll(filepath.Join(site, info)) },
		"no METADATA": func(site string) error { return os.Remove(filepath.Join(site, metadata)) },
		"no WHEEL":    func(site string) error { return os.Remove(filepath.Join(site, info, "WHEEL")) },
		"another wheel": func(site string) error {
			return os.WriteFile(filepath.Join(site, info, "WHEEL"), []byte("Wheel-Version: 1.0\nTag: cp30-none-win32\n"), 0o666)
		},
		"version": func(site string) error {
			return os.Rename(filepath.Join(site, info), filepath.Join(site, "p3-2.dist-info"))
		},
		"another's place": func(site string) error {
			if err := os.RemoveAll(filepath.Join(site, info)); err != nil {
				return err
			}
			return os.Rename(filepath.Join(site, "p4-1.4.dist-info"), filepath.Join(site, info))
		},
		"one more": func(site string) error {
			dir := filepath.Join(site, "p33-1.dist-info")
			if err := os.Mkdir(dir, 0o777); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "METADATA"), []byte("Name: p33\nVersion: 1\nRequires-Dist: p1\n"), 0o666)
		},
	}
	for name, mutate := range mutations {
		for _, ask := range []func(*install.Installed){nil, func(i *install.Installed) { _, _ = i.Metadata() }, (*install.Installed).Recall} {
			l, store := newLayout(t), t.TempDir()
			begun := time.Now() // before the files are written, however long that takes
			write(t, l.Purelib, crowd())
			remembering := func(ahead time.Duration) *install.Site {
				site := open(t, l)
				site.Remember(store, begun.Add(ahead))
				return site
			}
			young := remembering(0)
			before := told(young, ask)
			young.Keep()
			if list, _ := os.ReadDir(store); len(list) != 0 {
				t.Fatal("files that were just written are remembered")
			}
			for range 2 { // learnt, then remembered
				site := remembering(time.Hour)
				if diff := cmp.Diff(before, told(site, ask)); diff != "" {
					t.Fatalf("(-read +remembered):\n%s", diff)
				}
				site.Keep()
			}
			if list, _ := os.ReadDir(store); len(list) != 1 {
				t.Fatalf("%d files of what is remembered", len(list))
			}
			tick(t)
			if err := mutate(l.Purelib); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(told(open(t, l), ask), told(remembering(time.Hour), ask)); diff != "" {
				t.Errorf("%s: (-read +remembered):\n%s", name, diff)
			}
		}
	}
}

// A memory that is damaged is none.
func TestMemoryDamaged(t *testing.T) {
	t.Parallel()
	l, store := newLayout(t), t.TempDir()
	write(t, l.Purelib, crowd())
	want := ""
	for n := range 40 {
		site := open(t, l)
		site.Remember(store, time.Now().Add(time.Hour))
		got := told(site, nil)
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("damage %d: (-want +got):\n%s", n, cmp.Diff(want, got))
		}
		site.Keep()
		list, err := filepath.Glob(filepath.Join(store, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range list {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if n%2 == 0 {
				data = data[:len(data)*n/40]
			} else {
				data[len(data)*n/40] ^= 1 << (n % 8)
			}
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func BenchmarkRequires(b *testing.B) {
	for name, remember := range map[string]bool{"read": false, "remembered": true} {
		b.Run(name, func(b *testing.B) {
			l, store := newLayout(b), b.TempDir()
			write(b, l.Purelib, crowd())
			for b.Loop() {
				site := open(b, l)
				if remember {
					site.Remember(store, time.Now().Add(time.Hour))
				}
				for _, i := range site.All() {
					if _, err := i.Requires(&marker.Env{PythonVersion: "3.12"}, nil); err != nil {
						b.Fatal(err)
					}
				}
				site.Keep()
			}
		})
	}
}
