package cli

import (
	"context"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/pyname"
)

// outdatedFlags are those of the commands that can look for newer versions.
type outdatedFlags struct {
	outdated *bool
	index    indexFlags
	time     timeFlags
}

// find asks the indexes which of the installed distributions have newer
// versions.
func (o *outdatedFlags) find(ctx context.Context, a *app, p *pipFlags, in *opened, installed []*install.Installed) (map[*install.Installed]pip.Latest, error) {
	base, err := settings.Combine(a.layers(), in.pip, &o.index, &o.time)
	if err != nil {
		return nil, err
	}
	s := &workSettings{Settings: *base, app: a, cert: p.cert}
	e, err := a.newEngine(ctx, s)
	if err != nil {
		return nil, err
	}
	interpreter := in.env.Interpreter
	if err := a.connect(ctx, e, s, nil, interpreter); err != nil {
		return nil, err
	}
	policy := s.policy(nil)
	if policy.Tags, err = interpreter.Tags(); err != nil {
		return nil, err
	}
	req := pip.LatestRequest{
		Client: e.Index, Policy: &policy, Python: target.AtLeast(interpreter.Version),
		Prereleases: func(name pyname.Package) bool {
			mode, ok := a.config.PrereleasePackage[name]
			if !ok {
				mode = text(s.Pip.Prerelease)
			}
			return mode == "allow"
		},
	}
	return req.Outdated(ctx, installed)
}
