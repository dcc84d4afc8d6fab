package lock

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/toml"
)

// maxSize is the length of the longest lock that is read. The largest known are
// a hundredth of it.
const maxSize = 512 << 20

// A VersionError reports a lock of a version that this program does not know.
type VersionError struct {
	Version int
	Cause   error // why it could not be read, or nil if only the version is at fault
}

func (e *VersionError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("the lock has version %d of the format, which is why it cannot be read: only version %d is known", e.Version, Version)
	}
	return fmt.Sprintf("the lock has version %d of the format: only version %d is known", e.Version, Version)
}

func (e *VersionError) Unwrap() error { return e.Cause }

// HintsFor says what to do with the program of that name.
func (e *VersionError) HintsFor(program string) []string {
	anew := fmt.Sprintf("remove the lock and make it again with `%s lock`", program)
	if e.Version > Version {
		return []string{"a newer tool wrote it: update this one, or " + anew}
	}
	return []string{anew}
}

// A MergeError reports a lock with the marks that version control leaves where
// two changes meet.
type MergeError struct {
	Line  int // of the first mark
	Count int // of places
	Cause error
}

func (e *MergeError) Error() string {
	return fmt.Sprintf("the lock has unresolved merge conflicts (%s, the first in line %d)", plural(e.Count, "place", "places"), e.Line)
}

func (e *MergeError) Unwrap() error { return e.Cause }

// HintsFor says what to do with the program of that name.
func (e *MergeError) HintsFor(program string) []string {
	return []string{"once pyproject.toml has no conflicts, `" + program + " lock merge` joins the locks of both sides; `" + program + " lock merge --install` lets git do so by itself"}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Read reads a lock. The name of the file is for errors only. The error is a
// *toml.Error, which has a place, a *VersionError or a *MergeError.
func Read(name string, text []byte) (*Lock, error) { return ReadText(name, string(text)) }

// ReadText is Read for text that need not be copied: the lock keeps parts of it.
func ReadText(name, text string) (*Lock, error) {
	if len(text) > maxSize {
		return nil, fmt.Errorf("the lock is longer than %d bytes", maxSize)
	}
	if root, ok := scan(text); ok {
		d := decoder{}
		if l := d.document(&root); d.fault == nil && l.Version == Version {
			return l, nil
		}
	}
	return readFull(name, text)
}

// readFull reads any TOML, and says what is wrong with it.
func readFull(name, text string) (*Lock, error) {
	doc, err := toml.Parse(name, []byte(text))
	if err != nil {
		if m := mergeMarks(text); m != nil {
			m.Cause = err
			return nil, m
		}
		return nil, err
	}
	root := nodeOf("", doc.Root())
	d := decoder{}
	version := 0
	if n := root.get("version"); n == nil {
		d.fail(&root, "missing field `version`")
	} else {
		version = int(d.int(n))
	}
	if d.fault != nil {
		return nil, d.fault.error(doc)
	}
	l := d.document(&root)
	err = d.fault.error(doc)
	if version != Version {
		return nil, &VersionError{version, err}
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// error gives a mistake its place.
func (f *fault) error(doc *toml.Document) error {
	if f == nil {
		return nil
	}
	if f.at != nil && f.at.from != nil {
		return f.at.from.Errorf("%s", f.message)
	}
	return doc.Root().Errorf("%s", f.message)
}

// mergeMarks looks for the marks of a merge.
func mergeMarks(text string) *MergeError {
	var out *MergeError
	line := 0
	for l := range strings.Lines(text) {
		line++
		if !strings.HasPrefix(l, "<<<<<<< ") {
			continue
		}
		if out == nil {
			out = &MergeError{Line: line}
		}
		out.Count++
	}
	return out
}
