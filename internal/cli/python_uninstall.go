package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/python"
)

func pythonUninstallCommand() command {
	return command{
		path: "python uninstall", args: "<REQUEST>...", short: "Remove Pythons that were installed",
		prepare: func(f *flags) work {
			var dir string
			var all bool
			f.Text(&dir, "install-dir,i", "DIR", "Where they are installed").FromEnv("UV_PYTHON_INSTALL_DIR")
			f.Bool(&all, "all", "Remove all managed Pythons")
			return func(ctx context.Context, a *app, args []string) error {
				switch {
				case all && len(args) > 0:
					return usageError("`--all` cannot be used together with requests")
				case !all && len(args) == 0:
					return usageError("a request is expected, or `--all`")
				}
				return a.pythonUninstall(ctx, dir, all, args)
			}
		},
	}
}

func pythonUpdateShellCommand() command {
	return command{
		path: "python update-shell", personal: true, aliases: []string{"ensurepath"}, short: "Put the folder of Python executables on the PATH",
		prepare: func(*flags) work {
			return func(_ context.Context, a *app, _ []string) error {
				bin, ok := managed.BinDir(a.lookup, a.dir)
				if !ok {
					return errors.New("there is no home directory to link executables into; set `UV_PYTHON_BIN_DIR`")
				}
				return a.updateShell(bin)
			}
		},
	}
}

func (a *app) pythonUninstall(ctx context.Context, dir string, all bool, args []string) error {
	start := time.Now()
	store := a.pythonStore(dir)
	lock, err := a.lockPythons(ctx, store)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	installed, err := store.Installed()
	if err != nil {
		return err
	}
	doomed, err := a.doomedPythons(installed, all, args)
	if err != nil || len(doomed) == 0 {
		return err
	}
	changes := newPythonChanges()
	if err := a.removePythonLinks(doomed, &changes); err != nil {
		return err
	}
	failures := removePythons(store, doomed, &changes)
	if err := relinkMinors(installed, &changes); err != nil {
		return err
	}
	if len(changes.uninstalled) > 0 {
		changes.print(a, "Uninstalled", time.Since(start))
	}
	for _, f := range failures {
		a.print.Error(fmt.Errorf("failed to uninstall %s: %w", f.key, f.err))
	}
	if len(failures) > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

// doomedPythons are the installations that the requests ask for, the worst
// first.
func (a *app) doomedPythons(installed []managed.Installation, all bool, args []string) ([]managed.Installation, error) {
	requests := []python.Request{{}}
	if !all {
		requests = requests[:0]
		slices.Sort(args)
		for _, arg := range slices.Compact(args) {
			requests = append(requests, python.ParseRequest(arg, a.dir))
		}
	}
	everything := len(requests) == 1 && requests[0].Kind == python.KindDefault
	wishes := make([]python.Wish, len(requests))
	for n, r := range requests {
		var ok bool
		if wishes[n], ok = r.Installed(); !ok {
			return nil, fmt.Errorf("%s is no request for a managed Python", r)
		}
		wishes[n].Prereleases = true
	}
	var doomed []managed.Installation
	for n, r := range requests {
		if everything {
			a.print.Line("Searching for Python installations")
		} else {
			a.print.Line("Searching for Python versions matching: %s", a.print.Color.Cyan(r.String()))
		}
		found := false
		for _, i := range installed {
			if !wishes[n].Admits(i.Key) {
				continue
			}
			found = true
			if !slices.Contains(doomed, i) {
				doomed = append(doomed, i)
			}
		}
		if !found && !everything {
			a.print.Line("No existing installations found for: %s", a.print.Color.Cyan(r.String()))
		}
	}
	if len(doomed) > 0 {
		return doomed, nil
	}
	if everything {
		a.print.Line("No Python installations found")
	} else {
		a.print.Line("No Python installations found matching the requests")
	}
	return nil, nil
}

// removePythonLinks removes the links to executables that are about to go.
func (a *app) removePythonLinks(doomed []managed.Installation, changes *pythonChanges) error {
	bin, ok := managed.BinDir(a.lookup, a.dir)
	if !ok {
		return nil
	}
	for _, i := range doomed {
		for _, name := range i.Key.ExecutableNames(true) {
			path := filepath.Join(bin, name)
			if !i.LinkedBy(path) {
				continue
			}
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			changes.link(i.Key, path)
		}
	}
	return nil
}

// removePythons removes installations. They are moved aside first, so that
// nobody finds half of one.
func removePythons(store managed.Store, doomed []managed.Installation, changes *pythonChanges) (failures []pythonFailure) {
	for _, i := range doomed {
		if err := store.Remove(i); err != nil {
			failures = append(failures, pythonFailure{i.Key, err})
			continue
		}
		changes.uninstalled[i.Key] = true
	}
	return failures
}

// relinkMinors makes the links of minor versions lead to the newest that is
// left, or removes them.
func relinkMinors(installed []managed.Installation, changes *pythonChanges) error {
	var left []managed.Installation
	for _, i := range installed {
		if !changes.uninstalled[i.Key] {
			left = append(left, i)
		}
	}
	newest := managed.Newest(left)
	for _, i := range installed {
		if !changes.uninstalled[i.Key] {
			continue
		}
		link, ok := i.MinorLink()
		if !ok {
			continue
		}
		if next, ok := newest[i.Key.MinorName()]; ok {
			link, _ = next.MinorLink()
			if err := link.Point(); err != nil {
				return err
			}
		} else if err := link.Remove(); err != nil {
			return err
		}
	}
	return nil
}
