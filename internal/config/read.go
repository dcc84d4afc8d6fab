package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyproject"
)

// UVVersion is the version of uv whose behaviour this program has. It is what
// required-version is held against.
const UVVersion = "0.12.5"

// A RequiredVersionError says that settings ask for another version of uv.
type RequiredVersionError struct{ Required pep440.Specifiers }

// Error names the version asked for and the one that there is.
func (e *RequiredVersionError) Error() string {
	return fmt.Sprintf("required uv version `%s` does not match the running version `%s`", e.Required, UVVersion)
}

// Hints says what can be done.
func (e *RequiredVersionError) Hints() []string {
	return []string{"this program answers as uv " + UVVersion + "; change `required-version` to use it with this project"}
}

// CheckRequiredVersion returns a [*RequiredVersionError] if the settings do not
// admit this version.
func (o *Options) CheckRequiredVersion() error {
	if o.RequiredVersion == nil || o.RequiredVersion.Contains(pep440.MustParse(UVVersion)) {
		return nil
	}
	return &RequiredVersionError{*o.RequiredVersion}
}

// readOptions reads a table of settings: uv.toml, or [tool.uv].
func readOptions(table *toml.Value) (Options, error) {
	var o Options
	if table.Kind() != toml.Table {
		return o, wrongType(table, "struct OptionsWire")
	}
	if err := readTable(&o, table, optionFields(), true); err != nil {
		return o, err
	}
	if e, both := table.Entry("preview-features"); both && table.Get("preview") != nil {
		return o, e.Errorf("cannot specify both `preview` and `preview-features`")
	}
	return o, nil
}

// readUVToml reads a uv.toml. A version that is not admitted is told before
// anything else that may be wrong, because it may be the reason.
func readUVToml(name, dir string, text []byte) (Options, error) {
	doc, err := toml.Parse(name, text)
	if err != nil {
		return Options{}, parseError(name, err)
	}
	o, err := readOptions(doc.Root())
	if err != nil {
		return o, preferVersion(doc.Root(), parseError(name, err))
	}
	if err := o.CheckRequiredVersion(); err != nil {
		return o, err
	}
	for e := range doc.Root().Entries() {
		for _, f := range optionFields() {
			if f.name == e.Key && f.scope == projectOnly {
				return o, fmt.Errorf("failed to parse: `%s`. The `%s` field is not allowed in a `uv.toml` file. `%s` is only applicable in the context of a project, and should be placed in a `pyproject.toml` file instead", name, e.Key, e.Key)
			}
		}
	}
	o.relativeTo(dir)
	return o, nil
}

// preferVersion returns the error about required-version in a table that is
// otherwise wrong, if there is one.
func preferVersion(table *toml.Value, err error) error {
	v := table.Get("required-version")
	if v == nil {
		return err
	}
	required, wrong := asRequiredVersion(v)
	if wrong != nil {
		return err
	}
	o := Options{RequiredVersion: &required}
	if mismatch := o.CheckRequiredVersion(); mismatch != nil {
		return mismatch
	}
	return err
}

func parseError(name string, err error) error {
	return fmt.Errorf("failed to parse: `%s`: %w", name, err)
}

// errInvalidProject wraps what is wrong with a pyproject.toml, of which users
// are only warned.
type errInvalidProject struct {
	name string
	err  error
}

func (e *errInvalidProject) Error() string { return parseError(e.name, e.err).Error() }
func (e *errInvalidProject) Unwrap() error { return e.err }

// readPyproject reads the [tool.uv] table of a pyproject.toml; nil if there is
// none. The error is an [*errInvalidProject], or about required-version.
func readPyproject(name, dir string, text []byte) (*Options, error) {
	if !mayHaveToolUV(text) {
		return nil, nil
	}
	doc, err := toml.Parse(name, text)
	if err != nil {
		return nil, &errInvalidProject{name, err}
	}
	return readToolUV(doc, name, dir)
}

func readToolUV(doc *toml.Document, name, dir string) (*Options, error) {
	table := doc.Lookup("tool", "uv")
	if table == nil {
		return nil, nil
	}
	o, err := readOptions(table)
	if err != nil {
		err = &errInvalidProject{name, err}
		return nil, preferVersion(table, err)
	}
	o.relativeTo(dir)
	return &o, nil
}

// mayHaveToolUV says if a text can have a tool.uv table, without parsing it:
// a line starts with a header or key that begins with tool.uv, or with tool
// alone. Most pyproject.toml have none and need not be read for settings.
func mayHaveToolUV(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimLeft(line, " \t[")
		if line == "" || line[0] != 't' && line[0] != '"' && line[0] != '\'' {
			continue
		}
		first, rest := leadingKey(line)
		if first != "tool" {
			continue
		}
		dotted, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t"), ".")
		if !ok {
			return true
		}
		if second, _ := leadingKey(strings.TrimLeft(dotted, " \t")); second == "uv" {
			return true
		}
	}
	return false
}

// leadingKey returns the simple key that a text starts with and what follows.
// A quoted key with an escape is taken for "tool", to be on the safe side.
func leadingKey(s string) (key, rest string) {
	if s == "" {
		return "", ""
	}
	if q := s[0]; q == '"' || q == '\'' {
		body, rest, _ := strings.Cut(s[1:], string(q))
		if q == '"' && strings.Contains(body, `\`) {
			return "tool", ""
		}
		return body, rest
	}
	end := strings.IndexFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	})
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}

// FromScript reads the [tool.uv] table of a script's metadata (PEP 723), which
// counts like that of a project, in front of settings from files. The name is
// for errors; paths are relative to dir. What is about projects, publishing, pip
// or the downloads of Pythons is no setting of a script.
func FromScript(name, dir, metadata string) (Options, error) {
	doc, err := toml.Parse(name, []byte(metadata))
	if err != nil {
		return Options{}, parseError(name, err)
	}
	if table := doc.Lookup("tool", "uv"); table != nil && table.Kind() == toml.Table {
		for e := range table.Entries() {
			if notInScripts(e.Key) {
				return Options{}, parseError(name, e.Errorf("unknown field `%s`: it is no setting of a script", e.Key))
			}
		}
	}
	return fromDocument(name, dir, doc)
}

func notInScripts(key string) bool {
	switch key {
	case "add-bounds", "audit", "build-backend", "cache-keys", "check-url", "conflicts", "default-groups", "dependency-groups",
		"dev-dependencies", "environments", "managed", "package", "pip", "publish-url", "pypy-install-mirror",
		"python-downloads-json-url", "python-install-mirror", "required-environments", "trusted-publishing", "workspace":
		return true
	}
	return false
}

// FromProject reads the [tool.uv] table of one pyproject.toml, whatever other
// files say. The name is for errors; paths are relative to dir.
func FromProject(name, dir string, text []byte) (Options, error) {
	doc, err := toml.Parse(name, text)
	if err != nil {
		return Options{}, parseError(name, err)
	}
	return fromDocument(name, dir, doc)
}

// FromFile is FromProject for a file that was read already. Of a table with
// something wrong there are only the settings that belong to the project itself,
// such as its indexes and constraints, and it is only an error if one of those is
// wrong: the others were warned of when settings were looked for.
func FromFile(name, dir string, f *pyproject.File) (Options, error) {
	o, err := fromDocument(name, dir, f.TOML())
	table := f.TOML().Lookup("tool", "uv")
	if err == nil || table == nil || table.Kind() != toml.Table {
		return o, err
	}
	o = Options{}
	if err := readTable(&o, table, ownFields(), false); err != nil {
		return Options{}, parseError(name, err)
	}
	o.relativeTo(dir)
	return o, nil
}

func fromDocument(name, dir string, doc *toml.Document) (Options, error) {
	o, err := readToolUV(doc, name, dir)
	var invalid *errInvalidProject
	if errors.As(err, &invalid) {
		err = parseError(name, invalid.err)
	}
	if o == nil {
		return Options{}, err
	}
	return *o, err
}

// maskedFields lists the keys of [tool.uv] that a uv.toml beside it hides.
func maskedFields(o *Options) []string {
	var out []string
	for _, f := range optionFields() {
		if f.scope == anywhere && f.name != "audit" && f.isSet(o) {
			out = append(out, f.name)
		}
	}
	return out
}

// display shortens a path below the working directory, as messages show it.
func display(path, workdir string) string {
	if rel, err := filepath.Rel(workdir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
