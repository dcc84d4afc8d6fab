package index

import (
	"context"

	"github.com/tame-py/tame/packaging/pyname"
)

// Ahead begins to look projects up, as [Client.Versions] does for those that are
// not pinned to an index, and returns at once. Whoever asks for one of them later
// gets what came of it, an error as well: nothing is asked twice, and nobody is
// told of what nobody asks for.
func (c *Client) Ahead(ctx context.Context, names []pyname.Package) {
	for _, name := range names {
		go func() {
			_, _ = c.findLinks(ctx, name)
			if !c.locations.NoIndex {
				_, _ = c.ask(ctx, name, c.locations.SearchedFor(name), only{})
			}
		}()
	}
}
