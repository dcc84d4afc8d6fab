package dist

import (
	"fmt"
	"strings"
	"unicode"
)

// EntryPoints are the groups of an entry_points.txt file that installers care
// about, in the order of the file, and all others.
type EntryPoints struct {
	Console []EntryPoint // console_scripts
	GUI     []EntryPoint // gui_scripts
	Others  map[string][]EntryPoint
}

// EntryPoint names an object in a module: module:attribute [extras].
type EntryPoint struct {
	Name   string
	Module string
	// Attr is a dotted path within the module. It may be empty in groups other
	// than those of scripts.
	Attr string
	// Extras are those that the entry point needs; installers ignore them.
	Extras []string
}

// ImportName is the part of Attr that can be imported from the module.
func (e EntryPoint) ImportName() string {
	name, _, _ := strings.Cut(e.Attr, ".")
	return name
}

// ParseEntryPoints reads an entry_points.txt file: an INI file whose keys and
// values are divided by = alone and whose names are case-sensitive. A script
// without a module or attribute is an error; in other groups what cannot be
// read is left out. Where a name is repeated within a group, the last counts.
func ParseEntryPoints(data []byte) (EntryPoints, error) {
	var e EntryPoints
	group := ""
	number := 0
	for raw := range strings.Lines(string(data)) {
		number++
		line := strings.TrimSpace(raw)
		switch {
		case line == "", line[0] == '#', line[0] == ';':
		case line[0] == '[':
			end := strings.IndexByte(line, ']')
			if end < 0 {
				return e, fmt.Errorf("line %d of entry_points.txt: %q has no closing bracket", number, line)
			}
			group = strings.TrimSpace(line[1:end])
		default:
			if err := e.add(group, line); err != nil {
				return e, fmt.Errorf("line %d of entry_points.txt: %w", number, err)
			}
		}
	}
	return e, nil
}

func (e *EntryPoints) add(group, line string) error {
	scripts := group == "console_scripts" || group == "gui_scripts"
	name, value, ok := strings.Cut(line, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		if scripts {
			return fmt.Errorf("script %q has no value", name)
		}
		return nil
	}
	p, ok := parseObject(value)
	p.Name = name
	if scripts && (!ok || p.Attr == "") {
		return fmt.Errorf("invalid script %q", strings.TrimSpace(value))
	}
	if !ok {
		return nil
	}
	switch group {
	case "console_scripts":
		e.Console = put(e.Console, p)
	case "gui_scripts":
		e.GUI = put(e.GUI, p)
	default:
		if e.Others == nil {
			e.Others = map[string][]EntryPoint{}
		}
		e.Others[group] = put(e.Others[group], p)
	}
	return nil
}

func put(list []EntryPoint, p EntryPoint) []EntryPoint {
	for i := range list {
		if list[i].Name == p.Name {
			list[i] = p
			return list
		}
	}
	return append(list, p)
}

// parseObject reads module[:attribute] [extra, …].
func parseObject(value string) (EntryPoint, bool) {
	value = strings.TrimSpace(value)
	var p EntryPoint
	if i := strings.IndexByte(value, '['); i >= 0 {
		list, ok := strings.CutSuffix(value[i+1:], "]")
		if !ok {
			return p, false
		}
		for extra := range strings.SplitSeq(list, ",") {
			if extra = strings.TrimSpace(extra); extra != "" {
				p.Extras = append(p.Extras, extra)
			}
		}
		value = strings.TrimSpace(value[:i])
	}
	module, attr, both := strings.Cut(value, ":")
	p.Module, p.Attr = strings.TrimSpace(module), strings.TrimSpace(attr)
	return p, isDotted(p.Module) && (!both || isDotted(p.Attr))
}

// isDotted tells whether a text can be a module's name, dashes included, which
// some wheels have.
func isDotted(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}
