package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptSettings makes LINES the uv.toml of the directory that a script is in, or
// takes it away: settings [LINE...]. internal/config looks for all keys in such
// commands.
func scriptSettings(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: settings [LINE...]")
	}
	file := ts.MkAbs("uv.toml")
	if len(args) > 0 {
		ts.Check(os.WriteFile(file, []byte(strings.Join(args, "\n")+"\n"), 0o666))
		return
	}
	if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
		ts.Check(err)
	}
}
