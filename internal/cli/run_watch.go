package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/watch"
)

// watchFlags are those of `run --watch`, which uv does not have.
type watchFlags struct {
	on    bool
	paths []string
}

// watchVariable tells a run that another one watches over it: its value is the
// file in which it notes that all is prepared. What it runs does not see it.
const watchVariable = "TAME_WATCHED"

func (w *watchFlags) register(f *flags) {
	f.Under("Watch options")
	f.Bool(&w.on, "watch", "Run again whenever files of the project change: what runs is ended and the environment brought up to date. Files that git ignores do not count")
	f.List(&w.paths, "watch-path", "PATH", "Watch this file or directory instead of the project; may be given several times")
}

func (w *watchFlags) wanted() bool { return w.on || len(w.paths) > 0 }

// check refuses what cannot be run twice.
func (w *watchFlags) check(o *runFlags, args []string) error {
	switch {
	case !w.wanted():
	case o.list:
		return usageError("`--watch` cannot be used together with `--list`")
	case len(args) == 0:
		return usageError("`--watch` needs a command to run")
	case args[0] == "-":
		return usageError("`--watch` cannot run a program from standard input, which can be read once only")
	}
	return nil
}

// takeWatched reports whether another run watches over this one.
func (a *app) takeWatched() bool {
	a.watchedBy, a.watched = a.env[watchVariable]
	delete(a.env, watchVariable)
	return a.watched
}

// notePrepared tells the run that watches over this one that the command begins:
// what changed before is not a reason to run it again.
func (a *app) notePrepared() {
	if a.watched {
		_ = os.WriteFile(a.watchedBy, []byte("prepared\n"), 0o600) // without it there is one run too many
	}
}

// grace is how long what runs may take to end when it is asked to.
const grace = 5 * time.Second

// A watching runs a command again and again. Each run is a process of this
// program, which brings the environment up to date and gives way to the command. It
// leads a group of processes, for which see watchedInput.
type watching struct {
	app     *app
	signals <-chan os.Signal
	changes chan []string
	failed  chan error

	run    *watchedRun
	marker string // see watchVariable
	// again counts, of a file, the runs in a row during which it changed at once.
	again map[string]int
}

// A watchedRun is one run.
type watchedRun struct {
	group *processGroup
	begun time.Time
	ended chan struct{}
	state *os.ProcessState
	over  bool // that it has ended was said
}

// runWatched runs the command, and again when files change, until it is
// interrupted.
func (a *app) runWatched(ctx context.Context, o *runFlags, args []string) error {
	paths, err := a.watchedPaths(ctx, o, args)
	if err != nil {
		return err
	}
	watcher, err := watch.New(watch.Options{Paths: paths, Debug: a.print.Debug})
	if err != nil {
		return withHint(err, "name what to watch: `--watch-path src`")
	}
	defer watcher.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &watching{app: a, signals: catchEnd(), changes: make(chan []string), failed: make(chan error, 1)}
	marker, err := os.CreateTemp("", "tame-watched-*")
	if err != nil {
		return err
	}
	w.marker = marker.Name()
	defer os.Remove(w.marker)
	if err := marker.Close(); err != nil {
		return err
	}
	go w.wait(ctx, watcher)
	a.print.StopProgress()
	a.print.Line("Watching %s", a.shownList(paths))
	for {
		if err := w.start(); err != nil {
			return err
		}
		if again, err := w.oversee(); !again {
			return err
		}
	}
}

// wait hands on what changes.
func (w *watching) wait(ctx context.Context, watcher *watch.Watcher) {
	for {
		changed, err := watcher.Wait(ctx)
		if err != nil {
			w.failed <- err
			return
		}
		select {
		case w.changes <- changed:
		case <-ctx.Done():
			return
		}
	}
}

// watchedPaths are those that were named, or the project with the script to run.
// A project that cannot be read is watched all the same: it may change.
func (a *app) watchedPaths(ctx context.Context, o *runFlags, args []string) ([]string, error) {
	var out []string
	for _, name := range o.watch.paths {
		path := a.path(name)
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("invalid value for `--watch-path`: %w", err)
		}
		out = append(out, path)
	}
	dir, script := a.projectDir(), ""
	if path := a.path(args[0]); !o.module && (o.script || o.guiScript || strings.HasSuffix(args[0], ".py")) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			script = path
			if first(a.global.project, a.env["UV_PROJECT"]) == "" {
				dir = filepath.Dir(path)
			}
		}
	}
	none, err := a.flagOrEnv(o.noProject, "UV_NO_PROJECT")
	if err != nil {
		return nil, err
	}
	root, inProject := dir, false
	if !isTrue(none) {
		if w, _, err := a.discover(ctx, discovery{dir: dir}); err == nil {
			root, inProject = w.Root, true
		}
	}
	switch {
	case len(out) == 0:
		out = append(out, root)
		if rel, err := filepath.Rel(root, script); script != "" && (err != nil || !filepath.IsLocal(rel)) {
			out = append(out, script)
		}
	case inProject: // what decides about the environment counts in any case
		out = append(out, filepath.Join(root, "pyproject.toml"), filepath.Join(root, "uv.lock"))
	}
	return out, nil
}

// shownList names paths.
func (a *app) shownList(paths []string) string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = "`" + a.shown(path) + "`"
	}
	return strings.Join(names, ", ")
}

// start starts a run.
func (w *watching) start() error {
	a := w.app
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Truncate(w.marker, 0); err != nil {
		return err
	}
	cmd := &exec.Cmd{
		Path: self, Args: append([]string{a.name}, a.args...), Env: append(a.environ(), watchVariable+"="+w.marker),
		Stdin: a.watchedInput(), Stdout: a.stdio.Out, Stderr: a.stdio.Err,
	}
	group, err := startGroup(cmd)
	if err != nil {
		return fmt.Errorf("failed to start a run: %w", err)
	}
	run := &watchedRun{group: group, begun: time.Now(), ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // the state says all
		run.state = cmd.ProcessState
		close(run.ended)
	}()
	w.run = run
	return nil
}

// watchedInput is what a run reads as its standard input: a pipe or file as any
// command does, from where the last run left off. Of a terminal only the processes
// in its foreground may read, and that is this one, which Ctrl-C is to end: a run
// reads nothing then.
func (a *app) watchedInput() io.Reader {
	if _, terminal := ui.IsTerminal(a.stdio.In); terminal {
		return nil
	}
	return a.stdio.In
}

// oversee waits until the command is to run again, which it then can. Else the
// error says how watching ended.
func (w *watching) oversee() (again bool, err error) {
	for {
		ended := w.run.ended
		if w.run.over {
			ended = nil
		}
		select {
		case <-ended:
			w.sayEnd()
		case s := <-w.signals:
			w.end(s)
			return false, exitStatus(signalCode(s))
		case err := <-w.failed:
			w.end(requestEnd)
			return false, err
		case changed := <-w.changes:
			if changed = w.mattering(changed); len(changed) == 0 {
				continue
			}
			w.end(requestEnd)
			w.sayChanges(changed)
			return true, nil
		}
	}
}

func (w *watching) sayEnd() {
	w.run.over = true
	if code := statusOf(w.run.state); code != 0 {
		w.app.print.Line("%s", w.app.print.Color.Red(fmt.Sprintf("Exited with code %d", code)))
		return
	}
	w.app.print.Line("%s", w.app.print.Color.Dim("Finished"))
}

// mattering are those of the changed files that the command may not have seen as
// they are now: they did not change while the environment was made ready for it,
// which writes the lock and, where something is built, other files. What says which
// environment it is to be counts also then.
func (w *watching) mattering(changed []string) []string {
	marker, err := os.Stat(w.marker)
	prepared := err == nil && marker.Size() > 0
	if !prepared && isClosed(w.run.ended) {
		return changed
	}
	return slices.DeleteFunc(changed, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && filepath.Base(path) != "pyproject.toml" &&
			info.ModTime().After(w.run.begun) && (!prepared || !info.ModTime().After(marker.ModTime()))
	})
}

// sayChanges names what changed. A file that changes at the beginning of each run
// is surely written by the command, which would never end.
func (w *watching) sayChanges(changed []string) {
	const few, soon, often = 3, 2 * time.Second, 4
	a := w.app
	names := changed[:min(few, len(changed))]
	more := ""
	if n := len(changed) - few; n > 0 {
		more = " and " + ui.Count(n, "other file")
	}
	a.print.Line("%s", a.print.Color.Cyan("Changed: "+a.shownList(names)+more))
	again := map[string]int{}
	if time.Since(w.run.begun) < soon {
		for _, path := range changed {
			again[path] = w.again[path] + 1
			if again[path] == often {
				a.print.Warn("`%s` changes soon after each start; if the command writes it, let git ignore it, or name what to watch with `--watch-path`", a.shown(path))
			}
		}
	}
	w.again = again
}

// end ends what runs, with all in its group: it is asked to, and killed if it does
// not, or if there is a further signal.
func (w *watching) end(s os.Signal) {
	r := w.run
	if r.over && !r.group.alive() {
		return
	}
	r.group.signal(s)
	late := time.NewTimer(grace)
	defer late.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-late.C:
			w.app.print.Warn("the command did not end within %s, and is killed", grace)
		case <-w.signals:
		case <-look.C:
			if !isClosed(r.ended) || r.group.alive() {
				continue
			}
			return
		}
		r.group.kill()
		<-r.ended
		return
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
