package dist

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/tags"
)

// WheelInfo is the content of a WHEEL file (PEP 427).
type WheelInfo struct {
	// Version is the format's version, such as 1.0.
	Version string
	// Purelib tells that the wheel's root belongs to purelib, not platlib.
	Purelib bool
	// Generator names the program that made the wheel.
	Generator string
	// Build is the build tag, if the file has it.
	Build string
	// Tags are the tags the wheel was made for, one a line in the file; some old
	// wheels have none.
	Tags []tags.Compressed
}

// ParseWheelInfo reads a WHEEL file. The format's major version must be 1; the
// ancient 0.1 is let pass, as pip and uv do. Where a field is repeated the first
// counts.
func ParseWheelInfo(data []byte) (WheelInfo, error) {
	h := metadata.ParseHeaders(data)
	var w WheelInfo
	w.Version, _ = h.Get("Wheel-Version")
	major, _, ok := strings.Cut(w.Version, ".")
	switch {
	case !ok:
		return w, fmt.Errorf("invalid Wheel-Version %q in WHEEL file", w.Version)
	case w.Version != "0.1" && major != "1":
		return w, fmt.Errorf("unsupported Wheel-Version %s: expected 1.0", w.Version)
	}
	purelib, _ := h.Get("Root-Is-Purelib")
	w.Purelib = purelib == "true"
	w.Generator, _ = h.Get("Generator")
	w.Build, _ = h.Get("Build")
	for tag := range h.All("Tag") {
		w.Tags = append(w.Tags, tags.Compressed(tag))
	}
	return w, nil
}

// FindDistInfo returns the one .dist-info directory among top-level names, or
// an error if there is none or several. Its ending is kept.
func FindDistInfo(names []string) (string, error) {
	found := ""
	for _, name := range names {
		if !strings.HasSuffix(name, ".dist-info") {
			continue
		}
		if found != "" && found != name {
			return "", fmt.Errorf("%w: there is more than one: %s, %s", ErrNoDistInfo, found, name)
		}
		found = name
	}
	if found == "" {
		return "", ErrNoDistInfo
	}
	return found, nil
}

// ErrNoDistInfo tells that a wheel has not one .dist-info directory of its
// project.
var ErrNoDistInfo = errors.New("no .dist-info directory to read")
