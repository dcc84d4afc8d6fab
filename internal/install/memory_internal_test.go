package install

import (
	"testing"

	"github.com/tame-py/tame/internal/cache"
)

func TestMemoryRows(t *testing.T) {
	t.Parallel()
	if err := cache.CheckRow[noteRow](); err != nil {
		t.Error(err)
	}
	if err := cache.CheckRow[requireRow](); err != nil {
		t.Error(err)
	}
}
