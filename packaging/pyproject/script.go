package pyproject

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Script is a Python file with a block of metadata (PEP 723).
type Script struct {
	*File
	source            string // the file as it was
	content           string // the block's text as it was
	prelude, postlude string // the file around the block
	newline           string
}

// What can be wrong with the block of a script, apart from its TOML.
var (
	ErrUnclosedScript = errors.New("an opening tag (`# /// script`) was found without a closing tag (`# ///`); ensure that every line between the opening and closing tags (including empty lines) starts with a leading `#`")
	ErrTrailingScript = errors.New("an opening tag (`# /// script`) was found, but the closing tag (`# ///`) has trailing content; remove it so the line is exactly `# ///`")
	ErrSecondScript   = errors.New("the script contains multiple PEP 723 metadata blocks")
)

// ParseScript finds and reads the metadata block of a Python file. It returns
// nil and no error if there is none. The name is for errors only; lines in an
// [*Error] about the TOML text count from the block's opening tag.
func ParseScript(name string, text []byte) (*Script, error) {
	if !utf8.Valid(text) {
		if !strings.Contains(string(text), scriptTag) {
			return nil, nil
		}
		return nil, fmt.Errorf("%s is not valid UTF-8", name)
	}
	source := string(text)
	found, err := findScript(source)
	if err != nil || found == nil {
		return nil, err
	}
	file, err := parse(name, []byte(found.content), true)
	if err != nil {
		return nil, err
	}
	newline := "\n"
	if strings.HasPrefix(source[found.start+len(scriptTag):], "\r\n") {
		newline = "\r\n"
	}
	return &Script{
		File: file, source: source, content: found.content, newline: newline,
		prelude: source[:found.start], postlude: source[found.end:],
	}, nil
}

// Bytes returns the whole Python file with the block as it is now.
func (s *Script) Bytes() []byte {
	if s.doc.Text() == s.content {
		return []byte(s.source)
	}
	block := ScriptBlock(s.doc.Text())
	if s.newline != "\n" {
		block = strings.ReplaceAll(block, "\n", s.newline)
	}
	if s.postlude == "" {
		return []byte(s.prelude + block)
	}
	return []byte(s.prelude + strings.TrimSuffix(block, s.newline) + s.postlude)
}

// Metadata returns the TOML text of the block.
func (s *Script) Metadata() string { return s.doc.Text() }

const scriptTag = "# /// script"

// ScriptBlock returns TOML text as a metadata block of a script, with its tags.
func ScriptBlock(metadata string) string {
	var b strings.Builder
	b.WriteString(scriptTag + "\n")
	for line := range strings.Lines(metadata) {
		line = strings.TrimRight(line, "\r\n")
		b.WriteByte('#')
		if line != "" {
			b.WriteString(" " + line)
		}
		b.WriteByte('\n')
	}
	b.WriteString("# ///\n")
	return b.String()
}

// InsertScript adds a metadata block to a Python file that has none: at its
// top, behind a `#!` line. A comment that follows is set off by a blank line,
// so that it does not run into the block.
func InsertScript(text []byte, metadata string) []byte {
	first, rest := SplitShebang(text)
	block := ScriptBlock(metadata)
	if len(rest) > 0 && rest[0] == '#' && (len(rest) == 1 || strings.IndexByte(" \r\n", rest[1]) >= 0) {
		block += "\n"
	}
	if i := strings.IndexByte(string(text), '\n'); i > 0 && text[i-1] == '\r' {
		block = strings.ReplaceAll(block, "\n", "\r\n")
	}
	if first != "" && !strings.HasSuffix(first, "\n") {
		first += "\n"
	}
	return []byte(first + block + string(rest))
}

// SplitShebang cuts a leading `#!` line, with its line end, off a file.
func SplitShebang(text []byte) (shebang string, rest []byte) {
	if !strings.HasPrefix(string(text), "#!") {
		return "", text
	}
	for i, c := range text {
		if c == '\n' {
			return string(text[:i+1]), text[i+1:]
		}
	}
	return string(text), nil
}

// scriptText is the place and content of a block.
type scriptText struct {
	start, end int // of the block in the file, without the last line end
	content    string
}

// findScript looks for blocks as the regular expression of PEP 723 does: a
// block goes from `# /// TYPE` to the last `# ///` of the comment lines that
// follow without a gap. Blocks of other types are skipped as a whole.
func findScript(text string) (*scriptText, error) {
	var found *scriptText
	for at := 0; at < len(text); {
		line, next := cutLine(text, at)
		kind, ok := strings.CutPrefix(line, "# /// ")
		if !ok || !isBlockType(kind) {
			at = next
			continue
		}
		block, err := readBlock(text, at, next)
		switch {
		case err == nil && kind == "script" && found != nil:
			return nil, ErrSecondScript
		case err == nil && kind == "script":
			found = block
		case err != nil && kind == "script" && found == nil:
			return nil, err
		case err != nil:
			at = next
			continue
		}
		_, at = cutLine(text, block.end)
	}
	return found, nil
}

// cutLine returns the line at an offset without its end, and where the next
// one starts.
func cutLine(text string, at int) (line string, next int) {
	i := strings.IndexByte(text[at:], '\n')
	if i < 0 {
		return text[at:], len(text)
	}
	return strings.TrimSuffix(text[at:at+i], "\r"), at + i + 1
}

func isBlockType(kind string) bool {
	for i := range len(kind) {
		switch c := kind[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
	}
	return kind != ""
}

// readBlock reads the lines behind an opening tag.
func readBlock(text string, start, at int) (*scriptText, error) {
	var block *scriptText
	var content strings.Builder
	trailing := false
	for at < len(text) {
		line, next := cutLine(text, at)
		body, ok := strings.CutPrefix(line, "#")
		if !ok || body != "" && body[0] != ' ' {
			break
		}
		if line == "# ///" {
			block = &scriptText{start: start, end: at + len(line), content: content.String()}
		}
		trailing = trailing || strings.HasPrefix(line, "# ///")
		content.WriteString(strings.TrimPrefix(body, " ") + "\n")
		at = next
	}
	switch {
	case block != nil:
		return block, nil
	case trailing:
		return nil, ErrTrailingScript
	}
	return nil, ErrUnclosedScript
}
