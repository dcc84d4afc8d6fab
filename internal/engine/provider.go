package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// StaticMetadata stands in for the metadata of a project's versions
// (`tool.uv.dependency-metadata`).
type StaticMetadata struct {
	Name    pyname.Package
	Version pep440.Version // zero for all versions
	metadata.Metadata
}

// answers is the resolve.Provider of one resolution.
type answers struct {
	// The context is that of the one resolution that the value lives for: the
	// methods of a Provider have none, because they return at once.
	ctx     context.Context
	engine  *Engine
	fetcher *fetch.Fetcher
	policy  *index.Policy
	static  []StaticMetadata

	versions par.Cache[versionsKey, *par.Future[*resolve.Versions]]
	metadata par.Cache[string, *par.Future[*resolve.Metadata]]
	pins     pins
	// settled: all URLs were looked at, so that their git references are known.
	settled     bool
	withCommits par.Cache[string, *par.Future[*resolve.Metadata]]
	checkouts   par.Cache[string, *workspace.Finder] // by the root of a repository
	// installed leads from the distributions that stand for installed ones to
	// those.
	mu        sync.Mutex
	installed map[*source.Dist]*install.Installed
}

type versionsKey struct {
	name  pyname.Package
	index string
}

// Versions implements resolve.Provider.
func (a *answers) Versions(name pyname.Package, from string) *par.Future[*resolve.Versions] {
	return a.versions.Do(versionsKey{name, from}, func() *par.Future[*resolve.Versions] {
		return par.Go(func() (*resolve.Versions, error) { return a.readVersions(name, from) })
	})
}

// Metadata implements resolve.Provider.
func (a *answers) Metadata(d *source.Dist) *par.Future[*resolve.Metadata] {
	if m := a.given(d); m != nil {
		return par.Settled(a.resolved(d, m), nil)
	}
	a.mu.Lock()
	i, ok := a.installed[d]
	a.mu.Unlock()
	if ok {
		m, err := i.Metadata()
		if err != nil {
			return par.Settled[*resolve.Metadata](nil, &DamagedError{i.Name, err})
		}
		return par.Settled(a.resolved(d, m), nil)
	}
	future := a.metadata.Do(d.ID(), func() *par.Future[*resolve.Metadata] {
		return par.Go(func() (*resolve.Metadata, error) { return a.readMetadata(d) })
	})
	if a.settled && d.Source.IsDirect() {
		return a.settledMetadata(d, future)
	}
	return future
}

// given is what the settings say in place of the metadata of a distribution, nil
// if they do not. Where the version is not known, as of a source tree, they must
// say it, and leave no choice.
func (a *answers) given(d *source.Dist) *metadata.Metadata {
	var single *metadata.Metadata
	count := 0
	for i := range a.static {
		s := &a.static[i]
		if s.Name != d.Name {
			continue
		}
		count++
		if !s.Version.IsZero() && d.Version.IsZero() && !d.IsWheel() {
			m := s.Metadata
			m.Name, m.Version = d.Name, s.Version
			single = &m
		}
		if s.Version.IsZero() || s.Version.Equal(d.Version) {
			m := s.Metadata
			m.Name, m.Version = d.Name, d.Version
			return &m
		}
	}
	if count != 1 {
		return nil
	}
	return single
}

// readVersions asks the indexes for a project.
func (a *answers) readVersions(name pyname.Package, from string) (*resolve.Versions, error) {
	answer, err := a.engine.Index.Versions(a.ctx, name, from, a.policy)
	if err != nil {
		return nil, err
	}
	out := &resolve.Versions{Lists: answer.Lists}
	switch answer.Absence {
	case index.NotFound:
		out.Absence = resolve.NotFound
	case index.Offline:
		out.Absence = resolve.OfflineGap
	case index.NoIndex:
		out.Absence = resolve.NoIndex
	}
	return out, nil
}

// readMetadata reads the metadata of a distribution: that of a wheel without
// downloading more than need be, that of a source distribution where it can be
// told without a build.
func (a *answers) readMetadata(d *source.Dist) (*resolve.Metadata, error) {
	switch d.Source.Kind {
	case source.Directory:
		return a.treeMetadata(d)
	case source.Git:
		if d.Source.Reference.Commit == "" {
			return a.unpinnedMetadata(d)
		}
		if d.Source.Archive == "" {
			return a.repositoryMetadata(d)
		}
		file, err := a.fetcher.Local(a.ctx, d)
		if err != nil {
			return nil, err
		}
		return a.readMetadata(file)
	}
	var m *metadata.Metadata
	var err error
	if d.IsWheel() {
		m, err = a.engine.Index.Metadata(a.ctx, d)
	} else {
		m, err = a.fetcher.Metadata(a.ctx, d)
	}
	if web.IsOffline(err) {
		return &resolve.Metadata{Name: d.Name, Version: d.Version, Unusable: resolve.Unusable{Reason: resolve.NotCached}, Err: err}, nil
	}
	if err != nil {
		var unavailable *index.Unavailable
		if errors.As(err, &unavailable) && unavailable.Reason == index.Foreign && d.Source.IsDirect() {
			return nil, &ForeignError{unavailable}
		}
		if errors.As(err, &unavailable) {
			return &resolve.Metadata{Name: d.Name, Version: d.Version, Unusable: unusableFor(unavailable), Err: err}, nil
		}
		return nil, err
	}
	return a.resolved(d, m), nil
}

// A DamagedError reports an installed distribution whose metadata cannot be
// read.
type DamagedError struct {
	Name pyname.Package
	Err  error
}

func (e *DamagedError) Error() string { return e.Err.Error() }

// Unwrap is what the error itself wraps, whose text it is.
func (e *DamagedError) Unwrap() error { return errors.Unwrap(e.Err) }

// ExitCode is that of broken files.
func (e *DamagedError) ExitCode() int { return 2 }

// Hints tell how to mend it.
func (e *DamagedError) Hints() []string {
	return []string{"the installed `" + string(e.Name) + "` is damaged: `--reinstall-package " + string(e.Name) + "` installs it anew"}
}

// A ForeignError reports an archive that a user named and that is of another
// project or version than its name says.
type ForeignError struct{ *index.Unavailable }

// ExitCode is that of wrong use.
func (e *ForeignError) ExitCode() int { return 2 }

// unusableFor puts the story of a wheel in the resolver's terms.
func unusableFor(u *index.Unavailable) resolve.Unusable {
	switch u.Reason {
	case index.NotCached:
		return resolve.Unusable{Reason: resolve.NotCached}
	case index.Foreign:
		return resolve.Unusable{Reason: resolve.InconsistentMetadata}
	case index.Broken:
		return resolve.Unusable{Reason: resolve.InvalidStructure}
	case index.Unreachable:
		return resolve.Unusable{Reason: resolve.Unreachable, Text: strconv.Itoa(u.Status)}
	}
	return resolve.Unusable{Reason: resolve.InvalidMetadata}
}

// resolved puts metadata in the resolver's terms.
func (a *answers) resolved(d *source.Dist, m *metadata.Metadata) *resolve.Metadata {
	out := &resolve.Metadata{
		Name: m.Name, Version: m.Version, Extras: m.ProvidesExtra, RequiresPython: m.RequiresPython,
		Requires: make([]source.Requirement, 0, len(m.RequiresDist)),
	}
	for _, r := range m.RequiresDist {
		req, err := a.lower(r)
		if err != nil {
			out.Unusable = resolve.Unusable{Reason: resolve.InvalidMetadata}
			out.Err = fmt.Errorf("the requirement `%s` of %s: %w", r, d, err)
			return out
		}
		out.Requires = append(out.Requires, req)
	}
	return out
}

func (a *answers) lower(r pep508.Requirement) (source.Requirement, error) {
	return source.FromPEP508(r)
}
