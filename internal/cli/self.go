package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/tame-py/tame/internal/cmdline"
)

// Version is tame's own version; Behaviour is that of the uv whose interface
// and formats it has.
const (
	Version   = "0.1.0"
	Behaviour = "0.12.5"
)

// versionLine names the program and its version. Called as uv it answers as
// the uv whose behaviour it has, since scripts read that.
func (a *app) versionLine() string {
	if a.name == "uv" {
		return "uv " + Behaviour + " (tame " + Version + ")"
	}
	return "tame " + Version + " (uv " + Behaviour + " " + runtime.GOOS + "-" + runtime.GOARCH + ")"
}

func selfGroup() command {
	return command{path: "self", short: "About this program"}
}

func selfVersionCommand() command {
	return command{
		path: "self version", reads: true, plain: true, short: "Show the version of the program",
		prepare: func(f *flags) work {
			var short bool
			var format string
			f.Bool(&short, "short", "Print the version alone")
			f.Choice(&format, "output-format", "FORMAT", "How to print it", "text", "json")
			return func(_ context.Context, a *app, _ []string) error { return a.showVersion(short, format) }
		},
	}
}

// selfUpdateCommand says how the program is updated: no place to download it
// from is built in.
func selfUpdateCommand() command {
	return command{
		path: "self update", args: "[VERSION]", reads: true, plain: true, short: "Say how to update this program",
		prepare: func(f *flags) work {
			var token string
			var dryRun bool
			f.Text(&token, "token", "TOKEN", "For compatibility with uv").FromEnv("UV_GITHUB_TOKEN")
			f.Bool(&dryRun, "dry-run", "Only say what would be done")
			return func(_ context.Context, a *app, _ []string) error {
				if off, err := a.flagOrEnv(a.global.offline, "UV_OFFLINE"); err != nil {
					return err
				} else if isTrue(off) {
					return cmdline.WithCode(errors.New("there is nothing to update from without the network (`--offline`)"), cmdline.Failed)
				}
				return withHint(errors.New("the program does not update itself: it knows of no place to download from"),
					"update it the way it was installed, for example with a package manager, or put the new program in place of `%s`", a.self())
			}
		},
	}
}

// self is the path of the program as far as it is known.
func (a *app) self() string {
	path, err := os.Executable()
	if err != nil {
		return a.name
	}
	return path
}

func (a *app) showVersion(short bool, format string) error {
	version := Version
	if a.name == "uv" {
		version = Behaviour
	}
	switch {
	case format == "json":
		out, err := json.MarshalIndent(struct {
			Package string  `json:"package_name"`
			Version string  `json:"version"`
			Commit  *commit `json:"commit_info"`
		}{a.name, version, buildCommit()}, "", "  ")
		if err != nil {
			return err
		}
		a.print.Text("%s\n", out)
	case short:
		a.print.Text("%s\n", version)
	default:
		a.print.Text("%s\n", a.versionLine())
	}
	return nil
}

// commit is the state of the source that the program was built from.
type commit struct {
	Hash string `json:"commit_hash"`
	Date string `json:"commit_date"`
}

func buildCommit() *commit {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var c commit
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			c.Hash = s.Value
		case "vcs.time":
			c.Date = s.Value
		}
	}
	if c.Hash == "" {
		return nil
	}
	return &c
}
