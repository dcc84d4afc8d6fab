package load

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
)

// A Table is rows of values by the names of their columns: the placeholder
// {{NAME}} stands for the value of a column, each request taking the next row
// and the first again after the last. Three further placeholders need no table:
// {{n}} is the number of the request from 0, {{random A B}} a whole number from A
// to B, and {{uuid}} a random UUID.
type Table struct {
	Columns []string
	Rows    [][]string
}

// ReadTable reads CSV (RFC 4180) whose first row has the names of the columns.
func ReadTable(r io.Reader) (*Table, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("a row of names and at least one of values are expected")
	}
	return &Table{rows[0], rows[1:]}, nil
}

// A piece is literal text, or a placeholder behind it.
type piece struct {
	text     string
	kind     byte // 0 only the text, 'c' a column, 'n', 'r', 'u'
	column   int
	low, top int64
}

// A pattern is a text with placeholders.
type pattern []piece

func parsePattern(text string, t *Table) (pattern, error) {
	var out pattern
	for {
		before, rest, found := strings.Cut(text, "{{")
		if !found {
			return append(out, piece{text: text}), nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, fmt.Errorf("a placeholder is not closed: {{%.20s", rest)
		}
		p, err := placeholder(strings.TrimSpace(name), t)
		if err != nil {
			return nil, err
		}
		p.text = before
		out = append(out, p)
		text = after
	}
}

func placeholder(name string, t *Table) (piece, error) {
	if t != nil {
		for i, c := range t.Columns {
			if c == name {
				return piece{kind: 'c', column: i}, nil
			}
		}
	}
	words := strings.Fields(name)
	switch {
	case name == "n":
		return piece{kind: 'n'}, nil
	case name == "uuid":
		return piece{kind: 'u'}, nil
	case len(words) == 3 && words[0] == "random":
		low, err1 := strconv.ParseInt(words[1], 10, 32)
		top, err2 := strconv.ParseInt(words[2], 10, 32)
		if err1 == nil && err2 == nil && low <= top {
			return piece{kind: 'r', low: low, top: top}, nil
		}
	}
	return piece{}, fmt.Errorf("the placeholder {{%s}} is neither a column of the data nor one of {{n}}, {{random A B}} and {{uuid}}", name)
}

// fixed reports whether the text has no placeholder.
func (p pattern) fixed() bool { return len(p) == 1 && p[0].kind == 0 }

// values are what placeholders stand for in one request.
type values struct {
	n      int64
	row    []string
	random rand.Source
}

func (p pattern) append(dst []byte, v *values, clean func([]byte, string) []byte) []byte {
	for _, piece := range p {
		dst = append(dst, piece.text...)
		switch piece.kind {
		case 'c':
			dst = clean(dst, v.row[piece.column])
		case 'n':
			dst = strconv.AppendInt(dst, v.n, 10)
		case 'r':
			dst = strconv.AppendInt(dst, piece.low+int64(v.random.Uint64()%uint64(piece.top-piece.low+1)), 10)
		case 'u':
			dst = appendUUID(dst, v.random)
		}
	}
	return dst
}

// appendUUID appends a UUID of version 4 (RFC 9562, section 5.4).
func appendUUID(dst []byte, r rand.Source) []byte {
	a, b := r.Uint64(), r.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(3<<62) | 2<<62
	return fmt.Appendf(dst, "%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// A value from a table must not end a line of the head, or a request.
func cleanTarget(dst []byte, s string) []byte {
	return append(dst, strings.ReplaceAll(url.QueryEscape(s), "+", "%20")...) // right in paths, too
}

func cleanField(dst []byte, s string) []byte {
	return append(dst, strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)...)
}

func cleanNothing(dst []byte, s string) []byte { return append(dst, s...) }
