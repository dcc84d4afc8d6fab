package archive

import (
	"hash"
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

// A pairing is where files wait for another one: two, so that one is left for a
// download when two of them went along together.
type pairing struct {
	mu      sync.Mutex
	waiting [2]*summing
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
	t.pairs.pursue(s)
}

// pursue hashes a file together with others until it is done or waits.
func (p *pairing) pursue(s *summing) {
	for !s.Done() {
		other, waits := p.partner(s)
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

// partner returns a file that waits. If fewer wait than may, s does, unless it is
// waited for.
func (p *pairing) partner(s *summing) (other *summing, waits bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !s.t.ending {
		for i := range p.waiting {
			if p.waiting[i] == nil {
				p.waiting[i] = s
				return nil, true
			}
		}
	}
	return p.any(), false
}

// any returns a file that waits, whosever it is, nil if there is none. p.mu is
// held.
func (p *pairing) any() *summing {
	for i := len(p.waiting) - 1; i >= 0; i-- {
		if s := p.waiting[i]; s != nil {
			p.waiting[i] = nil
			return s
		}
	}
	return nil
}

// beside is any for those who do not wait.
func (p *pairing) beside() *summing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.any()
}

// take returns a file that waits if it is one of t, and says whether files of
// t may wait from now on.
func (p *pairing) take(t *target, ending bool) *summing {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.ending = ending
	for i, s := range p.waiting {
		if s != nil && s.t == t {
			p.waiting[i] = nil
			return s
		}
	}
	return nil
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
	for s := t.pairs.take(t, true); s != nil; s = t.pairs.take(t, true) {
		t.pairs.pursue(s)
	}
	t.summing.Wait() // others may have some of them in hand
	t.pairs.take(t, false)
}

// A pairedHash is SHA-256 of what is written to it, which goes along with files
// that wait.
type pairedHash struct {
	*sha256pair.Hash
	pairs *pairing
}

// NewSHA256 returns a hash for the tee of an archive whose files the pool
// unpacks: it is computed together with those of the files.
func (p *Pool) NewSHA256() hash.Hash { return pairedHash{sha256pair.NewHash(), &p.pairs} }

func (h pairedHash) Write(b []byte) (int, error) {
	for n := 0; n < len(b); {
		s := h.pairs.beside()
		if s == nil {
			_, err := h.Hash.Write(b[n:])
			return len(b), err
		}
		if n += h.WriteBeside(b[n:], &s.Message); s.Done() {
			s.settle()
		} else {
			h.pairs.pursue(s)
		}
	}
	return len(b), nil
}
