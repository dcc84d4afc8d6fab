package cli

import (
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// heapChunk is by how much, and to a multiple of what, the runtime grows the
// heap. An arena of the heap is at least as large and as well aligned.
const heapChunk = 4 << 20

// widenHeap makes the next four megabytes of the heap memory of huge pages, for
// a command that is going to use much of them: the kernel then hands them out in
// two steps. In a thousand, a page at a time, it takes the processor six times as
// long, which is a sixth of all time of showing the lock of a large workspace.
// Memory that is never used is not taken, but for what is left of a huge page.
//
// Only the user's own words or the system's settings make huge pages of the heap
// by default. It is a hint: where there are none, all is as without it.
var widenHeap = sync.OnceFunc(func() {
	// What is left of the chunk in use is passed over, by an object that fills it
	// and begins the next one. No one writes to it, so it takes no memory.
	const span = 72 << 10 // too large for the stack, and for spans of several objects
	begin := addressOf(make([]byte, span))
	filler := make([]byte, (begin+heapChunk)&^(heapChunk-1)-begin+span)
	last := addressOf(filler) + uintptr(len(filler)) - 1
	runtime.KeepAlive(filler)
	_, _, _ = unix.RawSyscall(unix.SYS_MADVISE, last&^(heapChunk-1), heapChunk, unix.MADV_HUGEPAGE)
})

func addressOf(data []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(data))) }
