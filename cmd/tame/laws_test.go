package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/pypitest"
)

// What holds of every project, whatever it needs:
//
//   - to lock twice changes nothing, and a lock that was just made is right;
//   - a cache that is empty or full makes no difference to the lock;
//   - a requirement that is taken out is missed, and put back it leaves the lock
//     that was;
//   - an environment that was brought up to date is up to date, and not without
//     one of its distributions.
//
// The universes are made at random, from a seed that a failure names.
func TestLaws(t *testing.T) {
	t.Parallel()
	python := mainPython(t)
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			u := newUniverse(random)
			server := pypitest.New(t, pypitest.Releases(u.releases...))
			v := newVictim(t, python, server.URL())
			t.Cleanup(func() {
				if t.Failed() {
					t.Log(u)
				}
			})
			v.holdLaws(u, random)
		})
	}
}

// A universe is an index, and what a project wants of it.
type universe struct {
	releases []pypitest.Release
	wants    []string
}

// newUniverse makes projects that can be resolved together: each needs only
// those after it, and of those no more than the oldest version offers.
func newUniverse(r *rand.Rand) *universe {
	const projects = 8
	u := &universe{}
	name := func(i int) string { return fmt.Sprintf("pkg%d", i) }
	for i := range projects {
		for version := 1; version <= 1+r.IntN(3); version++ {
			release := pypitest.Release{Name: name(i), Version: fmt.Sprintf("%d.0", version)}
			if r.IntN(4) == 0 {
				release.Extras = map[string][]string{}
				if i+1 < projects {
					release.Extras["more"] = []string{name(i + 1)}
				}
			}
			for j := i + 1; j < projects; j++ {
				if r.IntN(4) == 0 {
					release.Requires = append(release.Requires, name(j)+bound(r)+when(r))
				}
			}
			u.releases = append(u.releases, release)
		}
	}
	for i := range projects {
		if r.IntN(2) == 0 {
			u.wants = append(u.wants, name(i)+bound(r)+when(r))
		}
	}
	if len(u.wants) == 0 {
		u.wants = []string{name(0)}
	}
	return u
}

func bound(r *rand.Rand) string { return []string{"", "", ">=1", "<3", ">=1,<4"}[r.IntN(5)] }

func when(r *rand.Rand) string {
	return []string{
		"", "", "", "; sys_platform == 'win32'", "; sys_platform != 'win32'", "; python_version < '3.13'", "; platform_machine == 'arm64' and sys_platform == 'darwin'",
	}[r.IntN(7)]
}

func (u *universe) String() string {
	var b strings.Builder
	for _, r := range u.releases {
		fmt.Fprintf(&b, "%s %s %q %q\n", r.Name, r.Version, r.Requires, r.Extras)
	}
	fmt.Fprintf(&b, "wanted: %q\n", u.wants)
	return b.String()
}

func (v *victim) holdLaws(u *universe, r *rand.Rand) {
	t := v.t
	v.writeProject(u.wants)
	v.run("lock")
	first := v.lockText()

	v.run("lock", "--check")
	v.run("lock")
	v.sameLock(first, "locked twice")
	v.run("lock", "--upgrade")
	v.sameLock(first, "upgraded at once")
	v.env = append(v.env, "UV_CACHE_DIR="+filepath.Join(v.dir, "another"))
	if err := os.Remove(filepath.Join(v.dir, "uv.lock")); err != nil {
		t.Fatal(err)
	}
	v.run("lock")
	v.sameLock(first, "locked with an empty cache")

	if len(u.wants) > 1 {
		out := r.IntN(len(u.wants))
		v.writeProject(slices.Delete(slices.Clone(u.wants), out, out+1))
		v.fail("lock", "--check")
		v.run("lock")
		if bytes.Equal(first, v.lockText()) {
			t.Fatalf("without %s, the lock is the same", u.wants[out])
		}
		v.writeProject(u.wants)
		v.run("lock")
		v.sameLock(first, "without "+u.wants[out]+" and with it again")
	}

	v.run("sync")
	v.run("sync", "--check")
	v.run("sync", "--locked", "--check")
	v.run("pip", "check")

	if there, _ := filepath.Glob(filepath.Join(v.dir, ".venv", v.py.site(), "pkg*.dist-info")); len(there) > 0 {
		name, _, _ := strings.Cut(filepath.Base(there[r.IntN(len(there))]), "-")
		v.run("pip", "uninstall", name)
		v.fail("sync", "--check")
	}
}

// fail runs a command that has to say that something is not up to date.
func (v *victim) fail(args ...string) {
	v.t.Helper()
	c := v.command(args...)
	if out, err := c.CombinedOutput(); c.ProcessState.ExitCode() != 1 {
		v.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func (v *victim) writeProject(wants []string) {
	var b strings.Builder
	b.WriteString("[project]\nname = \"laws\"\nversion = \"1.0\"\nrequires-python = \">=3.8\"\ndependencies = [\n")
	for _, w := range wants {
		fmt.Fprintf(&b, "    %q,\n", w)
	}
	b.WriteString("]\n")
	if err := os.WriteFile(filepath.Join(v.dir, "pyproject.toml"), []byte(b.String()), 0o666); err != nil {
		v.t.Fatal(err)
	}
}

func (v *victim) lockText() []byte {
	v.t.Helper()
	text, err := os.ReadFile(filepath.Join(v.dir, "uv.lock"))
	if err != nil {
		v.t.Fatal(err)
	}
	return text
}

func (v *victim) sameLock(want []byte, moment string) {
	v.t.Helper()
	if got := v.lockText(); !bytes.Equal(want, got) {
		v.t.Fatalf("%s, the lock is another:\n%s\nit was:\n%s", moment, got, want)
	}
}
