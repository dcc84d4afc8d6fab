package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/ui"
)

// pythonDownloadsAtOnce bounds the archives that are unpacked at once; each
// keeps a processor and a connection busy.
const pythonDownloadsAtOnce = 4

// install installs what is missing, completes all that was asked for, and tells.
func (j *pythonInstalling) install(ctx context.Context) error {
	a, start := j.app, time.Now()
	satisfied, missing, err := j.divide(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 && a.pythonDownloads() == downloadsNever {
		a.print.Error(withHint(errors.New("downloads of Python are not allowed (`python-downloads = \"never\"`)"),
			"change to `python-downloads = \"manual\"` to allow explicit installs"))
		return exitStatus(exitFailed)
	}
	installed, failures := j.download(ctx, missing)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	bin := ""
	if j.bin == nil || *j.bin {
		var ok bool
		if bin, ok = managed.BinDir(a.lookup, a.dir); !ok {
			return errors.New("there is no home directory to link executables into; set `UV_PYTHON_BIN_DIR`")
		}
	}
	all := slices.Concat(installed, satisfied)
	for _, i := range all {
		if err := i.Complete(i.Path, ""); err != nil {
			return fmt.Errorf("failed to complete `%s`: %w", i.Key, err)
		}
	}
	links := &pythonLinks{installing: j, dir: bin, all: slices.Concat(all, j.existing)}
	for _, i := range all {
		if bin != "" {
			links.add(i)
		}
	}
	for _, i := range managed.Newest(links.all) {
		if link, ok := i.MinorLink(); ok {
			if err := link.Point(); err != nil {
				return err
			}
		}
	}
	compiled, err := j.compileStdlib(ctx, all)
	if err != nil {
		return err
	}
	err = j.report(start, bin, failures, links.failures)
	if compiled != "" {
		a.print.Line("%s", a.print.Color.Dim(compiled))
	}
	return err
}

// divide tells what is installed already from what is to be downloaded.
func (j *pythonInstalling) divide(ctx context.Context) (satisfied []managed.Installation, missing []managed.Download, err error) {
	want := func(d *managed.Download, r python.Request) error {
		if d == nil {
			return j.app.errNoCatalog(r.String())
		}
		if !slices.ContainsFunc(missing, func(m managed.Download) bool { return m.Key == d.Key }) {
			missing = append(missing, *d)
		}
		return nil
	}
	for _, t := range j.targets {
		have := j.matching(t)
		switch {
		case j.flags.reinstall && !j.flags.upgrade && len(have) > 0:
			for _, i := range have {
				j.changes.existing[i.Key] = true
				again, err := j.target(ctx, python.KeyRequest(i.Key))
				if err != nil {
					j.app.print.Warn("`%s` cannot be installed again: %v", i.Key, err)
					continue
				}
				if err := want(again.download, again.request); err != nil {
					return nil, nil, err
				}
			}
			continue
		case j.flags.reinstall:
			for _, i := range have {
				j.changes.existing[i.Key] = true
			}
		case j.flags.upgrade:
			if i, ok := j.upToDate(t); ok {
				satisfied = append(satisfied, i)
				continue
			}
		case len(have) > 0:
			satisfied = append(satisfied, have[0])
			continue
		}
		if err := want(t.download, t.request); err != nil {
			return nil, nil, err
		}
	}
	return satisfied, missing, nil
}

// matching are the installations that a request asks for, the best first.
func (j *pythonInstalling) matching(t pythonTarget) []managed.Installation {
	var out []managed.Installation
	for _, i := range j.existing {
		if t.wish.Admits(i.Key) {
			out = append(out, i)
		}
	}
	return out
}

// upToDate finds the installation that is the newest there is, with the same
// build.
func (j *pythonInstalling) upToDate(t pythonTarget) (managed.Installation, bool) {
	if t.download == nil {
		return managed.Installation{}, false
	}
	for _, i := range j.existing {
		if i.Key != t.download.Key {
			continue
		}
		build := i.Build()
		if t.download.Build == "" || build != "" && managed.CompareBuilds(build, t.download.Build) == 0 {
			return i, true
		}
		j.changes.existing[i.Key] = true
	}
	return managed.Installation{}, false
}

// pythonFailure is what could not be done for one Python.
type pythonFailure struct {
	key managed.Key
	err error
}

// download installs Pythons, several at once. What fails does not hold up the
// others.
func (j *pythonInstalling) download(ctx context.Context, list []managed.Download) ([]managed.Installation, []pythonFailure) {
	var failures []pythonFailure
	if len(list) == 0 {
		return nil, nil
	}
	installer, err := j.catalog.installer(j.store)
	if err != nil {
		return nil, []pythonFailure{{list[0].Key, err}}
	}
	var mu sync.Mutex
	done := make([]*managed.Installation, len(list))
	_ = par.ForEach(ctx, pythonDownloadsAtOnce, len(list), func(ctx context.Context, n int) error {
		i, err := installer.Install(ctx, list[n], j.flags.reinstall || j.changes.existing[list[n].Key])
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failures = append(failures, pythonFailure{list[n].Key, err})
			return nil
		}
		done[n] = &i
		return nil
	})
	var out []managed.Installation
	for _, i := range done {
		if i != nil {
			j.changes.install(i.Key)
			out = append(out, *i)
		}
	}
	return out, failures
}

// compileStdlib makes bytecode of the standard libraries, and returns what there
// is to say about it.
func (j *pythonInstalling) compileStdlib(ctx context.Context, all []managed.Installation) (string, error) {
	if !j.compile {
		return "", nil
	}
	a, start := j.app, time.Now()
	files, skipped := 0, 0
	for _, i := range all {
		lib, ok := i.Stdlib()
		if !ok {
			skipped++
			continue
		}
		n, err := install.Compile(ctx, install.SourceFiles(lib), install.CompileOptions{Python: i.Executable(), Env: a.environ()})
		if err != nil {
			return "", fmt.Errorf("failed to bytecode-compile the standard library of `%s`: %w", i.Key, err)
		}
		files += n
	}
	note := ""
	if skipped > 0 {
		note = fmt.Sprintf(" (skipped %s)", ui.Count(skipped, "incompatible version"))
	}
	switch {
	case files > 0:
		return fmt.Sprintf("Bytecode compiled %s in %s%s", a.print.Color.Bold(ui.Count(files, "file")), ui.Duration(time.Since(start)), note), nil
	case skipped > 0:
		return fmt.Sprintf("No compatible versions to bytecode compile (skipped %d)", skipped), nil
	}
	return "", nil
}

// report tells what was done and what could not be.
func (j *pythonInstalling) report(start time.Time, bin string, failures, linkFailures []pythonFailure) error {
	a := j.app
	if len(j.changes.installed) == 0 && len(failures)+len(linkFailures) == 0 {
		a.print.Line("%s", j.nothingDone())
		return nil
	}
	if len(j.changes.installed) > 0 {
		j.noteEmulated()
		j.changes.print(a, "Installed", time.Since(start))
		if bin != "" {
			a.warnPath(bin, "Python executables", "python")
		}
	}
	slices.SortFunc(failures, func(x, y pythonFailure) int { return x.key.Compare(y.key) })
	for _, f := range failures {
		a.print.Error(fmt.Errorf("failed to install %s: %w", f.key, f.err))
	}
	fatal := len(failures) > 0
	for _, f := range linkFailures {
		err := fmt.Errorf("failed to install the executable of %s: %w", f.key, f.err)
		if j.bin == nil {
			a.print.Warn("%v", err)
			continue
		}
		fatal = true
		a.print.Error(err)
	}
	if fatal {
		return exitStatus(exitFailed)
	}
	return nil
}

// nothingDone says that everything was there.
func (j *pythonInstalling) nothingDone() string {
	o, name := j.flags, j.app.name
	switch {
	case j.implied && o.upgrades:
		return "All versions already on latest supported patch release"
	case j.implied && o.upgrade:
		return "The default Python installation is already on the latest supported patch release. Use `" + name + " python install <request>` to install another version."
	case j.implied:
		return "Python is already installed. Use `" + name + " python install <request>` to install another version."
	case len(j.targets) == 1 && o.upgrade:
		return j.targets[0].request.String() + " is already on the latest supported patch release"
	case len(j.targets) == 1:
		return j.targets[0].request.String() + " is already installed"
	case o.upgrade:
		return "All requested versions already on latest supported patch release"
	}
	return "All requested versions already installed"
}

// noteEmulated says that a Python for another architecture was chosen, where
// nobody has asked for one.
func (j *pythonInstalling) noteEmulated() {
	for key := range j.changes.installed {
		p := key.Platform
		if p.OS == "emscripten" || archFamily(p.Arch) == archFamily(j.host.Arch) {
			continue
		}
		for _, t := range j.targets {
			if t.request.Arch == "" && t.wish.Admits(key) {
				j.app.print.Line("note: a Python distribution with an emulated architecture (%s) was selected for your platform because support for the native architecture (%s) is not yet mature", p.Arch, j.host.Arch)
				break
			}
		}
	}
}

// archFamily is an architecture without its level.
func archFamily(arch string) string {
	if strings.HasPrefix(arch, "x86_64") {
		return "x86_64"
	}
	return arch
}

// pythonChanges are what a command has done to the managed Pythons.
type pythonChanges struct {
	existing    map[managed.Key]bool // was there and is to be installed again
	installed   map[managed.Key]bool
	uninstalled map[managed.Key]bool
	executables map[managed.Key]map[string]bool // paths of links
}

func newPythonChanges() pythonChanges {
	return pythonChanges{
		map[managed.Key]bool{}, map[managed.Key]bool{}, map[managed.Key]bool{}, map[managed.Key]map[string]bool{},
	}
}

func (c *pythonChanges) install(k managed.Key) {
	c.installed[k] = true
	if c.existing[k] {
		c.uninstalled[k] = true
	}
}

func (c *pythonChanges) link(k managed.Key, path string) {
	if c.executables[k] == nil {
		c.executables[k] = map[string]bool{}
	}
	c.executables[k][path] = true
}

// print tells what was changed, one line each, as the lists of packages are.
func (c *pythonChanges) print(a *app, verb string, took time.Duration) {
	p := a.print.Color
	main := c.installed
	if len(main) == 0 {
		main = c.uninstalled
	}
	what := fmt.Sprintf("%d versions", len(main))
	keys := make([]managed.Key, 0, len(main))
	for k := range main {
		keys = append(keys, k)
		if len(main) == 1 {
			what = "Python " + k.Version()
		}
	}
	for k := range c.uninstalled {
		if !main[k] {
			keys = append(keys, k)
		}
	}
	a.status(verb, what, took)
	slices.SortFunc(keys, managed.Key.Compare)
	for _, k := range keys {
		mark := p.Green("+")
		switch {
		case c.installed[k] && c.uninstalled[k]:
			mark = p.Yellow("~")
		case c.uninstalled[k]:
			mark = p.Red("-")
		}
		a.print.Line(" %s %s%s", mark, p.Bold(k.String()), c.names(k))
	}
}

// names are the executables that were linked or removed, in brackets.
func (c *pythonChanges) names(k managed.Key) string {
	var names []string
	for path := range c.executables[k] {
		names = append(names, filepath.Base(path))
	}
	if len(names) == 0 {
		return ""
	}
	slices.SortFunc(names, func(x, y string) int {
		return strings.Compare(strings.TrimSuffix(x, ".exe"), strings.TrimSuffix(y, ".exe"))
	})
	return " (" + strings.Join(names, ", ") + ")"
}

// exists reports whether there is something at the end of a path.
func exists(path string) bool { _, err := os.Stat(path); return err == nil }
