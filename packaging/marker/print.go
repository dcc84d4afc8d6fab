package marker

import (
	"cmp"
	"slices"
	"strings"
)

// A term is one comparison of the printed form.
type term struct {
	v  *variable
	at *point // of ranged variables
	op termOp
}

// termOp numbers operators in pairs: the lowest bit turns one into its
// negation.
type termOp uint8

const (
	opEqual termOp = iota
	opNotEqual
	opLess
	opGreaterEqual
	opGreater
	opLessEqual
	opEqualStar
	opNotEqualStar
	opIn
	opNotIn
)

// kind is what terms and clauses are sorted by.
func (x term) kind() uint8 {
	r := x.v.rank
	switch {
	case r >= rankIn && r < rankContains:
		r -= rankIn
	case r >= rankContains && r < rankExtra:
		r -= rankContains
	}
	switch r {
	case rankImplementationVersion:
		return 0
	case rankPythonFullVersion:
		return 1
	case rankImplementationName:
		return 2
	case rankOSName:
		return 3
	case rankPlatformMachine:
		return 4
	case rankPlatformPythonImplementation:
		return 5
	case rankPlatformRelease:
		return 6
	case rankPlatformSystem:
		return 7
	case rankPlatformVersion:
		return 8
	case rankSysPlatform:
		return 9
	case rankExtras, rankInvalidExtras:
		return 10
	case rankGroups, rankInvalidGroups:
		return 11
	}
	return 12
}

// String returns the marker in its simplified disjunctive form, which Parse
// reads back to the same Tree: comparisons joined by `and` in clauses joined by
// `or`, python_version expressed by python_full_version, constants on the right
// and in single quotes. True is "" and false is "python_version < '0'". The
// text is that of uv for the same marker.
func (t Tree) String() string {
	switch t.r {
	case yes:
		return ""
	case no:
		return "python_version < '0'"
	}
	f := sortedForm(t.r)
	b := make([]byte, 0, 64*len(f.clauses))
	for i, clause := range f.clauses {
		if i > 0 {
			b = append(b, " or "...)
		}
		grouped := len(f.clauses) > 1 && len(clause) > 1
		if grouped {
			b = append(b, '(')
		}
		for j, x := range clause {
			if j > 0 {
				b = append(b, " and "...)
			}
			b = f.term(x).appendTo(b)
		}
		if grouped {
			b = append(b, ')')
		}
	}
	return string(b)
}

// appendTo appends the text of a comparison.
func (x term) appendTo(b []byte) []byte {
	r := x.v.rank
	switch {
	case r >= rankExtras || r >= rankContains && r < rankExtra:
		b = appendQuoted(b, x.v.text)
		b = append(b, x.op.text()...)
		if r < rankExtra {
			r -= rankContains
		}
		return append(b, r.String()...)
	case !x.v.ranged():
		if r < rankExtra {
			r -= rankIn
		}
		b = append(b, r.String()...)
		b = append(b, x.op.text()...)
		return appendQuoted(b, x.v.text)
	}
	b = append(b, r.String()...)
	b = append(b, x.op.text()...)
	if r < stringKeys {
		return appendQuoted(b, x.at.text)
	}
	b = append(b, '\'')
	b = x.at.version.AppendTo(b)
	if x.op == opEqualStar || x.op == opNotEqualStar {
		if x.at.version.Len() == 1 {
			b = append(b, ".0"...)
		}
		b = append(b, ".*"...)
	}
	return append(b, '\'')
}

func (o termOp) text() string {
	switch o {
	case opEqual, opEqualStar:
		return " == "
	case opNotEqual, opNotEqualStar:
		return " != "
	case opLess:
		return " < "
	case opLessEqual:
		return " <= "
	case opGreater:
		return " > "
	case opGreaterEqual:
		return " >= "
	case opIn:
		return " in "
	}
	return " not in "
}

// appendQuoted appends a constant. The grammar has no escapes: a constant that
// holds one kind of quote is written in the other.
func appendQuoted(b []byte, s string) []byte {
	quote := byte('\'')
	if strings.IndexByte(s, quote) >= 0 {
		quote = '"'
	}
	b = append(b, quote)
	b = append(b, s...)
	return append(b, quote)
}

// sortedForm returns the simplified and sorted form of a diagram that is not
// constant.
func sortedForm(r ref) *form {
	f := formOf(r)
	f.simplify()
	kind := func(x, y literal) int { return cmp.Compare(f.terms[x>>1].kind(), f.terms[y>>1].kind()) }
	for _, clause := range f.clauses {
		slices.SortStableFunc(clause, kind)
	}
	slices.SortStableFunc(f.clauses, func(c, d []literal) int { return slices.CompareFunc(c, d, kind) })
	return f
}

// MarshalText returns what String returns.
func (t Tree) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a marker; see Parse. Warnings are dropped, and empty text
// is true.
func (t *Tree) UnmarshalText(text []byte) (err error) {
	*t = True()
	if len(text) > 0 {
		*t, _, err = Parse(string(text))
	}
	return err
}
