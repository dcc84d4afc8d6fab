package par

// Progress tells that a piece of work begins. The label is what a person
// would call it (a package with its version, a URL without secrets), size its
// total in bytes, or -1 when that is not known. A nil Progress is silent; so
// call [Progress.Start], not the function itself. It must be safe for
// concurrent use.
type Progress func(label string, size int64) Task

// A Task is a piece of work under way. Its methods are safe for concurrent
// use.
type Task interface {
	// Add tells that n more bytes are done. A negative n takes back what a
	// failed attempt had told.
	Add(n int64)
	// Done tells that the work is over, well or not. It is called once.
	Done()
}

// Start begins a task, one that says nothing when p is nil.
func (p Progress) Start(label string, size int64) Task {
	if p == nil {
		return silent{}
	}
	return p(label, size)
}

type silent struct{}

func (silent) Add(int64) {}
func (silent) Done()     {}
