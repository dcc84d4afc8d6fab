//go:build !windows

package managed

import "os"

func linkDirectory(target, path string) error { return os.Symlink(target, path) }
