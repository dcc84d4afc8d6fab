//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package fsx

import "os"

// ReadFile returns the content of a file that is only ever replaced as a
// whole, such as those of the cache.
func ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }
