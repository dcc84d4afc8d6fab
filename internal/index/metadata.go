package index

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// An Unavailable says why the metadata of a wheel cannot be had. It is the
// wheel's own story, and no reason to end the work: another version may do.
type Unavailable struct {
	Reason Trouble
	Dist   string // name and version, or the URL
	Status int    // for Unreachable
	Err    error  // the detail, nil for NotCached
}

// Trouble is the kind of an [Unavailable].
type Trouble uint8

// The kinds of trouble.
const (
	NotCached   Trouble = iota + 1 // not in the cache, and the network is off
	Unreachable                    // the index answers with a status that is to be ignored
	Invalid                        // the metadata cannot be read
	Broken                         // the wheel cannot be read
	Foreign                        // the metadata is of another name or version
)

func (e *Unavailable) Error() string {
	switch e.Reason {
	case NotCached:
		return fmt.Sprintf("the metadata of %s is not in the cache, and the network is disabled", e.Dist)
	case Unreachable:
		return fmt.Sprintf("the metadata of %s cannot be fetched: %v", e.Dist, e.Err)
	case Invalid:
		return fmt.Sprintf("the metadata of %s is invalid: %v", e.Dist, e.Err)
	case Foreign:
		return fmt.Sprintf("the metadata of %s is inconsistent: %v", e.Dist, e.Err)
	}
	return fmt.Sprintf("the metadata of %s cannot be read from the wheel: %v", e.Dist, e.Err)
}

// Unwrap returns the detail.
func (e *Unavailable) Unwrap() error { return e.Err }

// Metadata reads the metadata of a wheel: of an index, behind a URL, or on this
// machine. Name and version in it are those of the wheel, but for a local part
// of the version. The error is an [Unavailable], or that of a network that
// fails.
func (c *Client) Metadata(ctx context.Context, d *source.Dist) (*metadata.Metadata, error) {
	return once(ctx, &c.metadata, d.ID(), func(ctx context.Context) (*metadata.Metadata, error) {
		m, err := c.read(ctx, d)
		if err != nil {
			return nil, c.excuse(d, err)
		}
		if err := consistent(d, m); err != nil && !c.anyName {
			return nil, &Unavailable{Reason: Foreign, Dist: d.String(), Err: err}
		}
		return m, nil
	})
}

// excuse decides whether an error is the wheel's own story.
func (c *Client) excuse(d *source.Dist, err error) error {
	u := &Unavailable{Dist: d.String(), Err: err}
	var field *metadata.FieldError
	status := web.StatusOf(err)
	switch {
	case web.IsOffline(err):
		u.Reason, u.Err = NotCached, nil
	case errors.As(err, &field):
		u.Reason = Invalid
	case errors.Is(err, dist.ErrNotZip), errors.Is(err, dist.ErrNoDistInfo), errors.Is(err, errNoMetadata):
		u.Reason = Broken
	case status != 0 && c.ignoresFile(d, status):
		u.Reason, u.Status = Unreachable, status
	default:
		return err // whoever asked says for what
	}
	return u
}

// ignoresFile reports whether the distribution's index is configured to have a
// status ignored.
func (c *Client) ignoresFile(d *source.Dist, status int) bool {
	x, ok := c.at(d.Source.Index)
	if !ok || d.Source.Kind != source.Registry {
		return false
	}
	for _, code := range x.IgnoreErrorCodes {
		if code == status {
			return true
		}
	}
	return false
}

// consistent checks that metadata is of the distribution that it was read for.
func consistent(d *source.Dist, m *metadata.Metadata) error {
	if d.Name != "" && m.Name != d.Name {
		return fmt.Errorf("it is of %s, not of %s", m.Name, d.Name)
	}
	if want := d.Version; !want.IsZero() && !m.Version.Equal(want) && !m.Version.Equal(want.WithoutLocal()) {
		return fmt.Errorf("it is of version %s, not of %s", m.Version, want)
	}
	return nil
}

// locate says where a wheel is, and whether that is on this machine.
func locate(d *source.Dist) (location string, local bool) {
	location = cmp.Or(d.File.URL, d.Source.Location)
	return location, d.Source.Kind == source.Path || strings.HasPrefix(location, "file:")
}

// reader reads out of a wheel at a URL, with the credentials of its index.
func (c *Client) reader(d *source.Dist, url string) *wheelReader {
	w := &wheelReader{Client: c, dist: d, index: &Index{}, url: url}
	if known, ok := c.at(d.Source.Index); ok && d.Source.Kind == source.Registry {
		w.index = known
	}
	return w
}

// read reads metadata by the shortest way.
func (c *Client) read(ctx context.Context, d *source.Dist) (*metadata.Metadata, error) {
	location, local := locate(d)
	if local {
		return readLocal(d, location)
	}
	w := c.reader(d, location)
	if d.File.Metadata.Available {
		if m, ok := w.stored(); ok {
			return m, nil
		}
		m, err := w.beside(ctx)
		if err == nil || !w.absent(err) {
			return m, err
		}
		c.debug("no metadata beside %s: %v", auth.Redact(location), err)
	}
	return w.inside(ctx)
}

// readLocal reads the metadata out of a wheel on this machine.
func readLocal(d *source.Dist, location string) (*metadata.Metadata, error) {
	text, err := readLocalText(d, location)
	if err != nil {
		return nil, err
	}
	return metadata.Parse(text)
}

func readLocalText(d *source.Dist, location string) ([]byte, error) {
	path := location
	if strings.HasPrefix(location, "file:") {
		var err error
		if path, err = filePath(location); err != nil {
			return nil, err
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	zip, err := dist.OpenZip(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	text, _, err := zip.ReadMetadata(d.Name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return text, nil
}

// A wheelReader reads the metadata of one wheel on a server.
type wheelReader struct {
	*Client
	dist  *source.Dist
	index *Index
	url   string
}

// request returns the request for something of the wheel. What is made of the
// answer is kept by the wheel's URL and hash: with a hash it can never become
// another, and is not asked for again.
func (w *wheelReader) request(url, kind string) web.CachedRequest {
	location, name := auth.Strip(w.url), w.dist.Name
	r := web.CachedRequest{
		Request:      web.Request{URL: url, Several: true},
		CacheControl: w.index.filesControl(),
		Stale:        w.stale(name),
	}
	key := ""
	for _, h := range w.dist.File.Hashes {
		if h.Algorithm != "md5" && h.Algorithm != "sha1" {
			key, r.Mode = h.Algorithm+":"+h.Digest, web.AllowStale
			break
		}
	}
	r.File = w.path(cache.Metadata, cache.Segment(name), cache.Key(location, key, kind))
	return r
}

// fetch makes the request and reads metadata with get, or takes it from the
// cache.
func (w *wheelReader) fetch(ctx context.Context, r web.CachedRequest, get func(context.Context, *web.Response) ([]byte, error)) (*metadata.Metadata, error) {
	var made *metadata.Metadata
	r.Check = func(payload []byte) bool {
		var err error
		made, err = w.decodeMetadata(payload)
		return err == nil
	}
	r.Transform = func(ctx context.Context, resp *web.Response) ([]byte, error) {
		made = nil
		text, err := get(ctx, resp)
		if err != nil {
			return nil, err
		}
		if made, err = metadata.Parse(text); err != nil {
			return nil, err
		}
		return encodeMetadata(made)
	}
	_, err := w.web.Cached(ctx, r)
	return made, err
}

// stored returns metadata that is in the cache: of the file beside the wheel, or
// read out of the wheel because that was of no use.
func (w *wheelReader) stored() (m *metadata.Metadata, ok bool) {
	inside := w.request(w.url, "inside")
	inside.Request = web.TailRequest(inside.Request)
	for _, r := range []web.CachedRequest{w.request(w.besideURL(), "beside"), inside} {
		r.Check = func(payload []byte) bool {
			var err error
			m, err = w.decodeMetadata(payload)
			return err == nil
		}
		if _, ok := w.web.Stored(r); ok {
			return m, true
		}
	}
	return nil, false
}

// errMismatch says that metadata beside a wheel has not the announced hash.
var errMismatch = errors.New("the metadata has not the hash that the index announces")

// beside reads the file that the index offers beside the wheel (PEP 658).
func (w *wheelReader) beside(ctx context.Context) (*metadata.Metadata, error) {
	return w.fetch(ctx, w.request(w.besideURL(), "beside"), func(_ context.Context, resp *web.Response) ([]byte, error) {
		text, err := web.ReadAll(resp)
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(text); !announced(hex.EncodeToString(sum[:]), w.dist.File.Metadata.Hashes) {
			return nil, errMismatch
		}
		return text, nil
	})
}

// announced reports whether a SHA-256 is the one among the hashes, if there is
// one, whole or in part.
func announced(sum string, hashes []simple.Hash) bool {
	for _, h := range hashes {
		switch digest := strings.ToLower(h.Digest); h.Algorithm {
		case "sha256":
			if sum != digest {
				return false
			}
		case partHash:
			if !strings.HasPrefix(sum, digest) {
				return false
			}
		}
	}
	return true
}

// besideURL is the wheel's URL with ".metadata" added to its path.
func (w *wheelReader) besideURL() string {
	path, query, hasQuery := strings.Cut(w.url, "?")
	if hasQuery {
		return path + ".metadata?" + query
	}
	return path + ".metadata"
}

// absent reports whether an error of beside means that the file is not there
// after all, or not the right one, so that the wheel has to be asked.
func (w *wheelReader) absent(err error) bool {
	status := web.StatusOf(err)
	return errors.Is(err, errMismatch) || status == 404 || status == 403 || status == 410
}

// CheapMetadata reports whether the metadata of a wheel can probably be had
// without the wheel, so that many may be asked for in advance: the index says so
// (PEP 658), or nothing speaks against range requests.
func (c *Client) CheapMetadata(d *source.Dist) bool {
	if !d.IsWheel() || d.File.Metadata.Available {
		return d.IsWheel()
	}
	x := &Index{}
	if known, ok := c.at(d.Source.Index); ok {
		x = known
	}
	_, none := c.noRanges.Load(rangesKey(x, d.File.URL))
	return !none
}

// rangesKey names what does or does not support range requests for a wheel: its
// index or, without one, its host.
func rangesKey(x *Index, url string) string {
	if x.URL != "" {
		return x.URL
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(url, "http://"), "https://"), "/")
	return host
}

// inside reads the metadata out of the wheel.
func (w *wheelReader) inside(ctx context.Context) (m *metadata.Metadata, err error) {
	err = w.extract(ctx, "inside", func(r web.CachedRequest, get getText) (err error) {
		m, err = w.fetch(ctx, r, get)
		return err
	})
	return m, err
}

// getText reads the text of metadata from an answer.
type getText = func(context.Context, *web.Response) ([]byte, error)

// extract reads the metadata out of the wheel: from its parts if the server sends
// parts, else from the stream of the whole until the metadata has come by. fetch
// makes the requests.
func (w *wheelReader) extract(ctx context.Context, kind string, fetch func(web.CachedRequest, getText) error) error {
	r := w.request(w.url, kind)
	host := rangesKey(w.index, w.url)
	plain := r.Request
	if _, none := w.noRanges.Load(host); !none {
		parts := r
		parts.Request = web.TailRequest(plain)
		parts.Large = false
		err := fetch(parts, func(ctx context.Context, resp *web.Response) ([]byte, error) {
			if resp.Status != 206 {
				w.noRanges.Store(host, true)
				return metadataInStream(resp.Body, w.dist.Name)
			}
			ranges, err := w.web.ContinueRanges(ctx, plain, resp)
			if err != nil {
				return nil, err
			}
			return metadataInZip(ranges, ranges.Size(), w.dist.Name)
		})
		if err == nil || !web.IsUnsupported(err) {
			return err
		}
		w.noRanges.Store(host, true)
		w.debug("no range requests on %s: %v", host, err)
	}
	r.Large = true
	return fetch(r, func(_ context.Context, resp *web.Response) ([]byte, error) {
		return metadataInStream(resp.Body, w.dist.Name)
	})
}

func metadataInZip(r *web.Ranges, size int64, name pyname.Package) ([]byte, error) {
	zip, err := dist.OpenZip(r, size)
	if err != nil {
		return nil, err
	}
	text, _, err := zip.ReadMetadata(name)
	return text, err
}
