package archive

import (
	"errors"
	"io"
)

// Large files are inflated by the same code in pieces: a buffer of input that
// is filled up between the pieces, and buffers of output of which the first
// window bytes repeat the end of the one before, where matches find them.
const (
	window    = 32 << 10
	pieceSize = 1 << 20

	// What begin may need: a stored block with its head, or the tables of a
	// coded one.
	startIn   = 1<<16 + 64
	startRoom = 1<<16 + 64
)

// fastStream inflates what r holds into first and the buffers after it. next is
// called whenever a buffer is full: it takes it, the output in it begins at
// window, and returns another one of the same size. The last buffer is
// returned. r must end where the data does.
func fastStream(r io.Reader, first []byte, next func(out []byte) ([]byte, error)) (last []byte, err error) {
	f, ok := fastInflaters.Get().(*fastInflater)
	if !ok {
		f = new(fastInflater)
	}
	defer fastInflaters.Put(f)
	f.partial, f.more, f.floor = true, true, window
	input := getBuffer(sourceBuffer)
	defer putBuffer(input)
	tail := getBuffer(window)
	defer putBuffer(tail)
	p := &pieces{f: f, r: r, input: input, dst: first, out: window, tail: tail, next: next}
	err = p.run()
	return p.dst[:p.out], err
}

// pieces is a stream being inflated.
type pieces struct {
	f     *fastInflater
	r     io.Reader
	input []byte
	s     bitStream
	dst   []byte
	out   int
	tail  []byte // the end of the output of the buffer before
	next  func(out []byte) ([]byte, error)
}

func (p *pieces) run() error {
	last, coded := false, false
	for !last || coded {
		if err := p.prepare(); err != nil {
			return err
		}
		var err error
		if coded {
			var done bool
			p.out, done, err = p.f.block(&p.s, p.dst, p.out)
			coded = !done
		} else {
			last, coded, p.out, err = p.f.begin(&p.s, p.dst, p.out)
		}
		if err != nil {
			return err
		}
	}
	p.s.giveBack()
	if p.s.in < len(p.s.src) {
		return errors.New("its compressed data ends early")
	}
	if p.f.more {
		// The input ended exactly with a piece: is there more?
		if n, err := fill(make([]byte, 1), p.r); n > 0 || err != io.EOF {
			if err == nil {
				err = errors.New("its compressed data ends early")
			}
			return err
		}
	}
	return nil
}

// prepare sees to it that there is input and room to begin a block with.
func (p *pieces) prepare() error {
	if p.f.more && len(p.s.src)-p.s.in < startIn {
		p.s.giveBack() // what is before will be gone
		n := copy(p.input, p.s.src[p.s.in:])
		got, err := fill(p.input[n:], p.r)
		if err != nil && err != io.EOF {
			return err
		}
		p.f.more = err == nil
		p.s.src, p.s.in = p.input[:n+got], 0
	}
	if len(p.dst)-p.out < startRoom {
		copy(p.tail, p.dst[p.out-window:p.out])
		fresh, err := p.next(p.dst[:p.out])
		if err != nil {
			return err
		}
		copy(fresh, p.tail)
		p.dst, p.out, p.f.floor = fresh, window, 0
	}
	return nil
}
