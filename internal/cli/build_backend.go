package cli

import (
	"context"
	"fmt"

	"github.com/tame-py/tame/internal/backend"
)

// The hooks of the build backend (PEP 517, PEP 660) as commands: what a module
// that Python imports as a backend calls. Each prints the name of what it made.

func buildBackendGroup() command {
	return command{path: "build-backend", hidden: true, plain: true, short: "The build backend for pure Python projects, hook by hook"}
}

func buildBackendCommands() []command {
	return []command{
		backendCommand("build-sdist", backend.Sdist),
		backendCommand("build-wheel", backend.Wheel),
		backendCommand("build-editable", backend.Editable),
		requiresCommand("get-requires-for-build-sdist"),
		requiresCommand("get-requires-for-build-wheel"),
		requiresCommand("get-requires-for-build-editable"),
		backendCommand("prepare-metadata-for-build-wheel", backend.Metadata),
		backendCommand("prepare-metadata-for-build-editable", backend.Metadata),
	}
}

// requiresCommand is a hook that nobody calls: there is nothing to require.
func requiresCommand(hook string) command {
	return command{
		path: "build-backend " + hook, hidden: true, short: "The hook " + hook,
		prepare: func(*flags) work {
			return func(context.Context, *app, []string) error {
				return usageError("the build backend has no extra requirements")
			}
		},
	}
}

func backendCommand(hook string, run func(backend.Options) (string, error)) command {
	return command{
		path: "build-backend " + hook, args: "DIRECTORY", hidden: true, short: "The hook " + hook,
		prepare: func(f *flags) work {
			var metadata string
			if hook == "build-wheel" || hook == "build-editable" {
				f.Text(&metadata, "metadata-directory", "DIR", "The metadata directory that was prepared before")
			}
			return func(_ context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usageError("expected one argument, the directory to write to")
				}
				o, err := a.backendOptions(a.dir)
				if err != nil {
					return err
				}
				o.Out = a.path(args[0])
				if metadata != "" {
					o.Metadata = a.path(metadata)
				}
				name, err := run(o)
				if err != nil {
					return err
				}
				a.print.Result([]byte(fmt.Sprintln(name)))
				return nil
			}
		},
	}
}

// backendOptions are those that every build in process has.
func (a *app) backendOptions(dir string) (backend.Options, error) {
	at, err := backend.SourceDate(a.env["SOURCE_DATE_EPOCH"])
	return backend.Options{Dir: dir, Time: at, JSON: a.previews("metadata-json"), Warn: func(text string) { a.print.Warn("%s", text) }}, err
}
