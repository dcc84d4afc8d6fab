// Command tame takes a Python project from nothing to production: it manages
// environments and packages with the interface of uv.
package main

import (
	"os"

	"github.com/tame-py/tame/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args, os.Environ(), cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
