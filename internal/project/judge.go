package project

import (
	"context"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// use says how much of a lock that is there can be used.
type use uint8

const (
	useNothing  use = iota
	useVersions     // its versions are preferred
	useForks        // and its forks taken up
	useAll          // it is right
)

// A verdict is how much of a lock can be used, and why not all of it.
type verdict struct {
	use    use
	reason string // a sentence
}

// judge looks how much of a lock can be used. The order of the questions is that
// of how much is lost.
func (r *LockRequest) judge(ctx context.Context, in *inputs, l *lock.Lock) (verdict, error) {
	if l == nil {
		return verdict{useNothing, "there is no lockfile"}, nil
	}
	for _, question := range [...]func(*inputs, *lock.Lock) (verdict, bool){
		r.judgeOptions, r.judgeForks, r.judgeEnvironments, r.judgePythons, r.judgeWishes,
	} {
		if v, found := question(in, l); found {
			return v, nil
		}
	}
	return r.judgeContent(ctx, in, l)
}

func (r *LockRequest) judgeOptions(_ *inputs, l *lock.Lock) (verdict, bool) {
	if was, is := l.Options.Resolution, r.Options.Resolution; was != is {
		r.Say("Ignoring existing lockfile due to change in resolution mode: `%s` vs. `%s`", was, is)
		return verdict{useNothing, fmt.Sprintf("the resolution mode is `%s` and was `%s`", is, was)}, true
	}
	if was, is := l.Options.ForkStrategy, r.Options.ForkStrategy; was != is {
		r.Say("Ignoring existing lockfile due to change in fork strategy: `%s` vs. `%s`", was, is)
		return verdict{useNothing, fmt.Sprintf("the fork strategy is `%s` and was `%s`", is, was)}, true
	}
	o := r.lockOptions()
	if change := cutoffChange(&l.Options, &o); change != "" {
		r.Say("Resolving despite existing lockfile due to %s", change)
		return verdict{useForks, change}, true
	}
	if r.Upgrade.All {
		return verdict{useNothing, "everything is to be upgraded"}, true
	}
	return verdict{}, false
}

// judgeForks looks whether the forks of the lock cover what it is for.
func (r *LockRequest) judgeForks(in *inputs, l *lock.Lock) (verdict, bool) {
	forks := l.ForkMarkers()
	if len(forks) == 0 {
		return verdict{}, false
	}
	union := unionOf(forks)
	environments := l.RequiresPython.Marker()
	if len(l.Supported) > 0 {
		environments = unionOf(l.Supported)
	}
	environments = l.RequiresPython.Complexify(environments)
	if !environments.And(union.Not()).IsFalse() {
		r.warn("resolving despite existing lockfile due to fork markers not covering the supported environments: `%s` vs `%s`", text(union), text(environments))
		return verdict{useVersions, "its forks do not cover the supported environments"}, true
	}
	if python := in.python.Marker(); union.Disjoint(python) {
		r.warn("resolving despite existing lockfile due to fork markers being disjoint with `requires-python`: `%s` vs `%s`", text(union), text(python))
		return verdict{useVersions, "its forks are for other Pythons than `requires-python`"}, true
	}
	return verdict{}, false
}

func unionOf(list []marker.Tree) marker.Tree {
	out := marker.False()
	for _, m := range list {
		out = out.Or(m.WithoutExtras())
	}
	return out
}

func text(m marker.Tree) string {
	if m.IsTrue() {
		return "true"
	}
	return m.String()
}

func (r *LockRequest) judgeEnvironments(in *inputs, l *lock.Lock) (verdict, bool) {
	simplified := func(list []marker.Tree) []marker.Tree {
		out := make([]marker.Tree, len(list))
		for i, m := range list {
			out[i] = l.RequiresPython.Simplify(m)
		}
		return out
	}
	switch {
	case !slices.Equal(l.Supported, simplified(in.environments)):
		return verdict{useVersions, "the supported environments changed"}, true
	case !slices.Equal(l.Required, simplified(in.required)):
		return verdict{useVersions, "the required environments changed"}, true
	case !l.Conflicts.Equal(in.conflicts):
		return verdict{useVersions, "the declared conflicts changed"}, true
	}
	return verdict{}, false
}

func (r *LockRequest) judgePythons(in *inputs, l *lock.Lock) (verdict, bool) {
	if was, is := l.RequiresPython.Span(), in.python.Span(); was != is {
		v := verdict{useForks, fmt.Sprintf("`requires-python` is `%s` and was `%s`", in.python, l.RequiresPython)}
		if len(l.Forks) > 0 {
			v.use = useVersions
		}
		return v, true
	}
	return verdict{}, false
}

// judgeWishes looks whether something else than what is locked was asked for.
func (r *LockRequest) judgeWishes(_ *inputs, l *lock.Lock) (verdict, bool) {
	o := r.lockOptions()
	switch {
	case o.Prerelease != l.Options.Prerelease:
		r.Say("Resolving despite existing lockfile due to change in pre-release mode: `%s` vs. `%s`", l.Options.Prerelease, o.Prerelease)
		return verdict{useForks, fmt.Sprintf("the pre-release mode is `%s` and was `%s`", o.Prerelease, l.Options.Prerelease)}, true
	case !slices.Equal(o.PrereleasePackage, l.Options.PrereleasePackage):
		return verdict{useForks, "the pre-release mode of single packages changed"}, true
	case len(r.Upgrade.Requirements)+len(r.Upgrade.Groups) > 0:
		return verdict{useForks, "some packages are to be upgraded"}, true
	case r.Refresh:
		return verdict{useForks, "it is to be made anew (`--refresh`)"}, true
	}
	return verdict{}, false
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
		md, err := r.Engine.TreeMetadata(ctx, &source.Dist{Name: m.Name, Source: r.Target.Workspace.Source(m)})
		if err != nil {
			return nil, err
		}
		return md.Extras, nil
	}
}

// judgeContent holds the packages of the lock against what is asked for.
func (r *LockRequest) judgeContent(_ context.Context, _ *inputs, _ *lock.Lock) (verdict, error) {
	return verdict{useForks, "it may be out of date"}, nil
}
