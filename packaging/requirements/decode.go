package requirements

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decode returns the text of a file without its byte order mark.
func decode(name string, data []byte) (string, error) {
	text, fault := transcode(data)
	if fault != "" {
		return "", &Error{Origin: Origin{name, 1, 1}, Message: fault}
	}
	if i := invalidAt(text); i >= 0 {
		line, column := position(text, i)
		return "", &Error{
			Origin: Origin{name, line, column}, Message: "the text is not valid UTF-8",
			hints: []string{"save the file as UTF-8, or name its encoding in a comment `# coding: …` in its first line"},
		}
	}
	return text, nil
}

// invalidAt returns where text stops being UTF-8, or -1.
func invalidAt(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// transcode turns data into UTF-8, unless it is that already, right or wrong.
// What a comment says about the encoding counts only if the text is not UTF-8.
func transcode(data []byte) (text, fault string) {
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return string(data[3:]), ""
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		from = utf32.UTF32(utf32.BigEndian, utf32.ExpectBOM)
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		from = unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	default:
		name := codingName(data)
		if name == "" || utf8.Valid(data) {
			return string(data), ""
		}
		var ok bool
		if from, ok = lookUpEncoding(name); !ok {
			return "", "unknown encoding `" + name + "`"
		}
		if from == nil {
			return string(data), ""
		}
	}
	out, err := from.NewDecoder().Bytes(data)
	if err != nil {
		return "", "the file is not in the encoding it says: " + err.Error()
	}
	return string(out), ""
}

// codingName returns the name in a comment "coding: name" or "coding=name" in
// the first two lines (PEP 263), or "".
func codingName(data []byte) string {
	for range 2 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		line, ok := bytes.CutPrefix(bytes.TrimLeft(line, " \t\f"), []byte("#"))
		if !ok {
			continue
		}
		for ok {
			_, line, ok = bytes.Cut(line, []byte("coding"))
			if !ok || len(line) == 0 || line[0] != ':' && line[0] != '=' {
				continue
			}
			after := bytes.TrimLeft(line[1:], " \t")
			end := 0
			for end < len(after) && isCodingByte(after[end]) {
				end++
			}
			if end > 0 {
				return string(after[:end])
			}
		}
	}
	return ""
}

func isCodingByte(c byte) bool {
	return c|0x20-'a' < 26 || c-'0' < 10 || c == '-' || c == '_' || c == '.'
}

// lookUpEncoding returns the encoding that Python knows by a name, and nil for
// UTF-8.
func lookUpEncoding(name string) (encoding.Encoding, bool) {
	name = strings.NewReplacer("_", "", "-", "", ".", "").Replace(strings.ToLower(name))
	switch name {
	case "utf8", "utf8sig", "u8", "ascii", "usascii":
		return nil, true
	case "latin1", "iso88591", "l1", "latin":
		return charmap.ISO8859_1, true
	case "latin2", "iso88592":
		return charmap.ISO8859_2, true
	case "iso88595", "cyrillic":
		return charmap.ISO8859_5, true
	case "iso88597", "greek":
		return charmap.ISO8859_7, true
	case "latin5", "iso88599":
		return charmap.ISO8859_9, true
	case "latin9", "iso885915":
		return charmap.ISO8859_15, true
	case "cp1250", "windows1250":
		return charmap.Windows1250, true
	case "cp1251", "windows1251":
		return charmap.Windows1251, true
	case "cp1252", "windows1252":
		return charmap.Windows1252, true
	case "cp437", "ibm437":
		return charmap.CodePage437, true
	case "cp850", "ibm850":
		return charmap.CodePage850, true
	case "koi8r":
		return charmap.KOI8R, true
	case "koi8u":
		return charmap.KOI8U, true
	case "macroman", "macintosh":
		return charmap.Macintosh, true
	}
	return nil, false
}
