package lock

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// Want is what a lock is held against: what a new one would be made for.
type Want struct {
	Root                string // the folder of the lock, absolute
	Python              target.Python
	Supported, Required []marker.Tree // as the project has them
	Conflicts           source.Conflicts
	Options             Options
	Manifest            Manifest
	// Members are the projects of the workspace, sorted by name, with the sources
	// they have. Agreed is set if it is known that what they say of themselves is
	// what the lock says.
	Members []Member
	Agreed  bool
	// NoBuild tells of which projects nothing may be built, to ask for their
	// metadata either; nil is of none.
	NoBuild func(pyname.Package) bool
	Upgrade Upgrade
	// MetadataFree accepts packages without metadata in locks that may have such;
	// see [MetadataFree].
	MetadataFree bool
	// Refresh is set if what is known of indexes is not to be trusted.
	Refresh bool
	// Indexes are the registries that may be used; nil allows any.
	Indexes *index.Locations
	// Env is the environment at hand: which of the requirements that belong to
	// no member count. Nil is all.
	Env *marker.Env
	// Offline is set if archives behind URLs cannot be asked for their metadata.
	Offline bool
}

// A Member is a project of a workspace.
type Member struct {
	Name   pyname.Package
	Source source.Source
}

// LocalMetadata reads the metadata of what may change without notice.
type LocalMetadata interface {
	// LocalMetadata reads what a source tree says of itself without being built.
	// It is nil if a build must be asked. dynamic is set if the tree leaves its
	// version to the build; the metadata has none then.
	LocalMetadata(ctx context.Context, d *source.Dist) (m *resolve.Metadata, dynamic bool, err error)
	// BuiltMetadata reads the metadata of an archive or source tree by whatever
	// that takes, a build included.
	BuiltMetadata(ctx context.Context, d *source.Dist) (m *resolve.Metadata, dynamic bool, err error)
}

// Use says how much of a lock is of use.
type Use uint8

// The uses of a lock, each more than the one before.
const (
	Nothing  Use = iota // it is as if it were not there
	Versions            // its versions are preferred
	Forks               // its versions are preferred, and its forks are taken up
	All                 // it fits
)

// A Verdict says whether a lock fits, and if not why.
type Verdict struct {
	Use Use
	// Reason says in one sentence why the lock does not fit: which package,
	// requirement or setting.
	Reason string
	// Notice is set if the user is told of the reason whenever the lock is made
	// anew, and Warning if that is as a warning.
	Notice, Warning bool
}

// OK reports whether the lock fits.
func (v Verdict) OK() bool { return v.Use == All }

// Satisfies holds a lock against what is wanted. Checks are made in the order of
// what they leave of the lock. The error is that of reading metadata.
func (l *Lock) Satisfies(ctx context.Context, w *Want, local LocalMetadata) (Verdict, error) {
	normal := *w
	normal.Options = w.Options.normal()
	w = &normal
	for _, check := range [...]func(*Want) *Verdict{l.checkOptions, l.checkMarkers, l.checkPreferable} {
		if v := check(w); v != nil {
			return *v, nil
		}
	}
	c := &contentCheck{ctx: ctx, lock: l, want: w, local: local}
	reason, err := c.run()
	if err != nil || reason != "" {
		return Verdict{Use: Forks, Reason: reason}, err
	}
	return Verdict{Use: All}, nil
}

func verdict(use Use, format string, args ...any) *Verdict {
	return &Verdict{Use: use, Reason: fmt.Sprintf(format, args...)}
}

func notice(use Use, format string, args ...any) *Verdict {
	v := verdict(use, format, args...)
	v.Notice = true
	return v
}

func warning(use Use, format string, args ...any) *Verdict {
	v := notice(use, format, args...)
	v.Warning = true
	return v
}

// checkOptions looks at what decides every choice.
func (l *Lock) checkOptions(w *Want) *Verdict {
	was, is := &l.Options, &w.Options
	if was.Resolution != is.Resolution {
		return notice(Nothing, "the resolution mode changed from `%s` to `%s`", was.Resolution, is.Resolution)
	}
	if was.ForkStrategy != is.ForkStrategy {
		return notice(Nothing, "the fork strategy changed from `%s` to `%s`", was.ForkStrategy, is.ForkStrategy)
	}
	if reason := was.cutoffChange(is); reason != "" {
		return notice(Forks, "%s", reason)
	}
	if w.Upgrade.All {
		return verdict(Nothing, "everything is to be upgraded")
	}
	return nil
}

// cutoffChange says how the limits of times differ, or nothing.
func (o *Options) cutoffChange(is *Options) string {
	if text := cutoffChange("`exclude-newer`", o.ExcludeNewer, is.ExcludeNewer); text != "" {
		return text
	}
	for _, was := range o.ExcludeNewerPackage {
		if text := cutoffChange("`exclude-newer` of `"+string(was.Name)+"`", was.Cutoff, is.cutoffOf(was.Name)); text != "" {
			return text
		}
	}
	for _, now := range is.ExcludeNewerPackage {
		if text := cutoffChange("`exclude-newer` of `"+string(now.Name)+"`", o.cutoffOf(now.Name), now.Cutoff); text != "" {
			return text
		}
	}
	return ""
}

func (o *Options) cutoffOf(name pyname.Package) index.Cutoff {
	for _, c := range o.ExcludeNewerPackage {
		if c.Name == name {
			return c.Cutoff
		}
	}
	return index.Cutoff{}
}

// cutoffChange compares two limits. A span is the same limit at any time.
func cutoffChange(what string, was, is index.Cutoff) string {
	switch {
	case was.Off == is.Off && was.Span == is.Span && was.Time.Equal(is.Time):
		return ""
	case was.IsZero():
		return fmt.Sprintf("%s was added: `%s`", what, is)
	case is.IsZero():
		return fmt.Sprintf("%s was removed: `%s`", what, was)
	}
	return fmt.Sprintf("%s changed from `%s` to `%s`", what, was, is)
}

// checkMarkers looks at what decides which environments are solved for.
func (l *Lock) checkMarkers(w *Want) *Verdict {
	environments := marker.False()
	for _, s := range l.Supported {
		environments = environments.Or(s)
	}
	if len(l.Supported) == 0 {
		environments = marker.True()
	}
	environments = environments.And(l.RequiresPython.Marker())
	if !l.whole.Not().Disjoint(environments) {
		return warning(Versions, "its forks do not cover the environments it is for: `%s` vs. `%s`", show(l.whole), show(environments))
	}
	if python := w.Python.Marker(); l.whole.Disjoint(python) {
		return warning(Versions, "its forks are for other Pythons than `requires-python`: `%s` vs. `%s`", show(l.whole), show(python))
	}
	if is := l.simplify(w.Supported); !slices.Equal(l.Supported, is) {
		return verdict(Versions, "`environments` changed from %s to %s", showAll(l.Supported), showAll(is))
	}
	if is := l.simplify(w.Required); !slices.Equal(l.Required, is) {
		return verdict(Versions, "`required-environments` changed from %s to %s", showAll(l.Required), showAll(is))
	}
	if !l.Conflicts.Equal(w.Conflicts) {
		return verdict(Versions, "`conflicts` changed")
	}
	if !sameSpan(l.RequiresPython, w.Python) {
		use := Forks
		if len(l.Forks) > 0 {
			use = Versions
		}
		return verdict(use, "`requires-python` changed from `%s` to `%s`", l.RequiresPython, w.Python)
	}
	return nil
}

func sameSpan(a, b target.Python) bool {
	return a.Span().Set().Equal(b.Span().Set())
}

func (l *Lock) simplify(all []marker.Tree) []marker.Tree {
	out := make([]marker.Tree, len(all))
	for i, m := range all {
		out[i] = l.RequiresPython.Simplify(m)
	}
	return out
}

func show(m marker.Tree) string {
	if m.IsTrue() {
		return "true"
	}
	return m.String()
}

func showAll(all []marker.Tree) string {
	if len(all) == 0 {
		return "none"
	}
	texts := make([]string, len(all))
	for i, m := range all {
		texts[i] = "`" + show(m) + "`"
	}
	return strings.Join(texts, ", ")
}

// checkPreferable looks at what leaves versions and forks in place.
func (l *Lock) checkPreferable(w *Want) *Verdict {
	old := l.Options.normal()
	was, is := &old, &w.Options
	if was.Prerelease != is.Prerelease {
		return notice(Forks, "the policy on pre-releases changed from `%s` to `%s`", was.Prerelease, is.Prerelease)
	}
	if !slices.Equal(was.PrereleasePackage, is.PrereleasePackage) {
		return verdict(Forks, "the policy on pre-releases of single packages changed")
	}
	if !w.Upgrade.IsZero() {
		return verdict(Forks, "some packages are to be upgraded")
	}
	if name := l.otherHashes(w); name != "" {
		return verdict(Forks, "the index of `%s` is to be locked with hashes of another algorithm", name)
	}
	if w.Refresh {
		return verdict(Forks, "what is known of packages is to be refreshed")
	}
	return nil
}

// otherHashes is the first package with a hash of another algorithm than its
// index is to be locked with.
func (l *Lock) otherHashes(w *Want) pyname.Package {
	if w.Indexes == nil || !w.Indexes.DemandHashes() {
		return ""
	}
	for i := range l.Packages {
		p := &l.Packages[i]
		if !p.Source.IsRegistry() {
			continue
		}
		x, ok := w.Indexes.At(p.Source.Index(w.Root))
		if !ok || x.HashAlgorithm == "" {
			continue
		}
		for j := range p.Wheels {
			if !strings.HasPrefix(p.Wheels[j].Hash, x.HashAlgorithm+":") {
				return p.Name
			}
		}
		if p.Sdist != nil && !strings.HasPrefix(p.Sdist.Hash, x.HashAlgorithm+":") {
			return p.Name
		}
	}
	return ""
}

// hashOf reads a hash of a lock.
func hashOf(text string) (simple.Hash, bool) {
	algorithm, digest, ok := strings.Cut(text, ":")
	return simple.Hash{Algorithm: algorithm, Digest: digest}, ok
}
