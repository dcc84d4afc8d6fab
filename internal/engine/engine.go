// Package engine ties together what the packages below it keep apart: an
// [Engine] holds the client, the cache, the indexes and the fetcher, answers
// what a resolver asks ([Engine.Resolve]) and makes an environment hold what
// was resolved ([Engine.Install]). It is the one value that the commands' work
// is given; nothing below it knows it.
package engine

import (
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/internal/workspace"
)

// An Engine does the work of resolving and installing. Its fields are set once,
// before use; it is then safe for concurrent use.
type Engine struct {
	Cache *cache.Cache
	Web   *web.Client
	Index *index.Client
	// Fetch are the options of the fetcher, but for the hashes.
	Fetch fetch.Options

	// GitLFS wants the files of Git LFS of all repositories.
	GitLFS bool

	// Workspaces finds the workspaces of source trees on this machine. It must
	// not be nil where there are any.
	Workspaces *workspace.Finder

	// Previews are what is still being tried out.
	Previews Previews

	// Changing is called before an environment is changed. It may be nil.
	Changing func()
	// Report is told of each stage that is over. Nil is silent.
	Report func(Event)
	// Building is told when the build of a distribution begins and when it is
	// done. Nil is silent.
	Building func(d *source.Dist, done bool)
	// Progress shows work under way. Nil is silent.
	Progress par.Progress
	// Debug gets a line for each decision, for --verbose. Nil is silent.
	Debug func(format string, args ...any)
	// Warn is told what a user may not expect. Nil is silent.
	Warn func(text string)

	// Environ is the environment for child processes.
	Environ []string
	// Getenv looks up a variable of it.
	Getenv func(string) (string, bool)

	builds    *builds // nil builds nothing
	described *builds // whose settings are known, see DescribeBuilds
}

// Previews are features that are still being tried out and change what
// installing and building do.
type Previews struct {
	// ModuleConflicts warns of files that several packages of one installation
	// have.
	ModuleConflicts bool
	// MetadataJSON puts metadata in JSON into the wheels that the backend of our
	// own makes.
	MetadataJSON bool
}

// fetcher brings distributions that match hashes. Those that rebuild selects
// are built anew.
func (e *Engine) fetcher(hashes source.HashPolicy, rebuild func(*source.Dist) bool) *fetch.Fetcher {
	o := e.Fetch
	o.Cache, o.Web, o.Hashes, o.Progress = e.Cache, e.Web, hashes, e.Progress
	o.Getenv, o.Rebuild = e.Getenv, rebuild
	o.Building = e.Building
	if e.Index != nil {
		o.Metadata = e.Index
	}
	if e.builds != nil {
		o.Builder, o.Run = e.builds, &e.builds.run
	}
	return fetch.New(o)
}

// A Stage is a part of the work that is worth a line.
type Stage uint8

// The stages, in the order in which they come.
const (
	Resolved Stage = iota
	Prepared
	Uninstalled
	Installed
	Compiled
)

// An Event says that a stage is over.
type Event struct {
	Stage Stage
	Count int // distributions; for Compiled, files
	Took  time.Duration
	// Shared: these were built in the environment itself, after others were
	// installed there.
	Shared bool
}

func (e *Engine) report(stage Stage, count int, since time.Time) {
	if e.Report != nil {
		e.Report(Event{Stage: stage, Count: count, Took: time.Since(since)})
	}
}

func (e *Engine) debug(format string, args ...any) {
	if e.Debug != nil {
		e.Debug(format, args...)
	}
}

func (e *Engine) warn(text string) {
	if e.Warn != nil {
		e.Warn(text)
	}
}
