package engine

import (
	"context"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/source"
)

// Contents returns what tells the installed distributions apart from any
// others, in the order given: the same texts stand for the same files. Where an
// index does not vouch for what it serves, that is brought into the cache to
// see; fresh is how many that were.
func (e *Engine) Contents(ctx context.Context, wanted []install.Wanted, hashes source.HashPolicy) (texts []string, fresh int, err error) {
	out := make([]string, len(wanted))
	var unknown []*source.Dist
	var at []int
	for i, w := range wanted {
		if text := vouched(w.Dist); text != "" {
			out[i] = text
			continue
		}
		unknown, at = append(unknown, w.Dist), append(at, i)
	}
	if len(unknown) == 0 {
		return out, 0, nil
	}
	wheels, err := e.fetcher(hashes, nil).Wheels(ctx, unknown)
	if err != nil {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		return nil, 0, &PrepareError{err}
	}
	for i, w := range wheels {
		// Where it came from is written down beside what is installed.
		out[at[i]] = unknown[i].String() + " archive:" + string(w.Archive.ID)
		if w.New {
			fresh++
		}
	}
	return out, fresh, nil
}

// vouched names a wheel of an index by the digest that the index gives.
func vouched(d *source.Dist) string {
	if d.Source.Kind != source.Registry || !d.IsWheel() {
		return ""
	}
	for _, h := range d.File.Hashes {
		switch h.Algorithm {
		case "sha256", "sha384", "sha512", "blake2b":
			return d.File.Filename + " " + h.Algorithm + ":" + h.Digest
		}
	}
	return ""
}
