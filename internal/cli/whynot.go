package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// whyNotFlags are those of `why-not`.
type whyNotFlags struct {
	script, format string
	resolutionFlags
}

func whyNotCommand() command {
	return command{
		path: "why-not", args: "<REQUIREMENTS>...", short: "Say why something cannot be had, or what it would change",
		long: "Resolves the project as if it had these requirements beside its own, such as `why-not 'django==6'`, and writes nothing. " +
			"If there is no solution, it says why, and the exit code is 1. If there is one, it shows what would change in the lock.",
		prepare: func(f *flags) work {
			var o whyNotFlags
			f.Text(&o.script, "script", "FILE", "Ask about this script")
			f.Choice(&o.format, "output-format", "FORMAT", "How to answer", "text", "json")
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.whyNot(ctx, &o, args) }
		},
	}
}

// An answer is what `why-not` found out.
type answer struct {
	Requirements []string         `json:"requirements"`
	Possible     bool             `json:"possible"`
	Reason       string           `json:"reason,omitempty"`
	Where        string           `json:"where,omitempty"`    // the part of all environments that has no solution
	Packages     []pyname.Package `json:"packages,omitempty"` // that the reason is about
	Hints        []string         `json:"hints,omitempty"`
	Changes      *lock.Diff       `json:"changes,omitempty"`
}

func (a *app) whyNot(ctx context.Context, o *whyNotFlags, args []string) error {
	if len(args) == 0 {
		return usageError("a requirement is expected, such as `'django==6'`")
	}
	var asked []pep508.Requirement
	for _, text := range args {
		r, err := pep508.Parse(text)
		if err != nil {
			return usageError(fmt.Sprintf("invalid requirement %q: %v", text, err))
		}
		asked = append(asked, r)
	}
	p, err := a.openTarget(ctx, &o.resolutionFlags, o.script, discovery{fresh: true})
	if err != nil {
		return err
	}
	result, err := p.suppose(ctx, asked)
	found := answer{Requirements: args, Possible: err == nil}
	var unsolved *resolve.NoSolution
	switch {
	case errors.As(err, &unsolved):
		found.Reason, found.Where, found.Packages, found.Hints = unsolved.Unwrap().Error(), unsolved.Split, unsolved.Packages, unsolved.Hints()
	case err != nil:
		return err
	default:
		old := result.Previous
		if old == nil {
			old = &lock.Lock{}
		}
		if !result.Changed {
			old = result.Lock
		}
		found.Changes = lock.Compare(old, result.Lock)
	}
	return a.showAnswer(o.format, &found)
}

// suppose locks the target as if it had some requirements more, and writes
// nothing.
func (p *projectWork) suppose(ctx context.Context, more []pep508.Requirement) (*project.LockResult, error) {
	i, err := p.lockInterpreter(ctx)
	if err != nil {
		return nil, err
	}
	r, err := p.lockRequest(project.DryRun, "", i)
	if err != nil {
		return nil, err
	}
	r.Requirements = more
	return project.Lock(ctx, r)
}

func (a *app) showAnswer(format string, found *answer) error {
	var err error
	what, c := strings.Join(found.Requirements, " and "), a.print.OutColor
	switch {
	case format == "json":
		err = a.printJSON(found)
	case !found.Possible:
		where := ""
		if found.Where != "" {
			where = " for " + found.Where
		}
		a.print.Data("%s is %s%s:\n  %s\n", c.Bold(what), c.Red("not possible"), where, strings.ReplaceAll(found.Reason, "\n", "\n  "))
		for _, hint := range found.Hints {
			a.print.Data("%s %s\n", c.Cyan("hint:"), hint)
		}
	case found.Changes.IsEmpty():
		a.print.Data("%s is %s, and changes nothing in the lock\n", c.Bold(what), c.Green("possible"))
	default:
		a.print.Data("%s is %s, and changes the lock:\n", c.Bold(what), c.Green("possible"))
		err = a.showDiff("text", found.Changes)
	}
	if err == nil && !found.Possible {
		return exitStatus(exitFailed)
	}
	return err
}
