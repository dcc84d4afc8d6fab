package pep508

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Parse reads a requirement. Beyond the specification it accepts, as uv does,
// any white space between the parts, a URL that is ended by "; ", and a comment
// after a URL. The error is an *Error.
func Parse(text string) (Requirement, error) { return parse(text, false) }

// ParseStrict is Parse for nothing but what the specification allows.
func ParseStrict(text string) (Requirement, error) {
	r, err := parse(text, true)
	if err == nil && r.URL == "" {
		// A constant has no backslash in it, and a requirement is one line.
		if i := strings.IndexAny(text, "\\\r\n"); i >= 0 {
			return Requirement{}, &Error{Input: text, Offset: i, Length: 1, Message: "unexpected character"}
		}
	}
	return r, err
}

// MustParse is Parse for text known to be a requirement: it panics when it is
// not.
func MustParse(text string) Requirement {
	r, err := Parse(text)
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return r
}

// ParseLenient is Parse for the metadata of published packages: if the text is
// no requirement, it is read with the repairs of [pep440.Repair]. The error is
// that of the text as it stands.
func ParseLenient(text string) (Requirement, error) {
	r, err := Parse(text)
	if err == nil {
		return r, nil
	}
	var repaired Requirement
	if _, ok := pep440.Repair(text, func(t string) bool {
		var err error
		repaired, err = Parse(t)
		return err == nil
	}); ok {
		return repaired, nil
	}
	return Requirement{}, err
}

func parse(text string, strict bool) (r Requirement, err error) {
	p := parser{text: text, strict: strict}
	p.blanks()
	start := p.at
	if r.Name, err = p.name(); err != nil {
		return Requirement{}, err
	}
	nameEnd := p.at
	p.blanks()
	if r.Extras, err = p.extras(); err != nil {
		return Requirement{}, err
	}
	p.blanks()
	switch p.peek() {
	case '@':
		p.at++
		r.URL, err = p.url(false)
	case '(':
		r.Specifiers, err = p.parenthesised()
	case '<', '=', '>', '~', '!':
		r.Specifiers, err = p.specifiers()
	case ';', 0:
		if p.at < len(text) && text[p.at] == 0 {
			err = p.unexpected()
		} else if looksLikeArchive(text[start:nameEnd]) {
			// requests-2.0.tar.gz is the name of a project by the grammar, but
			// pip and uv take it for a file.
			err = p.needsName(start, nameEnd)
		}
	default:
		if end := p.wordEnd(start); IsUnnamed(text[start:end]) {
			err = p.needsName(start, end)
		} else {
			err = p.unexpected()
		}
	}
	if err == nil {
		r.Marker, err = p.marker()
	}
	if err != nil {
		return Requirement{}, err
	}
	return r, nil
}

// A parser reads the parts of a requirement, one after another.
type parser struct {
	text   string
	at     int
	strict bool
}

func (p *parser) fail(offset, length int, message string) error {
	return &Error{Input: p.text, Offset: offset, Length: max(length, 1), Message: message}
}

func (p *parser) needsName(start, end int) error {
	return &Error{
		Input: p.text, Offset: start, Length: max(end-start, 1), NeedsName: true,
		Message: "URL requirement must be preceded by a package name",
	}
}

func (p *parser) unexpected() error {
	found, n := utf8.DecodeRuneInString(p.text[p.at:])
	return p.fail(p.at, n, fmt.Sprintf("expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `%c`", found))
}

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// blanks skips white space.
func (p *parser) blanks() { p.at = skipSpace(p.text, p.at) }

func skipSpace(text string, at int) int {
	for at < len(text) {
		n := spaceAt(text, at)
		if n == 0 {
			break
		}
		at += n
	}
	return at
}

// spaceAt returns the length of the white space character at a place, or 0.
func spaceAt(text string, at int) int {
	switch c := text[at]; {
	case c == ' ' || c-'\t' < 5:
		return 1
	case c < utf8.RuneSelf:
		return 0
	}
	if r, n := utf8.DecodeRuneInString(text[at:]); unicode.IsSpace(r) {
		return n
	}
	return 0
}

// wordEnd returns where the text from start on meets white space.
func (p *parser) wordEnd(start int) int {
	for i, r := range p.text[start:] {
		if unicode.IsSpace(r) {
			return start + i
		}
	}
	return len(p.text)
}

func isAlphanumeric(c byte) bool { return c|0x20-'a' < 26 || c-'0' < 10 }

func isNameByte(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' || c == '.' }

// name reads the name of the project.
func (p *parser) name() (pyname.Package, error) {
	start := p.at
	if start == len(p.text) {
		return "", p.fail(0, 1, "empty field is not allowed for PEP508")
	}
	if !isAlphanumeric(p.text[start]) {
		if end := p.wordEnd(start); IsUnnamed(p.text[start:end]) {
			return "", p.needsName(start, end)
		}
		found, n := utf8.DecodeRuneInString(p.text[start:])
		return "", p.fail(start, n, fmt.Sprintf("expected package name starting with an alphanumeric character, found `%c`", found))
	}
	for p.at < len(p.text) && isNameByte(p.text[p.at]) {
		p.at++
	}
	if last := p.text[p.at-1]; !isAlphanumeric(last) {
		return "", p.fail(p.at-1, 1, fmt.Sprintf("package name must end with an alphanumeric character, not `%c`", last))
	}
	return pyname.ParsePackage(p.text[start:p.at])
}

// extras reads the list of extras in brackets, if there is one.
func (p *parser) extras() ([]pyname.Extra, error) {
	open := p.at
	if p.peek() != '[' {
		return nil, nil
	}
	p.at++
	p.blanks()
	if p.peek() == ']' {
		p.at++
		return nil, nil
	}
	var list []pyname.Extra
	for {
		p.blanks()
		e, err := p.extra(open)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		p.blanks()
		switch p.peek() {
		case ',':
			p.at++
			continue
		case ']':
			p.at++
			return list, nil
		}
		if p.at == len(p.text) {
			return nil, p.unclosed(open)
		}
		found, n := utf8.DecodeRuneInString(p.text[p.at:])
		return nil, p.fail(p.at, n, fmt.Sprintf("expected either `,` (separating extras) or `]` (ending the extras section), found `%c`", found))
	}
}

func (p *parser) unclosed(open int) error {
	return p.fail(open, 1, "missing closing bracket (expected ']', found end of dependency specification)")
}

// extra reads one name of the list that was opened at open.
func (p *parser) extra(open int) (pyname.Extra, error) {
	start := p.at
	if start == len(p.text) {
		return "", p.unclosed(open)
	}
	if !isAlphanumeric(p.text[start]) {
		found, n := utf8.DecodeRuneInString(p.text[start:])
		return "", p.fail(start, n, fmt.Sprintf("expected an alphanumeric character starting the extra name, found `%c`", found))
	}
	for p.at < len(p.text) && isNameByte(p.text[p.at]) {
		p.at++
	}
	if last := p.text[p.at-1]; !isAlphanumeric(last) {
		return "", p.fail(p.at-1, 1, fmt.Sprintf("extra name must end with an alphanumeric character, not `%c`", last))
	}
	return pyname.ParseExtra(p.text[start:p.at])
}

// specifiers reads version specifiers up to the marker or the end.
func (p *parser) specifiers() (pep440.Specifiers, error) {
	start := p.at
	if i := strings.IndexByte(p.text[start:], ';'); i >= 0 {
		p.at += i
	} else {
		p.at = len(p.text)
	}
	return p.specifierList(start, p.at)
}

// parenthesised reads version specifiers in parentheses.
func (p *parser) parenthesised() (pep440.Specifiers, error) {
	start := p.at + 1
	i := strings.IndexByte(p.text[start:], ')')
	if i < 0 {
		return nil, p.fail(p.at, 1, "missing closing parenthesis (expected ')', found end of dependency specification)")
	}
	p.at = start + i + 1
	return p.specifierList(start, start+i)
}

// specifierList reads the specifiers in part of the text. One comma may follow
// the last.
func (p *parser) specifierList(start, end int) (pep440.Specifiers, error) {
	list := p.text[start:end]
	if cut := strings.TrimRightFunc(list, unicode.IsSpace); cut != "" && cut[len(cut)-1] == ',' && strings.TrimSpace(cut) != "," {
		list = cut[:len(cut)-1]
	}
	s, err := pep440.ParseSpecifiers(list)
	if err == nil {
		return s, nil
	}
	var e *pep440.ParseError
	if !errors.As(err, &e) {
		return nil, err
	}
	offset, length := start+e.Offset, e.Length
	clause := p.text[offset : offset+length]
	offset += len(clause) - len(strings.TrimLeftFunc(clause, unicode.IsSpace))
	return nil, p.fail(offset, len(strings.TrimSpace(clause)), e.Reason)
}

// url reads a URL or path, which ends before white space that is followed by a
// marker, a comment or the end, before a semicolon or hash that is followed by
// white space, or before the end of the line. Inside brackets, if nested, only
// the last of these counts.
func (p *parser) url(nested bool) (string, error) {
	p.blanks()
	start, depth := p.at, 0
	for p.at < len(p.text) && !p.urlEnds(start, depth) {
		switch c := p.text[p.at]; {
		case nested && c == '[':
			depth++
		case nested && c == ']':
			depth = max(depth-1, 0)
		}
		p.at++
	}
	if start == p.at {
		return "", p.fail(start, 1, "expected URL")
	}
	return p.text[start:p.at], nil
}

// urlEnds reports whether the URL that began at start ends here.
func (p *parser) urlEnds(start, depth int) bool {
	c := p.text[p.at]
	if c == '\r' || c == '\n' {
		return true
	}
	if depth > 0 {
		return false
	}
	if n := spaceAt(p.text, p.at); n > 0 {
		next := skipSpace(p.text, p.at)
		return p.strict || next == len(p.text) || p.text[next] == ';' || p.text[next] == '#'
	}
	return !p.strict && p.at > start && (c == ';' || c == '#') && p.at+1 < len(p.text) && spaceAt(p.text, p.at+1) > 0
}

// marker reads the marker, if there is one, and the end.
func (p *parser) marker() (marker.Tree, error) {
	p.blanks()
	switch {
	case p.at == len(p.text):
		return marker.True(), nil
	case p.text[p.at] == '#' && !p.strict:
		// Only a URL leaves a comment to be skipped.
		return marker.True(), nil
	case p.text[p.at] != ';':
		found, n := utf8.DecodeRuneInString(p.text[p.at:])
		return marker.Tree{}, p.fail(p.at, n, fmt.Sprintf("expected end of input or `;`, found `%c`", found))
	}
	start := p.at + 1
	m, warnings, err := marker.Parse(p.text[start:])
	var e *marker.Error
	if errors.As(err, &e) {
		return marker.Tree{}, p.fail(start+e.Offset, e.Length, e.Message)
	}
	for _, w := range warnings {
		if w.Kind == marker.SetComparison && !p.strict {
			return marker.Tree{}, p.fail(start, len(p.text)-start, w.Message)
		}
	}
	return m, err
}
