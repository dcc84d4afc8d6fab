package requirements

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// A Loader is what a file needs of its surroundings.
type Loader struct {
	// Open returns the content of a file. Names of included files are joined
	// to the directory or URL of the file that includes them, and are paths or
	// URLs of HTTP. Nil opens nothing.
	Open func(name string) ([]byte, error)
	// Getenv looks up ${NAME}. A variable that is not set is left as it
	// stands. Nil replaces nothing.
	Getenv func(name string) (string, bool)
	// AnyEditable also takes -e of what has no folder to edit: a repository or
	// an archive, as pip does.
	AnyEditable bool
}

// maxFiles bounds how many files one may include, lest a server that invents
// them keeps the reader busy.
const maxFiles = 1000

// Load opens a file and reads it with all that it includes. The error is an
// *Error, or what Open returned for the file itself.
func Load(name string, loader Loader) (*File, error) {
	s := newSession(name, loader)
	data, err := s.loader.Open(name)
	if err != nil {
		return nil, err
	}
	return s.parse(name, data, false)
}

// Parse reads the content of a file with all that it includes. The name is for
// messages and for finding what the file includes. The error is an *Error.
func Parse(name string, content []byte, loader Loader) (*File, error) {
	return newSession(name, loader).parse(name, content, false)
}

// A session is what the files of one call of Parse share.
type session struct {
	loader Loader
	// The files that were read, by their canonical names.
	requirements, constraints map[string]bool
}

func newSession(name string, loader Loader) *session {
	if loader.Open == nil {
		loader.Open = func(name string) ([]byte, error) {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
	}
	if loader.Getenv == nil {
		loader.Getenv = func(string) (string, bool) { return "", false }
	}
	return &session{loader: loader, requirements: map[string]bool{canonical(name): true}, constraints: map[string]bool{}}
}

func (s *session) parse(name string, data []byte, constraint bool) (*File, error) {
	text, err := decode(name, data)
	if err != nil {
		return nil, err
	}
	p := parser{session: s, scanner: scanner{text: text}, name: name, constraint: constraint, file: &File{Name: name}}
	for {
		p.skip()
		if p.done() {
			return p.file, nil
		}
		if err := p.statement(); err != nil {
			return nil, err
		}
	}
}

// A parser reads one file.
type parser struct {
	*session
	scanner
	name       string
	constraint bool // the file, or one that includes it, was included by -c
	file       *File

	// Where the line of the last origin begins, and how many are before it, so
	// that lines are counted once.
	lineAt, lines int
}

// origin returns where an offset is. Offsets that rise are cheap.
func (p *parser) origin(offset int) Origin {
	if offset < p.lineAt {
		p.lineAt, p.lines = 0, 0
	}
	line, column := position(p.text[p.lineAt:], offset-p.lineAt)
	p.lines += line - 1
	p.lineAt = lineStart(p.text, offset)
	return Origin{p.name, p.lines + 1, column}
}

func lineStart(text string, offset int) int {
	return strings.LastIndexAny(text[:offset], "\r\n") + 1
}

func (p *parser) fail(offset int, format string, args ...any) error {
	return &Error{Origin: p.origin(offset), Message: fmt.Sprintf(format, args...)}
}

// statement reads an option or a requirement.
func (p *parser) statement() error {
	switch c := p.text[p.at]; {
	case c == '-':
		return p.option()
	case c|0x20-'a' < 26 || c-'0' < 10 || c == '.' || c == '/' || c == '$':
		return p.requirement(p.at, false)
	}
	found, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return p.fail(p.at, "unexpected `%c`, expected an option or the start of a requirement", found)
}
