package project

import (
	"errors"
	"io/fs"
	"os"

	"github.com/tame-py/tame/internal/fsx"
)

// A Journal remembers files as they were before they are written, so that a
// command that fails, or is interrupted, leaves them as it found them. Its zero
// value is empty.
type Journal struct {
	entries []journalEntry
}

type journalEntry struct {
	path    string
	text    []byte
	missing bool
	written bool // by Write
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
	return &j.entries[len(j.entries)-1], nil
}

// Write replaces a file, after noting what it was. What is the same already is
// not written.
func (j *Journal) Write(path string, text []byte) error {
	e, err := j.entry(path)
	if err != nil {
		return err
	}
	if !e.written && !e.missing && string(e.text) == string(text) {
		return nil
	}
	e.written = true
	return fsx.ReplaceFile(path, text)
}

// Changed reports whether Write has written something.
func (j *Journal) Changed() bool {
	for _, e := range j.entries {
		if e.written {
			return true
		}
	}
	return false
}

// Revert brings all files back to what they were; the last first.
func (j *Journal) Revert() error {
	var failures []error
	for i := len(j.entries) - 1; i >= 0; i-- {
		failures = append(failures, j.entries[i].revert())
	}
	j.entries = nil
	return errors.Join(failures...)
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
