package migrate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// pin notes a locked version. What cannot be read is passed over: a pin is a
// preference, and the new lock is made without it.
func (c *conversion) pin(name, version, condition string) {
	n, err := pyname.ParsePackage(name)
	if err != nil {
		return
	}
	v, err := pep440.Parse(version)
	if err != nil {
		return
	}
	p := Pin{Name: n, Version: v}
	if condition != "" {
		if m, _, err := marker.Parse(condition); err == nil {
			p.Marker = m
		}
	}
	c.result.Pins = append(c.result.Pins, p)
}

// pinCommit notes a locked commit.
func (c *conversion) pinCommit(name, repository, commit string) {
	if n, err := pyname.ParsePackage(name); err == nil && repository != "" && commit != "" {
		c.result.Pins = append(c.result.Pins, Pin{Name: n, Git: repository, Commit: commit})
	}
}

// lockFile reads a lock file in TOML, nil if there is none.
func (c *conversion) lockFile(name string) (*toml.Document, error) {
	text, err := c.read(name)
	if err != nil || text == nil {
		return nil, err
	}
	doc, err := toml.Parse(name, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return doc, nil
}

// field is a text of a table, "" if there is none.
func field(v *toml.Value, path ...string) string {
	text, _ := v.Lookup(path...).Text()
	return text
}

// poetryLock reads the versions of a poetry.lock.
func (c *conversion) poetryLock() error {
	doc, err := c.lockFile("poetry.lock")
	if doc == nil {
		return err
	}
	for _, p := range doc.Lookup("package").Elems() {
		switch field(p, "source", "type") {
		case "", "legacy":
			c.pin(field(p, "name"), field(p, "version"), field(p, "markers"))
		case "git":
			c.pinCommit(field(p, "name"), field(p, "source", "url"), field(p, "source", "resolved_reference"))
		}
	}
	return nil
}

// pdmLock reads the versions of a pdm.lock.
func (c *conversion) pdmLock() error {
	doc, err := c.lockFile("pdm.lock")
	if doc == nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range doc.Lookup("package").Elems() {
		name, version := field(p, "name"), field(p, "version")
		switch {
		case p.Get("git") != nil:
			c.pinCommit(name, field(p, "git"), field(p, "revision"))
		case p.Get("path") != nil, p.Get("url") != nil, seen[name+" "+version]:
		default: // a package with extras has a row for each set of them
			seen[name+" "+version] = true
			c.pin(name, version, field(p, "marker"))
		}
	}
	return nil
}

// A pipfileLock is what matters of a Pipfile.lock: sections of packages.
type pipfileLock map[string]json.RawMessage

type pipfilePackage struct {
	Version string `json:"version"`
	Markers string `json:"markers"`
	Git     string `json:"git"`
	Ref     string `json:"ref"`
}

// pipfileLock reads the versions of a Pipfile.lock.
func (c *conversion) pipfileLock() error {
	text, err := c.read("Pipfile.lock")
	if err != nil || text == nil {
		return err
	}
	var l pipfileLock
	if err := json.Unmarshal(text, &l); err != nil {
		return fmt.Errorf("reading Pipfile.lock: %w", err)
	}
	for _, section := range slices.Sorted(maps.Keys(l)) {
		if section == "_meta" {
			continue
		}
		var packages map[string]pipfilePackage
		if err := json.Unmarshal(l[section], &packages); err != nil {
			return fmt.Errorf("reading the section `%s` of Pipfile.lock: %w", section, err)
		}
		for _, name := range slices.Sorted(maps.Keys(packages)) {
			p := packages[name]
			if p.Git != "" {
				c.pinCommit(name, p.Git, p.Ref)
				continue
			}
			// Its markers tell which Pythons the package takes, not which of
			// several versions it is.
			c.pin(name, strings.TrimLeft(p.Version, "="), "")
		}
	}
	return nil
}
