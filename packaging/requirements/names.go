package requirements

import (
	"net/url"
	"path/filepath"
	"strings"
)

func isRemote(name string) bool {
	return strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://")
}

// resolve returns the name by which to open a file that another one includes.
func resolve(from, name string) string {
	switch {
	case isRemote(name):
		return name
	case strings.HasPrefix(name, "file:"):
		if path, ok := filePath(name); ok {
			return path
		}
		return name
	case isRemote(from):
		base, err := url.Parse(from)
		if err != nil {
			return name
		}
		ref, err := url.Parse(name)
		if err != nil {
			return name
		}
		return base.ResolveReference(ref).String()
	case filepath.IsAbs(name):
		return name
	}
	// The name is not cleaned, so that it is shown as it was written.
	if dir := filepath.Dir(from); dir != "." {
		return strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator) + name
	}
	return name
}

// filePath returns the path of a URL of a file on this machine.
func filePath(name string) (string, bool) {
	u, err := url.Parse(name)
	if err != nil || u.Host != "" && u.Host != "localhost" {
		return "", false
	}
	path := u.Path
	if u.Opaque != "" {
		if path, err = url.PathUnescape(u.Opaque); err != nil {
			return "", false
		}
	}
	if len(path) > 2 && path[0] == '/' && path[2] == ':' && filepath.Separator == '\\' {
		path = path[1:] // a drive of Windows
	}
	return filepath.FromSlash(path), true
}

// canonical returns a name that is the same for the same file, however it was
// reached.
func canonical(name string) string {
	if isRemote(name) {
		return name
	}
	return filepath.Clean(name)
}
