package cli

import (
	"context"

	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/pep440"
)

// choosePython settles which Python to resolve for and which one to use for
// that. A plain version asked for with --python counts as --python-version: any
// interpreter can resolve for it.
func (s *compileSettings) choosePython(o *compileOptions) {
	s.version = first(o.platform.pythonVersion, text(s.Pip.PythonVersion))
	s.python = text(s.Pip.Python)
	if o.python != nil {
		s.python = *o.python
	}
	if s.python == "" && s.version == "" {
		s.python = s.app.env["UV_PYTHON"]
	}
	if s.python == "" || s.version != "" {
		return
	}
	if _, err := python.ParseTargetVersion(s.python); err == nil {
		s.version, s.python = s.python, ""
	}
}

// compileTarget finds the interpreter: the one asked for, else whichever comes
// closest to the version asked for. It needs no virtual environment.
func (a *app) compileTarget(ctx context.Context, s *compileSettings, in *pip.Inputs) (*python.Interpreter, python.Target, error) {
	i, err := a.anyInterpreter(ctx, s.system, s.python, s.version)
	if err != nil {
		return nil, python.Target{}, err
	}
	target, err := i.Target(s.version, first(s.platform.pythonPlatform, text(s.Pip.PythonPlatform)), a.environment.Get)
	if err == nil && s.version != "" && s.python == "" && len(in.Options.OnlyBinary) == 0 {
		a.warnOtherPython(s.version, target, i)
	}
	return i, target, err
}

// anyInterpreter is the interpreter that is asked for, or else the one that is
// closest to a version.
func (a *app) anyInterpreter(ctx context.Context, system bool, asked, version string) (*python.Interpreter, error) {
	f, err := a.finder()
	if err != nil {
		return nil, err
	}
	if system {
		f.Preference = f.Preference.WithSystemFlag()
	}
	where := python.EnvironmentsFor(system, false)
	var found *python.Installation
	if asked != "" {
		found, err = f.FindOrDownload(ctx, python.ParseRequest(asked, a.dir), where)
	} else {
		request := python.Request{}
		if version != "" {
			request = python.ParseRequest(version, a.dir)
		}
		found, err = f.FindBest(ctx, request, where)
	}
	if err != nil {
		return nil, err
	}
	return found.Interpreter, nil
}

// universal makes a compilation one for all platforms, and for all Pythons from
// the one asked for on, or from the one at hand.
func (s *compileSettings) universal(req *pip.CompileRequest) error {
	req.Universal, req.Python = true, req.Interpreter.Version.OnlyRelease().Truncate(2)
	if s.version != "" {
		v, err := pep440.Parse(s.version)
		if err != nil {
			return err
		}
		req.Python = v
	}
	req.Options.Environments = s.app.config.Environments
	req.Options.RequiredEnvironments = s.app.config.RequiredEnvironments
	return nil
}

// warnOtherPython says that builds will use another Python than the one that
// is resolved for. A missing patch number asks for none in particular.
func (a *app) warnOtherPython(asked string, target python.Target, i *python.Interpreter) {
	v := target.Version
	minor := v.Segment(0) == i.Version.Segment(0) && v.Segment(1) == i.Version.Segment(1)
	if v.Equal(i.Version) || minor && !python.NamesPatch(asked) {
		return
	}
	a.print.Warn("The requested Python version %s is not available; %s will be used to build dependencies instead.", asked, i.Version)
}
