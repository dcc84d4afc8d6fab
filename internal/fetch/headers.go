package fetch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyproject"
)

// Headers reads what a source distribution or source tree says of itself without
// being built: all fields of its PKG-INFO, and its pyproject.toml. Either is zero
// if it is not there.
func (f *Fetcher) Headers(ctx context.Context, d *source.Dist) (h metadata.Headers, file *pyproject.File, err error) {
	dir := ""
	switch d.Source.Kind {
	case source.Directory, source.Git:
		_, dir, err = f.SourceTree(ctx, d)
	default:
		var s *Sdist
		if s, err = f.Sdist(ctx, d); err != nil {
			return h, nil, err
		}
		temp, remove, err := f.tempDir()
		if err != nil {
			return h, nil, err
		}
		defer remove()
		if dir, err = f.UnpackSdist(ctx, s, temp); err != nil {
			return h, nil, err
		}
	}
	if err != nil {
		return h, nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "PKG-INFO"))
	switch {
	case err == nil:
		h = metadata.ParseHeaders(text)
	case !errors.Is(err, fs.ErrNotExist):
		return h, nil, err
	}
	name := filepath.Join(dir, "pyproject.toml")
	if text, err := os.ReadFile(name); err == nil {
		if parsed, err := pyproject.Parse(name, text); err == nil {
			file = parsed
		}
	}
	return h, file, nil
}
