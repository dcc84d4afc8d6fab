package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
)

func toolUpdateShellCommand() command {
	return command{
		path: "tool update-shell", personal: true, aliases: []string{"ensurepath"}, short: "Put the folder of executables on the PATH",
		prepare: func(*flags) work {
			return func(_ context.Context, a *app, _ []string) error {
				bin := a.toolStore().Bin
				if bin == "" {
					return errors.New("there is no home directory to link executables into; set `UV_TOOL_BIN_DIR`")
				}
				return a.updateShell(bin)
			}
		},
	}
}

// updateShell writes the line that puts a folder on the PATH into the files that
// the user's shell reads when it starts.
func (a *app) updateShell(bin string) error {
	for _, dir := range filepath.SplitList(a.env["PATH"]) {
		if filepath.Clean(dir) == filepath.Clean(bin) {
			a.print.Line("Executable directory %s is already in PATH", a.print.Color.Cyan(bin))
			return nil
		}
	}
	shell := a.shell()
	files := a.shellFiles(shell)
	if len(files) == 0 {
		return withHint(fmt.Errorf("the executable directory %s is not in PATH, and which files the shell `%s` reads is not known", bin, shell),
			"add it by hand: `%s`", a.pathCommand(bin))
	}
	line := a.pathCommand(bin)
	written := 0
	for _, path := range files {
		did, err := addLine(path, line)
		switch {
		case err != nil:
			return fmt.Errorf("failed to write the shell's configuration: %w", err)
		case did == "":
			continue
		}
		written++
		a.print.Line("%s configuration file: %s", did, a.print.Color.Cyan(path))
	}
	if written == 0 {
		return usageError(fmt.Sprintf("the executable directory %s is not in PATH, but the configuration files of the shell are up to date: start it anew", bin))
	}
	a.print.Line("Restart your shell to apply changes")
	return nil
}

// addLine appends a line to a file, with a mark of who did. A file that has the
// line stays as it is.
func addLine(path, line string) (did string, err error) {
	did = "Updated"
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		did = "Created"
	case err != nil:
		return "", err
	}
	for old := range strings.Lines(string(text)) {
		if strings.TrimSpace(old) == line {
			return "", nil
		}
	}
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	if len(text) > 0 {
		text = append(text, '\n')
	}
	text = append(text, "# tame\n"+line+"\n"...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	target := path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		target = real // dotfiles are often links into a repository
	}
	return did, fsx.ReplaceFile(target, text)
}

// shellFiles are the files that a shell reads when it starts, for login and for
// others.
func (a *app) shellFiles(shell string) []string {
	home := a.home()
	if home == "" {
		return nil
	}
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	switch shell {
	case "bash":
		login := []string{".bash_profile", ".bash_login", ".profile"}
		at := slices.IndexFunc(login, func(name string) bool { return exists(filepath.Join(home, name)) })
		return []string{filepath.Join(home, login[max(at, 0)]), filepath.Join(home, ".bashrc")}
	case "zsh":
		dir := first(a.env["ZDOTDIR"], home)
		return []string{filepath.Join(dir, ".zshenv")}
	case "fish":
		return []string{filepath.Join(first(a.env["XDG_CONFIG_HOME"], filepath.Join(home, ".config")), "fish", "config.fish")}
	case "ksh":
		return []string{filepath.Join(home, ".profile"), first(a.env["ENV"], filepath.Join(home, ".kshrc"))}
	case "csh", "tcsh":
		return []string{filepath.Join(home, ".cshrc"), filepath.Join(home, ".login")}
	case "sh", "dash", "ash":
		return []string{filepath.Join(home, ".profile")}
	}
	return nil
}
