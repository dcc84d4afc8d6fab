package backend

import (
	"fmt"
	"strings"
	"unicode"
)

// checkIdentifier holds a part of a module's name against the rules of Python,
// a little simplified.
func checkIdentifier(text string) error {
	if text == "" {
		return fmt.Errorf("an identifier must not be empty")
	}
	at := 0
	for _, c := range text {
		at++
		switch {
		case c == '_', unicode.IsLetter(c):
		case at == 1:
			return fmt.Errorf("invalid first character `%c` for identifier `%s`, expected an underscore or an alphabetic character", c, text)
		case !unicode.IsNumber(c):
			return fmt.Errorf("invalid character `%c` at position %d for identifier `%s`, expected an underscore or an alphanumeric character", c, at, text)
		}
	}
	return nil
}

// importNames are the values of Import-Name and Import-Namespace (PEP 794). An
// empty list of names is one empty field.
func (p *project) importNames() (names, namespaces []string, err error) {
	if p.imports != nil {
		if names, err = importEntries("project.import-names", *p.imports); err != nil {
			return nil, nil, err
		}
		if len(names) == 0 {
			names = []string{""}
		}
	}
	if p.namespaces == nil {
		return names, nil, nil
	}
	if len(*p.namespaces) == 0 {
		return nil, nil, invalid("`project.import-namespaces` must not be empty")
	}
	if namespaces, err = importEntries("project.import-namespaces", *p.namespaces); err != nil {
		return nil, nil, err
	}
	base := func(entry string) string {
		name, _, _ := strings.Cut(entry, ";")
		return name
	}
	seen := map[string]bool{}
	for _, n := range names {
		seen[base(n)] = true
	}
	for _, n := range namespaces {
		if seen[base(n)] {
			return nil, nil, invalid("`project.import-names` and `project.import-namespaces` must not both contain `%s`", base(n))
		}
	}
	return names, namespaces, nil
}

// importEntries checks names that may end in `; private`, and returns them in
// their canonical form.
func importEntries(field string, values []string) ([]string, error) {
	var out []string
	for _, value := range values {
		name, suffix, marked := strings.Cut(value, ";")
		if suffix = strings.TrimSpace(suffix); marked {
			name = strings.TrimRightFunc(name, unicode.IsSpace)
		}
		switch {
		case name == "":
			return nil, invalid("`%s` entry must not be empty", field)
		case marked && suffix != "private":
			return nil, invalid("`%s` entry `%s` must end with `; private` or nothing, found `%s`", field, value, suffix)
		}
		for part := range strings.SplitSeq(name, ".") {
			if err := checkIdentifier(part); err != nil {
				return nil, &ValidationError{Reason: fmt.Sprintf("`%s` entry `%s` has an invalid import name", field, name), Err: err}
			}
		}
		if marked {
			name += "; private"
		}
		out = append(out, name)
	}
	return out, nil
}

// entryPoints is the text of entry_points.txt, nil if the project has no such
// table.
func (p *project) entryPointsText() ([]byte, error) {
	if !p.hasEntryPoints {
		return nil, nil
	}
	var b strings.Builder
	if p.scripts != nil {
		if err := writeGroup(&b, "console_scripts", p.scripts); err != nil {
			return nil, err
		}
	}
	if p.guiScripts != nil {
		if err := writeGroup(&b, "gui_scripts", p.guiScripts); err != nil {
			return nil, err
		}
	}
	for _, g := range p.entryPoints {
		switch g.group {
		case "console_scripts":
			return nil, invalid("use `project.scripts` instead of `project.entry-points.console_scripts`")
		case "gui_scripts":
			return nil, invalid("use `project.gui-scripts` instead of `project.entry-points.gui_scripts`")
		}
		if err := writeGroup(&b, g.group, g.items); err != nil {
			return nil, err
		}
	}
	return []byte(b.String()), nil
}

func writeGroup(b *strings.Builder, group string, items []pair) error {
	alnum := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }
	for i, c := range group {
		if !alnum(c) && c != '_' && (c != '.' || i == 0) {
			return invalid("entry point groups must consist of letters and numbers separated by dots, invalid group: %s", group)
		}
	}
	if group == "" {
		return invalid("entry point groups must consist of letters and numbers separated by dots, invalid group: %s", group)
	}
	script := group == "console_scripts" || group == "gui_scripts"
	fmt.Fprintf(b, "[%s]\n", group)
	for _, e := range items {
		bad := strings.ContainsFunc(e.key, func(c rune) bool { return !alnum(c) && !strings.ContainsRune("._-", c) })
		if script && (bad || strings.Trim(e.key, ".") == "") {
			return invalid("script entry point name `%s` must include a non-dot character and consist only of letters, numbers, dots, underscores and dashes", e.key)
		}
		fmt.Fprintf(b, "%s = %s\n", e.key, e.value)
	}
	b.WriteByte('\n')
	return nil
}
