package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/audit"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// maxFixRounds bounds how often what was raised is looked at anew: a version that
// has one thing repaired may have another.
const maxFixRounds = 5

// A fixing raises packages of a lock.
type fixing struct {
	*auditing
	done    []audit.Fix // that the lock has
	refused map[pyname.Package]bool
}

// fix raises packages to the least versions that have everything repaired that
// was found, as far as the project's requirements admit them. Everything else
// stays as it is locked. It returns what is left.
func (u *auditing) fix(ctx context.Context, report *audit.Report) (*audit.Report, error) {
	a, before := u.app, u.lock
	switch mode, flag, err := a.lockMode(&u.flags.lockStateFlags, false); {
	case err != nil:
		return nil, err
	case mode != project.WriteLock:
		return nil, usageError("`--fix` changes the lock, which must not change with " + flag)
	}
	if _, err := os.Stat(u.target.LockPath()); err != nil {
		return nil, withHint(fmt.Errorf("there is no lock to fix at `%s`", u.target.LockName()), "`%s lock --script` makes one", a.name)
	}
	x := &fixing{auditing: u, refused: map[pyname.Package]bool{}}
	for range maxFixRounds {
		fixes := x.next(report)
		if len(fixes) == 0 {
			break
		}
		raised, err := x.raise(ctx, fixes)
		if err != nil {
			return nil, err
		}
		if !raised {
			break
		}
		if report, err = u.report(ctx); err != nil {
			return nil, err
		}
	}
	if u.lock == before {
		if len(report.Vulnerabilities) > 0 {
			a.print.Line("Nothing could be fixed")
		}
		return report, nil
	}
	if err := u.target.WriteLock(u.lock, nil); err != nil {
		return nil, err
	}
	a.showLockChanges(&project.LockResult{Previous: before, Lock: u.lock, Changed: true}, false)
	return report, nil
}

// next are the fixes that have not been found to be impossible, one for each
// project: of several locked versions the greatest fix serves all.
func (x *fixing) next(report *audit.Report) []audit.Fix {
	all, _ := report.Fixes()
	var out []audit.Fix
	for _, f := range all {
		switch n := len(out); {
		case x.refused[f.Name]:
		case n > 0 && out[n-1].Name == f.Name:
			if f.Least.Compare(out[n-1].Least) > 0 {
				out[n-1].Least = f.Least
			}
			out[n-1].IDs = append(out[n-1].IDs, f.IDs...)
		default:
			out = append(out, f)
		}
	}
	return out
}

// with are the fixes that the lock has and further ones, which take the place of
// older ones for the same project.
func (x *fixing) with(more ...audit.Fix) []audit.Fix {
	var out []audit.Fix
	for _, f := range x.done {
		if !slices.ContainsFunc(more, func(m audit.Fix) bool { return m.Name == f.Name }) {
			out = append(out, f)
		}
	}
	return append(out, more...)
}

// raise resolves anew with the fixes: with all of them or, if they are not
// possible together, with as many as are one after the other.
func (x *fixing) raise(ctx context.Context, fixes []audit.Fix) (raised bool, err error) {
	try := func(fixes []audit.Fix) (bool, error) {
		made, err := x.relock(ctx, fixes)
		switch {
		case err == nil:
			x.lock, x.done, raised = made, fixes, true
			return true, nil
		case exitCode(err) != exitFailed || ctx.Err() != nil:
			return false, err // it is no question of versions
		}
		x.app.print.Debug("%v", err)
		return false, nil
	}
	if ok, err := try(x.with(fixes...)); ok || err != nil {
		return raised, err
	}
	for _, f := range fixes {
		ok, err := try(x.with(f))
		if err != nil {
			return raised, err
		}
		if !ok {
			x.refused[f.Name] = true
			x.app.print.Warn("`%s` cannot be raised from %s to %s or later (%s): the requirements do not admit it", f.Name, f.Version, f.Least, strings.Join(f.IDs, ", "))
		}
	}
	return raised, nil
}

// relock is the lock as it is but with some packages raised. It is not written.
func (x *fixing) relock(ctx context.Context, fixes []audit.Fix) (*lock.Lock, error) {
	r, err := x.lockRequest(project.DryRun, "", x.interpreter)
	if err != nil {
		return nil, err
	}
	for _, f := range fixes {
		least, err := pep440.ParseSpecifiers(">=" + f.Least.String())
		if err != nil {
			return nil, err
		}
		preferred, err := x.published(ctx, r, f)
		if err != nil {
			return nil, err
		}
		r.Upgrade.Requirements = append(r.Upgrade.Requirements, pep508.Requirement{Name: f.Name, Specifiers: least})
		// Without it, the newest would be taken.
		r.Preferences = append(r.Preferences, resolve.Preference{Name: f.Name, Version: preferred, AnyIndex: true, From: resolve.FromRequirements})
	}
	report := x.engine.Report
	x.engine.Report = func(engine.Event) {}
	defer func() { x.engine.Report = report }()
	start := time.Now()
	result, err := project.Lock(ctx, r)
	if err != nil {
		return nil, err
	}
	x.app.print.Debug("Resolved with %d fixes in %s", len(fixes), time.Since(start))
	return result.Lock, nil
}

// published is the least version that the index has of those that a fix admits:
// what advisories name was not always published.
func (x *fixing) published(ctx context.Context, r *project.LockRequest, f audit.Fix) (pep440.Version, error) {
	first, end := x.lock.Named(f.Name)
	for _, p := range x.lock.Packages[first:end] {
		url := p.IndexURL(x.target.Dir())
		if url == "" {
			continue
		}
		answer, err := x.engine.Index.Versions(ctx, f.Name, url, &r.Policy)
		if err != nil {
			return f.Least, err
		}
		for _, m := range answer.Lists {
			for i := m.LowerBound(f.Least); i < m.Len(); i++ {
				if v := m.Version(i); !v.IsPrerelease() && m.Candidate(i).Dist != nil {
					return v, nil
				}
			}
		}
	}
	return f.Least, nil
}
