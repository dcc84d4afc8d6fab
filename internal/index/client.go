package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyname"
)

// Options are what a [Client] works with.
type Options struct {
	// Web makes the requests.
	Web *web.Client
	// Cache keeps pages and metadata; nil keeps nothing.
	Cache *cache.Cache
	// Locations are where projects are looked for.
	Locations Locations
	// Debug gets a line about each thing that is passed over; nil is silent.
	Debug func(format string, args ...any)
	// AnyName takes metadata of another name or version than the file's, of which
	// then the file's count (UV_SKIP_WHEEL_FILENAME_CHECK).
	AnyName bool
}

// A Client asks indexes. Each question is asked once in its life, whoever asks.
// It is safe for concurrent use.
type Client struct {
	web       *web.Client
	cache     *cache.Cache
	locations Locations
	debug     func(format string, args ...any)
	anyName   bool

	pages    par.Cache[pageKey, *par.Future[found]]
	flats    par.Cache[string, *par.Future[*listing]]
	metadata par.Cache[string, *par.Future[*metadata.Metadata]]
	markers  memo

	places   sync.Map // of URL to *Index, see at
	noRanges sync.Map // of index or host, where range requests are not supported
	problems sync.Map // of index URL to Problem
}

// New returns a client. It makes no request.
func New(o Options) *Client {
	if o.Debug == nil {
		o.Debug = func(string, ...any) {}
	}
	return &Client{web: o.Web, cache: o.Cache, locations: o.Locations, debug: o.Debug, anyName: o.AnyName}
}

// Locations returns where the client looks for projects.
func (c *Client) Locations() *Locations { return &c.locations }

// Know adds an index that projects may be pinned to, with the credentials for
// it, if any.
func (c *Client) Know(x Index, credentials auth.Credentials) {
	c.web.Auth().AddURL(x.URL)
	if !credentials.IsZero() {
		c.web.Auth().Add(x.URL, credentials)
	}
	c.places.Store(x.Location(), &x)
}

// An Absence says why a project has no versions at all.
type Absence uint8

// The kinds of absence.
const (
	Present  Absence = iota
	NotFound         // no index has the project
	Offline          // it is not in the cache and the network is off
	NoIndex          // indexes are off and no other place has it
)

// An Answer is what indexes know of a project. It is not changed once made.
type Answer struct {
	Absence Absence
	// Lists has one version map for each index that has the project, the one
	// to prefer first.
	Lists []*VersionMap
}

// A Problem is an index that refused to answer. Projects may seem to be absent
// for it.
type Problem struct {
	Index  string // its URL, without credentials
	Status int    // 401 or 403
	// Credentials describes those that it does not accept, or is "" if there
	// were none.
	Credentials string
}

// Problems returns the indexes that refused to answer so far, sorted by URL.
func (c *Client) Problems() []Problem {
	var out []Problem
	c.problems.Range(func(_, value any) bool {
		out = append(out, value.(Problem))
		return true
	})
	slices.SortFunc(out, func(a, b Problem) int { return cmp.Compare(a.Index, b.Index) })
	return out
}

// Versions looks a project up: on the index with the given URL, or if that is
// empty on all that are searched. The error is that of a network that fails, or
// of a page that cannot be read.
func (c *Client) Versions(ctx context.Context, name pyname.Package, index string, policy *Policy) (*Answer, error) {
	if index != "" {
		x, ok := c.at(index)
		if !ok {
			c.web.Auth().AddURL(index)
			x = &Index{URL: index}
		}
		return c.search(ctx, name, []*Index{x}, nil, policy)
	}
	flat, err := c.findLinks(ctx, name)
	if err != nil {
		return nil, err
	}
	return c.search(ctx, name, c.locations.SearchedFor(name), flat, policy)
}

// at returns the index at a URL. Distributions name theirs, so it is asked often.
func (c *Client) at(rawURL string) (*Index, bool) {
	if x, ok := c.places.Load(rawURL); ok {
		return x.(*Index), x.(*Index) != nil
	}
	x, ok := c.locations.At(rawURL)
	c.places.Store(rawURL, x)
	return x, ok
}

// search asks the indexes by the rules of the strategy. The flat parts join
// every list that is found.
func (c *Client) search(ctx context.Context, name pyname.Package, indexes []*Index, flat *flatFiles, policy *Policy) (*Answer, error) {
	var parts []part
	offline := c.web.Offline()
	if flat != nil {
		parts = flat.parts
	}
	if c.locations.NoIndex {
		absence := NoIndex
		if flat != nil && flat.offline {
			absence = Offline
		}
		return flatAnswer(name, parts, policy, absence), nil
	}
	hits, err := c.ask(ctx, name, indexes, onlyOf(policy, name))
	if err != nil {
		return nil, err
	}
	answer := &Answer{}
	for _, hit := range hits {
		own := part{page: hit.page, source: source.Source{Index: hit.index.Location()}, flat: hit.index.Flat}
		limit := policy.ExcludeNewer.For(name, c.locations.Cutoff(hit.index))
		all := []part{own}
		if !hit.index.Flat {
			all = append(slices.Clip(parts), own)
		}
		answer.Lists = append(answer.Lists, newVersionMap(name, all, policy, limit))
	}
	if len(answer.Lists) > 0 {
		return answer, nil
	}
	absence := NotFound
	if offline {
		absence = Offline
	}
	return flatAnswer(name, parts, policy, absence), nil
}

// flatAnswer is the answer when no index has a project.
func flatAnswer(name pyname.Package, parts []part, policy *Policy, absence Absence) *Answer {
	if len(parts) == 0 {
		return &Answer{Absence: absence}
	}
	return &Answer{Lists: []*VersionMap{newVersionMap(name, parts, policy, Cutoff{})}}
}

// A hit is a page of a project, and where it was found.
type hit struct {
	index *Index
	page  Page
}

// ask returns the pages of a project, in the order of the indexes.
func (c *Client) ask(ctx context.Context, name pyname.Package, indexes []*Index, o only) ([]hit, error) {
	if c.locations.Strategy == FirstIndex {
		for _, x := range indexes {
			f, err := c.look(ctx, name, x, o)
			switch {
			case err != nil:
				return nil, err
			case f.page != nil:
				return []hit{{x, f.page}}, nil
			case f.refused != 0:
				// The index may have the project: looking further could find
				// another of that name.
				return nil, nil
			}
		}
		return nil, nil
	}
	all := make([]found, len(indexes))
	err := par.ForEach(ctx, 8, len(indexes), func(ctx context.Context, i int) (err error) {
		all[i], err = c.look(ctx, name, indexes[i], o)
		return err
	})
	if err != nil {
		return nil, err
	}
	var hits []hit
	for i, f := range all {
		if f.page != nil {
			hits = append(hits, hit{indexes[i], f.page})
		}
	}
	return hits, nil
}

type pageKey struct {
	index string
	name  pyname.Package
	only  string // the versions asked for, "" for all
}

// found is what one index says of a project: its page, or nothing, or a status
// that refuses to say.
type found struct {
	page    Page
	refused int
}

// look asks one index, once.
func (c *Client) look(ctx context.Context, name pyname.Package, x *Index, o only) (found, error) {
	return once(ctx, &c.pages, pageKey{x.URL, name, o.text}, func(ctx context.Context) (found, error) {
		switch {
		case x.Flat:
			l, err := c.flat(ctx, x)
			if err != nil {
				return found{}, err
			}
			return found{page: l.page(name)}, nil
		case strings.HasPrefix(x.URL, "file:"):
			page, err := c.localPage(name, x)
			return found{page: page}, err
		}
		page, err := c.remotePage(ctx, name, x, o)
		if err == nil {
			return found{page: page}, nil
		}
		return c.judge(x, err)
	})
}

// judge decides whether an error of an index is an answer.
func (c *Client) judge(x *Index, err error) (found, error) {
	if web.IsOffline(err) {
		return found{}, nil
	}
	status := web.StatusOf(err)
	if status == 0 {
		return found{}, err
	}
	if x.ignores(status) {
		return found{}, nil
	}
	unsafe := c.locations.Strategy != FirstIndex
	switch status {
	case 401, 403:
		c.problems.Store(x.URL, Problem{Index: x.Location(), Status: status, Credentials: web.RefusedBy(err)})
		return found{refused: status}, nil
	case 407, 511:
		if unsafe {
			return found{}, nil
		}
	}
	return found{}, err
}

// once does a piece of work once for a key, and again if it was given up only
// because whoever asked first was stopped.
func once[K comparable, V any](ctx context.Context, all *par.Cache[K, *par.Future[V]], key K, work func(context.Context) (V, error)) (V, error) {
	for {
		future := all.Do(key, func() *par.Future[V] {
			return par.Go(func() (V, error) { return work(ctx) })
		})
		value, err := future.Wait(ctx)
		stopped := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
		if !stopped || ctx.Err() != nil {
			return value, err
		}
		all.Forget(key)
	}
}

// pageURL is where an index has the page of a project. It ends in a slash, or
// links on the page would be taken relative to the wrong folder.
func pageURL(x *Index, name pyname.Package) (string, error) {
	u, err := auth.ParseURL(x.URL)
	if err != nil {
		return "", err
	}
	if u.Opaque != "" || u.Scheme != "file" && u.Host == "" {
		return "", fmt.Errorf("expected an index URL, but received: %s", auth.Redact(x.URL))
	}
	u.RawQuery, u.Fragment, u.RawFragment = "", "", ""
	return strings.TrimRight(u.String(), "/") + "/" + url.PathEscape(string(name)) + "/", nil
}
