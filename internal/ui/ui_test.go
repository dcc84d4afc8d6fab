package ui

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func noEnv(string) (string, bool) { return "", false }

func TestLevels(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		quiet, verbose int
		out, err       string
	}{
		{0, 0, "data\ntext\n", "line\nwarning: careful\nerror: wrong\n"},
		{1, 0, "data\n", "error: wrong\n"},
		{2, 0, "", ""},
		{0, 1, "data\ntext\n", "line\nwarning: careful\nDEBUG why\nerror: wrong\n"},
	} {
		var out, errs bytes.Buffer
		p := NewPrinter(Stdio{Out: &out, Err: &errs}, LevelOf(test.quiet, test.verbose), ColorAuto, noEnv)
		p.Data("data\n")
		p.Text("text\n")
		p.Line("line")
		p.Warn("careful")
		p.Debug("why")
		p.Error(errors.New("wrong"))
		if out.String() != test.out || errs.String() != test.err {
			t.Errorf("-q ×%d -v ×%d: out %q, err %q", test.quiet, test.verbose, &out, &errs)
		}
	}
}

type advised struct{ error }

func (a advised) Hints() []string { return []string{"try again"} }
func (a advised) Unwrap() error   { return a.error }

func TestErrorChain(t *testing.T) {
	t.Parallel()
	inner := &fs.PathError{Op: "open", Path: "a.txt", Err: fs.ErrNotExist}
	err := fmt.Errorf("reading requirements: %w", advised{inner})
	got := Palette{}.RenderError("error", "tame", err)
	want := "error: reading requirements\n" +
		"  Caused by: open a.txt: file does not exist\n" +
		"\nhint: try again\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type told struct{}

func (told) Error() string {
	return "Because a needs b and there is no b, a cannot be used.\nThat is all."
}
func (t told) Prose() string { return t.Error() }

func TestSentinelIsToldOnce(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("%w: no Python 1", errors.New("invalid request"))
	if got := (Palette{}).RenderError("error", "tame", err); got != "error: invalid request: no Python 1\n" {
		t.Error(got)
	}
}

func TestJoinedErrors(t *testing.T) {
	t.Parallel()
	inner := errors.Join(advised{&fs.PathError{Op: "write", Path: "a.py", Err: fs.ErrPermission}}, nil)
	err := errors.Join(fmt.Errorf("failed to install a: %w", inner), errors.New("failed to take back b"))
	got := Palette{}.RenderError("error", "tame", err)
	want := "error: failed to install a\n" +
		"  Caused by: write a.py: permission denied\n" +
		"  Besides: failed to take back b\n" +
		"\nhint: try again\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestOutError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ err, want error }{
		{syscall.ENOSPC, syscall.ENOSPC},
		{syscall.EPIPE, nil},
	} {
		p := NewPrinter(Stdio{Out: failing{test.err}, Err: failing{test.err}}, Normal, ColorAuto, noEnv)
		p.Line("a line")
		p.Data("data")
		p.Data("more")
		if err := p.OutError(); !errors.Is(err, test.want) {
			t.Errorf("%v became %v", test.err, err)
		}
	}
}

// A story stands below its headline; the lines keep to the width where there
// is one, but for excerpts, and blank lines stay empty.
func TestErrorProse(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("no solution: %w", told{})
	for columns, want := range map[int]string{
		0:  "error: no solution\n\n  Because a needs b and there is no b, a cannot be used.\n  That is all.\n",
		40: "error: no solution\n\n  Because a needs b and there is no b, a\n  cannot be used.\n  That is all.\n",
		10: "error: no solution\n\n  Because a needs b and there is no b, a cannot be used.\n  That is all.\n",
	} {
		if diff := cmp.Diff(want, Palette{}.renderError("error", "tame", err, columns)); diff != "" {
			t.Errorf("%d columns: %s", columns, diff)
		}
	}
	err = errors.New("it failed with a great number of words that do not fit\n\n  an excerpt of some file, which is left as it is")
	want := "error: it failed with a great number of words\n    that do not fit\n\n      an excerpt of some file, which is left as it is\n"
	if diff := cmp.Diff(want, Palette{}.renderError("error", "tame", err, 44)); diff != "" {
		t.Error(diff)
	}
}

func TestColorChoice(t *testing.T) {
	t.Parallel()
	env := func(name string) func(string) (string, bool) {
		return func(n string) (string, bool) { return "1", n == name }
	}
	for _, test := range []struct {
		choice ColorChoice
		getenv func(string) (string, bool)
		want   bool
	}{
		{ColorAuto, noEnv, false},
		{ColorAlways, env("NO_COLOR"), true},
		{ColorAuto, env("FORCE_COLOR"), true},
		{ColorAuto, env("CLICOLOR_FORCE"), true},
		{ColorNever, env("FORCE_COLOR"), false},
	} {
		if got := test.choice.palette(&bytes.Buffer{}, test.getenv).On(); got != test.want {
			t.Errorf("%s: colour %v, want %v", test.choice, got, test.want)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		420 * time.Microsecond: "0.42ms", 12 * time.Millisecond: "12ms",
		1230 * time.Millisecond: "1.23s", 125 * time.Second: "2m 05s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0B", 1023: "1023B", 1536: "1.5KiB", 21 << 20: "21.0MiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
	table := Columns([]string{"Package", "Version"}, [][]string{{"a", "1.0"}, {"longer-name", "2"}})
	want := "Package     Version\n----------- -------\na           1.0\nlonger-name 2\n"
	if table != want {
		t.Errorf("table:\n%s", table)
	}
	if got := strings.Join([]string{Count(1, "package"), Count(2, "package"), Count(0, "entry")}, ", "); got != "1 package, 2 packages, 0 entries" {
		t.Error(got)
	}
}

func TestNoProgressWithoutATerminal(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	p := NewPrinter(Stdio{Out: &errs, Err: &errs}, Normal, ColorAuto, noEnv)
	progress := p.StartProgress(false)
	bar := progress.Bar("x", 10)
	bar.Add(5)
	bar.Done()
	p.StopProgress()
	if progress != nil || errs.Len() > 0 {
		t.Errorf("printed %q", &errs)
	}
}

func TestProgressLines(t *testing.T) {
	t.Parallel()
	g := &Progress{columns: 80, out: &bytes.Buffer{}}
	known := &Bar{owner: g, label: "numpy", size: 2048}
	known.Add(1024)
	unknown := &Bar{owner: g, label: "resolving"}
	for _, test := range []struct {
		bar  *Bar
		want string
	}{
		{known, "numpy " + strings.Repeat("-", 30) + " 1.0KiB/2.0KiB"},
		{unknown, "| resolving"},
	} {
		if got := g.line(test.bar); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestProgressLeavesNothing(t *testing.T) {
	t.Parallel()
	var screen bytes.Buffer
	g := &Progress{out: &screen, columns: 80}
	bar := g.Bar("work", 0)
	bar.begun = bar.begun.Add(-time.Hour)
	g.above("line\n")
	g.above("next\n")
	bar.Done()
	g.draw("")
	want := "line\n| work\n\x1b[1F\x1b[Jnext\n| work\n\x1b[1F\x1b[J"
	if got := screen.String(); got != want {
		t.Errorf("the screen got %q, want %q", got, want)
	}
}

type advice struct{}

func (advice) Error() string { return "the lock is old" }

func (advice) HintsFor(program string) []string { return []string{"run `" + program + " lock`"} }

// Advice that is a command can be typed as it stands, also if an error wraps it.
func TestAdviceNamesProgram(t *testing.T) {
	t.Parallel()
	got := Palette{}.RenderError("error", "tame", fmt.Errorf("cannot sync: %w", advice{}))
	want := "error: cannot sync\n  Caused by: the lock is old\n\nhint: run `tame lock`\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Advice added to an error stands beside its own and hides nothing of it.
func TestWithHint(t *testing.T) {
	t.Parallel()
	err := WithHint(fmt.Errorf("reading: %w", advice{}), "look at `%s`", "uv.lock")
	err = WithHint(err, "twice")
	want := "error: reading\n  Caused by: the lock is old\n\nhint: look at `uv.lock`\n\nhint: twice\n\nhint: run `tame lock`\n"
	if diff := cmp.Diff(want, Palette{}.RenderError("error", "tame", err)); diff != "" {
		t.Error(diff)
	}
	var inner advice
	if !errors.As(WithHint(advice{}, "more"), &inner) || !errors.Is(WithHint(fs.ErrNotExist, "more"), fs.ErrNotExist) {
		t.Error("an error with advice is not what it was")
	}
}

func TestPrefixer(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var mu sync.Mutex
	one, two := NewPrefixer(&out, "one | ", &mu), NewPrefixer(&out, "two | ", &mu)
	_, _ = one.Write([]byte("a\nb"))
	_, _ = two.Write([]byte("x\n"))
	_, _ = one.Write([]byte("c\n\nd"))
	one.End()
	two.End()
	if diff := cmp.Diff("one | a\ntwo | x\none | bc\none | \none | d\n", out.String()); diff != "" {
		t.Error(diff)
	}
}
