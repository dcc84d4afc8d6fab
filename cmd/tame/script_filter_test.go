package main

import (
	"io"
	"regexp"
	"strings"
	"testing"
)

// A filter takes out of a program's output what differs from run to run and
// machine to machine, so that scripts can compare it with a file:
//
//	[WORK]     the script's directory
//	[PYTHON]   the interpreter of the script
//	[HOST]     an index server
//	[TIME]     behind "in", how long something took
//	3.X        the version of the script's Python in paths
//	[VERSION]  the version of a Python that is named
//
// and rulers as wide as a path become shorter.
// With TAME_TEST_RAW set it changes nothing.
type filter struct {
	paths *strings.Replacer
	rules []rule
}

type rule struct {
	pattern *regexp.Regexp
	with    string
}

func newFilter(getenv func(string) string) *filter {
	if getenv("TAME_TEST_RAW") != "" {
		return nil
	}
	var paths []string
	for _, name := range []string{"PYTHON", "WORK"} {
		if path := getenv(name); path != "" {
			paths = append(paths, path, "["+name+"]")
		}
	}
	return &filter{
		paths: strings.NewReplacer(paths...),
		rules: []rule{
			{regexp.MustCompile(`\bin (\d+m )?(\d+\.)?\d+m?s\b`), "in [TIME]"},
			{regexp.MustCompile(`\b(127\.0\.0\.1|localhost):\d+`), "[HOST]"},
			{regexp.MustCompile(`\bpython3\.\d+/site-packages`), "python3.X/site-packages"},
			{regexp.MustCompile(`-{26,}`), strings.Repeat("-", len("Editable project location"))},
			{regexp.MustCompile(`\b(C?Python) 3\.\d+\.\d+`), "$1 [VERSION]"},
		},
	}
}

func (f *filter) apply(text string) string {
	text = f.paths.Replace(text)
	for _, r := range f.rules {
		text = r.pattern.ReplaceAllString(text, r.with)
	}
	return text
}

// writer filters what is written. Nothing is held back, since the program may
// be replaced by another at any moment; so what is to be filtered must come in
// one piece, as lines do.
func (f *filter) writer(w io.Writer) io.Writer {
	if f == nil {
		return w
	}
	return filterWriter{f, w}
}

type filterWriter struct {
	filter *filter
	to     io.Writer
}

func (w filterWriter) Write(p []byte) (int, error) {
	_, err := io.WriteString(w.to, w.filter.apply(string(p)))
	return len(p), err
}

func TestFilter(t *testing.T) {
	t.Parallel()
	env := map[string]string{"WORK": "/tmp/w", "PYTHON": "/opt/python3.12"}
	f := newFilter(func(name string) string { return env[name] })
	for in, want := range map[string]string{
		"Resolved 3 packages in 12ms\n":               "Resolved 3 packages in [TIME]\n",
		"Checked 1 package in 0.42ms":                 "Checked 1 package in [TIME]",
		"in 1m 02s and in 2s":                         "in [TIME] and in [TIME]",
		"http://127.0.0.1:4242/simple/":               "http://[HOST]/simple/",
		"Using CPython 3.12.1":                        "Using CPython [VERSION]",
		"/tmp/w/.venv/lib/python3.12/site-packages/a": "[WORK]/.venv/lib/python3.X/site-packages/a",
		"at: /opt/python3.12":                         "at: [PYTHON]",
		"foo 3.12.1 in main":                          "foo 3.12.1 in main",
	} {
		if got := f.apply(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
