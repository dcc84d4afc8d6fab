package python

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/par"
)

// A Finder looks for interpreters. Its fields are set once, before use; it is
// then safe for concurrent use.
type Finder struct {
	// Getenv looks up a variable of the environment.
	Getenv func(string) string
	// Environ is the whole environment, for the interpreters that are run.
	Environ []string
	// Dir is the working directory, an absolute path.
	Dir string
	// CacheDir is where the facts about interpreters are kept. Empty means
	// that they are not.
	CacheDir string
	// Refresh asks interpreters anew, whatever the cache says.
	Refresh bool
	// Preference is for managed or other Pythons.
	Preference Preference
	// Timeout is how long an interpreter may take to tell about itself; zero
	// means a minute.
	Timeout time.Duration
	// Download, if not nil, installs a managed Python for a request that no
	// search could satisfy, and returns the path of its executable. missing is
	// the search's error, which it may return, with advice added.
	Download func(ctx context.Context, r Request, missing error) (executable string, err error)
	// Unasked, if not nil, is told of a pre-release of a managed CPython that is used
	// though the request is not for one.
	Unasked func(ctx context.Context, i *Interpreter) error
	// Trace, if not nil, is told what is tried, for verbose output.
	Trace func(format string, args ...any)

	now func() time.Time // for tests; nil is the clock
}

func (f *Finder) trace(format string, args ...any) {
	if f.Trace != nil {
		f.Trace(format, args...)
	}
}

// Store is where managed Pythons are.
func (f *Finder) Store() managed.Store { return managed.DefaultStore(f.Getenv, f.Dir) }

// IsManaged reports whether an interpreter, or the one below an environment,
// is a managed installation.
func (f *Finder) IsManaged(i *Interpreter) bool {
	if declared := f.declaredManaged(); declared != "" {
		return slices.ContainsFunc(strings.Fields(declared), func(version string) bool {
			r, err := ParseVersionRequest(version)
			return err == nil && r.matchesRelease(i.Version)
		})
	}
	_, ok := f.Store().Find(i.BasePrefix)
	return ok
}

// declaredManaged lists versions whose interpreters are to be taken for
// managed ones, wherever they are: a hook of uv's own tests, which any program
// that is held against them needs.
func (f *Finder) declaredManaged() string { return f.Getenv("UV_INTERNAL__TEST_PYTHON_MANAGED") }

// An Installation is an interpreter and where it was found.
type Installation struct {
	*Interpreter
	Source Source
}

// Find returns the interpreter to use for a request. Pre-releases, debug
// builds, other implementations and (by preference) managed Pythons are passed
// over unless asked for; of these but the third, the first one is taken if
// there is nothing else.
//
// The error is a [*NotFoundError], or a [*DiscoveryError] if something was
// found but does not work; see [IsCritical].
func (f *Finder) Find(ctx context.Context, r Request, e Environments) (*Installation, error) {
	f.trace("Searching for %s in %s", r, describeSources(r, e, f.Preference))
	var managedOne, debugOne, pre *Installation
	var firstErr error
	for found, err := range f.All(ctx, r, e) {
		switch {
		case err != nil && critical(err):
			return nil, err
		case err != nil:
			f.trace("Skipping: %v", err)
			firstErr = cmpErr(firstErr, err)
			continue
		case f.passOver(found, r, &pre, &debugOne, &managedOne):
			f.trace("Skipping %s at `%s`: not asked for", found.Key(), found.Path)
			continue
		}
		f.trace("Found %s at `%s` (%s)", found.Key(), found.Path, found.Source)
		return found, nil
	}
	for _, found := range []*Installation{managedOne, debugOne, pre} {
		if found != nil {
			return found, nil
		}
	}
	if firstErr != nil {
		return nil, firstErr
	}
	return nil, &NotFoundError{Request: r, Environments: e, Preference: f.Preference}
}

// FindOrDownload is Find, which has a Python downloaded where there is none.
func (f *Finder) FindOrDownload(ctx context.Context, r Request, e Environments) (*Installation, error) {
	found, err := f.Find(ctx, r, e)
	if err == nil {
		return found, f.tellUnasked(ctx, r, found.Interpreter)
	}
	if f.Download == nil || IsCritical(err) {
		return nil, err
	}
	path, err := f.Download(ctx, r, err)
	if err != nil {
		return nil, err
	}
	i, err := f.Query(ctx, path)
	if err != nil {
		return nil, err
	}
	return &Installation{i, Managed}, f.tellUnasked(ctx, r, i)
}

func (f *Finder) tellUnasked(ctx context.Context, r Request, i *Interpreter) error {
	_, _, pre := i.Version.Pre()
	if !pre || f.Unasked == nil || r.allowsPrereleases() || i.isAlternative() || !f.IsManaged(i) {
		return nil
	}
	return f.Unasked(ctx, i)
}

func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// passOver reports whether something better should be looked for, and keeps
// what could serve nevertheless. An interpreter that is called python in the
// search path was chosen by whoever called it so.
func (f *Finder) passOver(found *Installation, r Request, pre, debug, managedOne **Installation) bool {
	keep := func(place **Installation) bool {
		if *place == nil {
			*place = found
		}
		return true
	}
	chosen := (found.Source == SearchPath || found.Source == SearchPathFirst) && found.hasDefaultName()
	_, _, isPre := found.Version.Pre()
	switch {
	case isPre && !r.allowsPrereleases() && !found.Source.unusual() && !chosen:
		return keep(pre)
	case found.Debug && !r.allowsDebug() && !found.Source.unusual() && !chosen:
		return keep(debug)
	case found.isAlternative() && !r.allowsAlternatives() && !found.Source.alternatives() && !chosen:
		return true
	case f.Preference == PreferSystem && (found.Source == Managed || f.IsManaged(found.Interpreter)):
		return keep(managedOne)
	}
	return false
}

// FindBest returns the interpreter that comes closest to a request: one that
// satisfies it, else one of the same minor version, else a default one; of
// each a downloaded one before the next.
func (f *Finder) FindBest(ctx context.Context, r Request, e Environments) (*Installation, error) {
	tries := []Request{r}
	if r.Kind == KindVersion && r.IncludesPatch() || r.Kind == KindImplementationVersion {
		loose := r
		loose.Version = r.Version.WithoutPatch()
		tries = append(tries, loose)
	}
	if r.Kind != KindDefault && r.Kind != KindAny {
		tries = append(tries, Request{})
	}
	var err error
	for _, try := range tries {
		var found *Installation
		found, err = f.FindOrDownload(ctx, try, e)
		if err == nil || IsCritical(err) {
			return found, err
		}
	}
	var missing *NotFoundError
	if errors.As(err, &missing) {
		missing.Request = r
	}
	return nil, err
}

// IsCritical reports whether an error of [Finder.Find] is more than that there
// is no usable Python: a search elsewhere, or a download, would not mend it.
func IsCritical(err error) bool {
	var missing *NotFoundError
	return !errors.As(err, &missing) && critical(err)
}

// All yields the interpreters that satisfy a request, as they are found,
// between errors about those that do not work.
func (f *Finder) All(ctx context.Context, r Request, e Environments) iter.Seq2[*Installation, error] {
	return func(yield func(*Installation, error) bool) {
		for group, err := range f.groups(r, e) {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			for _, answer := range f.ask(ctx, group) {
				if answer.err == nil && !f.satisfies(answer.found, r, e) {
					continue
				}
				if !yield(answer.found, answer.err) {
					return
				}
			}
		}
	}
}

// List returns all interpreters that satisfy a request, asking many at once.
// Those that do not work are left out; a critical error ends it.
func (f *Finder) List(ctx context.Context, r Request, e Environments) ([]*Installation, error) {
	var groups [][]candidate
	var errs []error
	for group, err := range f.groups(r, e) {
		groups = append(groups, group)
		errs = append(errs, err)
	}
	answers := make([][]answered, len(groups))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(max(2, par.Processors()))
	for n, group := range groups {
		work.Go(func() error {
			answers[n] = f.ask(ctx, group)
			return nil
		})
	}
	_ = work.Wait()
	var out []*Installation
	for n := range groups {
		if errs[n] != nil && critical(errs[n]) {
			return nil, errs[n]
		}
		for _, a := range answers[n] {
			switch {
			case a.err == nil && f.satisfies(a.found, r, e):
				out = append(out, a.found)
			case a.err != nil && critical(a.err):
				return nil, a.err
			}
		}
	}
	return out, nil
}

// answered is what came of asking a candidate.
type answered struct {
	found *Installation
	err   error
}

// ask queries a group of equally good candidates and sorts them by key, the
// best first. Candidates that fail stay behind those that do not, except that
// nothing moves across a critical error.
func (f *Finder) ask(ctx context.Context, group []candidate) []answered {
	out := make([]answered, len(group))
	for n, c := range group {
		i, err := f.Query(ctx, c.path)
		if err != nil {
			out[n].err = c.wrap(err)
			continue
		}
		if f.declaredManaged() != "" && (c.source == SearchPath || c.source == SearchPathFirst) && f.IsManaged(i) {
			c.source = Managed
		}
		out[n].found = &Installation{i, c.source}
	}
	for from := 0; from < len(out); {
		to := from
		for to < len(out) && (out[to].err == nil || !critical(out[to].err)) {
			to++
		}
		slices.SortStableFunc(out[from:to], func(a, b answered) int {
			switch {
			case a.err != nil && b.err != nil:
				return 0
			case a.err != nil:
				return 1
			case b.err != nil:
				return -1
			}
			return b.found.Key().Compare(a.found.Key())
		})
		from = to + 1
	}
	return out
}

// satisfies is the verdict on an interpreter that answered. Files and
// directories that were pointed at satisfy the request by that.
func (f *Finder) satisfies(found *Installation, r Request, e Environments) bool {
	if r.IsPath() {
		return true
	}
	if !e.allows(found.Source, found.Interpreter) {
		return false
	}
	if r.Kind == KindExecutableName {
		return true
	}
	version := r.version()
	if !found.Source.request(version).matches(found.Version, found.Variant()) ||
		!f.Preference.allows(found.Source, func() bool { return f.IsManaged(found.Interpreter) }) {
		return false
	}
	switch r.Kind {
	case KindImplementation, KindImplementationVersion:
		return found.isImplementation(r.Implementation)
	case KindKey:
		return found.satisfiesKey(r)
	}
	return true
}

// version is what to look for when searching by version.
func (r Request) version() VersionRequest {
	if r.Kind == KindAny {
		return AnyVersion()
	}
	return r.Version
}

// Satisfies reports whether an interpreter at hand is what a request asks for,
// as when deciding whether an environment can stay.
func (f *Finder) Satisfies(i *Interpreter, r Request) bool {
	same := func(a, b string) bool { return b != "" && (a == b || sameFile(a, b)) }
	switch r.Kind {
	case KindVersion:
		return r.Version.matches(i.Version, i.Variant())
	case KindImplementation:
		return i.Implementation() == r.Implementation
	case KindImplementationVersion:
		return i.Implementation() == r.Implementation && r.Version.matches(i.Version, i.Variant())
	case KindKey:
		return i.satisfiesKey(r)
	case KindDirectory:
		dir := f.abs(r.Path)
		return same(dir, i.Prefix) || same(venvPython(dir), i.Executable)
	case KindFile:
		file := f.abs(r.Path)
		return same(file, i.Executable) || same(file, i.BaseExecutable)
	case KindExecutableName:
		if filepath.Base(i.Executable) == r.Path || filepath.Base(i.BaseExecutable) == r.Path {
			return true
		}
		return len(f.named(r.Path)) > 0
	}
	return true
}
