package cli

import (
	"bytes"
	"strings"
	"testing"
)

// call runs the program in this process and returns what it printed.
func call(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Main(append([]string{"tame"}, args...), nil, Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		want string
	}{
		{"--nosuch", "`tame` has no option `--nosuch`"},
		{"self version --shrt", "did you mean `--short`?"},
		{"self versoin", "did you mean `tame self version`?"},
		{"self version --output-format", "needs a value"},
		{"self version --output-format xml", "possible values are text, json"},
		{"self version --output-format text --output-format json", "only once"},
		{"--color sometimes self version", "possible values are auto, always, never"},
	} {
		code, out, errs := call(t, strings.Fields(test.args)...)
		if code != exitError || out != "" || !strings.Contains(errs, test.want) {
			t.Errorf("tame %s: exit %d, out %q, err %q; want exit 2 and %q", test.args, code, out, errs, test.want)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-V", "--version", "self version"} {
		code, out, errs := call(t, strings.Fields(args)...)
		if code != 0 || !strings.HasPrefix(out, "tame "+Version+" (uv "+Behaviour) || errs != "" {
			t.Errorf("tame %s: exit %d, out %q, err %q", args, code, out, errs)
		}
	}
	if _, out, _ := call(t, "self", "version", "--short"); out != Version+"\n" {
		t.Errorf("--short printed %q", out)
	}
}

func TestHelpOfEveryCommand(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		code, out, errs := call(t, append([]string{"help"}, strings.Fields(c.path)...)...)
		if code != 0 || errs != "" || !strings.Contains(out, c.path) || !strings.Contains(out, c.short) && c.long == "" {
			t.Errorf("tame help %s: exit %d, err %q, out:\n%s", c.path, code, errs, out)
		}
	}
}

func TestChosen(t *testing.T) {
	t.Parallel()
	a := newApp([]string{"tame"}, nil, Stdio{})
	global := a.root().PersistentFlags()
	for _, test := range []struct{ args, path, rest string }{
		{"", "", ""},
		{"pip", "pip", ""},
		{"pip list -e", "pip list", "-e"},
		{"pip ls --exclude pip", "pip list", "--exclude pip"},
		{"-q pip -v list", "pip list", "-q -v"},
		{"--color never pip --cache-dir cache list cache", "pip list", "--color never --cache-dir cache cache"},
		{"--color=never cache clear -- -x", "cache clean", "--color=never -- -x"},
		{"pip nosuch list", "pip", "nosuch list"},
		{"nosuch pip list", "", "nosuch pip list"},
		{"-- pip list", "", "-- pip list"},
		{"--nosuch pip list", "pip list", "--nosuch"},
		{"clean pip", "clean", "pip"},
		{"help pip list", "help", "pip list"},
	} {
		path, rest := chosen(commands(), global, strings.Fields(test.args))
		if path != test.path || strings.Join(rest, " ") != test.rest {
			t.Errorf("%q calls %q with %q, want %q with %q", test.args, path, rest, test.path, test.rest)
		}
	}
}
