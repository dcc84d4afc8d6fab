package venv

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// The activation scripts have holes: @root@ for the environment's directory,
// @prompt@ for the name it was given (empty means that of the directory), both
// quoted for the shell in question; @bin@, @sep@ and @libs@ for parts of paths.
var (
	//go:embed scripts/activate
	activateSh string
	//go:embed scripts/activate.csh
	activateCsh string
	//go:embed scripts/activate.fish
	activateFish string
	//go:embed scripts/activate.nu
	activateNu string
	//go:embed scripts/activate.xsh
	activateXsh string
	//go:embed scripts/activate.ps1
	activatePs1 string
	//go:embed scripts/activate.bat
	activateBat string
	//go:embed scripts/deactivate.bat
	deactivateBat string
	//go:embed scripts/pydoc.bat
	pydocBat string
	//go:embed scripts/activate_this.py
	activateThis string
	//go:embed scripts/_virtualenv.py
	distutilsPatch string
)

// A script is a file of the scripts directory.
type script struct{ name, text string }

// activation holds what the scripts are made from.
type activation struct {
	root, prompt string
	libs         string // site-packages relative to the scripts, joined as PATH is
	relocatable  bool
}

// sourcedOnly keeps bash from running the script, which would do nothing.
const sourcedOnly = `if [ -n "${BASH_VERSION-}" ] && [ "${BASH_SOURCE-}" = "$0" ]; then
    echo "You must source this script: \$ source $0" >&2
    exit 33
fi
`

// whereSh has the script find itself. Not all shells can tell; what only some
// can parse is hidden from the others by eval.
const whereSh = `_OLD_VIRTUAL_SCRIPT_PATH=${SCRIPT_PATH-}
if [ -n "${BASH_VERSION-}" ]; then
    SCRIPT_PATH=${BASH_SOURCE-}
elif [ -n "${ZSH_VERSION-}" ]; then
    eval 'SCRIPT_PATH=${(%):-%x}'
elif [ -n "${KSH_VERSION-}" ]; then
    eval 'SCRIPT_PATH=${.sh.file}'
else
    echo "This environment can be activated in bash, zsh and ksh only" >&2
    return 1
fi
`

// scripts renders all of them. csh cannot tell where a script is, so a
// relocatable environment has none for it.
func (a activation) scripts() []script {
	sh, fish, nu, bat := shellQuote(a.root), fishQuote(a.root), nuQuote(a.root), batQuote(a.root)
	where := sourcedOnly
	if a.relocatable {
		where += whereSh
		sh = `''"$(dirname -- "$(dirname -- "$(realpath -- "$SCRIPT_PATH")")")"''` +
			"\nSCRIPT_PATH=$_OLD_VIRTUAL_SCRIPT_PATH\nunset _OLD_VIRTUAL_SCRIPT_PATH"
		fish = `''(dirname -- (dirname -- (realpath -- (status -f))))''`
		nu = `(path self | path dirname | path dirname)`
		bat = `%~dp0..`
	}
	out := []script{
		{"activate", a.fill(activateSh, sh, shellQuote(a.prompt), "@where@", where)},
		{"activate.fish", a.fill(activateFish, fish, fishQuote(a.prompt))},
		{"activate.nu", a.fill(activateNu, nu, nuQuote(a.prompt))},
		{"activate.xsh", a.fill(activateXsh, "", bytesLiteral(a.prompt)+`.decode("utf-8")`, "self.root, @bin@", "self.root, "+strconv.Quote(binName))},
		{"activate.ps1", a.fill(activatePs1, "", powershellQuote(a.prompt))},
		{"activate.bat", dosLines(a.fill(activateBat, bat, batQuote(oneLine(a.prompt))))},
		{"deactivate.bat", dosLines(deactivateBat)},
		{"pydoc.bat", dosLines(pydocBat)},
		{"activate_this.py", a.fill(activateThis, "", strconv.QuoteToASCII(a.prompt), "@libs@", strconv.QuoteToASCII(a.libs))},
	}
	if !a.relocatable {
		out = append(out, script{"activate.csh", a.fill(activateCsh, cshQuote(a.root), cshQuote(oneLine(a.prompt)))})
	}
	return out
}

// fill fills the holes of a script; more is pairs of other holes and what goes
// into them. Longer holes come first where one contains another.
func (a activation) fill(text, root, prompt string, more ...string) string {
	pairs := append(more, "@root@", root, "@prompt@", prompt, "@bin@", binName, "@sep@", string(filepath.ListSeparator))
	return strings.NewReplacer(pairs...).Replace(text)
}

// bytesLiteral is a text as a bytes literal of Python.
func bytesLiteral(s string) string {
	b := []byte(`b"`)
	for _, c := range []byte(s) {
		switch {
		case c == '"', c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c < ' ', c > '~':
			b = fmt.Appendf(b, `\x%02x`, c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// oneLine is for places where a new line would be one of the file.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(s)
}

// dosLines ends lines as cmd.exe needs them: it loses labels otherwise.
func dosLines(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func nuQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// cshQuote also protects the history character, which quotes do not.
func cshQuote(s string) string {
	return "'" + strings.NewReplacer(`'`, `'\''`, `!`, `\!`).Replace(s) + "'"
}

// powershellQuote doubles quotes, of which PowerShell has five.
func powershellQuote(s string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}

// batQuote is for a place between double quotes, which cannot be quoted.
func batQuote(s string) string { return strings.NewReplacer("%", "%%", `"`, "").Replace(s) }
