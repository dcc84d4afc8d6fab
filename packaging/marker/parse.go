package marker

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tame-py/tame/packaging/pep440"
)

// An Error says where text is no marker.
type Error struct {
	Input   string // the whole text
	Offset  int    // of the fault, in bytes
	Length  int    // of the fault, in bytes; at least 1, may reach past the end
	Message string
}

// Error returns the message, and below it the text with the fault underlined.
func (e *Error) Error() string {
	return e.Message + "\n" + e.Input + "\n" + Underline(e.Input, e.Offset, e.Length)
}

// Underline returns a line that, printed below input, marks length bytes from
// offset with carets.
func Underline(input string, offset, length int) string {
	var b strings.Builder
	offset = min(offset, len(input))
	for _, r := range input[:offset] {
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	marked := utf8.RuneCountInString(input[offset:min(offset+length, len(input))])
	b.WriteString(strings.Repeat("^", max(marked, 1)))
	return b.String()
}

// A Warning tells of a part of a marker that was understood in a way its
// author may not expect, most often: ignored.
type Warning struct {
	Kind    WarningKind
	Message string
}

// A WarningKind classifies warnings.
type WarningKind uint8

// The kinds of warnings.
const (
	// DeprecatedName: an old name such as os.name (PEP 345).
	DeprecatedName WarningKind = iota
	// InvalidExtra: extra or extras compared in a way they cannot be, or with
	// what is no name.
	InvalidExtra
	// InvalidGroup: the like for dependency_groups.
	InvalidGroup
	// SetComparison: extras or dependency_groups on the left of an operator.
	SetComparison
	// StringOperator: a string compared with ~= or ===.
	StringOperator
	// TwoNames: two names compared with each other.
	TwoNames
	// TwoStrings: two constants compared with each other.
	TwoStrings
	// InvalidVersion: a version compared with what is no version, or by an
	// operator it does not go with.
	InvalidVersion
)

const (
	maxDepth = 200     // of parentheses
	maxPaths = 1 << 13 // in the printed form of a marker that was read
)

// maxSteps is how many steps of the algebra may be spent on reading text of
// some length. A thousand comparisons joined by `or` stay below it.
func maxSteps(length int) int { return min(1<<14+32*length, 1<<18) }

// Parse reads a marker. Comparisons that mean nothing, such as one of two
// constants, are ignored, as if they were not there, and reported as warnings;
// a marker that consists of nothing else is true. The error is an *Error.
//
// Parse accepts the grammar of PEP 508 and the names of PEP 345 and 751, with
// any Unicode white space where the grammar has blanks.
func Parse(text string) (Tree, []Warning, error) {
	p := parser{text: text, op: op{left: maxSteps(len(text))}}
	r, present, err := p.or()
	if err != nil {
		return Tree{}, nil, err
	}
	if p.blanks(); p.at < len(p.text) {
		found, _ := utf8.DecodeRuneInString(p.text[p.at:])
		return Tree{}, nil, p.fail(p.at, len(p.text)-p.at,
			fmt.Sprintf("unexpected character %q, expected `and`, `or` or end of input", found))
	}
	if !present {
		return Tree{}, p.warnings, nil
	}
	if p.op.spent() || p.leaves > 12 && countPaths(r, maxPaths) > maxPaths {
		return Tree{}, nil, p.fail(0, len(text), "the marker is too complex")
	}
	return Tree{r}, p.warnings, nil
}

// MustParse is Parse for text known to be a marker without fault: it panics
// when there is an error, and drops warnings.
func MustParse(text string) Tree {
	t, _, err := Parse(text)
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return t
}

// A parser reads by recursive descent. Its methods return present false for
// what consists of ignored comparisons only.
type parser struct {
	text     string
	at       int
	depth    int
	leaves   int
	op       op
	warnings []Warning
}

func (p *parser) fail(offset, length int, message string) error {
	return &Error{Input: p.text, Offset: offset, Length: max(length, 1), Message: message}
}

func (p *parser) warn(kind WarningKind, format string, args ...any) {
	p.warnings = append(p.warnings, Warning{kind, fmt.Sprintf(format, args...)})
}

// blanks skips white space.
func (p *parser) blanks() {
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case c == ' ' || c-'\t' < 5:
			p.at++
		case c < utf8.RuneSelf:
			return
		default:
			r, n := utf8.DecodeRuneInString(p.text[p.at:])
			if !unicode.IsSpace(r) {
				return
			}
			p.at += n
		}
	}
}

// word returns the run of name characters at the current place.
func (p *parser) word() string {
	end := p.at
	for end < len(p.text) && isWord(p.text[end]) {
		end++
	}
	return p.text[p.at:end]
}

func isWord(c byte) bool {
	return c|0x20-'a' < 26 || c-'0' < 10 || c == '_' || c == '.'
}

// or reads operands of `or`.
func (p *parser) or() (r ref, present bool, err error) {
	r, present, err = p.and()
	for err == nil && p.accept("or") {
		var y ref
		var ok bool
		y, ok, err = p.and()
		switch {
		case !ok:
		case present:
			r = p.op.or(r, y)
		default:
			r, present = y, true
		}
	}
	return r, present, err
}

// and reads operands of `and`.
func (p *parser) and() (r ref, present bool, err error) {
	r, present, err = p.operand()
	for err == nil && p.accept("and") {
		var y ref
		var ok bool
		y, ok, err = p.operand()
		switch {
		case !ok:
		case present:
			r = p.op.and(r, y)
		default:
			r, present = y, true
		}
	}
	return r, present, err
}

// accept skips blanks and, if it comes next, a word.
func (p *parser) accept(word string) bool {
	p.blanks()
	if p.word() != word {
		return false
	}
	p.at += len(word)
	return true
}

// operand reads a comparison or a marker in parentheses.
func (p *parser) operand() (r ref, present bool, err error) {
	p.blanks()
	if p.at == len(p.text) || p.text[p.at] != '(' {
		p.leaves++
		return p.comparison()
	}
	start := p.at
	if p.depth++; p.depth > maxDepth {
		return no, false, p.fail(start, 1, "parentheses are nested too deeply")
	}
	p.at++
	if r, present, err = p.or(); err != nil {
		return no, false, err
	}
	p.depth--
	switch {
	case p.at == len(p.text):
		return no, false, p.fail(start, 1, "expected `)`, found end of dependency specification")
	case p.text[p.at] != ')':
		found, n := utf8.DecodeRuneInString(p.text[p.at:])
		return no, false, p.fail(p.at, n, fmt.Sprintf("expected `)`, found `%c`", found))
	}
	p.at++
	return r, present, nil
}

// A value is one side of a comparison: a constant or a name.
type value struct {
	kind valueKind
	key  rank   // of a string or version key
	text string // of a constant, and of a name as it was written
}

type valueKind uint8

const (
	constant valueKind = iota
	stringName
	versionName
	extraName
	setName // extras or dependency_groups
)

// value reads one side of a comparison.
func (p *parser) value() (value, error) {
	if p.at == len(p.text) {
		return value{}, p.fail(p.at, 1, "expected marker value, found end of dependency specification")
	}
	if quote := p.text[p.at]; quote == '"' || quote == '\'' {
		text, _, closed := strings.Cut(p.text[p.at+1:], string(quote))
		if !closed {
			return value{}, p.fail(p.at, 1, fmt.Sprintf("expected `%c`, found end of dependency specification", quote))
		}
		p.at += len(text) + 2
		return value{text: text}, nil
	}
	name := p.word()
	v, deprecated, ok := lookUp(name)
	if !ok {
		end := p.at + len(name)
		for end < len(p.text) && !strings.ContainsRune(" \t><=!~)", rune(p.text[end])) {
			end++
		}
		return value{}, p.fail(p.at, end-p.at,
			fmt.Sprintf("expected a quoted string or a valid marker name, found `%s`", p.text[p.at:end]))
	}
	p.at += len(name)
	if deprecated {
		p.warn(DeprecatedName, "%s is deprecated in favor of %s", name, v.key)
	}
	return v, nil
}

// An operator is how two values are compared: by one of pep440's operators
// without a star, or by membership.
type operator struct {
	ordered pep440.Operator // if not member
	member  bool
	negated bool // not in
	text    string
}

// operator reads an operator.
func (p *parser) operator() (operator, error) {
	start := p.at
	if word := p.word(); word != "" {
		p.at += len(word)
		switch word {
		case "in":
			return operator{member: true, text: "in"}, nil
		case "not":
			blank := p.at
			if p.blanks(); p.at > blank && p.word() == "in" {
				p.at += len("in")
				return operator{member: true, negated: true, text: "not in"}, nil
			}
		}
		return operator{}, p.badOperator(start, word)
	}
	for p.at < len(p.text) && strings.IndexByte("<=>~!", p.text[p.at]) >= 0 {
		p.at++
	}
	text := p.text[start:p.at]
	o := operator{text: text}
	switch text {
	case "==":
		o.ordered = pep440.Equal
	case "===":
		o.ordered = pep440.ExactEqual
	case "!=":
		o.ordered = pep440.NotEqual
	case "<":
		o.ordered = pep440.Less
	case "<=":
		o.ordered = pep440.LessEqual
	case ">":
		o.ordered = pep440.Greater
	case ">=":
		o.ordered = pep440.GreaterEqual
	case "~=":
		o.ordered = pep440.Tilde
	default:
		return operator{}, p.badOperator(start, text)
	}
	return o, nil
}

func (p *parser) badOperator(start int, found string) error {
	return p.fail(start, len(found),
		fmt.Sprintf("expected a valid marker operator (such as `>=` or `not in`), found `%s`", found))
}

// mirrored returns the operator with which the sides can be swapped. Members
// stay: the caller tells `in` from containing.
func (o operator) mirrored() operator {
	if o.member {
		return o
	}
	switch o.ordered {
	case pep440.Less:
		o.ordered = pep440.Greater
	case pep440.LessEqual:
		o.ordered = pep440.GreaterEqual
	case pep440.Greater:
		o.ordered = pep440.Less
	case pep440.GreaterEqual:
		o.ordered = pep440.LessEqual
	}
	return o
}
