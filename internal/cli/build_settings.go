package cli

import (
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
)

// buildOptions are the settings in the terms of the engine.
func (a *app) buildOptions(s *workSettings, in *pip.Inputs, i *python.Interpreter) (engine.BuildOptions, error) {
	o, err := s.BuildOptions()
	if err != nil {
		return o, err
	}
	o.Interpreter, o.Lower, o.Policy = i, s.lower, s.policy(in)
	constraints := in
	if constraints == nil {
		constraints = &pip.Inputs{BuildConstraints: s.buildConstraints}
	}
	if len(constraints.BuildConstraints) > 0 {
		if o.Constraints, o.Hashes, err = constraints.Building(&i.Env); err != nil {
			return o, err
		}
	}
	if s.building {
		if o.Hashes.Required = isTrue(s.requireHashes); s.verifyHashes != nil && !*s.verifyHashes {
			o.Hashes.Allowed = nil
		}
	}
	if n := a.vars.ConcurrentBuilds; n != nil {
		o.Concurrent = *n
	} else if n := a.config.ConcurrentBuilds; n != nil {
		o.Concurrent = *n
	}
	if a.print.Debugging() {
		o.Output = &debugLines{print: func(line string) { a.print.Debug("%s", line) }}
	}
	o.Hidden = isTrue(a.vars.HideBuildOutput)
	o.Timeout, err = a.buildTimeout()
	return o, err
}

// buildTimeout is how long a call of a build backend may take; none is no bound.
func (a *app) buildTimeout() (time.Duration, error) {
	return a.layers().Seconds("TAME_BUILD_TIMEOUT", a.config.Tame.BuildTimeout, 0)
}
