package index

import (
	"bytes"
	"context"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/metadata"
)

// Headers reads all fields of the metadata of a wheel, also those that a resolver
// does not need. They have no body. The error is that of the network, or says what
// is wrong with the wheel.
func (c *Client) Headers(ctx context.Context, d *source.Dist) (metadata.Headers, error) {
	text, err := c.headers(ctx, d)
	if err != nil {
		return metadata.Headers{}, err
	}
	return metadata.ParseHeaders(text), nil
}

func (c *Client) headers(ctx context.Context, d *source.Dist) ([]byte, error) {
	location, local := locate(d)
	if local {
		return readLocalText(d, location)
	}
	w := c.reader(d, location)
	var text []byte
	fetch := func(r web.CachedRequest, get getText) (err error) {
		r.Transform = func(ctx context.Context, resp *web.Response) ([]byte, error) {
			text, err := get(ctx, resp)
			return withoutBody(text), err
		}
		text, err = c.web.Cached(ctx, r)
		return err
	}
	// A lock does not tell whether the index has the file beside the wheel.
	if d.Source.Kind == source.Registry {
		err := fetch(w.request(w.besideURL(), "headers beside"), func(_ context.Context, resp *web.Response) ([]byte, error) {
			return web.ReadAll(resp)
		})
		if err == nil || !w.absent(err) {
			return text, err
		}
	}
	return text, w.extract(ctx, "headers", fetch)
}

// withoutBody is a metadata file up to the long description, which is most of it.
func withoutBody(text []byte) []byte {
	if head, _, found := bytes.Cut(text, []byte("\n\n")); found {
		return append(head, '\n')
	}
	if head, _, found := bytes.Cut(text, []byte("\r\n\r\n")); found {
		return append(head, '\n')
	}
	return text
}
