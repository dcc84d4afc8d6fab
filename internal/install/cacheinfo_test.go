package install_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/internal/install"
)

func noEnv(string) (string, bool) { return "", false }

// Each text is what uv writes, and must come out as it went in.
func TestCacheInfoRoundTrip(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"timestamp":{"secs_since_epoch":1795263334,"nanos_since_epoch":327586429},"commit":null,"tags":null,"env":{},"directories":{}}`,
		`{"timestamp":null,"commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","tags":{"v1":"b"},"env":{"A":null,"B":"x<y"},"directories":{"a":null,"src":{"secs_since_epoch":1,"nanos_since_epoch":2},"z":7}}`,
	} {
		c, err := install.ParseCacheInfo([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text, string(c.Marshal())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		again, err := install.ParseCacheInfo(c.Marshal())
		if err != nil || !c.Equal(again) || c.IsEmpty() {
			t.Errorf("%s is not equal to itself", text)
		}
	}
	empty, err := install.ParseCacheInfo([]byte(`{"timestamp":null,"commit":null,"tags":null}`))
	if err != nil || !empty.IsEmpty() {
		t.Errorf("%+v, %v", empty, err)
	}
	if _, err := install.ParseCacheInfo([]byte(`{"timestamp":1}`)); err == nil {
		t.Error("no error")
	}
}

func TestCacheInfoOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	read := func() *install.CacheInfo {
		t.Helper()
		c, err := install.CacheInfoOf(dir, func(name string) (string, bool) { return "value of " + name, name == "SET" })
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	touch := func(name string) {
		t.Helper()
		tick(t)
		write(t, dir, files{name: time.Now().String()})
	}
	if c := read(); c.Timestamp != nil || c.Directories["src"] != nil || len(c.Directories) != 1 {
		t.Errorf("an empty project: %+v", c)
	}
	touch("pyproject.toml")
	first := read()
	touch("other.txt")
	if !first.Equal(read()) {
		t.Error("a file that does not count counts")
	}
	touch("setup.py")
	second := read()
	if first.Equal(second) {
		t.Error("setup.py does not count")
	}
	touch("src/a.py")
	third := read()
	if second.Equal(third) || third.Directories["src"] == nil {
		t.Error("the directory src does not count")
	}
	touch("src/b.py")
	if !third.Equal(read()) {
		t.Error("files in src count")
	}
	write(t, dir, files{"pyproject.toml": `[tool.uv]
cache-keys = [{ file = "data/**/*.txt" }, "exact.toml", { env = "SET" }, { env = "UNSET" }, { git = { commit = true, tags = true } }, { dir = "gone" }]`})
	c := read()
	if c.Timestamp != nil || c.Commit != nil || *c.Env["SET"] != "value of SET" || c.Env["UNSET"] != nil || len(c.Env) != 2 {
		t.Errorf("keys: %+v", c)
	}
	touch("data/deep/er/x.txt")
	d := read()
	touch("data/deep/er/x.md")
	if d.Timestamp == nil || !d.Equal(read()) {
		t.Errorf("a pattern: %+v", d)
	}
	touch("exact.toml")
	if d.Equal(read()) {
		t.Error("a file that is named does not count")
	}
	write(t, dir, files{"pyproject.toml": "[tool.uv]\ncache-keys = [{ unknown = 1 }]"})
	if c := read(); len(c.Directories) != 1 {
		t.Errorf("unknown keys do not mean the default: %+v", c)
	}
}

func TestGitState(t *testing.T) {
	t.Parallel()
	const one, two = "1b6638fdb424e993d8354e75c55a3e524050c857", "a1a42cbd10d83bafd8600ba81f72bbef6c579385"
	dir := t.TempDir()
	project := filepath.Join(dir, "worktree", "sub")
	write(t, dir, files{
		"worktree/.git":                    "gitdir: " + filepath.Join(dir, "common.git", "worktrees", "w") + "\n",
		"worktree/sub/pyproject.toml":      "[tool.uv]\ncache-keys = [{ git = { commit = true, tags = true } }]",
		"common.git/worktrees/w/HEAD":      "ref: refs/heads/main\n",
		"common.git/worktrees/w/commondir": "../..\n",
		"common.git/packed-refs":           "# pack-refs with: peeled\n" + one + " refs/heads/main\n" + two + " refs/tags/v0.1.0\n^" + one + "\n",
		"common.git/refs/heads/.keep":      "",
	})
	check := func(commit string, tags map[string]string) {
		t.Helper()
		c, err := install.CacheInfoOf(project, noEnv)
		if err != nil {
			t.Fatal(err)
		}
		if c.Commit == nil || *c.Commit != commit {
			t.Errorf("commit %v, want %s", c.Commit, commit)
		}
		if diff := cmp.Diff(tags, c.Tags); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
	}
	check(one, map[string]string{"v0.1.0": two})
	write(t, dir, files{"common.git/refs/heads/main": two + "\n", "common.git/refs/tags/a/b": one})
	check(two, map[string]string{"v0.1.0": two, "a/b": one})
	write(t, dir, files{"common.git/worktrees/w/HEAD": one + "\n"})
	check(one, map[string]string{"v0.1.0": two, "a/b": one})
	if err := os.Remove(filepath.Join(dir, "worktree", ".git")); err != nil {
		t.Fatal(err)
	}
	if c, err := install.CacheInfoOf(project, noEnv); err != nil || c.Commit != nil || c.Tags != nil {
		t.Errorf("without a repository: %+v, %v", c, err)
	}
}
