package python

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
)

// The names of version files.
const (
	VersionFileName  = ".python-version"
	VersionsFileName = ".python-versions"
)

// A VersionFile is a .python-version or .python-versions file: the Pythons
// that a directory is pinned to, one request a line, "#" before comments.
type VersionFile struct {
	Path     string
	Requests []Request
	// Ignored are lines that ask for an executable by name, which is not
	// supported in files; whoever reads one may warn.
	Ignored []string
}

// VersionFileOptions say where to look for a version file. The zero value
// looks in the directory, all above it, and in the person's configuration.
type VersionFileOptions struct {
	// StopAt is the last directory to look in on the way up, such as the
	// root of a workspace.
	StopAt string
	// NoLocal leaves only the global file, NoConfig none at all.
	NoLocal, NoConfig bool
	// Plural prefers .python-versions where both are.
	Plural bool
	// Getenv finds the configuration directory.
	Getenv func(string) string
}

// FindVersionFile looks for the version file that holds in dir. It returns nil
// without an error if there is none.
func FindVersionFile(dir string, o VersionFileOptions) (*VersionFile, error) {
	if o.NoConfig {
		return nil, nil
	}
	path := ""
	if !o.NoLocal {
		path = o.nearest(dir)
	}
	if path == "" {
		if global, ok := GlobalVersionFile(o.Getenv); ok {
			path = o.in(filepath.Dir(global))
		}
	}
	if path == "" {
		return nil, nil
	}
	file, err := ReadVersionFile(path, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return file, err
}

func (o VersionFileOptions) nearest(dir string) string {
	for {
		if path := o.in(dir); path != "" {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir || o.StopAt != "" && dir == filepath.Clean(o.StopAt) {
			return ""
		}
		dir = parent
	}
}

// in returns the version file in a directory.
func (o VersionFileOptions) in(dir string) string {
	names := [2]string{VersionFileName, VersionsFileName}
	if o.Plural {
		names[0], names[1] = names[1], names[0]
	}
	for _, name := range names {
		if path := filepath.Join(dir, name); isRegular(path) {
			return path
		}
	}
	return ""
}

// GlobalVersionFile is the version file in the person's configuration
// directory, whether it exists or not. It reports false when there is no such
// directory.
func GlobalVersionFile(getenv func(string) string) (string, bool) {
	base := getenv("XDG_CONFIG_HOME")
	if runtime.GOOS == "windows" {
		base = getenv("APPDATA")
	} else if !filepath.IsAbs(base) {
		home := getenv("HOME")
		if home == "" {
			return "", false
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "uv", VersionFileName), base != ""
}

// ReadVersionFile reads a version file. Paths in it are taken from dir.
func ReadVersionFile(path, dir string) (*VersionFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading Python version file: %w", err)
	}
	file := &VersionFile{Path: path}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if r := ParseRequest(line, dir); r.Kind == KindExecutableName {
			file.Ignored = append(file.Ignored, line)
		} else {
			file.Requests = append(file.Requests, r)
		}
	}
	return file, nil
}

// Request is the first request of the file.
func (v *VersionFile) Request() (Request, bool) {
	if len(v.Requests) == 0 {
		return Request{}, false
	}
	return v.Requests[0], true
}

// Write replaces the file, or makes it and the directories above it.
func (v *VersionFile) Write() error {
	var b strings.Builder
	for _, r := range v.Requests {
		b.WriteString(r.Canonical() + "\n")
	}
	if err := os.MkdirAll(filepath.Dir(v.Path), 0o777); err != nil {
		return fmt.Errorf("writing Python version file: %w", err)
	}
	if err := fsx.ReplaceFile(v.Path, []byte(b.String())); err != nil {
		return fmt.Errorf("writing Python version file: %w", err)
	}
	return nil
}
