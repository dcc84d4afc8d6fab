package archive

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A zipState is what another process needs to go on with a zip: the entries
// that were unpacked, and where the next one begins. Entries and content are
// checked against each other when it is read.
type zipState struct {
	Offset  int64
	Entries []stateEntry
}

type stateEntry struct {
	Name         string
	Offset       int64
	Method       uint16
	Flags        uint16
	CRC          uint32
	Packed, Size int64
	SHA256       []byte `json:",omitempty"`
}

// State returns what [ResumeZip] needs to go on at the last point that Mark
// has marked, with the offset of that point; nil when there is none. It may
// be called after Unpack has returned a [*ReadError].
func (z *ZipStream) State() (state []byte, offset int64) {
	if z.mark == 0 {
		return nil, 0
	}
	s := zipState{Offset: z.mark, Entries: make([]stateEntry, z.marked)}
	for i, e := range z.entries[:z.marked] {
		s.Entries[i] = stateEntry{
			Name: e.Name, Offset: e.Offset, Method: e.Method, Flags: e.Flags,
			CRC: e.CRC, Packed: e.Packed, Size: e.Size,
		}
		if e.file != nil {
			s.Entries[i].SHA256 = e.SHA256[:]
		}
	}
	state, err := json.Marshal(s)
	if err != nil {
		return nil, 0
	}
	return state, z.mark
}

// ResumeZip returns a stream that goes on where one was interrupted whose
// State is given and whose target was dst. Every file that is said to be there
// is read and compared, and others are removed, so that it does not matter how
// the first process ended. An error means that the archive must be unpacked
// from the start, elsewhere.
//
// The tee of opts is given what follows; who hashes the whole keeps the state
// of the hash as of the mark.
func ResumeZip(dst string, opts Options, state []byte) (*ZipStream, error) {
	var s zipState
	if err := json.Unmarshal(state, &s); err != nil {
		return nil, err
	}
	t, err := newTarget(dst, opts)
	if err != nil {
		return nil, err
	}
	z := &ZipStream{dst: dst, opts: opts, t: t, start: s.Offset, mark: s.Offset, marked: len(s.Entries)}
	for _, se := range s.Entries {
		e := &entry{
			Name: se.Name, Offset: se.Offset, Method: se.Method, Flags: se.Flags,
			CRC: se.CRC, Packed: se.Packed, Size: se.Size,
		}
		copy(e.SHA256[:], se.SHA256)
		if err := z.resume(e); err != nil {
			z.Close()
			return nil, fmt.Errorf("resuming: %w", err)
		}
	}
	if err := t.sweep(); err != nil {
		z.Close()
		return nil, fmt.Errorf("resuming: %w", err)
	}
	return z, nil
}

// resume takes over an entry that was unpacked.
func (z *ZipStream) resume(e *entry) error {
	err := e.check()
	if err == nil {
		err = z.t.admit(e)
	}
	if err == nil {
		err = z.t.grow(e.Name, e.Size)
	}
	if err != nil {
		return err
	}
	z.t.consumed.Store(e.Offset + e.Packed)
	z.entries = append(z.entries, e)
	if e.dir {
		return nil
	}
	if e.again {
		return z.t.same(e)
	}
	e.file.Size, e.file.SHA256 = e.Size, e.SHA256
	return z.t.compare(e.file)
}

// compare reads a file and says whether it is what it should be.
func (t *target) compare(file *File) error {
	name := filepath.Join(t.path, filepath.FromSlash(file.Path))
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() != file.Size {
		return fmt.Errorf("%s is not as it was written", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if [32]byte(h.Sum(nil)) != file.SHA256 {
		return fmt.Errorf("%s is not as it was written", name)
	}
	return nil
}

// sweep removes what is in the target and was not claimed.
func (t *target) sweep() error {
	return filepath.WalkDir(t.path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == t.path {
			return err
		}
		rel, err := filepath.Rel(t.path, name)
		if err != nil {
			return err
		}
		file, ok := t.names[filepath.ToSlash(rel)]
		switch {
		case ok && d.IsDir() == (file == nil):
			return nil
		case ok:
			return errors.New(name + " is of another kind than it was")
		case !d.IsDir():
			return os.Remove(name)
		}
		if err := os.RemoveAll(name); err != nil {
			return err
		}
		return fs.SkipDir
	})
}
