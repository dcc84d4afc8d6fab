package python

import (
	"fmt"
	"os"
	"strings"
)

// A Config is the content of an environment's pyvenv.cfg (PEP 405, and what
// virtualenv and uv add to it).
type Config struct {
	Home           string // directory of the base Python's executable
	Version        string // of "version_info" or "version", as written
	Prompt         string
	UV             bool // made by uv or tame
	Virtualenv     bool // made by virtualenv
	Relocatable    bool
	Seed           bool // pip was installed on creation
	SystemPackages bool // sees the packages of the base Python
}

// ReadConfig reads a pyvenv.cfg file.
func ReadConfig(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading `pyvenv.cfg`: %w", err)
	}
	return ParseConfig(string(text)), nil
}

// ParseConfig reads the lines of a pyvenv.cfg. The format has no quoting and no
// errors: lines without "=" are passed over.
func ParseConfig(text string) Config {
	c := Config{SystemPackages: true}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		truth := strings.EqualFold(value, "true")
		switch strings.TrimSpace(key) {
		case "home":
			c.Home = value
		case "version", "version_info":
			c.Version = value
		case "prompt":
			c.Prompt = value
		case "uv":
			c.UV = true
		case "virtualenv":
			c.Virtualenv = true
		case "relocatable":
			c.Relocatable = truth
		case "seed":
			c.Seed = truth
		case "include-system-site-packages":
			c.SystemPackages = truth
		}
	}
	return c
}

// SetConfig returns the text of a pyvenv.cfg with one key set, in its old
// place or at the end.
func SetConfig(text, key, value string) string {
	var lines []string
	found := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if k, _, ok := strings.Cut(line, "="); ok && !found && strings.TrimSpace(k) == key {
			line, found = key+" = "+value, true
		}
		lines = append(lines, line)
	}
	if !found {
		lines = append(lines, key+" = "+value)
	}
	return strings.Join(lines, "\n") + "\n"
}
