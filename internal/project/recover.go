package project

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
)

// JournalPath is where the journal of an edit is that ends with writing a lock.
func JournalPath(lockPath string) string {
	return filepath.Join(filepath.Dir(lockPath), "."+filepath.Base(lockPath)+".tame")
}

// A journalRecord is one line of a journal on disk: what a file was before the
// edit, or the digest of what is about to be written to it. Lines are only
// added. The last one may be torn: then what it tells of has not happened.
type journalRecord struct {
	Path    string `json:"path"` // with slashes, relative to the journal if possible
	Old     []byte `json:"old,omitempty"`
	Missing bool   `json:"missing,omitempty"`
	New     string `json:"new,omitempty"` // SHA-256, hexadecimal
}

// journalName is the path of a file in the journal at another path.
func journalName(journal, path string) string {
	if rel, err := filepath.Rel(filepath.Dir(journal), path); err == nil {
		path = rel
	}
	return filepath.ToSlash(path)
}

func (e *journalEntry) before(journal string) journalRecord {
	return journalRecord{Path: journalName(journal, e.path), Old: e.text, Missing: e.missing}
}

func (e *journalEntry) after(journal, digest string) journalRecord {
	return journalRecord{Path: journalName(journal, e.path), New: digest}
}

// open starts the journal on disk with what is known, unless it is there. Where
// there is no place for it, or files cannot be locked, the edit goes on without.
func (j *Journal) open() error {
	if j.Path == "" || j.disk != nil || !j.Changed() {
		return nil
	}
	held, err := fsx.TryAcquire(j.Path, fsx.Exclusive)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	if err := held.File().Truncate(0); err != nil {
		discard(held)
		return nil //nolint:nilerr // it is not ours to write
	}
	j.disk = held
	var text []byte
	for i := range j.entries {
		e := &j.entries[i]
		text = append(text, e.before(j.Path).line()...)
		for _, digest := range e.written {
			text = append(text, e.after(j.Path, digest).line()...)
		}
	}
	_, err = held.File().WriteAt(text, 0)
	return err
}

// note adds a record to the journal on disk, if there is one.
func (j *Journal) note(r journalRecord) error {
	if j.disk == nil {
		return nil
	}
	if _, err := j.disk.File().Seek(0, io.SeekEnd); err != nil {
		return err
	}
	_, err := j.disk.File().Write(r.line())
	return err
}

func (r journalRecord) line() []byte {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings, bytes and a bool
	}
	return append(text, '\n')
}

// discard removes a journal. It is emptied first: who opens it now, before it is
// gone, finds nothing to take back.
func discard(held *fsx.Lock) {
	_ = held.File().Truncate(0)
	_ = os.Remove(held.Path())
	_ = held.Release()
	_ = os.Remove(held.Path()) // where an open file cannot be removed
}

// A Recovery is what became of an edit that was killed.
type Recovery struct {
	// Restored are the files that are again what they were before the edit.
	Restored []string
	// Foreign are files that somebody has changed since, or that lie outside of
	// the journal's directory: whoever gives away a directory must not be able to
	// have files elsewhere changed. Then all are left as they are.
	Foreign []string
}

// Recover takes back the edit whose journal is at a path, if its process ended
// without doing so. The journal is removed then. The result is nil if there is
// none, or its process is still at work.
func Recover(path string) (*Recovery, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, nil //nolint:nilerr // there is none
	}
	held, err := fsx.TryAcquire(path, fsx.Exclusive)
	if err != nil {
		return nil, nil //nolint:nilerr // it is in use, or nobody can tell
	}
	text, err := io.ReadAll(held.File())
	if err != nil {
		return nil, errors.Join(err, held.Release())
	}
	r, err := takeBack(filepath.Dir(path), readJournal(path, text))
	if err != nil {
		_ = held.Release()
		return nil, fmt.Errorf("an edit was interrupted, and its files cannot be brought back to what they were: %w", err)
	}
	discard(held)
	return r, nil
}

// liesIn reports whether a file is in a directory or below it, wherever links
// lead. The file need not be there.
func liesIn(dir, path string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		path = filepath.Dir(path)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// sweep removes what was written aside for an entry but not put in its place.
func (e *journalEntry) sweep() {
	aside, _ := os.ReadDir(filepath.Dir(e.path))
	for _, entry := range aside {
		name := filepath.Join(filepath.Dir(e.path), entry.Name())
		if !strings.HasPrefix(entry.Name(), fsx.TempPrefix) {
			continue
		}
		if text, err := os.ReadFile(name); err == nil && slices.Contains(e.written, digestOf(text)) {
			_ = os.Remove(name)
		}
	}
}

// readJournal are the entries of a journal, up to the first line that is torn.
func readJournal(path string, text []byte) []journalEntry {
	var out []journalEntry
	for line := range bytes.Lines(text) {
		var r journalRecord
		if json.Unmarshal(line, &r) != nil || !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		name := filepath.FromSlash(r.Path)
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		i := slices.IndexFunc(out, func(e journalEntry) bool { return e.path == name })
		switch {
		case i < 0 && r.New == "":
			out = append(out, journalEntry{path: name, text: r.Old, missing: r.Missing})
		case i >= 0 && r.New != "":
			out[i].written = append(out[i].written, r.New)
		}
	}
	return out
}

// takeBack restores those files that are what the edit has written.
func takeBack(dir string, entries []journalEntry) (*Recovery, error) {
	r := &Recovery{}
	var ours []*journalEntry
	for i := range entries {
		e := &entries[i]
		if !liesIn(dir, e.path) {
			r.Foreign = append(r.Foreign, e.path)
			continue
		}
		e.sweep()
		now, err := os.ReadFile(e.path)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		case e.missing && err != nil, !e.missing && err == nil && bytes.Equal(now, e.text):
		case err == nil && slices.Contains(e.written, digestOf(now)):
			ours = append(ours, e)
		default:
			r.Foreign = append(r.Foreign, e.path)
		}
	}
	if len(r.Foreign) > 0 {
		return r, nil
	}
	for _, e := range slices.Backward(ours) {
		if err := e.revert(); err != nil {
			return nil, err
		}
		r.Restored = append(r.Restored, e.path)
	}
	return r, nil
}
