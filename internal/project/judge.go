package project

import (
	"context"
	"errors"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// judge looks how much of a lock can be used.
func (r *LockRequest) judge(ctx context.Context, in *inputs, l *lock.Lock, text string) (lock.Verdict, error) {
	if l == nil {
		return lock.Verdict{Reason: "there is no lockfile"}, nil
	}
	want, agreed := r.want(in), r.agreement(text)
	want.Agreed = agreed.holds()
	v, err := l.Satisfies(ctx, want, agreeingReader{reader{r}, agreed})
	if err == nil && v.OK() && !want.Agreed {
		agreed.keep()
	}
	if err != nil && ctx.Err() == nil {
		return r.unjudged(err)
	}
	switch {
	case err != nil || !v.Notice:
	case v.Warning:
		r.warn("resolving despite existing lockfile: %s", v.Reason)
	case v.Use == lock.Nothing:
		r.Say("Ignoring existing lockfile: %s", v.Reason)
	default:
		r.Say("Resolving despite existing lockfile: %s", v.Reason)
	}
	return v, err
}

// A GenerateError reports a project whose metadata could not be made to hold a
// lock against it.
type GenerateError struct{ Err error }

func (e *GenerateError) Error() string { return e.Err.Error() }

// Unwrap is what went wrong.
func (e *GenerateError) Unwrap() error { return errors.Unwrap(e.Err) }

// ExitCode is not that of a failed build, as in uv.
func (e *GenerateError) ExitCode() int { return 2 }

// unjudged is the judgement when metadata cannot be had: what cannot be read is
// met again where the lock is made anew, if it is still of use there.
func (r *LockRequest) unjudged(err error) (lock.Verdict, error) {
	var built *fetch.BuildError
	var name *engine.TreeNameError
	var parse *pyproject.Error
	switch {
	case errors.As(err, &built):
		return lock.Verdict{}, &GenerateError{err}
	case errors.As(err, &name), errors.As(err, &parse):
		r.warn("failed to validate existing lockfile: %v", err)
		return lock.Verdict{Reason: "it cannot be held against the projects"}, nil
	}
	return lock.Verdict{}, err
}

// want is what the lock is held against.
func (r *LockRequest) want(in *inputs) *lock.Want {
	w := &lock.Want{
		Root: r.Target.Dir(), Python: in.python, Supported: in.environments, Required: in.required, Conflicts: in.conflicts,
		Options: r.lockOptions(), Manifest: r.lockManifest(in), Upgrade: r.Upgrade.lock(), Refresh: r.Refresh,
		Indexes: in.indexes, Offline: r.Offline, MetadataFree: r.MetadataFree, Env: &r.Interpreter.Env,
		NoBuild: r.Policy.NoBuild.Has,
	}
	if r.Target.Workspace != nil {
		for _, m := range r.Target.Workspace.Members {
			w.Members = append(w.Members, lock.Member{Name: m.Name, Source: r.Target.Workspace.Source(m)})
		}
	}
	return w
}

// reader reads metadata for a lock. It connects the engine when it must.
type reader struct{ *LockRequest }

// LocalMetadata implements lock.LocalMetadata.
func (r reader) LocalMetadata(ctx context.Context, d *source.Dist) (*resolve.Metadata, bool, error) {
	return r.Engine.LocalMetadata(ctx, d)
}

// BuiltMetadata implements lock.LocalMetadata.
func (r reader) BuiltMetadata(ctx context.Context, d *source.Dist) (*resolve.Metadata, bool, error) {
	if err := r.Connect(ctx); err != nil {
		return nil, false, err
	}
	return r.Engine.BuiltMetadata(ctx, d, r.Static)
}

// extrasOf tells the extras of a member, which a build may have to tell.
func (r *LockRequest) extrasOf(ctx context.Context) func(*workspace.Member) ([]pyname.Extra, error) {
	return func(m *workspace.Member) ([]pyname.Extra, error) {
		if !m.Project.IsDynamic("optional-dependencies") {
			out := make([]pyname.Extra, 0, len(m.Project.Optional))
			for _, o := range m.Project.Optional {
				out = append(out, o.Extra)
			}
			return out, nil
		}
		md, _, err := r.Engine.BuiltMetadata(ctx, &source.Dist{Name: m.Name, Source: r.Target.Workspace.Source(m)}, r.Static)
		if err != nil {
			return nil, err
		}
		return md.Extras, nil
	}
}
