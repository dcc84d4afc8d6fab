package engine

import (
	"context"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyproject"
)

// Headers reads what a distribution says of itself without being built: all
// fields of its metadata and, of a source distribution or tree, its pyproject.toml
// if there is one. The engine must be connected.
func (e *Engine) Headers(ctx context.Context, d *source.Dist) (metadata.Headers, *pyproject.File, error) {
	if d.IsWheel() {
		h, err := e.Index.Headers(ctx, d)
		return h, nil, err
	}
	return e.fetcher(source.HashPolicy{}, nil).Headers(ctx, d)
}
