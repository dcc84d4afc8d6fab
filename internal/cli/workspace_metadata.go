package cli

import (
	"context"
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
	active *bool
}

func workspaceMetadataCommand() command {
	return command{
		path: "workspace metadata", short: "Describe the workspace and what it has locked, as JSON",
		prepare: func(f *flags) work {
			var o metadataFlags
			f.text(&o.script, "script", "FILE", "Describe this script")
			o.lockStateFlags.register(f)
			f.bool(&o.dryRun, "dry-run", "Write no lock")
			f.pair(&o.active, "active", "no-active", "Look at the active environment rather than that of the project")
			o.resolutionFlags.register(f)
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
	request, err := p.metadataRequest(ctx, o)
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
func (p *projectWork) metadataRequest(ctx context.Context, o *metadataFlags) (lock.MetadataJSON, error) {
	out := lock.MetadataJSON{Root: p.target.Dir()}
	if s := p.target.Script; s != nil {
		out.Script = s.Path
	} else {
		for _, m := range p.target.Workspace.Members {
			out.Members = append(out.Members, lock.MetadataMember{Name: m.Name, Dir: m.Dir})
		}
	}
	active := isTrue(o.active)
	root, err := p.environmentRoot(&active)
	if err != nil {
		return out, err
	}
	env, err := p.environmentRequest(root, pythonChoice{}, project.Pythons{Open: true}, project.Optional).Find(ctx)
	if env != nil {
		out.Environment = &lock.MetadataEnvironment{Root: env.Root}
		i := env.Interpreter
		out.Environment.Python.Path, out.Environment.Python.Version, out.Environment.Python.Implementation = i.Executable, i.Version.String(), i.Implementation()
	}
	return out, err
}
