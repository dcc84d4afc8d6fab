package par_test

import (
	"runtime"
	"testing"

	"github.com/tame-py/tame/internal/par"
)

// Not parallel: it looks at what all goroutines share.
func TestOverlap(t *testing.T) {
	before := par.Processors()
	first, second := par.Overlap(), par.Overlap()
	if got := runtime.GOMAXPROCS(0); got != 2*before {
		t.Errorf("GOMAXPROCS is %d while two overlap, want %d", got, 2*before)
	}
	first()
	first()
	if got := runtime.GOMAXPROCS(0); got != 2*before {
		t.Errorf("GOMAXPROCS is %d after one has ended twice, want %d", got, 2*before)
	}
	if got := par.Processors(); got != before {
		t.Errorf("Processors is %d, want %d", got, before)
	}
	second()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("GOMAXPROCS is %d after both have ended, want %d", got, before)
	}
}
