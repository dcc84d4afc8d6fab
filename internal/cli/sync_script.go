package cli

import (
	"context"

	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
)

// installScript makes the environment of a script without a lock hold what the
// script asks for.
func (s *syncing) installScript(ctx context.Context) error {
	a := s.app
	in, err := s.scriptInputs()
	if err != nil {
		return err
	}
	site, err := a.site(s.env.Environment)
	if err != nil {
		return err
	}
	if _, err := s.connected(ctx, s.env.Interpreter); err != nil {
		return err
	}
	req, err := a.installRequest(s.settings, s.engine, in, s.env.Environment, site)
	if err != nil {
		return err
	}
	req.Exact, req.Install.DryRun = s.exact, s.dryRun
	result, err := pip.Install(ctx, req)
	if err != nil {
		return err
	}
	s.report.changes(result.Changes)
	switch {
	case result.IsEmpty():
		a.status("Checked", countPackages(result.Checked), result.CheckTime)
		if s.dryRun {
			a.print.Line("Would make no changes")
		}
	case s.dryRun:
		a.showDryRun(result.Changes)
	default:
		a.showChanges(result.Changes)
	}
	if s.check && !result.IsEmpty() {
		return project.ErrOutdatedEnvironment
	}
	return nil
}

// scriptInputs is what a script without a lock asks for.
func (s *syncing) scriptInputs() (*pip.Inputs, error) {
	in := &pip.Inputs{}
	if err := in.AddScript(s.app.reader(s.settings), s.script, s.target.Dir()); err != nil {
		return nil, err
	}
	own, err := s.app.fileOptions(s.script.File)
	if err != nil {
		return nil, err
	}
	return in, in.AddSettings(settingsInputs(own, &s.settings.Pip))
}
