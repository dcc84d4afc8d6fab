package archive

import "golang.org/x/sys/cpu"

// quickBMI2 is the quick loop for processors that shift by any register and
// shuffle bytes: a third faster than the one in Go.
//
// It changes nothing but q and dst, there from q.out on, and reads nothing else
// but the tables and src, there from q.in on; in both it keeps the margins.
// Every distance and every place in a table is checked, a length has room by
// the margin. It is not called beyond the margins.
//
//go:noescape
func quickBMI2(q *quick) quickEnd

// quickTurns runs the best quick loop there is.
func quickTurns(q *quick, src, dst []byte) quickEnd {
	if cpu.X86.HasBMI2 && cpu.X86.HasSSSE3 {
		return quickBMI2(q)
	}
	return quickGeneric(q, src, dst)
}
