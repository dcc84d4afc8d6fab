package pep440

import (
	"cmp"
	"fmt"
	"strings"
)

// An Operator is how a specifier compares (PEP 440, version specifiers). Its
// order is the one in which specifiers of the same version are sorted.
type Operator uint8

// The operators. The star forms are "==" and "!=" followed by a version that
// ends with ".*".
const (
	Equal        Operator = iota // ==1.0
	EqualStar                    // ==1.0.*
	ExactEqual                   // ===1.0, comparison as text
	NotEqual                     // !=1.0
	NotEqualStar                 // !=1.0.*
	Tilde                        // ~=1.0, compatible release
	Less                         // <1.0
	LessEqual                    // <=1.0
	Greater                      // >1.0
	GreaterEqual                 // >=1.0
)

// String returns the operator as it is written. The star of the star forms
// belongs to the version and is not part of it.
func (o Operator) String() string {
	switch o {
	case Equal, EqualStar:
		return "=="
	case ExactEqual:
		return "==="
	case NotEqual, NotEqualStar:
		return "!="
	case Tilde:
		return "~="
	case Less:
		return "<"
	case LessEqual:
		return "<="
	case Greater:
		return ">"
	case GreaterEqual:
		return ">="
	}
	return fmt.Sprintf("Operator(%d)", uint8(o))
}

// IsStar reports whether o is one of the two operators with a star.
func (o Operator) IsStar() bool { return o == EqualStar || o == NotEqualStar }

// Negate returns the operator that says the opposite for versions without
// special rules. Tilde has none.
func (o Operator) Negate() (Operator, bool) {
	switch o {
	case Equal, ExactEqual:
		return NotEqual, true
	case EqualStar:
		return NotEqualStar, true
	case NotEqual:
		return Equal, true
	case NotEqualStar:
		return EqualStar, true
	case Less:
		return GreaterEqual, true
	case LessEqual:
		return Greater, true
	case Greater:
		return LessEqual, true
	case GreaterEqual:
		return Less, true
	}
	return o, false
}

// A Specifier is one clause of a version specifier, such as ">=1.0".
type Specifier struct {
	Op Operator
	// Version is what is compared with, for the star forms without the star.
	// It is zero when Op is ExactEqual and Text is no version.
	Version Version
	// Text is what follows "===" as written. It is empty for all other
	// operators.
	Text string
}

// NewSpecifier returns the specifier of op and v, or an error when the two do
// not go together: a local part with an ordered comparison or a star, or a
// compatible release of one segment. The error is a *ParseError.
func NewSpecifier(op Operator, v Version) (Specifier, error) {
	s := Specifier{Op: op, Version: v}
	if op == ExactEqual {
		s.Text = v.String()
	}
	if reason := s.check(); reason != "" {
		return Specifier{}, &ParseError{Kind: "version specifier", Input: s.String(), Reason: reason}
	}
	return s, nil
}

func (s Specifier) check() (reason string) {
	switch {
	case s.Version.IsLocal() && s.Op != Equal && s.Op != NotEqual && s.Op != ExactEqual:
		return fmt.Sprintf("operator %s is incompatible with versions containing non-empty local segments (`+%s`)", s.Op, s.Version.Local())
	case s.Op == Tilde && s.Version.Len() < 2:
		return "the ~= operator requires at least two segments in the release version"
	}
	return ""
}

// ParseSpecifier reads one specifier. What follows "===" may be any text
// without white space. The error is a *ParseError.
func ParseSpecifier(text string) (Specifier, error) {
	s, reason := parseSpecifier(text)
	if reason != "" {
		return Specifier{}, &ParseError{Kind: "version specifier", Input: text, Length: len(text), Reason: reason}
	}
	return s, nil
}

// MustParseSpecifier is ParseSpecifier for text known to be one: it panics
// when it is not.
func MustParseSpecifier(text string) Specifier {
	s, err := ParseSpecifier(text)
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return s
}

func parseSpecifier(text string) (s Specifier, reason string) {
	start := skipSpace(text, 0)
	i := start
	for i < len(text) && isOperatorByte(text[i]) && text[start:i] != "===" {
		i++ // what follows "===" may be anything
	}
	op, ok := parseOperator(text[start:i])
	rest := trimSpace(text[i:])
	switch {
	case i == start:
		if v, star, reason, _ := parse(rest, true); rest != "" && reason == "" {
			suggestion := Specifier{Op: Equal, Version: v}
			if star {
				suggestion.Op = EqualStar
			}
			return s, fmt.Sprintf("unexpected end of version specifier, expected operator; did you mean `%s`?", suggestion)
		}
		return s, "unexpected end of version specifier, expected operator"
	case !ok:
		return s, fmt.Sprintf("no such comparison operator %q, must be one of ~= == != <= >= < > ===", text[start:i])
	case rest == "":
		return s, "unexpected end of version specifier, expected version"
	case op == ExactEqual:
		return parseExact(rest)
	}
	return parseOperand(op, rest)
}

// parseOperand reads the version behind an operator.
func parseOperand(op Operator, text string) (s Specifier, reason string) {
	v, ok := parseRelease(text)
	if !ok {
		var star bool
		if v, star, reason, _ = parse(text, true); reason != "" {
			return s, reason
		}
		if star {
			switch op {
			case Equal:
				op = EqualStar
			case NotEqual:
				op = NotEqualStar
			default:
				return s, fmt.Sprintf("operator %s cannot be used with a wildcard version specifier", op)
			}
		}
	}
	s = Specifier{Op: op, Version: v}
	return s, s.check()
}

func parseExact(text string) (s Specifier, reason string) {
	if strings.ContainsAny(text, " \t\n\v\f\r") {
		return s, fmt.Sprintf("trailing `%s` is not allowed", text[strings.IndexAny(text, " \t\n\v\f\r"):])
	}
	s = Specifier{Op: ExactEqual, Text: text}
	if v, err := Parse(text); err == nil {
		s.Version = v
	}
	return s, ""
}

func isOperatorByte(c byte) bool {
	return c == '=' || c == '<' || c == '>' || c == '!' || c == '~'
}

func parseOperator(s string) (Operator, bool) {
	switch s {
	case "==":
		return Equal, true
	case "===":
		return ExactEqual, true
	case "!=":
		return NotEqual, true
	case "~=":
		return Tilde, true
	case "<":
		return Less, true
	case "<=":
		return LessEqual, true
	case ">":
		return Greater, true
	case ">=":
		return GreaterEqual, true
	}
	return 0, false
}

func trimSpace(s string) string {
	s = s[skipSpace(s, 0):]
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// String returns the specifier without white space and with its version in
// normal form: "==1.0.*".
func (s Specifier) String() string {
	var buffer [40]byte
	return string(s.AppendTo(buffer[:0]))
}

// AppendTo appends what String returns.
func (s Specifier) AppendTo(b []byte) []byte {
	b = append(b, s.Op.String()...)
	if s.Op == ExactEqual && s.Version.IsZero() {
		return append(b, s.Text...)
	}
	b = s.Version.AppendTo(b)
	if s.Op.IsStar() {
		b = append(b, ".*"...)
	}
	return b
}

// Equal reports whether the two specifiers say the same: the same operator
// and version. Trailing zeros count only where they matter: for ~=, === and
// the star forms.
func (s Specifier) Equal(t Specifier) bool { return s.Compare(t) == 0 }

// Compare orders specifiers by version and then by operator, which is the
// order uv prints them in, and then by length where trailing zeros matter.
func (s Specifier) Compare(t Specifier) int {
	if c := s.Version.Compare(t.Version); c != 0 {
		return c
	}
	if s.Op != t.Op {
		if s.Op < t.Op {
			return -1
		}
		return 1
	}
	switch {
	case s.Op == ExactEqual && s.Version.IsZero():
		return strings.Compare(s.Text, t.Text)
	case s.Op == Tilde || s.Op == ExactEqual || s.Op.IsStar():
		return cmp.Compare(s.Version.Len(), t.Version.Len())
	}
	return 0
}

// Contains reports whether the specifier admits v, by the special rules of
// PEP 440 and with pre-releases allowed. Arbitrary equality, ===, compares
// the normal forms as text; see ContainsText.
func (s Specifier) Contains(v Version) bool {
	if s.Op == ExactEqual {
		return !s.Version.IsZero() && s.Version.String() == v.String()
	}
	lo, hi, outside := s.bounds()
	inside := (lo.IsZero() || compareCut(&lo, &v) <= 0) && (hi.IsZero() || compareCut(&v, &hi) < 0)
	return inside != outside
}
