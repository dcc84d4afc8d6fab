package compare

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/dist"
)

// An outcome is what a contestant made of the project.
type outcome struct {
	errors         []string
	updated, fresh []byte            // the lock, made with the one at hand and without
	rows           map[string]string // of the RECORDs: what is said of a file
}

func (o *outcome) failed() bool { return len(o.errors) > 0 }

// A Result is what was found, and the output as JSON.
type Result struct {
	Tools   [2]*Contestant `json:"tools"`
	Python  string         `json:"python"`
	Equal   bool           `json:"equal"`
	Errors  []string       `json:"errors,omitempty"` // of a tool that failed
	Locks   []LockVerdict  `json:"locks"`
	Files   int            `json:"files"` // installed by both alike
	Differ  []FileVerdict  `json:"files_that_differ,omitempty"`
	Times   []Timing       `json:"times,omitempty"`
	Machine string         `json:"machine"`
}

// A LockVerdict tells what two locks differ in: from that of uv to that of tame.
type LockVerdict struct {
	What  string     `json:"what"`
	Equal bool       `json:"equal"` // byte for byte
	Diff  *lock.Diff `json:"difference,omitempty"`
}

// A FileVerdict is a row of a RECORD that is not the same.
type FileVerdict struct {
	Path string `json:"path"`
	UV   string `json:"uv,omitempty"` // digest and size, or nothing where it is not installed
	Tame string `json:"tame,omitempty"`
}

// A Timing is how long something took, in seconds: the medians, and what one
// needed of the other's time in the same round.
type Timing struct {
	Task   string  `json:"task"`
	Rounds int     `json:"rounds"`
	UV     float64 `json:"uv"`
	Tame   float64 `json:"tame"`
	Ratio  float64 `json:"ratio"`
	Least  float64 `json:"ratio_least"`
	Most   float64 `json:"ratio_most"`

	took   [2][]float64
	ratios []float64
}

func (t *Timing) add(took [2]time.Duration) {
	for i, d := range took {
		t.took[i] = append(t.took[i], d.Seconds())
	}
	t.ratios = append(t.ratios, took[1].Seconds()/max(took[0].Seconds(), 1e-9))
	t.Rounds++
	t.UV, t.Tame, t.Ratio = median(t.took[0]), median(t.took[1]), median(t.ratios)
	t.Least, t.Most = slices.Min(t.ratios), slices.Max(t.ratios)
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// look lets a contestant lock and install, and notes what comes of it. What it
// fails at is part of that.
func (c *comparison) look(ctx context.Context, one *Contestant, o *outcome) error {
	name := filepath.Join(c.dir, lock.FileName)
	step := func(args ...string) (bool, error) {
		_, err := c.call(ctx, one, args...)
		var failed *callError
		if errors.As(err, &failed) {
			o.errors = append(o.errors, one.Name+" "+failed.text)
			return false, nil
		}
		return err == nil, err
	}
	given, err := os.ReadFile(name)
	hasLock := err == nil
	if hasLock {
		if ok, err := step("lock"); !ok {
			return err
		}
		if o.updated, err = os.ReadFile(name); err != nil {
			return err
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	if ok, err := step("lock"); !ok {
		return err
	}
	if o.fresh, err = os.ReadFile(name); err != nil {
		return err
	}
	if hasLock { // what is installed and measured is the project as it is
		if err := os.WriteFile(name, given, 0o666); err != nil {
			return err
		}
	}
	if ok, err := step("sync"); !ok {
		return err
	}
	o.rows, err = readRecords(filepath.Join(c.dir, ".venv"))
	return err
}

// readRecords are the rows of all RECORDs in an environment, but for what each
// tool says of itself.
func readRecords(env string) (map[string]string, error) {
	out := map[string]string{}
	err := filepath.WalkDir(env, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() != "RECORD" || !strings.HasSuffix(filepath.Dir(path), ".dist-info") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rows, err := dist.ParseRecord(text)
		if err != nil {
			return fmt.Errorf("`%s`: %w", path, err)
		}
		for _, r := range rows {
			switch base := r.Path[strings.LastIndexByte(r.Path, '/')+1:]; {
			case base == "INSTALLER" || base == "uv_cache.json" || base == "uv_build.json" || strings.HasPrefix(base, "tame_"):
			default:
				out[r.Path] = strings.TrimSpace(fmt.Sprintf("%s %d", r.Hash, r.Size))
			}
		}
		return nil
	})
	return out, err
}

// judge holds the outcomes against each other.
func (c *comparison) judge(seen *[2]outcome) {
	r := &c.result
	r.Machine = runtime.GOOS + "-" + runtime.GOARCH
	r.Errors = append(slices.Clone(seen[0].errors), seen[1].errors...)
	r.Equal = seen[0].failed() == seen[1].failed()
	for _, one := range []struct {
		what     string
		uv, tame []byte
	}{{"the lock at hand, brought up to date", seen[0].updated, seen[1].updated}, {"a lock from nothing", seen[0].fresh, seen[1].fresh}} {
		if one.uv == nil || one.tame == nil {
			continue
		}
		v := LockVerdict{What: one.what, Equal: string(one.uv) == string(one.tame)}
		if !v.Equal {
			r.Equal = false
			was, err1 := lock.Read("the lock of uv", one.uv)
			is, err2 := lock.Read("the lock of tame", one.tame)
			if err := errors.Join(err1, err2); err != nil {
				r.Errors = append(r.Errors, err.Error())
			} else {
				v.Diff = lock.Compare(was, is)
			}
		}
		r.Locks = append(r.Locks, v)
	}
	if seen[0].failed() || seen[1].failed() {
		return
	}
	names := maps.Clone(seen[0].rows)
	maps.Copy(names, seen[1].rows)
	for _, path := range slices.Sorted(maps.Keys(names)) {
		if uv, tame := seen[0].rows[path], seen[1].rows[path]; uv != tame {
			r.Differ = append(r.Differ, FileVerdict{path, uv, tame})
			r.Equal = false
			continue
		}
		r.Files++
	}
}

// Text is the result for a terminal.
func (r *Result) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s against %s, with Python %s\n\n", r.Tools[1].Version, r.Tools[0].Version, r.Python)
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "failed: %s\n\n", e)
	}
	for _, l := range r.Locks {
		fmt.Fprintf(&b, "%s: %s\n", l.What, l.words())
		if l.Diff != nil {
			b.WriteString(indented(l.Diff.Text(nil)))
		}
	}
	if r.Files+len(r.Differ) > 0 {
		fmt.Fprintf(&b, "installed files: %d alike, %d that differ\n", r.Files, len(r.Differ))
	}
	for _, f := range r.Differ {
		fmt.Fprintf(&b, "    %s: uv %s, tame %s\n", f.Path, orNothing(f.UV), orNothing(f.Tame))
	}
	if len(r.Times) > 0 {
		fmt.Fprintf(&b, "\n%-44s %9s %9s  %s\n", "medians of "+fmt.Sprint(r.Times[0].Rounds)+" rounds, in turn", "uv", "tame", "tame / uv (least to most of a round)")
	}
	for _, t := range r.Times {
		fmt.Fprintf(&b, "%-44s %7.0fms %7.0fms  %.2f (%.2f to %.2f)\n", t.Task, 1000*t.UV, 1000*t.Tame, t.Ratio, t.Least, t.Most)
	}
	if len(r.Times) > 0 {
		b.WriteString("These are times of this machine, of this project, now: other work on it, and the network, are part of them.\n")
	}
	return b.String()
}

// indented moves lines to the right.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

func (l *LockVerdict) words() string {
	switch {
	case l.Equal:
		return "equal byte for byte"
	case l.Diff != nil && l.Diff.IsEmpty():
		return "says the same, in other bytes"
	}
	return "differs (from uv's to tame's)"
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// Markdown is a report to hand on.
func (r *Result) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## tame and uv differ on a project\n\n")
	if r.Equal {
		b.Reset()
		fmt.Fprintf(&b, "## tame and uv do the same on a project\n\n")
	}
	fmt.Fprintf(&b, "| | |\n|---|---|\n| tame | %s |\n| uv | %s |\n| Python | %s |\n| system | %s |\n\n", r.Tools[1].Version, r.Tools[0].Version, r.Python, r.Machine)
	b.WriteString("What was run, in copies of the project: `lock` with the lock at hand, `lock` without, `sync`.\n\n")
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "Failed:\n\n```text\n%s\n```\n\n", e)
	}
	for _, l := range r.Locks {
		fmt.Fprintf(&b, "### %s: %s\n\n", l.What, l.words())
		if l.Diff != nil {
			b.WriteString(l.Diff.Markdown() + "\n")
		}
	}
	fmt.Fprintf(&b, "### Installed files: %d alike, %d that differ\n\n", r.Files, len(r.Differ))
	if len(r.Differ) > 0 {
		b.WriteString("| file | uv | tame |\n|---|---|---|\n")
	}
	for _, f := range r.Differ {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Path, orNothing(f.UV), orNothing(f.Tame))
	}
	if len(r.Times) > 0 {
		b.WriteString("\n### Times\n\n| task | uv | tame | tame / uv |\n|---|--:|--:|--:|\n")
	}
	for _, t := range r.Times {
		fmt.Fprintf(&b, "| %s | %.0f ms | %.0f ms | %.2f (%.2f to %.2f) |\n", t.Task, 1000*t.UV, 1000*t.Tame, t.Ratio, t.Least, t.Most)
	}
	b.WriteString("\nTo run it again: `tame compare`. What else it takes to see this is the project's `pyproject.toml`, and its `uv.lock`; look through them before you share them.\n")
	return b.String()
}
