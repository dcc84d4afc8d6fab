//go:build !linux

package load

// haveLoop says whether there is an event loop: elsewhere each connection has a
// goroutine.
const haveLoop = false

func (r *run) loop(*recorder, *feed, int) {}

func together() int64 { return 0 }
