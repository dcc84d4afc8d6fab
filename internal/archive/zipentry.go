package archive

import (
	"crypto/sha256"
	"io"
)

// admit claims the name of an entry.
func (t *target) admit(e *entry) error {
	if e.dir {
		return t.claimDir(e.clean)
	}
	file, again, err := t.claim(e.clean)
	e.file, e.again = file, again
	return err
}

// unpackEntry unpacks an entry whose data is packed, in a buffer that it takes
// over. The hash may come later: see [target.sum].
func (t *target) unpackEntry(e *entry, packed []byte) error {
	if t.stop.Load() {
		putBuffer(packed)
		return nil
	}
	var err error
	data, taken := t.fromTwin(e)
	if !taken {
		data, err = e.unpackWhole(packed)
	}
	if err != nil || e.Method != methodStored {
		putBuffer(packed)
	}
	if err != nil {
		return err
	}
	if e.again {
		defer putBuffer(data)
		e.SHA256 = sha256.Sum256(data)
		return t.same(e)
	}
	if err := t.fill(e.file, data); err != nil {
		putBuffer(data)
		return err
	}
	e.twin.ready.Store(true)
	if e.twin.taken = taken; taken {
		putBuffer(data)
		return nil
	}
	t.sum(e, data)
	return nil
}

// place opens the file of an entry that comes as a stream, lets unpack write
// it, and notes what it was. If the archive had the name before, that file
// must be done.
func (t *target) place(e *entry, unpack func(w io.Writer) error) error {
	if e.again {
		if err := unpack(io.Discard); err != nil {
			return err
		}
		return t.same(e)
	}
	out, err := t.create(e.file.Path)
	if err != nil {
		return t.taken(e.file.Path, err)
	}
	if err := unpack(out); err != nil {
		out.Close()
		return err
	}
	e.file.Size, e.file.SHA256 = e.Size, e.SHA256
	return out.Close()
}

// same refuses a second entry with the name of another unless it is the same:
// some wheels have such.
func (t *target) same(e *entry) error {
	if e.SHA256 != e.file.SHA256 || e.Size != e.file.Size {
		return refuse(e.Name, "it is there twice, with different contents")
	}
	return nil
}

// settle takes from the central directory what only it tells.
func (t *target) settle(e *entry, l *listing) error {
	e.listed = true
	e.exec = l.mode&0o111 != 0
	if e.file == nil || !e.exec || e.file.Mode == 0o755 {
		return nil
	}
	e.file.Mode = 0o755
	return t.makeExecutable(e.file.Path)
}

// settled refuses entries that the central directory does not have, and equal
// ones of which only one may be executed.
func settled(entries []*entry) error {
	for _, e := range entries {
		switch {
		case !e.listed:
			return refuse(e.Name, "it is not in the central directory")
		case e.file != nil && e.exec != (e.file.Mode == 0o755):
			return refuse(e.Name, "it is there twice, once to be executed and once not")
		}
	}
	return nil
}

// exactly reads n bytes of r, no more, and takes an earlier end of r for an
// error of r.
type exactly struct {
	r io.Reader
	n int64
}

func (x *exactly) Read(p []byte) (int, error) {
	if x.n == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > x.n {
		p = p[:x.n]
	}
	n, err := x.r.Read(p)
	x.n -= int64(n)
	return n, err
}
