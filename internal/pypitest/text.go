package pypitest

import (
	"fmt"
	"strings"
)

// parseText reads the compact format described in the package comment. The
// name is for errors.
func parseText(name, text string) (releases []Release, settings []Option, err error) {
	p := &textParser{name: name, lines: strings.Split(text, "\n")}
	for p.next() {
		switch {
		case p.indent() > 0 && len(p.current) == 0:
			return nil, nil, p.errorf("an indented line before the first release")
		case p.indent() > 0:
			err = p.attribute()
		case strings.HasPrefix(p.line, "@"):
			var o Option
			if o, err = setting(strings.Fields(p.line[1:])); err == nil {
				settings = append(settings, o)
			} else {
				err = p.errorf("%v", err)
			}
		default:
			p.finish()
			err = p.begin()
		}
		if err != nil {
			return nil, nil, err
		}
	}
	p.finish()
	return p.releases, settings, nil
}

// parseRelease reads the lines about one release, which are not indented.
func parseRelease(name, comment string, r *Release) error {
	p := &textParser{name: name, lines: strings.Split(comment, "\n"), current: []Release{*r}}
	for p.next() {
		if err := p.attribute(); err != nil {
			return err
		}
	}
	*r = p.current[0]
	return nil
}

type textParser struct {
	name     string
	lines    []string
	at       int    // lines read
	raw      string // the current line
	line     string // without white space around it
	current  []Release
	releases []Release
}

// next goes to the next line that says something.
func (p *textParser) next() bool {
	for p.at < len(p.lines) {
		p.raw = strings.TrimRight(p.lines[p.at], " \t\r")
		p.line = strings.TrimSpace(p.raw)
		p.at++
		if p.line != "" && p.line[0] != '#' {
			return true
		}
	}
	return false
}

func (p *textParser) indent() int { return indentation(p.raw) }

func indentation(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

func (p *textParser) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.name, p.at, fmt.Sprintf(format, args...))
}

func (p *textParser) begin() error {
	words := strings.Fields(p.line)
	if len(words) < 2 {
		return p.errorf("%q needs a version", p.line)
	}
	for _, version := range words[1:] {
		p.current = append(p.current, Release{Name: words[0], Version: version})
	}
	return nil
}

func (p *textParser) finish() {
	p.releases = append(p.releases, p.current...)
	p.current = nil
}

// attribute applies one line to all releases of the current paragraph.
func (p *textParser) attribute() error {
	key, rest, _ := strings.Cut(p.line, " ")
	rest = strings.TrimSpace(rest)
	file := ""
	if key == "file" || key == "sdist-file" {
		path, text, given := strings.Cut(rest, "=")
		rest = strings.TrimSpace(path)
		if given {
			file = strings.TrimSpace(text) + "\n"
		} else {
			file = p.block()
		}
	}
	for i := range p.current {
		if err := p.current[i].set(key, rest, file); err != nil {
			return p.errorf("%v", err)
		}
	}
	return nil
}

// block takes the lines below the current one that are indented deeper, with
// their common indentation removed.
func (p *textParser) block() string {
	own := p.indent()
	var block []string
	for p.at < len(p.lines) {
		line := strings.TrimRight(p.lines[p.at], "\r")
		if strings.TrimSpace(line) != "" && indentation(line) <= own {
			break
		}
		block = append(block, line)
		p.at++
	}
	for len(block) > 0 && strings.TrimSpace(block[len(block)-1]) == "" {
		block = block[:len(block)-1]
	}
	common := -1
	for _, line := range block {
		if n := indentation(line); strings.TrimSpace(line) != "" && (common < 0 || n < common) {
			common = n
		}
	}
	var b strings.Builder
	for _, line := range block {
		b.WriteString(line[min(max(common, 0), len(line)):] + "\n")
	}
	return b.String()
}

// set applies an attribute.
func (r *Release) set(key, value, file string) error {
	switch key {
	case "requires":
		r.Requires = append(r.Requires, value)
	case "extra":
		return r.addExtra(value)
	case "python":
		r.RequiresPython = value
	case "wheel":
		r.Tags = append(r.Tags, strings.Fields(value)...)
	case "no-wheel":
		r.NoWheel = true
	case "no-sdist":
		r.NoSdist = true
	case "yanked":
		r.Yanked = &value
	case "uploaded":
		r.Uploaded = value
	case "summary":
		r.Summary = value
	case "field":
		if name, _, found := strings.Cut(value, ": "); !found || strings.ContainsAny(name, " \t") {
			return fmt.Errorf("field %q should read NAME: VALUE", value)
		}
		r.Fields = append(r.Fields, value)
	case "script":
		return r.addEntry("console_scripts", value)
	case "gui":
		return r.addEntry("gui_scripts", value)
	case "entry":
		group, rest, _ := strings.Cut(value, " ")
		return r.addEntry(group, strings.TrimSpace(rest))
	case "file":
		setFile(&r.Files, value, file)
	case "sdist-file":
		setFile(&r.SdistFiles, value, file)
	case "build-requires":
		r.BuildRequires = append(r.BuildRequires, value)
	case "build-fails":
		r.BuildFails = value
		if value == "" {
			r.BuildFails = "this build fails"
		}
	case "dynamic":
		r.Dynamic = true
	case "hostile":
		r.Hostile = append(r.Hostile, strings.Fields(value)...)
	default:
		return fmt.Errorf("%q says nothing about a release", key)
	}
	return nil
}

func setFile(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}

func (r *Release) addExtra(value string) error {
	extra, req, found := strings.Cut(value, ":")
	if !found {
		return fmt.Errorf("extra %q should read NAME: REQUIREMENT", value)
	}
	if r.Extras == nil {
		r.Extras = map[string][]string{}
	}
	extra, req = strings.TrimSpace(extra), strings.TrimSpace(req)
	if req == "" {
		r.Extras[extra] = append(r.Extras[extra], []string{}...)
		return nil
	}
	r.Extras[extra] = append(r.Extras[extra], req)
	return nil
}

// addEntry adds "NAME = VALUE" to a group of the entry points.
func (r *Release) addEntry(group, value string) error {
	name, object, found := strings.Cut(value, "=")
	if !found {
		return fmt.Errorf("entry point %q should read NAME = VALUE", value)
	}
	line := strings.TrimSpace(name) + " = " + strings.TrimSpace(object) + "\n"
	header := "[" + group + "]\n"
	if before, after, found := strings.Cut(r.EntryPoints, header); found {
		r.EntryPoints = before + header + line + after
		return nil
	}
	if r.EntryPoints != "" {
		r.EntryPoints += "\n"
	}
	r.EntryPoints += header + line
	return nil
}
