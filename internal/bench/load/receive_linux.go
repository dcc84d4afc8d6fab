package load

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A receiver reads from sockets, and learns from the kernel when what it reads
// had come: the time at which a thread gets round to an answer is not the
// server's doing.
type receiver struct {
	buffer  []byte
	message unix.Msghdr
	vector  unix.Iovec
	control [64]byte
	offset  int64 // of the clock of the stamps to that of the run
	stamps  bool  // the last answer had one
	large   bool  // some answer was
}

// largeAnswer is more than is safe to leave unread: a full receive buffer stops
// the server.
const largeAnswer = 16 << 10

func (r *receiver) init() {
	r.buffer = make([]byte, 64<<10)
	r.vector.Base = &r.buffer[0]
	r.vector.SetLen(len(r.buffer))
	r.message.Iov, r.message.Control = &r.vector, &r.control[0]
	r.message.SetIovlen(1)
}

// stamp has the kernel note when the data of a socket comes.
func stamp(fd int) { _ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) }

// punctual reports whether answers may lie unread for a while.
func (r *receiver) punctual() bool { return r.stamps && !r.large }

// adjust finds out how the clock of the stamps, which somebody may set, relates
// to the run's. Of a few looks that with the least time between the readings of
// both clocks is right.
func (r *receiver) adjust(base time.Time) {
	for i := range 3 {
		now := time.Now()
		if offset := now.UnixNano() - int64(now.Sub(base)); i == 0 || offset > r.offset {
			r.offset = offset
		}
	}
}

// receive reads, and says when the last of what it read had come, on the clock of
// the run; 0 when the kernel did not note it.
func (r *receiver) receive(fd int) (n int, at int64, e unix.Errno) {
	r.message.SetControllen(len(r.control))
	got, _, e := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.message)), 0)
	if e != 0 {
		return 0, 0, e
	}
	const head = unix.SizeofCmsghdr
	if int(r.message.Controllen) >= head+int(unsafe.Sizeof(unix.Timespec{})) {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&r.control))
		if h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS {
			at = (*unix.Timespec)(unsafe.Pointer(&r.control[head])).Nano() - r.offset
		}
	}
	return int(got), at, 0
}
