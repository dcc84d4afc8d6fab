package cli

import (
	"context"
	"fmt"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/pyname"
)

// narrow constrains the tool for this time, in the words of a request.
func (t *toolInstallation) narrow(text string) error {
	request, err := parseToolRequest(text)
	if err != nil {
		return err
	}
	q, err := requirementOf(request.text)
	if err != nil {
		return err
	}
	q.Extras = nil
	t.inputs.Constraints = append(t.inputs.Constraints, pip.Input{Requirement: q})
	t.passing, t.narrowed = 1, true
	return nil
}

// upgrade brings the environment of a tool up to date. If another Python is asked
// for, it is made anew.
func (t *toolInstallation) upgrade(ctx context.Context, asked *string) (did bool, err error) {
	a := t.app
	before, err := toolEnvironment(ctx, t.finder, t.store.Dir(t.name))
	if err != nil {
		return false, fmt.Errorf("`%s` has no working environment; run `%s tool install --force %s` to reinstall: %w", t.name, a.name, t.name, err)
	}
	t.env = before
	interpreter := before.Interpreter
	old := versionOf(before, t.name)
	if asked != nil && *asked != "" {
		other, err := a.toolPython(ctx, t.finder, asked)
		if err != nil {
			return false, err
		}
		if !before.Uses(other) {
			interpreter, t.env = other, nil
			t.python = *asked
		}
	}
	replaced := t.env == nil
	t.quiet()
	changes, err := t.resolveAndInstall(ctx, interpreter)
	if err != nil {
		return false, err
	}
	after := versionOf(t.env, t.name)
	switch {
	case replaced:
		a.print.Line("Upgraded tool environment for `%s` to Python %s", a.print.Color.Bold(string(t.name)), t.env.Interpreter.Version)
	case changes.IsEmpty():
		a.print.Debug("Nothing to upgrade for %s", t.name)
		return false, t.writeDown(t.old.EntryPoints)
	case old == "":
		a.print.Line("Added %s %s", a.print.Color.Bold(string(t.name)), "v"+after)
	case old != after:
		a.print.Line("Updated %s %s -> %s", a.print.Color.Bold(string(t.name)), "v"+old, "v"+after)
	default:
		a.print.Line("Modified `%s` environment", a.print.Color.Bold(string(t.name)))
	}
	a.showChanges(changes)
	// The executables that are linked are those of the names in the receipt.
	for _, e := range t.old.EntryPoints {
		if e.From != "" && e.From != string(t.name) {
			t.addFrom(pyname.Package(e.From))
		}
	}
	return true, t.publish(ctx)
}

func (t *toolInstallation) addFrom(name pyname.Package) {
	for _, known := range t.executablesFrom {
		if known == name {
			return
		}
	}
	t.executablesFrom = append(t.executablesFrom, name)
}

// quiet leaves out the stages, which say little when many tools are upgraded.
func (t *toolInstallation) quiet() {
	t.hush = true
}

// versionOf is the version of a package in an environment, or "".
func versionOf(env *python.Environment, name pyname.Package) string {
	site, err := install.Open(env.Interpreter.InstalledIn()...)
	if err != nil {
		return ""
	}
	if list := site.Get(name); len(list) > 0 {
		return list[0].Version.String()
	}
	return ""
}

// silence drops the reports of stages.
func silence(engine.Event) {}
