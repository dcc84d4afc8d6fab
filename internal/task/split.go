package task

import (
	"errors"
	"strings"
)

// Split cuts a command line into words as a POSIX shell does: at blanks, with
// single and double quotes and backslashes. Nothing else has a meaning: no
// variable is replaced, no file name expanded, nothing piped.
func Split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inside := false // a word has begun, which may be empty: ''
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\n', '\r':
			if inside {
				words = append(words, word.String())
				word.Reset()
			}
			inside = false
		case '\'':
			inside = true
			end := strings.IndexByte(line[i+1:], '\'')
			if end < 0 {
				return nil, errors.New("a single quote is not closed")
			}
			word.WriteString(line[i+1 : i+1+end])
			i += 1 + end
		case '"':
			inside = true
			n, err := quoted(line[i+1:], &word)
			if err != nil {
				return nil, err
			}
			i += n
		case '\\':
			inside = true
			if i++; i == len(line) {
				return nil, errors.New("a backslash has nothing behind it")
			}
			word.WriteByte(line[i])
		default:
			inside = true
			word.WriteByte(c)
		}
	}
	if inside {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, errors.New("a command needs a program")
	}
	return words, nil
}

// quoted takes text up to a double quote, and returns how much it has read, the
// quote included.
func quoted(text string, word *strings.Builder) (int, error) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\' && i+1 < len(text) && strings.IndexByte("\\\"$`", text[i+1]) >= 0:
			i++
			word.WriteByte(text[i])
		default:
			word.WriteByte(c)
		}
	}
	return 0, errors.New("a double quote is not closed")
}

// Quote is the inverse of Split.
func Quote(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if w == "" || strings.ContainsAny(w, " \t\n\r'\"\\$`*?[]{}()<>|&;#~!") {
			out[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}
