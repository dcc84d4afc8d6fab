package ui

import (
	"bytes"
	"io"
	"sync"
)

// A Prefixer writes whole lines, each with a prefix: what one of several programs
// says at the same time. Those that share a mutex write their lines in turn.
type Prefixer struct {
	to     io.Writer
	prefix string
	mu     *sync.Mutex
	rest   []byte
}

// NewPrefixer writes to a stream, on which nobody else writes who does not hold
// the mutex.
func NewPrefixer(to io.Writer, prefix string, mu *sync.Mutex) *Prefixer {
	return &Prefixer{to: to, prefix: prefix, mu: mu}
}

// Write implements [io.Writer].
func (p *Prefixer) Write(text []byte) (int, error) {
	p.rest = append(p.rest, text...)
	at := bytes.LastIndexByte(p.rest, '\n')
	if at < 0 {
		return len(text), nil
	}
	var out bytes.Buffer
	for line := range bytes.Lines(p.rest[:at+1]) {
		out.WriteString(p.prefix)
		out.Write(line)
	}
	p.rest = append(p.rest[:0], p.rest[at+1:]...)
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.to.Write(out.Bytes())
	return len(text), err
}

// End writes what has no line end, and gives it one.
func (p *Prefixer) End() {
	if len(p.rest) > 0 {
		_, _ = p.Write([]byte("\n")) // a stream that is gone
	}
}
