package simple

import (
	"bytes"
	"html"
	"strings"
)

// A tokenKind is what a tokenizer has come to.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota // of the document
	tokenText
	tokenStart // a start tag, self-closing or not
	tokenClose // an end tag
)

// A tokenizer splits HTML into tags and text by the rules of its tokenization
// (HTML Living Standard, section 13.2.5), as far as a page of links needs them:
// comments and declarations are passed over, and the content of elements that
// hold no markup is not looked into. Nothing is copied but what has to be
// decoded.
type tokenizer struct {
	doc  []byte
	at   int
	text []byte // of the text token
	name []byte // of the tag, in lower case
	attr []byte // of the tag: what of it is still to be read
	raw  string // the element whose content is text up to its end tag
}

// next goes to the next token.
func (t *tokenizer) next() tokenKind {
	for t.at < len(t.doc) {
		if t.raw != "" {
			if t.rawText() {
				return tokenText
			}
			continue
		}
		open := bytes.IndexByte(t.doc[t.at:], '<')
		for open >= 0 && !opensMarkup(t.doc[t.at+open:]) {
			more := bytes.IndexByte(t.doc[t.at+open+1:], '<')
			if more < 0 {
				open = -1
				break
			}
			open += 1 + more
		}
		switch {
		case open < 0:
			t.text, t.at = t.doc[t.at:], len(t.doc)
			return tokenText
		case open > 0:
			t.text = t.doc[t.at : t.at+open]
			t.at += open
			return tokenText
		}
		if kind := t.markup(); kind != tokenEnd {
			return kind
		}
	}
	return tokenEnd
}

// opensMarkup reports whether a `<` begins a tag, comment or declaration
// rather than text.
func opensMarkup(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	return isLetter(b[1]) || b[1] == '!' || b[1] == '?' || b[1] == '/' && len(b) > 2
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

// markup reads what begins with `<`. It returns tokenEnd for what is no tag.
func (t *tokenizer) markup() tokenKind {
	rest := t.doc[t.at:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		t.comment()
		return tokenEnd
	case rest[1] == '!' || rest[1] == '?' || rest[1] == '/' && !isLetter(rest[2]):
		t.skipPast('>')
		return tokenEnd
	case rest[1] == '/':
		t.at += 2
		if !t.tag() {
			return tokenEnd
		}
		return tokenClose
	}
	t.at++
	if !t.tag() {
		return tokenEnd
	}
	switch string(t.name) {
	case "script", "style", "title", "textarea", "iframe", "noembed", "noframes", "noscript", "xmp", "plaintext":
		t.raw = string(t.name)
	}
	return tokenStart
}

func (t *tokenizer) skipPast(c byte) {
	i := bytes.IndexByte(t.doc[t.at:], c)
	if i < 0 {
		t.at = len(t.doc)
		return
	}
	t.at += i + 1
}

// comment passes over `<!--…-->`, which also `--!>` ends, and which `<!-->` and
// `<!--->` are whole.
func (t *tokenizer) comment() {
	body := t.doc[t.at+4:]
	t.at += 4
	if bytes.HasPrefix(body, []byte(">")) || bytes.HasPrefix(body, []byte("->")) {
		t.skipPast('>')
		return
	}
	for i := 0; i+2 < len(body); i++ {
		if body[i] != '-' || body[i+1] != '-' {
			continue
		}
		end := i + 2
		if body[end] == '!' {
			end++
		}
		if end < len(body) && body[end] == '>' {
			t.at += end + 1
			return
		}
	}
	t.at = len(t.doc)
}

// rawText takes the content of an element without markup. It reports whether
// there was any; in any case the end tag comes next.
func (t *tokenizer) rawText() bool {
	rest := t.doc[t.at:]
	end := len(rest)
	if t.raw != "plaintext" {
		for i := 0; i+1 < len(rest); i++ {
			if rest[i] == '<' && rest[i+1] == '/' && endsRaw(rest[i+2:], t.raw) {
				end = i
				break
			}
		}
	}
	t.raw = ""
	t.text = rest[:end]
	t.at += end
	return end > 0
}

func endsRaw(b []byte, name string) bool {
	if len(b) <= len(name) || !strings.EqualFold(string(b[:len(name)]), name) {
		return false
	}
	c := b[len(name)]
	return c == '>' || c == '/' || isSpace(c)
}

// tag reads a tag's name and finds its end. It is false for a tag that the
// document ends in.
func (t *tokenizer) tag() bool {
	rest := t.doc[t.at:]
	n := 0
	for n < len(rest) && !isSpace(rest[n]) && rest[n] != '/' && rest[n] != '>' {
		n++
	}
	t.name = lower(rest[:n])
	end, ok := tagEnd(rest, n)
	t.at += end
	if !ok {
		return false
	}
	t.attr = rest[n : end-1]
	return true
}

// tagEnd is the place behind the `>` that ends a tag: one that is not inside
// of a quoted value.
func tagEnd(b []byte, i int) (end int, ok bool) {
	for i < len(b) {
		switch c := b[i]; {
		case c == '>':
			return i + 1, true
		case c == '/' || isSpace(c):
			i++
			continue
		}
		// A name; `=` may begin one.
		i++
		for i < len(b) && !isSpace(b[i]) && b[i] != '/' && b[i] != '>' && b[i] != '=' {
			i++
		}
		for i < len(b) && isSpace(b[i]) {
			i++
		}
		if i >= len(b) || b[i] != '=' {
			continue
		}
		i++
		for i < len(b) && isSpace(b[i]) {
			i++
		}
		if i < len(b) && (b[i] == '"' || b[i] == '\'') {
			quoted := bytes.IndexByte(b[i+1:], b[i])
			if quoted < 0 {
				return len(b), false
			}
			i += quoted + 2
			continue
		}
		for i < len(b) && !isSpace(b[i]) && b[i] != '>' {
			i++
		}
	}
	return len(b), false
}

// attribute reads the tag's next attribute, its name in lower case and its
// value decoded.
func (t *tokenizer) attribute() (key, value []byte, ok bool) {
	b := t.attr
	i := 0
	for i < len(b) && (isSpace(b[i]) || b[i] == '/') {
		i++
	}
	if i == len(b) {
		t.attr = nil
		return nil, nil, false
	}
	start := i
	i++
	for i < len(b) && !isSpace(b[i]) && b[i] != '/' && b[i] != '=' {
		i++
	}
	key = lower(b[start:i])
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	if i == len(b) || b[i] != '=' {
		t.attr = b[i:]
		return key, nil, true
	}
	i++
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	start = i
	if i < len(b) && (b[i] == '"' || b[i] == '\'') {
		start++
		i = start + max(bytes.IndexByte(b[start:], b[i]), 0)
		value, t.attr = b[start:i], b[min(i+1, len(b)):]
		return key, decodeAttribute(value), true
	}
	for i < len(b) && !isSpace(b[i]) {
		i++
	}
	value, t.attr = b[start:i], b[i:]
	return key, decodeAttribute(value), true
}

// lower is a name in lower case, as far as ASCII goes.
func lower(b []byte) []byte {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			out := bytes.Clone(b)
			for ; i < len(out); i++ {
				if 'A' <= out[i] && out[i] <= 'Z' {
					out[i] |= 0x20
				}
			}
			return out
		}
	}
	return b
}

// decodeAttribute replaces character references. A named one without a
// semicolon before `=` or a letter or digit is text, as in the query of a URL.
func decodeAttribute(b []byte) []byte {
	i := bytes.IndexByte(b, '&')
	if i < 0 {
		return b
	}
	var out []byte
	for i >= 0 {
		out = append(out, b[:i]...)
		n := referenceLength(b[i:])
		out = append(out, html.UnescapeString(string(b[i:i+n]))...)
		b = b[i+n:]
		i = bytes.IndexByte(b, '&')
	}
	return append(out, b...)
}

// referenceLength is how much of text that begins with `&` is a character
// reference, or 1 if it is none.
func referenceLength(b []byte) int {
	n := 1
	numeric := n < len(b) && b[n] == '#'
	if numeric {
		n++
	}
	for n < len(b) && (isLetter(b[n]) || b[n]-'0' <= 9) {
		n++
	}
	switch {
	case n < len(b) && b[n] == ';':
		// A name that is none may begin with one that is.
		if decoded := html.UnescapeString(string(b[:n+1])); !numeric && decoded != ";" && strings.HasSuffix(decoded, ";") {
			return 1
		}
		return n + 1
	case numeric:
		return n
	case n < len(b) && b[n] == '=', n == 1:
		return 1
	}
	// Without a semicolon it must be exactly the name of an old reference,
	// which the text without the last letter would be too, were it longer.
	if decoded := html.UnescapeString(string(b[:n])); strings.HasSuffix(decoded, string(b[n-1:n])) {
		return 1
	}
	return n
}
