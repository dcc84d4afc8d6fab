package server

import "time"

// A Usage is what a server and all that it has started used since they began.
type Usage struct {
	CPU time.Duration
	// Peak is the sum of the largest resident sets of the processes, in bytes:
	// memory that they share counts for each of them.
	Peak int64
}
