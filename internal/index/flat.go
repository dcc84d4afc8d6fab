package index

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// flatFiles is what --find-links has of a project.
type flatFiles struct {
	parts   []part
	offline bool // a list could not be asked
}

// findLinks looks a project up in all flat lists. They are read in parallel, each
// once.
func (c *Client) findLinks(ctx context.Context, name pyname.Package) (*flatFiles, error) {
	indexes := c.locations.FindLinks
	if len(indexes) == 0 {
		return nil, nil
	}
	lists := make([]*listing, len(indexes))
	err := par.ForEach(ctx, 8, len(indexes), func(ctx context.Context, i int) (err error) {
		if lists[i], err = c.flat(ctx, &indexes[i]); err != nil {
			return fmt.Errorf("failed to read `--find-links` location %s: %w", auth.Redact(indexes[i].Location()), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &flatFiles{}
	for i, l := range lists {
		out.offline = out.offline || l.offline
		if page := l.page(name); page != nil {
			out.parts = append(out.parts, part{page: page, source: source.Source{Index: indexes[i].Location()}, flat: true})
		}
	}
	slices.SortStableFunc(out.parts, func(a, b part) int { return strings.Compare(a.source.Index, b.source.Index) })
	return out, nil
}

// flat reads a flat list, once.
func (c *Client) flat(ctx context.Context, x *Index) (*listing, error) {
	return once(ctx, &c.flats, x.URL, func(ctx context.Context) (*listing, error) {
		if strings.HasPrefix(x.URL, "file:") {
			return c.localFlat(x)
		}
		l, err := c.remoteFlat(ctx, x)
		if web.IsOffline(err) {
			return &listing{offline: true}, nil
		}
		return l, err
	})
}

// remoteFlat reads a web page with links to distributions of any projects.
func (c *Client) remoteFlat(ctx context.Context, x *Index) (*listing, error) {
	if _, err := auth.ParseURL(x.URL); err != nil {
		return nil, err
	}
	r := web.CachedRequest{
		Request:      web.Request{URL: x.URL, Accept: simple.MediaLegacy},
		File:         c.path(cache.Responses, cache.Key("flat", source.Canonical(x.URL))),
		CacheControl: x.CacheControlAPI,
		Stale:        c.stale(""),
	}
	return c.listing(ctx, r, "", only{}, func(resp *web.Response) (m made, err error) {
		body, err := web.ReadText(resp)
		if err != nil {
			return m, err
		}
		project, err := simple.ParseHTML(body, resp.URL)
		if err != nil {
			return m, &PageError{URL: auth.Redact(resp.URL), Err: err}
		}
		files := c.listFiles("", project.Files, auth.Redact(resp.URL))
		if len(files) == 0 && resp.Redirected {
			return m, &PageError{URL: auth.Redact(resp.URL), Err: errNoLinks, portal: true}
		}
		m.file, err = encodeListing(files, nil)
		return m, err
	})
}

// localFlat reads a folder of distributions, or an HTML file that lists some.
func (c *Client) localFlat(x *Index) (*listing, error) {
	path, err := filePath(x.URL)
	if err != nil {
		return nil, err
	}
	files, err := readFolder(path, x.URL, false)
	if errors.Is(err, errNotFolder) {
		var doc []byte
		if doc, err = os.ReadFile(path); err == nil {
			var project *simple.Project
			if project, err = simple.ParseHTML(string(doc), x.URL); err == nil {
				files = project.Files
			}
		}
	}
	if err != nil {
		return nil, err
	}
	file, err := encodeListing(c.listFiles("", files, x.URL), nil)
	if err != nil {
		return nil, err
	}
	return openListing(file)
}

// filePath returns the path that a file URL names on this machine.
func filePath(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" {
		return "", fmt.Errorf("expected a file URL, but received: %s", auth.Redact(raw))
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/") // of /C:/folder
	}
	return filepath.FromSlash(path), nil
}
