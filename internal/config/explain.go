package config

import (
	"os"
	"strings"

	"github.com/tame-py/tame/internal/toml"
)

// A Given is a setting that a file has, for people who ask where it is from.
type Given struct {
	Key   string // as in uv.toml; those of tables as "pip.python"
	Value string // as it is written
	File  string
	Line  int // from 1
}

// Explain reads files of settings once more and says what stands in each, those
// that come first first. What can not be read was told when it was loaded.
func Explain(files []string) (out []Given) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		doc, err := toml.Parse(file, text)
		if err != nil {
			continue
		}
		table := doc.Root()
		if strings.HasSuffix(file, "pyproject.toml") {
			table = doc.Lookup("tool", "uv")
		}
		out = append(out, given(file, "", table)...)
	}
	return out
}

func given(file, prefix string, table *toml.Value) (out []Given) {
	for e := range table.Entries() {
		if prefix == "" && (e.Key == "pip" || e.Key == "audit") {
			out = append(out, given(file, e.Key+".", e.Value)...)
			continue
		}
		if e.Key == "index" && prefix == "" { // one by one, as they stand there
			for _, x := range e.Value.Elems() {
				out = append(out, Given{e.Key, inline(x, false), file, x.Position().Line})
			}
			continue
		}
		out = append(out, Given{prefix + e.Key, inline(e.Value, e.Key == "extra-build-variables"), file, e.Value.Position().Line})
	}
	return out
}

// inline writes a value on one line. Of variables only the names are shown: they
// are for secrets, too.
func inline(v *toml.Value, secret bool) string {
	switch v.Kind() {
	case toml.Table:
		var parts []string
		for e := range v.Entries() {
			parts = append(parts, toml.QuoteKey(e.Key)+" = "+inline(e.Value, secret))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case toml.Array:
		var parts []string
		for _, x := range v.Elems() {
			parts = append(parts, inline(x, secret))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if secret {
		return `"****"`
	}
	return v.Raw()
}

// Keys lists the keys of uv.toml in the order of uv's messages; those of its
// tables "pip" and "audit" have these names before them, as in "pip.python".
// Keys for projects alone, which other packages read, are not among them.
func Keys() (out []string) {
	for _, f := range optionFields() {
		switch {
		case f.name == "pip":
			for _, p := range pipFields() {
				out = append(out, "pip."+p.name)
			}
		case f.name == "audit":
			for _, a := range auditFields() {
				out = append(out, "audit."+a.name)
			}
		case f.read != nil:
			out = append(out, f.name)
		}
	}
	return out
}

// IsList says that the values of a key from several places are joined.
func IsList(key string) bool {
	switch key = strings.TrimPrefix(key, "pip."); key {
	case "index", "extra-index-url", "find-links", "no-proxy", "allow-insecure-host", "prerelease-package", "dependency-metadata",
		"config-settings", "config-settings-package", "no-build-isolation-package", "extra-build-dependencies", "extra-build-variables",
		"exclude-newer-package", "no-sources-package", "upgrade-package", "reinstall-package", "no-build-package", "no-binary-package",
		"override-dependencies", "exclude-dependencies", "constraint-dependencies", "build-constraint-dependencies", "cache-keys",
		"only-binary", "extra", "no-extra", "group", "no-emit-package", "audit.ignore", "audit.ignore-until-fixed":
		return true
	}
	return false
}
