package fsx

import (
	"fmt"
	"runtime"
)

// LinkMode is how files get from the cache into an environment (uv's
// link-mode).
type LinkMode uint8

// The zero value is no mode: it stands for the default of the system, see
// [LinkMode.OrDefault].
const (
	// Clone shares the blocks of a file until one side writes to it.
	Clone LinkMode = iota + 1
	// Copy writes a file of its own.
	Copy
	// Hardlink gives the same file a second name.
	Hardlink
	// Symlink points to the file in the cache.
	Symlink
)

// DefaultLinkMode returns the mode uv starts with on this system.
func DefaultLinkMode() LinkMode {
	switch runtime.GOOS {
	case "linux", "darwin", "ios":
		return Clone
	}
	return Hardlink
}

// OrDefault returns m, or the default of the system for the zero value.
func (m LinkMode) OrDefault() LinkMode {
	if m == 0 {
		return DefaultLinkMode()
	}
	return m
}

// next returns what to try when m does not work. Copying is the last resort.
func (m LinkMode) next() LinkMode {
	if m == Clone {
		return Hardlink
	}
	return Copy
}

func (m LinkMode) String() string {
	switch m {
	case Clone:
		return "clone"
	case Copy:
		return "copy"
	case Hardlink:
		return "hardlink"
	case Symlink:
		return "symlink"
	}
	return ""
}

// ParseLinkMode reads a mode as written in settings and on the command line:
// clone (or reflink), copy, hardlink, symlink.
func ParseLinkMode(s string) (LinkMode, error) {
	switch s {
	case "clone", "reflink":
		return Clone, nil
	case "copy":
		return Copy, nil
	case "hardlink":
		return Hardlink, nil
	case "symlink":
		return Symlink, nil
	}
	return 0, fmt.Errorf("unknown link mode `%s`, expected one of `clone`, `copy`, `hardlink`, `symlink`", s)
}

// MarshalText implements [encoding.TextMarshaler].
func (m LinkMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *LinkMode) UnmarshalText(text []byte) error {
	mode, err := ParseLinkMode(string(text))
	if err == nil {
		*m = mode
	}
	return err
}
