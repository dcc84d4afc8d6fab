package cli

import (
	"bytes"
	"sync"
)

// debugLines prints what is written to it line by line.
type debugLines struct {
	print func(line string)

	mu   sync.Mutex
	rest []byte
}

// Write implements io.Writer.
func (d *debugLines) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rest = append(d.rest, p...)
	for {
		line, rest, ok := bytes.Cut(d.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		d.print(string(bytes.TrimRight(line, "\r")))
		d.rest = append(d.rest[:0], rest...)
	}
}
