package archive

import (
	"io"
)

// A source reads an archive through a buffer, knows how far it is, and gives
// every byte it hands out to the tee.
type source struct {
	r      io.Reader
	buf    []byte
	start  int   // what is next
	end    int   // what is filled
	hashed int   // up to where the tee has been given the buffer
	offset int64 // of what is next
	tee    io.Writer
	err    error // of r
	read   func(total int64)
}

const sourceBuffer = halfBuffer

// newSource returns a source that begins at an offset. read is told how much
// of the archive was read, whenever there is more.
func newSource(r io.Reader, tee io.Writer, offset int64, read func(total int64)) *source {
	return &source{r: r, buf: getBuffer(sourceBuffer), tee: tee, offset: offset, read: read}
}

func (s *source) release() {
	putBuffer(s.buf)
	s.buf = nil
}

// flush gives the tee what has been handed out.
func (s *source) flush() error {
	if s.tee == nil || s.hashed == s.start {
		s.hashed = s.start
		return nil
	}
	_, err := s.tee.Write(s.buf[s.hashed:s.start])
	s.hashed = s.start
	return err
}

// fill reads more, making room first.
func (s *source) fill() error {
	if s.err != nil {
		return s.err
	}
	if s.start > 0 {
		if err := s.flush(); err != nil {
			return err
		}
		copy(s.buf, s.buf[s.start:s.end])
		s.end -= s.start
		s.start, s.hashed = 0, 0
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.err = err
		}
		if n > 0 {
			s.read(s.offset + int64(s.end-s.start))
			return nil
		}
		if err != nil {
			return err
		}
	}
	s.err = io.ErrNoProgress
	return s.err
}

// broken words the end of r or its error.
func (s *source) broken(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &ReadError{Offset: s.offset + int64(s.end-s.start), Err: err}
}

// peek returns the next n bytes without taking them. n is at most the size of
// the buffer.
func (s *source) peek(n int) ([]byte, error) {
	for s.end-s.start < n {
		if err := s.fill(); err != nil {
			return nil, s.broken(err)
		}
	}
	return s.buf[s.start : s.start+n], nil
}

// next takes the next n bytes, which are valid until the next call.
func (s *source) next(n int) ([]byte, error) {
	b, err := s.peek(n)
	if err == nil {
		s.start += n
		s.offset += int64(n)
	}
	return b, err
}

// full fills p with the next bytes, past the buffer if p is large.
func (s *source) full(p []byte) error {
	n := copy(p, s.buf[s.start:s.end])
	s.start += n
	s.offset += int64(n)
	if n == len(p) {
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	rest := p[n:]
	if s.err != nil {
		return s.broken(s.err)
	}
	got, err := io.ReadFull(s.r, rest)
	s.offset += int64(got)
	s.read(s.offset)
	if s.tee != nil {
		if _, err := s.tee.Write(rest[:got]); err != nil {
			return err
		}
	}
	if err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		s.err = err
		return s.broken(err)
	}
	return nil
}

// Read takes what is there.
func (s *source) Read(p []byte) (int, error) {
	if s.start == s.end {
		if err := s.fill(); err != nil {
			return 0, s.broken(err)
		}
	}
	n := copy(p, s.buf[s.start:s.end])
	s.start += n
	s.offset += int64(n)
	return n, nil
}

// ReadByte makes a decompressor take no byte more than it needs.
func (s *source) ReadByte() (byte, error) {
	if s.start == s.end {
		if err := s.fill(); err != nil {
			return 0, s.broken(err)
		}
	}
	b := s.buf[s.start]
	s.start++
	s.offset++
	return b, nil
}

// atEnd says whether there is nothing more.
func (s *source) atEnd() (bool, error) {
	if s.end > s.start {
		return false, nil
	}
	err := s.fill()
	if err == io.EOF {
		return true, nil
	}
	if err != nil {
		return false, s.broken(err)
	}
	return s.end == s.start, nil
}
