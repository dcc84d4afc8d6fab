package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestJoinMatrix(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"--matrix 3.11,3.12 -- pytest -x", "--matrix=3.11,3.12 -- pytest -x"},
		{"--matrix -- pytest", "--matrix -- pytest"},
		{"--matrix pytest", "--matrix pytest"},
		{"--matrix pypy pytest", "--matrix pypy pytest"}, // a command may have that name
		{"--matrix pypy@3.10,cp312 pytest", "--matrix=pypy@3.10,cp312 pytest"},
		{"--with six --matrix 3.12 --jobs 2 pytest", "--with six --matrix=3.12 --jobs 2 pytest"},
		{"--with=six -m --matrix 3.12 pytest", "--with=six -m --matrix=3.12 pytest"},
		{"--with --matrix 3.12 pytest", "--with --matrix 3.12 pytest"},
		{"pytest --matrix 3.12", "pytest --matrix 3.12"},
		{"-- pytest --matrix 3.12", "-- pytest --matrix 3.12"},
		{"- --matrix 3.12", "- --matrix 3.12"},
		{"--matrix", "--matrix"},
	} {
		o := &runFlags{}
		f := newFlags(pflag.NewFlagSet("", pflag.ContinueOnError), func(string) (string, bool) { return "", false }, true)
		o.register(f)
		args := strings.Fields(c.in)
		if got := strings.Join(o.joinMatrix(args), " "); got != c.want {
			t.Errorf("%s became %s, not %s", c.in, got, c.want)
		}
		if !slices.Equal(args, strings.Fields(c.in)) {
			t.Errorf("%s was changed in place", c.in)
		}
	}
}

func TestMatrixValue(t *testing.T) {
	t.Parallel()
	var m matrixFlags
	v := matrixValue{&m}
	if err := v.Set("3.11, 3.12,3.11"); err != nil || !slices.Equal(m.versions, []string{"3.11", "3.12"}) || !m.on {
		t.Errorf("got %q, %v", m.versions, err)
	}
	for _, bad := range []string{"", "3.11,", "/usr/bin/python3", "python", "nosuch!"} {
		if err := (&matrixValue{&matrixFlags{}}).Set(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
