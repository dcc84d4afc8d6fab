package bench

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/ui"
)

// TestMain lets the test's own program be a server: PROGRAM serve MODE, with
// its port in the variable PORT.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		_ = http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // it is killed
			if os.Args[2] == "slow" && r.URL.Path != "/health" {
				time.Sleep(250 * time.Millisecond) // more than a busy machine keeps the other one waiting
			}
		}))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// call runs one of the commands as a program that has them does.
func call(t *testing.T, name string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	streams := ui.Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr}
	print := ui.NewPrinter(streams, ui.Normal, ui.ColorNever, func(string) (string, bool) { return "", false })
	all := Commands()
	c := all[slices.IndexFunc(all, func(c Command) bool { return c.Path == "bench "+name })]
	f := cmdline.New(pflag.NewFlagSet("", pflag.ContinueOnError))
	work := c.Prepare(&f)
	if c.Reshape != nil {
		args = c.Reshape(args)
	}
	err := f.Set.Parse(args)
	if err == nil {
		err = f.Check(func(*pflag.Flag) bool { return false })
	}
	if err == nil {
		err = work(t.Context(), &Host{Print: print, Stdio: streams, Environ: os.Environ(), Version: "1"}, f.Set.Args())
	}
	code = codeOf(err)
	var status cmdline.ExitStatus
	if err != nil && !errors.As(err, &status) {
		print.Error(err)
	}
	return code, stdout.String(), stderr.String()
}

func codeOf(err error) int {
	var status cmdline.ExitStatus
	var coder interface{ ExitCode() int }
	switch {
	case err == nil:
		return cmdline.Done
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &coder):
		return coder.ExitCode()
	}
	return cmdline.Broken
}
