package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/pypitest"
)

var (
	universes     = flag.Int("universes", 50, "how many universes uv is asked about, see TestAsOracle")
	firstUniverse = flag.Uint64("universe", 0, "the seed of the first of them")
)

// With TAME_TEST_ORACLE, universes made at random are locked by uv as well: the
// exit code, the lock and each step to it, as --verbose tells them, have to be
// the same. Here projects can need each other in circles, and many a universe
// has no solution, or has to be split.
func TestAsOracle(t *testing.T) {
	t.Parallel()
	uv := os.Getenv(oracleVariable)
	if uv == "" {
		t.Skip(oracleVariable + " names no uv")
	}
	python := mainPython(t)
	for i := range uint64(*universes) {
		seed := *firstUniverse + i
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			u := newWildUniverse(rand.New(rand.NewPCG(seed, 2)))
			server := pypitest.New(t, pypitest.Releases(u.releases...))
			v := newVictim(t, python, server.URL())
			v.env = append(v.env, "NO_COLOR=1")
			v.writeProject(u.wants)
			theirs := v.lockWith(exec.Command(uv))
			ours := v.lockWith(v.command())
			if diff := theirs.differ(ours); diff != "" {
				t.Errorf("%s\n%s", diff, u)
			}
		})
	}
}

// newWildUniverse makes projects that need each other as they like. None needs
// another version of itself: uv then may end with a part of a solution.
func newWildUniverse(r *rand.Rand) *universe {
	u := &universe{}
	projects := 3 + r.IntN(8)
	need := func(of int) string {
		other := r.IntN(projects)
		name := fmt.Sprintf("pkg%d", other)
		if other == of {
			return name + "[more]"
		}
		if r.IntN(8) == 0 {
			name += "[more]"
		}
		return name + wildBound(r) + wildMarker(r)
	}
	for i := range projects {
		for version := range 1 + r.IntN(5) {
			release := pypitest.Release{
				Name: fmt.Sprintf("pkg%d", i), Version: wildVersion(r, version+1),
				RequiresPython: pick(r, "", "", "", ">=3.8", ">=3.10", ">=3.12", "<3.12"),
				NoSdist:        r.IntN(3) == 0,
			}
			switch r.IntN(12) {
			case 0:
				release.Tags = []string{"cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-win_amd64"}
			case 1:
				release.Tags = []string{"cp312-cp312-macosx_11_0_arm64"}
			case 2:
				release.Yanked = new(string)
			}
			for range r.IntN(4) {
				release.Requires = append(release.Requires, need(i))
			}
			if r.IntN(3) == 0 {
				release.Extras = map[string][]string{"more": {need(i)}}
			}
			u.releases = append(u.releases, release)
		}
	}
	for range 1 + r.IntN(4) {
		u.wants = append(u.wants, need(-1))
	}
	return u
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

func wildVersion(r *rand.Rand, major int) string {
	return fmt.Sprint(major) + pick(r, ".0", ".0", ".0", ".0", ".0.post1", ".0rc1", ".0+local")
}

func wildBound(r *rand.Rand) string {
	return pick(r, "", "", "", ">=2", ">=3", "<3", "<4", "==1.0", "==2.*", "!=2.0", ">=1,<4", "~=2.0", ">1", "<=3.0", ">=2rc1")
}

func wildMarker(r *rand.Rand) string {
	return pick(r, "", "", "", "", "",
		" ; sys_platform == 'win32'", " ; sys_platform != 'win32'", " ; sys_platform == 'linux'", " ; sys_platform == 'darwin'",
		" ; python_version < '3.12'", " ; python_version >= '3.12'", " ; python_full_version >= '3.10.2'",
		" ; platform_machine == 'arm64' and sys_platform == 'darwin'", " ; os_name == 'nt' or platform_machine == 'x86_64'",
		" ; implementation_name == 'cpython'")
}

// outcome is what became of a lock, and how.
type outcome struct {
	code  int
	lock  []byte
	steps []string
	said  string
}

// lockWith locks the project from nothing with a program.
func (v *victim) lockWith(c *exec.Cmd) outcome {
	v.t.Helper()
	file := filepath.Join(v.dir, "uv.lock")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		v.t.Fatal(err)
	}
	c.Args = append(c.Args, "lock", "--verbose", "--python", v.py.path, "--cache-dir", v.t.TempDir())
	c.Dir, c.Env = v.dir, v.env
	said, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		v.t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		v.t.Fatal(err)
	}
	return outcome{c.ProcessState.ExitCode(), text, stepsOf(string(said)), string(said)}
}

// stepsOf picks the lines that tell how it was decided, without the ranges of
// versions, which can be written in several ways. That a range of Pythons is
// narrowed is left out: uv says so also where it is as narrow already.
func stepsOf(said string) []string {
	var out []string
	ranges := regexp.MustCompile(` \([^()]*\)$| \(requires-python: .*`)
	for line := range strings.Lines(said) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "DEBUG ")
		for _, step := range []string{"Searching for a compatible", "Selecting:", "Splitting", "Forking", "Solving split"} {
			if strings.HasPrefix(line, step) {
				if step[1] != 'e' || step[2] == 'a' { // a choice ends with the file in parentheses
					line = ranges.ReplaceAllString(line, "")
				}
				out = append(out, line)
			}
		}
	}
	return out
}

func (theirs outcome) differ(ours outcome) string {
	n := 0
	for n < len(theirs.steps) && n < len(ours.steps) && theirs.steps[n] == ours.steps[n] {
		n++
	}
	switch {
	case theirs.code != ours.code:
		return fmt.Sprintf("exit code %d, uv's is %d: %s", ours.code, theirs.code, lastLines(ours.said, 6))
	case !slices.Equal(theirs.steps, ours.steps):
		return fmt.Sprintf("step %d is %q, uv's is %q", n, at(ours.steps, n), at(theirs.steps, n))
	case !bytes.Equal(theirs.lock, ours.lock):
		return fmt.Sprintf("the lock is\n%s\nuv's is\n%s", ours.lock, theirs.lock)
	}
	return ""
}

func at(list []string, n int) string {
	if n < len(list) {
		return list[n]
	}
	return "the end"
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
