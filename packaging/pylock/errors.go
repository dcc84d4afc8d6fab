package pylock

import (
	"fmt"

	"github.com/tame-py/tame/packaging/pep440"
)

// An Error says what is wrong with a lock file, and where.
type Error struct {
	Field        string // such as "packages[0].wheels[1].size"; "" for the document
	Line, Column int    // from 1; 0 when a key is missing altogether
	Reason       string
}

// Error returns place and reason in one line.
func (e *Error) Error() string {
	text := e.Reason
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Line > 0 {
		text = fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, text)
	}
	return text
}

// An UnsupportedVersionError says that the lock is of another major version
// than 1.
type UnsupportedVersionError struct{ Version pep440.Version }

// Error names the version.
func (e *UnsupportedVersionError) Error() string {
	return fmt.Sprintf("unsupported lock version (`%s`, but only major version 1 is supported)", e.Version)
}

// A SelectError says that a lock, or one of its packages, does not suit the
// target.
type SelectError struct {
	Package string // "" when the whole lock is meant
	Reason  string
	hints   []string
}

// Error returns the reason, which names the package.
func (e *SelectError) Error() string { return e.Reason }

// Hints returns next steps, if there are any.
func (e *SelectError) Hints() []string { return e.hints }
