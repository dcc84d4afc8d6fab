package project

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// readDir is the content of the files in a directory, by name.
func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(text)
	}
	return out
}

func writeDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Whatever an edit has done when it is killed, the files are the old ones after
// a recovery, or the new ones once it has said that they belong together.
func TestRecoverAtEveryMoment(t *testing.T) {
	t.Parallel()
	old := map[string]string{"pyproject.toml": "1"}
	dir := writeDir(t, old)
	file, lock := filepath.Join(dir, "pyproject.toml"), filepath.Join(dir, "uv.lock")
	j := &Journal{Path: JournalPath(lock)}
	committed := false
	steps := []func() error{
		func() error { return j.Write(file, []byte("2")) },
		func() error { return j.Remember(lock) },
		func() error { return j.Write(lock, []byte("lock 2")) },
		func() error { return j.Write(file, []byte("3")) },
		func() error { return j.Write(lock, []byte("lock 3")) },
		func() error { j.Commit(); committed = true; return nil },
		func() error { return j.Revert() },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		state := readDir(t, dir)
		want := old
		if committed && state["pyproject.toml"] != "1" {
			want = map[string]string{"pyproject.toml": "3", "uv.lock": "lock 3"}
		}
		if r, err := Recover(j.Path); err != nil || r != nil {
			t.Errorf("step %d: an edit that goes on was recovered: %v, %v", i, r, err)
		}
		after := writeDir(t, state)
		if err := os.WriteFile(filepath.Join(after, ".tmp-aside"), []byte("lock 3"), 0o666); err != nil {
			t.Fatal(err)
		}
		_, had := state[".uv.lock.tame"]
		r, err := Recover(JournalPath(filepath.Join(after, "uv.lock")))
		if err != nil || (r != nil) != had {
			t.Fatalf("step %d: %v, %v", i, r, err)
		}
		if i < 4 {
			_ = os.Remove(filepath.Join(after, ".tmp-aside")) // nobody was to write that
		}
		if got := readDir(t, after); !maps.Equal(got, want) && had {
			t.Errorf("step %d: recovered %v, want %v", i, got, want)
		}
	}
}

// A directory that somebody else has made cannot have files elsewhere changed.
func TestRecoverElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inner := filepath.Join(dir, "project")
	secret, link := filepath.Join(dir, "secret"), filepath.Join(inner, "link")
	err := errors.Join(os.Mkdir(inner, 0o777), os.WriteFile(secret, []byte("1"), 0o666), os.Symlink(secret, link))
	if err != nil {
		t.Skip(err)
	}
	for _, path := range []string{"../secret", filepath.ToSlash(secret), "link"} {
		text := journalRecord{Path: path, Old: []byte("evil")}.line()
		text = append(text, journalRecord{Path: path, New: digestOf([]byte("1"))}.line()...)
		journal := JournalPath(filepath.Join(inner, "uv.lock"))
		if err := os.WriteFile(journal, text, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := Recover(journal)
		if err != nil || len(r.Foreign) != 1 {
			t.Errorf("%s: %v, %v", path, r, err)
		}
		if now, err := os.ReadFile(secret); string(now) != "1" {
			t.Errorf("%s: it is %q now, %v", path, now, err)
		}
	}
}

// What somebody else has written since is not lost, and a journal that is torn
// counts as far as it goes.
func TestRecoverOthers(t *testing.T) {
	t.Parallel()
	dir := writeDir(t, map[string]string{"pyproject.toml": "1", "uv.lock": "lock 1"})
	file, lock := filepath.Join(dir, "pyproject.toml"), filepath.Join(dir, "uv.lock")
	j := &Journal{Path: JournalPath(lock)}
	if err := errors.Join(j.Write(file, []byte("2")), j.Write(lock, []byte("lock 2"))); err != nil {
		t.Fatal(err)
	}
	state := readDir(t, dir)
	journal := state[".uv.lock.tame"]
	for _, test := range []struct {
		name, file, lock, journal string
		want                      map[string]string
		foreign                   int
	}{
		{"edited since", "mine", "lock 2", journal, map[string]string{"pyproject.toml": "mine", "uv.lock": "lock 2"}, 1},
		{"locked since", "2", "mine", journal, map[string]string{"pyproject.toml": "2", "uv.lock": "mine"}, 1},
		{"torn", "1", "lock 1", journal[:len(journal)/2], map[string]string{"pyproject.toml": "1", "uv.lock": "lock 1"}, 0},
		{"empty", "mine", "lock 1", "", map[string]string{"pyproject.toml": "mine", "uv.lock": "lock 1"}, 0},
		{"hostile", "mine", "lock 1", "{\"path\": 1}\n[", map[string]string{"pyproject.toml": "mine", "uv.lock": "lock 1"}, 0},
	} {
		after := writeDir(t, map[string]string{"pyproject.toml": test.file, "uv.lock": test.lock, ".uv.lock.tame": test.journal})
		r, err := Recover(JournalPath(filepath.Join(after, "uv.lock")))
		if err != nil || r == nil || len(r.Foreign) != test.foreign {
			t.Errorf("%s: %v, %v", test.name, r, err)
		}
		if got := readDir(t, after); !maps.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
