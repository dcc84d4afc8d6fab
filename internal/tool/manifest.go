package tool

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Manifest lists tools so that another machine can have the same: a TOML file
// with a table for each below [tools]. It holds no credentials.
type Manifest []Listed

// A Listed is one tool of a manifest.
type Listed struct {
	Name pyname.Package
	// From is the requirement on it, "" if that is but its name.
	From string
	// Version is the one that was installed, "" if it does not matter.
	Version string
	Python  string // as in a receipt
	// Editable: From is a project in place.
	Editable bool
	// With are requirements that go with it, WithEditable projects in place.
	With, WithEditable []string
	// ExecutablesFrom are packages whose executables are linked, too.
	ExecutablesFrom []string
	// Executables are the names of what was linked.
	Executables []string

	Constraints, Overrides, Excludes, BuildConstraints []string
	// Options are settings, as in a receipt.
	Options string
}

// List puts a receipt into the terms of a manifest. python is what to write in
// place of one that was asked for by its path.
func List(name pyname.Package, version string, r *Receipt, python string) Listed {
	l := Listed{Name: name, Version: version, Python: r.Python, Options: withoutSecrets(r.Options)}
	if strings.ContainsAny(r.Python, `/\`) {
		l.Python = python
	}
	for i := range r.Requirements {
		q := &r.Requirements[i]
		switch text := requirementText(q); {
		case i == 0:
			l.Editable = q.Source.Editable
			if text != string(name) {
				l.From = text
			}
		case q.Source.Editable:
			l.WithEditable = append(l.WithEditable, text)
		default:
			l.With = append(l.With, text)
		}
	}
	l.Constraints, l.Overrides, l.BuildConstraints = texts(r.Constraints), texts(r.Overrides), texts(r.BuildConstraints)
	for _, x := range r.Excludes {
		l.Excludes = append(l.Excludes, string(x))
	}
	for _, e := range r.EntryPoints {
		l.Executables = append(l.Executables, e.Name)
		if e.From != "" && e.From != string(name) && !slices.Contains(l.ExecutablesFrom, e.From) {
			l.ExecutablesFrom = append(l.ExecutablesFrom, e.From)
		}
	}
	return l
}

// IsLocal reports whether the tool needs something that other machines do not
// have.
func (l *Listed) IsLocal() bool {
	return slices.ContainsFunc(slices.Concat([]string{l.From}, l.With, l.WithEditable), func(s string) bool {
		return strings.Contains(s, "file:")
	})
}

func texts(list []source.Requirement) []string {
	var out []string
	for i := range list {
		out = append(out, requirementText(&list[i]))
	}
	return out
}

// requirementText is a requirement as a user writes it; of a project in place
// that is where it is.
func requirementText(q *source.Requirement) string {
	if q.Source.Editable {
		return q.Source.String()
	}
	return withoutSecrets(q.String())
}

// userPattern is what stands before the host of a URL.
var userPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(://)[^/@\s"']*@`) })

func withoutSecrets(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	return userPattern().ReplaceAllString(text, "$1")
}

// Bytes is the text of the manifest.
func (m Manifest) Bytes() []byte {
	var b strings.Builder
	for i := range m {
		l := &m[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "[tools.%s]\n", toml.QuoteKey(string(l.Name)))
		for _, f := range l.fields() {
			switch to := f.to.(type) {
			case *string:
				if *to != "" {
					fmt.Fprintf(&b, "%s = %s\n", f.key, toml.LitString(*to))
				}
			case *bool:
				if *to {
					fmt.Fprintf(&b, "%s = true\n", f.key)
				}
			case *[]string:
				if len(*to) > 0 {
					fmt.Fprintf(&b, "%s = %s\n", f.key, toml.LitStrings(*to...))
				}
			}
		}
		if l.Options != "" {
			fmt.Fprintf(&b, "\n[tools.%s.options]\n%s", toml.QuoteKey(string(l.Name)), l.Options)
		}
	}
	return []byte(b.String())
}

// A listedField is a key of a tool's table: a *string, a *bool or a *[]string.
type listedField struct {
	key string
	to  any
}

func (l *Listed) fields() []listedField {
	return []listedField{
		{"from", &l.From},
		{"editable", &l.Editable},
		{"version", &l.Version},
		{"python", &l.Python},
		{"with", &l.With},
		{"with-editable", &l.WithEditable},
		{"with-executables-from", &l.ExecutablesFrom},
		{"executables", &l.Executables},
		{"constraints", &l.Constraints},
		{"overrides", &l.Overrides},
		{"excludes", &l.Excludes},
		{"build-constraints", &l.BuildConstraints},
	}
}

// ParseManifest reads a manifest. The name of the file is for errors, which are
// *toml.Error.
func ParseManifest(name string, text []byte) (Manifest, error) {
	doc, err := toml.Parse(name, text)
	if err != nil {
		return nil, err
	}
	var out Manifest
	for e := range doc.Root().Entries() {
		if e.Key != "tools" || e.Value.Kind() != toml.Table {
			return nil, e.Errorf("unknown key `%s`: a manifest has a table for each tool below `[tools]`", e.Key)
		}
	}
	for e := range doc.Lookup("tools").Entries() {
		l, err := parseListed(e)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(x Listed) bool { return x.Name == l.Name }) {
			return nil, e.Errorf("the tool `%s` is listed twice", l.Name)
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Listed) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return out, nil
}

func parseListed(tool toml.Entry) (Listed, error) {
	var l Listed
	var err error
	if l.Name, err = pyname.ParsePackage(tool.Key); err != nil {
		return l, tool.Errorf("%s", err)
	}
	if tool.Value.Kind() != toml.Table {
		return l, tool.Errorf("expected a table for the tool `%s`", l.Name)
	}
	for e := range tool.Value.Entries() {
		if e.Key == "options" && e.Value.Kind() == toml.Table {
			l.Options = optionLines(e.Value)
			continue
		}
		if err := l.set(e); err != nil {
			return l, err
		}
	}
	return l, nil
}

func (l *Listed) set(e toml.Entry) error {
	for _, f := range l.fields() {
		if f.key != e.Key {
			continue
		}
		ok := false
		what := "a string"
		switch to := f.to.(type) {
		case *string:
			*to, ok = e.Value.Text()
		case *bool:
			*to, ok = e.Value.Bool()
			what = "`true` or `false`"
		case *[]string:
			*to, ok = e.Value.Strings()
			what = "an array of strings"
		}
		if !ok {
			return e.Value.Errorf("expected %s for `%s`", what, e.Key)
		}
		return nil
	}
	return e.Errorf("unknown key `%s` of a tool", e.Key)
}

// optionLines are the lines of a table of settings.
func optionLines(t *toml.Value) string {
	var b strings.Builder
	for e := range t.Entries() {
		fmt.Fprintf(&b, "%s = %s\n", toml.QuoteKey(e.Key), e.Value.Raw())
	}
	return b.String()
}
