package backend

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A GlobError is a pattern that does not follow the portable glob syntax of
// PEP 639.
type GlobError struct {
	Glob   string
	Offset int // of the fault, in characters
	Reason string
	hint   string
}

// Error implements error.
func (e *GlobError) Error() string {
	return fmt.Sprintf("%s at position %d in glob: `%s`", e.Reason, e.Offset, e.Glob)
}

// Hints says what can be done where that is not plain.
func (e *GlobError) Hints() []string {
	if e.hint == "" {
		return nil
	}
	return []string{e.hint}
}

// globSyntax is which characters a pattern may use.
type globSyntax bool

const (
	pep639  globSyntax = false // as the standard has it
	escapes globSyntax = true  // and with backslashes in front of special characters
)

// A step is one part of a compiled pattern.
type step struct {
	kind stepKind
	b    byte       // of stepByte
	set  *[4]uint64 // of stepClass: the bytes that match
}

type stepKind uint8

const (
	stepByte  stepKind = iota
	stepOne            // ?: one byte but no slash
	stepStar           // *: any bytes but slashes
	stepClass          // [a-z]
	stepInto           // a leading **/: nothing, a slash, or anything that ends in a slash
	stepBelow          // a trailing /**: a slash and anything
	stepDown           // /**/: a slash, or anything between two slashes
	stepAll            // ** alone: anything
)

// A glob is one compiled pattern. Patterns match bytes: a `?` and a class stand
// for one byte, as in uv_build.
type glob struct {
	text  string // as written
	steps []step
}

// parseGlob compiles a pattern after PEP 639: `*`, `?` and classes match within
// one part of a path, `**` over parts. The error is a [*GlobError].
func parseGlob(text string, syntax globSyntax) (glob, error) {
	p := globParser{text: text, rest: text, syntax: syntax}
	for p.rest != "" {
		if err := p.next(); err != nil {
			return glob{}, err
		}
	}
	if len(p.steps) == 1 && p.steps[0].kind == stepInto {
		p.steps[0].kind = stepAll
	}
	return glob{text, p.steps}, nil
}

// literalGlob is the pattern that matches only the text.
func literalGlob(text string) glob {
	g := glob{text: text, steps: make([]step, len(text), len(text)+1)}
	for i := range len(text) {
		g.steps[i] = step{kind: stepByte, b: text[i]}
	}
	return g
}

// belowGlob is the pattern that matches all below a directory.
func belowGlob(dir string) glob {
	g := literalGlob(dir)
	return glob{dir + "/**", append(g.steps, step{kind: stepBelow})}
}

func isVerbatim(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsNumber(c) || c == '_' || c == '-'
}

type globParser struct {
	text, rest string
	syntax     globSyntax
	at         int  // characters read
	last       rune // the one read last, 0 at the start
	inPart     bool // something of the current part of the path was read
	steps      []step
}

func (p *globParser) fail(at int, format string, args ...any) error {
	return &GlobError{Glob: p.text, Offset: at, Reason: fmt.Sprintf(format, args...)}
}

func (p *globParser) read() rune {
	c, n := utf8.DecodeRuneInString(p.rest)
	p.rest = p.rest[n:]
	p.at++
	return c
}

func (p *globParser) push(kind stepKind) { p.steps = append(p.steps, step{kind: kind}) }

func (p *globParser) literal(c rune) {
	var buf [utf8.UTFMax]byte
	for _, b := range buf[:utf8.EncodeRune(buf[:], c)] {
		p.steps = append(p.steps, step{kind: stepByte, b: b})
	}
}

func (p *globParser) next() error {
	at, before := p.at, p.last
	c := p.read()
	p.last = c
	switch {
	case c == '*':
		p.inPart = true
		return p.stars(at, before)
	case c == '?':
		p.push(stepOne)
	case c == '[':
		if err := p.class(at); err != nil {
			return err
		}
	case c == '.' && !p.inPart && strings.HasPrefix(p.rest, "."):
		return p.fail(at, "the parent directory operator (`..`) is not allowed")
	case c == '.', isVerbatim(c):
		p.literal(c)
	case c == '/':
		p.inPart = false
		p.literal(c)
		return nil
	case c == '\\':
		if err := p.escaped(at); err != nil {
			return err
		}
	default:
		err := &GlobError{Glob: p.text, Offset: at, Reason: fmt.Sprintf("invalid character `%c`", c)}
		if p.syntax == escapes {
			err.hint = "characters can be escaped with a backslash"
		}
		return err
	}
	p.inPart = true
	return nil
}

func (p *globParser) escaped(at int) error {
	switch {
	case p.syntax == pep639:
		return p.fail(at, "only forward slashes are allowed as path separator, invalid character")
	case p.rest == "":
		return p.fail(at, "trailing backslash")
	}
	c := p.read()
	if c == '/' || c == '\\' {
		return p.fail(at+1, "path separators can not be escaped, invalid character")
	}
	p.last = c
	p.literal(c)
	return nil
}

// stars reads what follows a first star. Two stars are special only as a whole
// part of the path; elsewhere they are as one.
func (p *globParser) stars(at int, before rune) error {
	run := 1
	for strings.HasPrefix(p.rest, "*") {
		p.read()
		run++
	}
	switch {
	case run > 2, run == 2 && p.rest != "" && p.rest[0] != '/':
		return p.fail(at, "too many stars")
	case run == 1, len(p.steps) > 0 && before != '/':
		p.push(stepStar)
		return nil
	}
	suffix := p.rest == ""
	if !suffix {
		p.last = p.read()
		p.inPart = false
	}
	if len(p.steps) == 0 {
		p.push(stepInto)
		return nil
	}
	// The slash in front is part of the step, and so is another ** there.
	switch last := &p.steps[len(p.steps)-1]; {
	case last.kind == stepInto:
	case suffix:
		*last = step{kind: stepBelow}
	default:
		*last = step{kind: stepDown}
	}
	return nil
}

// class reads a class behind its opening bracket. A hyphen between two
// characters is a range, else it stands for itself.
func (p *globParser) class(at int) error {
	set := new([4]uint64)
	p.steps = append(p.steps, step{kind: stepClass, set: set})
	low, hyphen := rune(-1), false
	for p.rest != "" {
		i := p.at
		c := p.read()
		switch {
		case c == ']':
			if i == at+1 {
				return p.fail(at, "an empty character class")
			}
			if hyphen {
				addBytes(set, '-')
			}
			return nil
		case c != '.' && !isVerbatim(c):
			return p.fail(i, "invalid character `%c` in range", c)
		case hyphen:
			if err := p.between(set, low, c, i); err != nil {
				return err
			}
			low, hyphen = c, false
		case c == '-' && low >= 0:
			hyphen = true
		default:
			addBytes(set, c)
			low = c
		}
	}
	return p.fail(at, "an unclosed character class")
}

// between adds a range of characters. Of those beyond ASCII only the bytes at
// the ends can be told apart.
func (p *globParser) between(set *[4]uint64, low, high rune, at int) error {
	if low > high {
		return p.fail(at, "invalid range `%c-%c`", low, high)
	}
	if high < utf8.RuneSelf {
		for c := low; c <= high; c++ {
			addBytes(set, c)
		}
		return nil
	}
	addBytes(set, low)
	addBytes(set, high)
	return nil
}

func addBytes(set *[4]uint64, c rune) {
	var buf [utf8.UTFMax]byte
	for _, b := range buf[:utf8.EncodeRune(buf[:], c)] {
		set[b>>6] |= 1 << (b & 63)
	}
}
