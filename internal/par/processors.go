package par

import (
	"runtime"
	"sync"

	"github.com/tame-py/tame/internal/brief"
)

// Processors returns how many goroutines compute at once without hindering each
// other: GOMAXPROCS as the process was started with. Whoever divides work among
// goroutines asks this, and not [runtime.GOMAXPROCS], which is more while
// [Overlap] is in force.
func Processors() int {
	processors.once.Do(func() { processors.count = runtime.GOMAXPROCS(0) })
	return processors.count
}

var processors struct {
	once  sync.Once
	count int
}

var overlaps struct {
	mu    sync.Mutex
	count int
}

// Overlap lets more goroutines run than there are processors, for work of which
// much is spent in system calls on files. Unlike those on the network they block
// the thread, and with it the place of a goroutine that could compute meanwhile:
// the runtime takes such a place away only when it finds out. Half of the places
// are for calls of package brief. The function returned ends it; when all that
// were begun are ended, all is as before.
func Overlap() (end func()) {
	overlaps.mu.Lock()
	defer overlaps.mu.Unlock()
	if overlaps.count++; overlaps.count == 1 {
		runtime.GOMAXPROCS(2 * Processors())
		brief.Allow(Processors())
	}
	return sync.OnceFunc(func() {
		overlaps.mu.Lock()
		defer overlaps.mu.Unlock()
		if overlaps.count--; overlaps.count == 0 {
			runtime.GOMAXPROCS(Processors())
			brief.Allow(-1)
		}
	})
}
