package cli

import (
	"context"
	"path/filepath"
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/project"
)

// metadataFlags are those of `workspace metadata`.
type metadataFlags struct {
	lockStateFlags
	resolutionFlags
	script string
	dryRun bool
	sync   bool
	active *bool
}

func workspaceMetadataCommand() command {
	return command{
		path: "workspace metadata", short: "Describe the workspace and what it has locked, as JSON",
		prepare: func(f *flags) work {
			var o metadataFlags
			f.Text(&o.script, "script", "FILE", "Describe this script")
			o.lockStateFlags.register(f)
			f.Bool(&o.dryRun, "dry-run", "Write no lock")
			f.Bool(&o.sync, "sync", "Install what is locked first, so that the modules of all of it are listed")
			f.Exclusive("sync", "dry-run")
			f.Pair(&o.active, "active", "no-active", "Look at the active environment rather than that of the project")
			o.resolutionFlags.registerLocking(f)
			return func(ctx context.Context, a *app, args []string) error { return a.workspaceMetadata(ctx, &o) }
		},
	}
}

func (a *app) workspaceMetadata(ctx context.Context, o *metadataFlags) error {
	start := time.Now()
	a.warnPreview("workspace metadata", "workspace-metadata")
	p, err := a.openTarget(ctx, &o.resolutionFlags, o.script, discovery{})
	if err != nil {
		return err
	}
	mode, flag, err := a.lockMode(&o.lockStateFlags, o.dryRun)
	if err != nil {
		return err
	}
	if l, _, err := p.target.ReadLock(); p.target.Script != nil && mode == project.WriteLock && l == nil && err == nil {
		mode = project.DryRun // a script is not locked unless somebody asks
	}
	result, err := p.lock(ctx, mode, flag)
	if err != nil {
		return failedCheck(err)
	}
	if result.Graph == nil && mode != project.Frozen {
		a.showStage(engine.Event{Stage: engine.Resolved, Count: len(result.Lock.Packages), Took: time.Since(start)})
	}
	request, err := p.metadataRequest(ctx, o, result.Lock)
	if err != nil {
		return err
	}
	text, err := result.Lock.MetadataJSON(request)
	if err == nil {
		a.print.Data("%s\n", text)
	}
	return err
}

// metadataRequest says what surrounds the lock.
func (p *projectWork) metadataRequest(ctx context.Context, o *metadataFlags, l *lock.Lock) (lock.MetadataJSON, error) {
	out := lock.MetadataJSON{Root: p.target.Dir()}
	if s := p.target.Script; s != nil {
		out.Script = s.Path
	} else {
		for _, m := range p.target.Workspace.Members {
			out.Members = append(out.Members, lock.MetadataMember{Name: m.Name, Dir: m.Dir})
		}
	}
	active := isTrue(o.active)
	s := &syncing{projectWork: p, active: &active, quiet: true, editable: &selectionFlags{}}
	if p.target.Workspace != nil {
		s.selection = project.Selection{Groups: project.Groups{All: true}, Extras: project.Extras{All: true}}
	}
	if err := s.prepareMetadata(ctx, o.sync); err != nil || s.env == nil {
		return out, err
	}
	out.Environment = &lock.MetadataEnvironment{Root: s.env.Root}
	i := s.env.Interpreter
	out.Environment.Python.Path, out.Environment.Python.Version, out.Environment.Python.Implementation = i.Executable, i.Version.String(), i.Implementation()
	var err error
	out.Modules, err = s.modules(ctx, l, o.sync)
	return out, err
}

// prepareMetadata finds the environment, or makes it if it is to be changed.
func (s *syncing) prepareMetadata(ctx context.Context, change bool) (err error) {
	if change {
		s.env, err = s.environment(ctx, environmentOptions{active: s.active})
		return err
	}
	root, err := s.environmentRoot(s.active)
	if err != nil {
		return err
	}
	if s.app.leadsToCache(root) {
		if real, err := filepath.EvalSymlinks(root); err == nil {
			root = real
		}
	}
	env, err := s.environmentRequest(root, pythonChoice{}, project.Pythons{Open: true}, project.Optional).Find(ctx)
	if env != nil {
		s.env = &projectEnvironment{Environment: env, action: envFound}
	}
	return err
}

// modules are those of what the lock has for the environment, which is installed
// first if it is to be changed.
func (s *syncing) modules(ctx context.Context, l *lock.Lock, change bool) (map[string][]lock.MetadataOwner, error) {
	release, err := s.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if change {
		report := s.engine.Report
		s.engine.Report = nil
		err := s.install(ctx, l)
		if s.engine.Report = report; err != nil {
			return nil, err
		}
	}
	site, err := s.app.site(s.env.Environment)
	if err != nil {
		return nil, err
	}
	r, err := s.syncRequest(l)
	if err != nil {
		return nil, err
	}
	selected, err := r.Selected()
	if err != nil {
		return nil, err
	}
	out := map[string][]lock.MetadataOwner{}
	for _, d := range selected {
		for _, installed := range site.Get(d.Name) {
			names, err := installed.Modules()
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				out[name] = append(out[name], lock.MetadataOwner{Name: d.Name, Version: d.Version})
			}
		}
	}
	return out, nil
}
