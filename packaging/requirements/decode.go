package requirements

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decode turns a file into UTF-8 as pip does: a byte order mark decides, else
// a coding line among the first two (PEP 263), else it is UTF-8.
func decode(content []byte) (string, error) {
	switch {
	case bytes.HasPrefix(content, []byte("\xef\xbb\xbf")):
		content = content[3:]
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		return transcode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), content)
	default:
		name := codingLine(content)
		table, ok := codec(name)
		if !ok {
			return "", fmt.Errorf("unknown encoding %q", name)
		}
		if table != nil {
			return transcode(table, content)
		}
	}
	if !utf8.Valid(content) {
		return "", fmt.Errorf("it is not UTF-8 (a file in another encoding begins with a line like `# coding: latin-1`)")
	}
	return string(content), nil
}

func transcode(e encoding.Encoding, content []byte) (string, error) {
	text, err := e.NewDecoder().Bytes(content)
	return string(text), err
}

// codingLine is the encoding that a comment in the first two lines names, or
// "".
func codingLine(content []byte) string {
	rest := string(content[:min(len(content), 512)])
	for range 2 {
		var first string
		first, rest, _ = strings.Cut(rest, "\n")
		first = strings.TrimSpace(first)
		if !strings.HasPrefix(first, "#") {
			continue
		}
		i := strings.Index(first, "coding")
		if i < 0 || i+6 >= len(first) || first[i+6] != ':' && first[i+6] != '=' {
			continue
		}
		name := strings.TrimLeft(first[i+7:], " \t")
		end := strings.IndexFunc(name, func(r rune) bool {
			return !strings.ContainsRune("-_.", r) && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
		})
		if end >= 0 {
			name = name[:end]
		}
		return strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	}
	return ""
}

// codec knows the encodings by Python's names; nil is UTF-8.
func codec(name string) (e encoding.Encoding, ok bool) {
	switch name {
	case "", "utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii":
		return nil, true
	case "latin-1", "latin1", "iso-8859-1", "iso8859-1", "l1":
		return charmap.ISO8859_1, true
	case "iso-8859-2", "latin-2", "latin2":
		return charmap.ISO8859_2, true
	case "iso-8859-15", "latin-9", "latin9":
		return charmap.ISO8859_15, true
	case "cp1250", "windows-1250":
		return charmap.Windows1250, true
	case "cp1251", "windows-1251":
		return charmap.Windows1251, true
	case "cp1252", "windows-1252":
		return charmap.Windows1252, true
	case "cp437":
		return charmap.CodePage437, true
	case "cp850":
		return charmap.CodePage850, true
	case "koi8-r":
		return charmap.KOI8R, true
	case "mac-roman", "macintosh":
		return charmap.Macintosh, true
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), true
	}
	return nil, false
}
