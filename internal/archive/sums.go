package archive

import (
	"sync"

	"github.com/tame-py/tame/internal/sha256pair"
)

// Two files are hashed together in little more time than one of them takes
// alone. So one file waits for another, in its buffer: whoever has unpacked that
// one hashes both until one of them is done, and lets the other wait for the
// next. Archives that share a pool have one such place.

// A summing is a file that is being hashed.
type summing struct {
	sha256pair.Message
	t    *target
	e    *entry
	data []byte // is given back when the file is hashed
}

var summings sync.Pool // of *summing

// A pairing is where a file waits for another one.
type pairing struct {
	mu      sync.Mutex
	waiting *summing
}

// sum hashes the content of an entry, for its file as well. It takes data over.
// The hash may come later: see [target.wait].
func (t *target) sum(e *entry, data []byte) {
	s, ok := summings.Get().(*summing)
	if !ok {
		s = new(summing)
	}
	s.t, s.e, s.data = t, e, data
	s.Start(data)
	t.summing.Add(1)
	for !s.Done() {
		other, waits := t.pairs.partner(s)
		if waits {
			return
		}
		if other == nil {
			break
		}
		sha256pair.Together(&s.Message, &other.Message)
		if s.Done() {
			s, other = other, s
		}
		other.settle()
	}
	s.settle()
}

// partner returns the file that waits. If there is none, s does, unless it is
// waited for.
func (p *pairing) partner(s *summing) (other *summing, waits bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil && !s.t.ending {
		p.waiting = s
		return nil, true
	}
	other, p.waiting = p.waiting, nil
	return other, false
}

// take returns the file that waits if it is one of t, and says whether files of
// t may wait from now on.
func (p *pairing) take(t *target, ending bool) *summing {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.ending = ending
	s := p.waiting
	if s == nil || s.t != t {
		return nil
	}
	p.waiting = nil
	return s
}

// settle notes the hash. What is left is hashed alone.
func (s *summing) settle() {
	t := s.t
	s.e.SHA256 = s.Sum()
	s.e.file.SHA256 = s.e.SHA256
	putBuffer(s.data)
	s.t, s.e, s.data = nil, nil, nil
	summings.Put(s)
	t.summing.Done()
}

// wait waits for those who unpack entries, and for their hashes.
func (t *target) wait(wg *sync.WaitGroup) {
	wg.Wait()
	if s := t.pairs.take(t, true); s != nil {
		s.settle()
	}
	t.summing.Wait() // others may have some of them in hand
	t.pairs.take(t, false)
}
