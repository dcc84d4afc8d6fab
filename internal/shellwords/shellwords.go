// Package shellwords cuts command lines into words, and quotes words, by the
// rules of POSIX shells (XCU 2.2). It knows quotes of both kinds and backslashes;
// nothing else has a meaning: no variable is replaced, no file name expanded,
// nothing piped.
package shellwords

import (
	"fmt"
	"strings"
)

// Split makes words of a line. A line of blanks has none.
func Split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	open := false // a word has begun, even an empty one in quotes
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\n', '\r':
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		case '\'', '"':
			end, err := quoted(line, i, &word)
			if err != nil {
				return nil, err
			}
			i, open = end, true
		case '\\':
			i++
			if i == len(line) {
				return nil, fmt.Errorf("`%s` ends in a backslash", line)
			}
			if line[i] != '\n' { // which goes on in the next line
				word.WriteByte(line[i])
				open = true
			}
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted adds the quotation that begins at i to the word, and returns where it
// ends. In double quotes a backslash escapes what would be special there.
func quoted(line string, i int, word *strings.Builder) (int, error) {
	quote := line[i]
	for j := i + 1; j < len(line); j++ {
		switch c := line[j]; {
		case c == quote:
			return j, nil
		case c == '\\' && quote == '"' && j+1 < len(line) && strings.IndexByte("\"\\$`\n", line[j+1]) >= 0:
			j++
			if line[j] != '\n' {
				word.WriteByte(line[j])
			}
		default:
			word.WriteByte(c)
		}
	}
	return 0, fmt.Errorf("a quotation in `%s` is not closed", line)
}

// Quote writes one word so that a shell reads it as it is, in quotes only where
// it has to be.
func Quote(word string) string {
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
}

// plain reports whether no shell reads more into a character.
func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./-_", r)
}

// Join makes a line of words, from which [Split] makes the same words again.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}
