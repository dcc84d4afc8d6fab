package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A PageError reports an answer that is not a page of an index.
type PageError struct {
	URL string // redacted
	Err error

	portal bool
}

func (e *PageError) Error() string {
	return fmt.Sprintf("received an unexpected page from %s: %v", e.URL, e.Err)
}

// Unwrap returns what is wrong with the page.
func (e *PageError) Unwrap() error { return e.Err }

// Hints tells what such answers usually come from.
func (e *PageError) Hints() []string {
	if e.portal {
		return []string{"the request was redirected to another host that answered with a web page: the network may want you to log in first"}
	}
	var unsupported *simple.UnsupportedError
	var syntax *simple.ParseError
	if errors.As(e.Err, &unsupported) || errors.As(e.Err, &syntax) && syntax.Offset == 0 {
		return []string{"the URL may not be that of a package index; that of an index often ends in `/simple`"}
	}
	return nil
}

// misled says what is wrong with a page that was answered instead of the one that
// was asked for, by how many of its files are of use.
func misled(name pyname.Package, resp *web.Response, project *simple.Project, files int) error {
	if files > 0 {
		return nil
	}
	at := auth.Redact(resp.URL)
	if other := foreignProject(name, project.Files); other != "" {
		return &PageError{URL: at, Err: fmt.Errorf("it is the page of another package: expected distributions of %s, got those of %s", name, other)}
	}
	if resp.Redirected && !strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return &PageError{URL: at, Err: errNoLinks, portal: true}
	}
	return nil
}

var errNoLinks = errors.New("a web page without links to distributions")

// remotePage returns the page of a project on an index, from the cache if it is
// fresh there. It may lack versions that are not asked for.
func (c *Client) remotePage(ctx context.Context, name pyname.Package, x *Index, o only) (Page, error) {
	location, err := pageURL(x, name)
	if err != nil {
		return nil, err
	}
	r := web.CachedRequest{
		Request:      web.Request{URL: location, Accept: simple.Accept, Several: true},
		File:         c.path(cache.Pages, cache.Key(source.Canonical(x.URL)), cache.Segment(name)),
		CacheControl: x.CacheControlAPI,
		Stale:        c.stale(name),
	}
	l, err := c.listing(ctx, r, name, o, func(resp *web.Response) (made, error) {
		body, err := web.Borrow(resp)
		if err != nil {
			return made{}, err
		}
		p := newPacker()
		m, err := p.pack(c, name, o, resp, body)
		if err == nil {
			p.release()
			body.GiveBack() // files were the last to have parts of it
		}
		return m, err
	})
	if err != nil {
		return nil, err
	}
	if page := l.page(name); page != nil {
		return page, nil
	}
	return &listedPage{listing: l}, nil // the index has the project, but no files
}

// listing makes a request whose answer becomes a listing, of a project or, if name
// is empty, of many.
func (c *Client) listing(ctx context.Context, r web.CachedRequest, name pyname.Package, o only, encode func(*web.Response) (made, error)) (*listing, error) {
	var opened *listing
	var lent *[]byte
	r.Check = func(payload []byte) bool {
		var err error
		opened, err = openListing(payload)
		return err == nil
	}
	r.Remake = func([]byte) ([]byte, error) {
		if opened.answers(o) {
			return nil, nil
		}
		part := opened
		opened = nil
		return c.whole(name, part)
	}
	r.Transform = func(_ context.Context, resp *web.Response) ([]byte, error) {
		m, err := encode(resp)
		opened, lent = m.listing, m.lent
		return m.file, err
	}
	payload, err := c.web.Cached(ctx, r)
	if lent != nil {
		keptPages.Put(lent)
	}
	if err != nil {
		return nil, err
	}
	if opened != nil {
		return opened, nil
	}
	return openListing(payload)
}

// path is where something is kept; "" if nothing is.
func (c *Client) path(bucket cache.Bucket, parts ...string) string {
	if c.cache == nil {
		return ""
	}
	return c.cache.Path(bucket, parts...)
}

// stale returns the test for what must be asked for again, nil if nothing must.
func (c *Client) stale(name pyname.Package) func(time.Time) bool {
	if c.cache == nil || !c.cache.Refresh().Wants(name) {
		return nil
	}
	return func(confirmed time.Time) bool { return c.cache.Refresh().Stale(name, confirmed) }
}

// localPage returns the page of a project in a folder that is laid out like an
// index: a folder for each project with an index.html, or with the files
// themselves. It returns nil if the project has no folder.
func (c *Client) localPage(name pyname.Package, x *Index) (Page, error) {
	location, err := pageURL(x, name)
	if err != nil {
		return nil, err
	}
	dir, err := filePath(location)
	if err != nil {
		return nil, err
	}
	files, err := readFolder(dir, location, true)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotFolder) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the index at %s: %w", auth.Redact(x.URL), err)
	}
	return c.pageOf(name, files, location)
}

// pageOf makes a page of files that are not cached.
func (c *Client) pageOf(name pyname.Package, files []simple.File, where string) (Page, error) {
	file, err := encodeListing(c.listFiles(name, files, where), nil)
	if err != nil {
		return nil, err
	}
	l, err := openListing(file)
	if err != nil {
		return nil, err
	}
	if page := l.page(name); page != nil {
		return page, nil
	}
	return &listedPage{listing: l}, nil
}

var errNotFolder = errors.New("not a folder")

// readFolder returns the files of a folder: the links of its index.html if it
// may have one, else what lies in it.
func readFolder(dir, location string, html bool) ([]simple.File, error) {
	if html {
		doc, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if err == nil {
			project, err := simple.ParseHTML(string(doc), location)
			if err != nil {
				return nil, err
			}
			return project.Files, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return nil, err
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, errNotFolder
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []simple.File
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() || !e.Type().IsRegular() && !leadsToFile(path) {
			continue
		}
		files = append(files, simple.File{Filename: e.Name(), URL: source.FromPath(path, path, "").FileURL(), Size: -1})
	}
	return files, nil
}

// leadsToFile reports whether a symbolic link leads to a file.
func leadsToFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
