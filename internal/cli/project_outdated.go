package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pyname"
)

// outdatedProjectFlags are those of `outdated`.
type outdatedProjectFlags struct {
	all    bool
	check  bool
	format string
	script string
	resolutionFlags
}

func outdatedCommand() command {
	return command{
		path: "outdated", late: true, args: "[PACKAGES]...", short: "Show which dependencies have newer versions",
		long: "Compares what is locked for the dependencies of the project, or for those that are named, with the newest versions that the project's own bounds allow, and with the newest of all. " +
			"Nothing is changed: `lock --upgrade` takes what is allowed, `upgrade` raises bounds.",
		prepare: func(f *flags) work {
			var o outdatedProjectFlags
			f.Bool(&o.all, "all", "Look at all locked packages, not only at those that the project names")
			f.Bool(&o.check, "check", "Exit with 1 if there is something newer").Alias("exit-code")
			f.Choice(&o.format, "output-format", "FORMAT", "How to show it", "text", "json")
			f.Text(&o.script, "script", "FILE", "Look at the dependencies of this script")
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.outdated(ctx, &o, args) }
		},
	}
}

// An outdatedPackage is a row of the answer, and its form in JSON.
type outdatedPackage struct {
	Name    pyname.Package `json:"name"`
	Locked  string         `json:"locked"`
	Allowed string         `json:"allowed"` // the newest that the project's own bounds admit
	Latest  string         `json:"latest"`
	Direct  bool           `json:"direct"`
	Lists   []string       `json:"lists,omitempty"` // see project.Wanted
}

func (a *app) outdated(ctx context.Context, o *outdatedProjectFlags, args []string) error {
	names, err := settings.Packages("packages", args)
	if err != nil {
		return err
	}
	r, err := a.readLockAsItIs(ctx, &o.resolutionFlags, o.script)
	if err != nil {
		return err
	}
	wanted := project.WantedFromIndexes(r.lock, o.all || len(names) > 0)
	for _, name := range names {
		if !slices.ContainsFunc(wanted, func(w project.Wanted) bool { return w.Package.Name == name }) {
			return fmt.Errorf("the lock has no package `%s` of an index", name)
		}
	}
	if len(names) > 0 {
		wanted = slices.DeleteFunc(wanted, func(w project.Wanted) bool { return !slices.Contains(names, w.Package.Name) })
	}
	rows, err := r.outdated(ctx, wanted)
	if err != nil {
		return err
	}
	if err := a.showOutdated(o.format, rows); err != nil {
		return err
	}
	if o.check && len(rows) > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

// readLockAsItIs is the lock of a project or script, or what it would be were it
// up to date; no file is written.
func (a *app) readLockAsItIs(ctx context.Context, o *resolutionFlags, script string) (*lockReading, error) {
	p, err := a.openTarget(ctx, o, script, discovery{})
	if err != nil {
		return nil, err
	}
	r := &lockReading{projectWork: p}
	if r.interpreter, err = p.lockInterpreter(ctx); err != nil {
		return nil, err
	}
	mode, flag, err := a.lockMode(&lockStateFlags{}, true)
	if err != nil {
		return nil, err
	}
	request, err := r.lockRequest(mode, flag, r.interpreter)
	if err != nil {
		return nil, err
	}
	r.engine.Report = nil
	result, err := project.Lock(ctx, request)
	if err != nil {
		return nil, err
	}
	r.lock = result.Lock
	return r, nil
}

// outdated asks the indexes about all packages at once, and keeps those of which
// there is something newer.
func (r *lockReading) outdated(ctx context.Context, wanted []project.Wanted) ([]outdatedPackage, error) {
	const lookups = 50
	req, err := r.latestRequest(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]outdatedPackage, len(wanted))
	err = par.ForEach(ctx, lookups, len(wanted), func(ctx context.Context, i int) error {
		w := &wanted[i]
		p := w.Package
		one := *req
		one.Prereleases = func(name pyname.Package) bool { return w.NamesPrerelease() || req.Prereleases(name) }
		allowed, latest, err := one.Allowed(ctx, p.Name, p.IndexURL(r.target.Dir()), w.Admits)
		if err != nil {
			return fmt.Errorf("looking for the latest version of %s: %w", p.Name, err)
		}
		if latest.Version.IsZero() || latest.Version.Compare(p.Version) <= 0 {
			return nil
		}
		if allowed.Version.Compare(p.Version) < 0 {
			allowed = pip.Latest{Version: p.Version}
		}
		rows[i] = outdatedPackage{p.Name, p.Version.String(), allowed.Version.String(), latest.Version.String(), w.Direct, w.Lists}
		return nil
	})
	return slices.DeleteFunc(rows, func(row outdatedPackage) bool { return row.Name == "" }), err
}

func (a *app) showOutdated(format string, rows []outdatedPackage) error {
	if format == "json" {
		return a.printJSON(append([]outdatedPackage{}, rows...))
	}
	if len(rows) == 0 {
		a.print.Line("Everything is up to date")
		return nil
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		where := "(indirect)"
		if row.Direct {
			lists := slices.Clone(row.Lists)
			for i := range lists {
				if lists[i] == "" {
					lists[i] = "project"
				}
			}
			where = strings.Join(lists, ", ")
		}
		cells[i] = []string{string(row.Name), row.Locked, row.Allowed, row.Latest, where}
	}
	a.print.Data("%s", ui.Columns([]string{"Package", "Locked", "Allowed", "Latest", "Wanted by"}, cells))
	return nil
}
