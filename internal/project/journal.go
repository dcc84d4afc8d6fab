package project

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/tame-py/tame/internal/fsx"
)

// A Journal remembers files as they were before they are written, so that a
// command that fails, or is interrupted, leaves them as it found them. Its zero
// value is empty.
type Journal struct {
	// Path is where the journal is kept too, from the first change until Commit
	// or Revert: see JournalPath. What a process that was killed leaves there,
	// Recover takes back. Empty keeps it in memory only.
	Path    string
	entries []journalEntry
	disk    *fsx.Lock // of the file at Path, while there is one
}

type journalEntry struct {
	path    string
	text    []byte
	missing bool
	written []string // digests of what Write has written, in order
}

// Remember notes the content of a file, or that it is not there, unless that is
// noted already. It is for files that somebody else writes.
func (j *Journal) Remember(path string) error {
	_, err := j.entry(path)
	return err
}

func (j *Journal) entry(path string) (*journalEntry, error) {
	for i := range j.entries {
		if j.entries[i].path == path {
			return &j.entries[i], nil
		}
	}
	text, err := os.ReadFile(path)
	e := journalEntry{path: path, text: text, missing: errors.Is(err, fs.ErrNotExist)}
	if err != nil && !e.missing {
		return nil, err
	}
	j.entries = append(j.entries, e)
	return &j.entries[len(j.entries)-1], j.note(e.before(j.Path))
}

// Write replaces a file, after noting what it was. What is the same already is
// not written.
func (j *Journal) Write(path string, text []byte) error {
	e, err := j.entry(path)
	if err != nil {
		return err
	}
	if len(e.written) == 0 && !e.missing && string(e.text) == string(text) {
		return nil
	}
	digest := digestOf(text)
	e.written = append(e.written, digest)
	if err := errors.Join(j.open(), j.note(e.after(j.Path, digest))); err != nil {
		return err
	}
	return fsx.ReplaceFile(path, text)
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Changed reports whether Write has written something.
func (j *Journal) Changed() bool {
	return slices.ContainsFunc(j.entries, func(e journalEntry) bool { return len(e.written) > 0 })
}

// Commit says that the files belong together as they are now. Revert still
// brings them back.
func (j *Journal) Commit() {
	if j.disk != nil {
		discard(j.disk)
		j.disk = nil
	}
}

// Revert brings all files back to what they were; the last first.
func (j *Journal) Revert() error {
	failures := []error{j.open()}
	for i := len(j.entries) - 1; i >= 0; i-- {
		failures = append(failures, j.entries[i].revert())
	}
	j.entries = nil
	err := errors.Join(failures...)
	if err == nil {
		j.Commit()
	} else if j.disk != nil { // the next command may have more luck
		_ = j.disk.Release()
		j.disk = nil
	}
	return err
}

func (e *journalEntry) revert() error {
	now, err := os.ReadFile(e.path)
	switch {
	case e.missing && errors.Is(err, fs.ErrNotExist):
		return nil
	case e.missing:
		return os.Remove(e.path)
	case err == nil && string(now) == string(e.text):
		return nil
	}
	return fsx.ReplaceFile(e.path, e.text)
}
