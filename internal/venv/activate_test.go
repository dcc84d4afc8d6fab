//go:build unix

package venv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// odd has what quoting can get wrong in some shell.
const odd = `it's a "v" $HOME !x 100% \n`

// Each shell activates, tells, deactivates and tells again. What it tells is
// VIRTUAL_ENV, VIRTUAL_ENV_PROMPT, the first of PATH, PYTHONHOME and the
// prompt, a line each.
func TestActivation(t *testing.T) {
	t.Parallel()
	const posix = `
tell () { printf '%s\n' "${VIRTUAL_ENV-unset}" "${VIRTUAL_ENV_PROMPT-unset}" "${PATH%%:*}" "${PYTHONHOME-unset}" "$PS1"; }
PS1='$ '; PYTHONHOME=/h; export PYTHONHOME
. "$1"; tell; . "$1"; deactivate; tell
if command -v deactivate || command -v pydoc; then exit 9; fi`
	shells := []struct {
		name, file string
		args       []string
	}{
		{"dash", "activate", []string{"-euc", posix, "x"}},
		{"bash", "activate", []string{"--norc", "-euc", posix, "x"}},
		{"zsh", "activate", []string{"-feuc", posix, "x"}},
		{"ksh93", "activate", []string{"-euc", posix, "x"}},
		{"fish", "activate.fish", []string{"--no-config", "-c", `
function tell
    for name in VIRTUAL_ENV VIRTUAL_ENV_PROMPT
        if set -q $name; echo $$name; else; echo unset; end
    end
    echo $PATH[1]; echo $PYTHONHOME; fish_prompt
end
function fish_prompt; echo '$ '; end
set -gx PYTHONHOME /h
source $argv[1]
set -q PYTHONHOME; or set -g PYTHONHOME unset
tell; set -e PYTHONHOME; deactivate; tell
if functions -q deactivate; or functions -q pydoc; echo left; end`}},
		{"tcsh", "activate.csh", nil},
	}
	for _, shell := range shells {
		path, err := exec.LookPath(shell.name)
		if err != nil {
			t.Logf("%s is not here", shell.name)
			continue
		}
		for _, relocatable := range []bool{false, true} {
			if relocatable && (shell.name == "dash" || shell.name == "tcsh") {
				continue // these cannot tell where a script is
			}
			for _, prompt := range []string{"", odd} {
				checkActivation(t, shell.name, path, shell.file, shell.args, relocatable, prompt)
			}
		}
	}
}

func checkActivation(t *testing.T, name, path, file string, args []string, relocatable bool, prompt string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), odd)
	if name == "tcsh" {
		root = filepath.Join(t.TempDir(), `it's a v !x 100%`) // $ and " cannot be kept from :q and prompts
	}
	if _, err := Create(context.Background(), root, fakeInterpreter(), Options{Prompt: prompt, Relocatable: relocatable}); err != nil {
		t.Fatal(err)
	}
	if relocatable {
		if err := os.Rename(root, root+" moved"); err != nil {
			t.Fatal(err)
		}
		root += " moved"
	}
	script := filepath.Join(root, "bin", file)
	cmd := exec.Command(path, append(args, script)...)
	if name == "tcsh" {
		cmd = exec.Command(path, "-f")
		cmd.Stdin = strings.NewReader(`
set prompt='$ '
setenv PYTHONHOME /h
source "$SCRIPT:q"
printenv VIRTUAL_ENV; printenv VIRTUAL_ENV_PROMPT; echo $path[1]:q; printenv PYTHONHOME || echo unset; printf '%s\n' "$prompt:q"
deactivate
printenv VIRTUAL_ENV || echo unset; printenv VIRTUAL_ENV_PROMPT || echo unset; echo $path[1]:q; printenv PYTHONHOME; printf '%s\n' "$prompt:q"
`)
	}
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "TERM=dumb", "SCRIPT=" + script, "LD_LIBRARY_PATH=" + os.Getenv("LD_LIBRARY_PATH")}
	out, err := cmd.CombinedOutput()
	shown := prompt
	if shown == "" {
		shown = filepath.Base(root)
	}
	want := strings.Join([]string{
		root, shown, filepath.Join(root, "bin"), "unset", "(" + shown + ") $ ",
		"unset", "unset", "/usr/bin", "/h", "$ ", "",
	}, "\n")
	if err != nil || string(out) != want {
		t.Errorf("%s, relocatable %t, prompt %q: %v\n%s\nwant\n%s", name, relocatable, prompt, err, out, want)
	}
}

// Running the script instead of sourcing it has no effect; bash can tell.
func TestActivateHasToBeSourced(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	root := filepath.Join(t.TempDir(), "v")
	if _, err := Create(context.Background(), root, fakeInterpreter(), Options{}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash, filepath.Join(root, "bin", "activate"))
	cmd.Env = []string{}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 33 || !strings.Contains(string(out), "You must source this script") {
		t.Errorf("%v: %s", err, out)
	}
}

// No hole of a template is left open.
func TestScriptsAreFilled(t *testing.T) {
	t.Parallel()
	for _, relocatable := range []bool{false, true} {
		for _, s := range (activation{root: "/v", relocatable: relocatable}).scripts() {
			for _, hole := range []string{"@root@", "@prompt@", "@bin@", "@sep@", "@libs@", "@where@"} {
				if strings.Contains(s.text, hole) {
					t.Errorf("%s has %s", s.name, hole)
				}
			}
			if relocatable && strings.Contains(s.text, "/v'") {
				t.Errorf("%s is not relocatable", s.name)
			}
			if bat := strings.HasSuffix(s.name, ".bat"); bat != strings.Contains(s.text, "\r\n") || strings.Count(s.text, "\r") > strings.Count(s.text, "\n") {
				t.Errorf("%s has the wrong ends of lines", s.name)
			}
		}
	}
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{shellQuote(`a'b`), `'a'"'"'b'`},
		{fishQuote(`a'b\`), `'a\'b\\'`},
		{nuQuote(`a"b\`), `"a\"b\\"`},
		{cshQuote(`a'b!`), `'a'\''b\!'`},
		{powershellQuote(`a'b’`), `'a''b’’'`},
		{batQuote(`100%"`), `100%%`},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}
