package scaffold

import (
	"bytes"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyproject"
)

// Metadata is the TOML text of a new script's metadata block (PEP 723).
func Metadata(requiresPython pep440.Specifiers) string {
	text := ""
	if len(requiresPython) > 0 {
		text = "requires-python = " + string(toml.LitString(requiresPython.String())) + "\n"
	}
	return text + "dependencies = []\n"
}

// Script is a new script of that file name; a bare one is nothing but the
// metadata block.
func Script(name string, requiresPython pep440.Specifiers, bare bool) string {
	block := pyproject.ScriptBlock(Metadata(requiresPython))
	if bare {
		return block
	}
	return block + strings.Replace(scriptFile, "{name}", name, 1)
}

const scriptFile = `

def main() -> None:
    print("Hello from {name}!")


if __name__ == "__main__":
    main()
`

// TakeIn gives a Python file that has no metadata a block of it, in front of
// its text and behind a `#!` line. The line ends are those of the file. A byte
// order mark gets a line of its own, or the block would not be found behind it.
func TakeIn(text []byte, requiresPython pep440.Specifiers) []byte {
	const mark = "\ufeff"
	first, rest := pyproject.SplitShebang(text)
	end := "\n"
	if i := strings.IndexByte(string(text), '\n'); i > 0 && text[i-1] == '\r' {
		end = "\r\n"
	}
	var b strings.Builder
	if first != "" {
		b.WriteString(strings.TrimRight(first, "\r\n") + end + "#" + end)
	}
	if after, ok := bytes.CutPrefix(rest, []byte(mark)); ok {
		rest = after
		b.WriteString(mark + end)
	}
	b.WriteString(strings.ReplaceAll(pyproject.ScriptBlock(Metadata(requiresPython)), "\n", end))
	b.WriteString(end)
	b.Write(rest)
	return []byte(b.String())
}
