package index

import (
	"context"

	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// Status returns the state of a project (PEP 792) on the index with the given URL,
// and the index's reason for it. It is active where the index says nothing: where
// the project is not there, and on folders and flat lists. The error is that of a
// network that fails, or of a page that cannot be read.
func (c *Client) Status(ctx context.Context, name pyname.Package, index string) (simple.Status, string, error) {
	x, ok := c.at(index)
	if !ok {
		c.web.Auth().AddURL(index)
		x = &Index{URL: index}
	}
	if x.Flat {
		return simple.Active, "", nil
	}
	f, err := c.look(ctx, name, x, only{})
	if err != nil {
		return "", "", err
	}
	page, ok := f.page.(*listedPage)
	if !ok || page == nil || len(page.listing.status) == 0 {
		return simple.Active, "", nil
	}
	l := page.listing
	return simple.Status(l.rows.Text(l.status[0].Status)), l.rows.Text(l.status[0].Reason), nil
}
