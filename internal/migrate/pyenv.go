package migrate

import (
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
)

// pyenv converts a version file of pyenv: one with several versions, or with
// names that only pyenv knows. One with a single version is left alone.
func (c *conversion) pyenv() error {
	text, err := c.read(".python-version")
	if err != nil || text == nil {
		return err
	}
	var versions []string
	changed := false
	for l := range strings.Lines(string(text)) {
		l, _, _ = strings.Cut(l, "#")
		for _, word := range strings.FieldsFunc(l, func(r rune) bool { return r == ' ' || r == '\t' || r == ':' || r == '\n' || r == '\r' }) {
			v, known := pyenvVersion(word)
			if !known {
				c.note(".python-version", "`%s` is a name of pyenv's, not a version, and was left out", word)
				changed = true
				continue
			}
			changed = changed || v != word
			versions = append(versions, v)
		}
	}
	c.fallbackPython(versions)
	if !changed && len(versions) < 2 {
		return nil
	}
	c.result.From = append(c.result.From, Pyenv)
	if len(versions) == 0 {
		c.result.Obsolete = append(c.result.Obsolete, ".python-version")
		return nil
	}
	if len(versions) > 1 && !c.has(".python-versions") {
		c.result.Files = append(c.result.Files, File{Path: ".python-versions", Text: []byte(strings.Join(versions, "\n") + "\n")})
	}
	c.result.Files = append(c.result.Files, File{Path: ".python-version", Text: []byte(versions[0] + "\n"), Was: text})
	c.result.Kept = append(c.result.Kept, ".python-version")
	return nil
}

// fallbackPython takes the lowest of the versions for requires-python, if nothing
// else says.
func (c *conversion) fallbackPython(versions []string) {
	t := c.draft.table("project")
	if len(t.keys) == 0 || c.lookup("project", "requires-python") != nil {
		return
	}
	if _, ok := t.lines["requires-python"]; ok {
		return
	}
	var least pep440.Version
	for _, text := range versions {
		if v, err := pep440.Parse(text); err == nil && (least.IsZero() || v.Compare(least) < 0) {
			least = v
		}
	}
	if !least.IsZero() {
		t.set("requires-python", line{text: toml.LitString(">=" + least.Truncate(2).String())})
	}
}

// pyenvVersion is what a word of pyenv's stands for, as uv understands it:
// "3.11.4", "3.8.1/envs/work", "pypy3.9-7.3.9", "3.13-dev", "3.13t".
func pyenvVersion(word string) (version string, known bool) {
	word, _, _ = strings.Cut(word, "/envs/")
	name := strings.TrimPrefix(word, "python-")
	name = strings.TrimSuffix(name, "-dev")
	if isVersion(strings.TrimSuffix(name, "t")) {
		return name, true
	}
	for _, other := range []string{"pypy", "graalpy", "cpython"} {
		rest, ok := strings.CutPrefix(name, other)
		if !ok {
			continue
		}
		rest, _, _ = strings.Cut(strings.TrimPrefix(rest, "-"), "-")
		if rest, _, _ = strings.Cut(rest, "@"); isVersion(rest) {
			return other + rest, true
		}
	}
	return "", false
}

// isVersion reports whether a text is a version of Python: 3, 3.12, 3.12.1.
func isVersion(text string) bool {
	parts := strings.Split(text, ".")
	for _, p := range parts {
		if n, err := strconv.Atoi(p); err != nil || n < 0 {
			return false
		}
	}
	major, _ := strconv.Atoi(parts[0])
	return len(parts) <= 3 && (major == 2 || major == 3)
}
