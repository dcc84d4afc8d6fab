package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/tame-py/tame/internal/fsx"
)

// uninstallEgg removes what an .egg-info directory lists in top_level.txt:
// packages and modules beside it, but for namespaces, which others use too.
func uninstallEgg(d *Installed, warn func(string)) (int64, error) {
	namespaces, err := lines(filepath.Join(d.Path, "namespace_packages.txt"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	top, err := lines(filepath.Join(d.Path, "top_level.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, &MissingRecordError{string(d.Name), filepath.Join(d.Path, "top_level.txt")}
	}
	if err != nil {
		return 0, err
	}
	var removed int64
	for _, name := range top {
		if slices.Contains(namespaces, name) {
			continue
		}
		if !isModule(name) {
			warn(fmt.Sprintf("Invalid `top_level.txt` entry in %s that is not a top-level module or package, skipping: %s", d, name))
			continue
		}
		n, err := removeModule(filepath.Join(filepath.Dir(d.Path), name))
		removed += n
		if err != nil {
			return removed, err
		}
	}
	gone, err := fsx.RemoveAll(d.Path, nil)
	return removed + gone.Files, err
}

// removeModule removes a package's directory, or else a module's file.
func removeModule(path string) (int64, error) {
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		gone, err := fsx.RemoveAll(path, nil)
		return gone.Files, err
	}
	for _, ext := range [...]string{".py", ".pyc", ".pyo"} {
		err := os.Remove(path + ext)
		if err == nil {
			return 1, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	return 0, nil
}

// lines returns the lines of a file, trimmed, without empty ones: setuptools
// writes one into top_level.txt of a project without modules, and joining that
// to a directory would name the directory.
func lines(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out, nil
}

func isModule(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != ""
}

// easyInstall guards the one file that the removals of several links change.
var easyInstall sync.Mutex

// uninstallLink removes an .egg-link file, and its project's line from
// easy-install.pth.
func uninstallLink(d *Installed) error {
	data, err := os.ReadFile(d.Path)
	if err != nil {
		return err
	}
	target := firstLine(data)
	if target == "" {
		return fmt.Errorf("invalid .egg-link file: %s", d.Path)
	}
	if runtime.GOOS == "windows" {
		target = strings.ToLower(strings.ReplaceAll(target, "/", `\`))
	}
	if err := os.Remove(d.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	easyInstall.Lock()
	defer easyInstall.Unlock()
	pth := filepath.Join(filepath.Dir(d.Path), "easy-install.pth")
	content, err := os.ReadFile(pth)
	if err != nil {
		return err
	}
	var out strings.Builder
	removed := false
	for line := range strings.Lines(string(content)) {
		text := strings.TrimRight(line, "\r\n")
		if !removed && strings.TrimSpace(text) == target {
			removed = true
			continue
		}
		out.WriteString(text + "\n")
	}
	if !removed {
		return nil
	}
	return fsx.WriteFile(pth, []byte(out.String()), 0o666)
}
