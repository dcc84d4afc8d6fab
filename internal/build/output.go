package build

import (
	"io"
	"strings"
	"sync"
)

// maxOutput is how much of the output of a build is kept: the beginning, where
// the first error is, and the end.
const maxOutput = 2 << 20

// An output captures what a backend writes, and hands it on.
type output struct {
	mu         sync.Mutex
	live       io.Writer // nil is nobody
	head, tail []byte
	lost       bool
}

// Write implements io.Writer. It never fails, or the child would be disturbed.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.live != nil {
		_, _ = o.live.Write(p)
	}
	rest := p
	if room := maxOutput/2 - len(o.head); room > 0 {
		n := min(room, len(rest))
		o.head, rest = append(o.head, rest[:n]...), rest[n:]
	}
	o.tail = append(o.tail, rest...)
	if extra := len(o.tail) - maxOutput; extra > 0 {
		o.tail = append(o.tail[:0], o.tail[len(o.tail)-maxOutput/2:]...)
		o.lost = true
	}
	return len(p), nil
}

// String is what was written, in lines that end with \n alone.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := string(o.head)
	if o.lost {
		text += "\n[... output left out ...]\n"
	}
	text += string(o.tail)
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.TrimRight(text, " \t\r\n")
}
