package pip

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Latest is the newest version of a project that could be installed.
type Latest struct {
	Version pep440.Version
	Wheel   bool // it has a fitting wheel, not only a source distribution
}

// A LatestRequest asks what is newer than what is installed.
type LatestRequest struct {
	Client *index.Client
	Policy *index.Policy
	Python target.Python // that Requires-Python is held against, as resolving does
	// Prereleases tells of which projects pre-releases count.
	Prereleases func(pyname.Package) bool
}

// lookups is how many projects are looked up at once.
const lookups = 50

// Outdated returns the latest versions of the projects of which an older one is
// installed. What no index has counts as current, whatever it was installed
// from.
func (req *LatestRequest) Outdated(ctx context.Context, installed []*install.Installed) (map[*install.Installed]Latest, error) {
	outdated := map[*install.Installed]Latest{}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for _, i := range installed {
		group.Go(func() error {
			latest, err := req.Latest(ctx, i.Name, "")
			if err != nil {
				return fmt.Errorf("looking for the latest version of %s: %w", i.Name, err)
			}
			if latest.Version.IsZero() || latest.Version.Compare(i.Version) <= 0 {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			outdated[i] = latest
			return nil
		})
	}
	return outdated, group.Wait()
}

// Latest is the highest usable version on the index with a URL or, without one,
// on any of the indexes that count; zero if there is none.
func (req *LatestRequest) Latest(ctx context.Context, name pyname.Package, index string) (Latest, error) {
	_, best, err := req.Allowed(ctx, name, index, func(pep440.Version) bool { return false })
	return best, err
}

// Allowed is what Latest is, and besides it the highest of the versions that a
// function admits.
func (req *LatestRequest) Allowed(ctx context.Context, name pyname.Package, index string, admits func(pep440.Version) bool) (allowed, latest Latest, err error) {
	answer, err := req.Client.Versions(ctx, name, index, req.Policy)
	if err != nil {
		return allowed, latest, err
	}
	anything := func(pep440.Version) bool { return true }
	for _, versions := range answer.Lists {
		if l := req.newest(versions, anything); latest.Version.IsZero() || l.Version.Compare(latest.Version) > 0 {
			latest = l
		}
		if l := req.newest(versions, admits); allowed.Version.IsZero() || l.Version.Compare(allowed.Version) > 0 {
			allowed = l
		}
	}
	return allowed, latest, nil
}

func (req *LatestRequest) newest(m *index.VersionMap, admits func(pep440.Version) bool) Latest {
	for i := m.Len() - 1; i >= 0; i-- {
		if v := m.Version(i); v.IsPrerelease() && !req.Prereleases(m.Name) || !admits(v) {
			continue
		}
		c := m.Candidate(i)
		if c.Dist != nil && req.Python.CoveredBy(c.RequiresPython) {
			return Latest{Version: c.Version, Wheel: c.Dist.IsWheel()}
		}
	}
	return Latest{}
}
