package lock

import (
	"errors"
	"testing"

	"github.com/tame-py/tame/packaging/tags"
)

// A lock of old may name an archive that is not installed any more.
func TestLegacySdist(t *testing.T) {
	t.Parallel()
	for location, refused := range map[string]bool{"a-1.0.tar.bz2": true, "a-1.0.tar.gz": false, "a-1.0.zip": false} {
		p := Package{Name: "a", Source: Source{Kind: Path, Location: location}, Sdist: &File{}}
		_, err := p.choose(&TargetRequest{Root: t.TempDir(), Tags: &tags.Set{}})
		if legacy := (*LegacySdistError)(nil); errors.As(err, &legacy) != refused || err != nil && !refused {
			t.Errorf("%s: %v", location, err)
		}
	}
}
