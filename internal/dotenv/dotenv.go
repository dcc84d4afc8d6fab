// Package dotenv reads environment files, such as `.env`, as uv does.
package dotenv

import (
	"errors"
	"fmt"
	"strings"
)

// A Variable is one assignment of an environment file.
type Variable struct{ Name, Value string }

// Parse reads an environment file (`NAME=value` lines, optionally with
// `export`): single quotes keep their text as it is; in double quotes and bare
// text a backslash escapes and $NAME or ${NAME} is replaced by what lookup
// knows, or else by an earlier line of the file; quoted text may span lines;
// a `#` after a space begins a comment. What stands before a line that cannot
// be read counts.
func Parse(text string, lookup func(string) (string, bool)) ([]Variable, error) {
	p := &parser{text: text, line: 1, lookup: lookup}
	for p.skipBlank() {
		start := p.line
		if err := p.assignment(); err != nil {
			return p.variables, fmt.Errorf("line %d: %w", start, err)
		}
	}
	return p.variables, nil
}

type parser struct {
	text      string
	line      int
	lookup    func(string) (string, bool)
	variables []Variable
}

// skipBlank goes to the next line that says something.
func (p *parser) skipBlank() bool {
	for {
		rest := strings.TrimLeft(p.text, " \t\r\n")
		p.line += strings.Count(p.text[:len(p.text)-len(rest)], "\n")
		p.text = rest
		if !strings.HasPrefix(rest, "#") {
			return rest != ""
		}
		_, after, _ := strings.Cut(rest, "\n")
		p.text = rest[len(rest)-len(after):]
		p.line++
	}
}

func (p *parser) assignment() error {
	if after, ok := strings.CutPrefix(p.text, "export"); ok && after != "" && (after[0] == ' ' || after[0] == '\t') {
		p.text = strings.TrimLeft(after, " \t")
	}
	name := p.name()
	p.text = strings.TrimLeft(p.text, " \t")
	if name == "" || !strings.HasPrefix(p.text, "=") {
		return errors.New("`NAME=value` is expected")
	}
	p.text = strings.TrimLeft(p.text[1:], " \t")
	value, err := p.value()
	if err != nil {
		return fmt.Errorf("the value of %s: %w", name, err)
	}
	p.variables = append(p.variables, Variable{name, value})
	return nil
}

// name takes a variable's name: letters, digits, `_` and `.`, not beginning
// with a digit.
func (p *parser) name() string {
	n := 0
	for n < len(p.text) {
		c := p.text[n]
		letter := c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (n == 0 || c != '.' && (c < '0' || c > '9')) {
			break
		}
		n++
	}
	name := p.text[:n]
	p.text = p.text[n:]
	return name
}

func (p *parser) value() (string, error) {
	var b strings.Builder
	for p.text != "" {
		c := p.text[0]
		switch {
		case c == '\n':
			return b.String(), nil
		case c == ' ' || c == '\t' || c == '\r':
			return b.String(), p.lineEnd()
		case c == '\'':
			quoted, after, ok := strings.Cut(p.text[1:], "'")
			if !ok {
				return "", errors.New("a single quote is not closed")
			}
			p.line += strings.Count(quoted, "\n")
			b.WriteString(quoted)
			p.text = after
		case c == '"':
			p.text = p.text[1:]
			if err := p.quoted(&b); err != nil {
				return "", err
			}
		default:
			if err := p.one(&b); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

// lineEnd allows only a comment on the rest of the line.
func (p *parser) lineEnd() error {
	line, _, _ := strings.Cut(p.text, "\n")
	rest := strings.TrimSpace(line)
	if rest != "" && !strings.HasPrefix(rest, "#") {
		return fmt.Errorf("%q follows the value; text with spaces needs quotes", rest)
	}
	p.text = p.text[len(line):]
	return nil
}

func (p *parser) quoted(b *strings.Builder) error {
	for p.text != "" {
		if p.text[0] == '"' {
			p.text = p.text[1:]
			return nil
		}
		if p.text[0] == '\n' {
			p.line++
		}
		if err := p.one(b); err != nil {
			return err
		}
	}
	return errors.New("a double quote is not closed")
}

// one takes an escape, a substitution or a plain byte.
func (p *parser) one(b *strings.Builder) error {
	switch c := p.text[0]; c {
	case '\\':
		if len(p.text) < 2 || !strings.Contains(`\"'$ n`, p.text[1:2]) {
			return errors.New("a backslash can stand before \\, \", ', $, n and space only")
		}
		if p.text[1] == 'n' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(p.text[1])
		}
		p.text = p.text[2:]
	case '$':
		return p.substitute(b)
	default:
		b.WriteByte(c)
		p.text = p.text[1:]
	}
	return nil
}

// substitute replaces $NAME, whose name is letters and digits, or ${NAME}.
func (p *parser) substitute(b *strings.Builder) error {
	var name string
	p.text = p.text[1:]
	if braced, ok := strings.CutPrefix(p.text, "{"); ok {
		var closed bool
		if name, p.text, closed = strings.Cut(braced, "}"); !closed {
			return errors.New("`${` is not closed")
		}
	} else {
		n := 0
		for n < len(p.text) && (p.text[n]-'0' <= 9 || 'a' <= p.text[n]|0x20 && p.text[n]|0x20 <= 'z') {
			n++
		}
		name, p.text = p.text[:n], p.text[n:]
	}
	if v, ok := p.lookup(name); ok {
		b.WriteString(v)
		return nil
	}
	for i := len(p.variables) - 1; i >= 0; i-- {
		if p.variables[i].Name == name {
			b.WriteString(p.variables[i].Value)
			return nil
		}
	}
	return nil
}
