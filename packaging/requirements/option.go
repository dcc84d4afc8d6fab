package requirements

import (
	"net/url"
	"strings"

	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// option reads an option with its value.
func (p *parser) option() error {
	start := p.at
	word := p.word()
	p.at += len(word)
	switch word {
	case "-r", "--requirement":
		return p.include("--requirement", false)
	case "-c", "--constraint":
		return p.include("--constraint", true)
	case "-e", "--editable":
		if err := p.separator("--editable"); err != nil {
			return err
		}
		return p.requirement(start, true)
	case "-i", "--index-url":
		return p.indexURL(start)
	case "--extra-index-url":
		location, err := p.location(start, word)
		p.file.Options.ExtraIndexURLs = append(p.file.Options.ExtraIndexURLs, location)
		return err
	case "-f", "--find-links":
		location, err := p.location(start, "--find-links")
		p.file.Options.FindLinks = append(p.file.Options.FindLinks, location)
		return err
	case "--no-index":
		p.file.Options.NoIndex = true
		return nil
	case "--require-hashes":
		p.file.Options.RequireHashes = true
		return nil
	case "--no-binary":
		return p.packages(word, &p.file.Options.NoBinary)
	case "--only-binary":
		return p.packages(word, &p.file.Options.OnlyBinary)
	case "--pre", "--trusted-host", "--prefer-binary", "--use-feature":
		p.takeValue()
		p.ignore(word, start)
		return nil
	}
	return p.fail(start, "unexpected `%s`, expected a supported option or the start of a requirement", word)
}

// ignore warns of an option that only counts on the command line, if at all.
func (p *parser) ignore(option string, start int) {
	where := "in `" + p.name + "`"
	if p.name == "-" {
		where = "from stdin"
	}
	w := Warning{Origin: p.origin(start), Option: option, Message: "ignoring unsupported option " + where + ": `" + option + "`"}
	if option == "--pre" || option == "--trusted-host" {
		w.Hint = "pass `" + option + "` on the command line instead"
	}
	p.file.Warnings = append(p.file.Warnings, w)
}

// separator goes past what stands between an option and its value.
func (p *parser) separator(option string) error {
	if !p.done() && p.text[p.at] == '=' {
		p.at++
		return nil
	}
	next := p.blanks(p.at)
	if next == len(p.text) || p.lineBreak(next) > 0 || p.text[next] == '#' {
		return p.fail(p.at, "`%s` must be followed by an argument", option)
	}
	p.at = next
	return nil
}

// value reads the value of an option, without quotes, and says where it is.
func (p *parser) value(option string) (text string, at passage, err error) {
	if err := p.separator(option); err != nil {
		return "", passage{}, err
	}
	at = p.takeValue()
	if at.text == "" {
		return "", at, p.fail(at.parts[0].file, "`%s` must be followed by an argument", option)
	}
	return unquote(strings.TrimSpace(at.text)), at, nil
}

func (p *parser) expand(text string) string { return pep508.ExpandVars(text, p.loader.Getenv) }

// location reads the value of an option that is a URL or path.
func (p *parser) location(start int, option string) (Location, error) {
	text, at, err := p.value(option)
	switch i := strings.Index(at.text, " -"); {
	case err != nil:
		return Location{}, err
	case text == "":
		return Location{}, p.fail(at.parts[0].file, "`%s` must be followed by an argument", option)
	case i >= 0:
		return Location{}, p.fail(at.offset(i+1), "expected the end of the line after the argument of `%s`", option)
	}
	return Location{Text: p.expand(text), Given: text, Origin: p.origin(start)}, nil
}

func (p *parser) indexURL(start int) error {
	location, err := p.location(start, "--index-url")
	if err != nil {
		return err
	}
	if p.file.Options.IndexURL != nil {
		return p.fail(start, "multiple `--index-url` values provided")
	}
	p.file.Options.IndexURL = &location
	return nil
}

// packages reads the names of --no-binary and --only-binary, separated by
// commas.
func (p *parser) packages(option string, into *[]string) error {
	text, at, err := p.value(option)
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(text, ",") {
		switch name = strings.TrimSpace(name); name {
		case ":all:":
			addNames(into, name)
		case ":none:":
		default:
			n, err := pyname.ParsePackage(name)
			if err != nil {
				return &Error{Origin: p.origin(at.parts[0].file), Message: "invalid specifier for `" + option + "`", Err: err}
			}
			addNames(into, string(n))
		}
	}
	return nil
}

// include reads another file.
func (p *parser) include(option string, constraint bool) error {
	text, at, err := p.value(option)
	if err != nil {
		return err
	}
	start := at.parts[0].file
	name := resolve(p.name, p.expand(text))
	seen := p.requirements
	if constraint || p.constraint {
		seen = p.constraints
	}
	if key := canonical(name); !seen[key] {
		seen[key] = true
	} else {
		return nil
	}
	if len(p.requirements)+len(p.constraints) > maxFiles {
		return p.fail(start, "more than %d files are included", maxFiles)
	}
	data, err := p.loader.Open(name)
	if err != nil {
		return &Error{Origin: p.origin(start), Message: "couldn't read the file included", Err: err}
	}
	file, err := p.session.parse(name, data, constraint || p.constraint)
	if err != nil {
		return &Error{Origin: p.origin(start), Message: "error in the file included", Err: err}
	}
	if constraint {
		return p.addConstraints(start, file)
	}
	if a, b := p.file.Options.IndexURL, file.Options.IndexURL; a != nil && b != nil && !sameURL(a.Text, b.Text) {
		return p.fail(start, "nested requirements file contains conflicting `--index-url`")
	}
	p.file.merge(file)
	return nil
}

func (p *parser) addConstraints(start int, file *File) error {
	for _, e := range file.Requirements {
		if e.Requirement == nil && !e.Editable {
			return &Error{
				Origin: p.origin(start), Message: "error in the constraints included",
				Err: &Error{Origin: e.Origin, Message: "unnamed requirements are not allowed as constraints"},
			}
		}
	}
	p.file.mergeConstraints(file)
	return nil
}

// sameURL reports whether two URLs are the same but for an absent path.
func sameURL(a, b string) bool {
	if a == b {
		return true
	}
	x, err := url.Parse(a)
	if err != nil {
		return false
	}
	y, err := url.Parse(b)
	if err != nil {
		return false
	}
	for _, u := range []*url.URL{x, y} {
		if u.Host != "" && u.Path == "" {
			u.Path = "/"
		}
	}
	return x.String() == y.String()
}

// unquote takes away quotes and backslashes by the rules of a POSIX shell.
// Text that does not obey them stays as it is.
func unquote(text string) string {
	if !strings.ContainsAny(text, "'\"\\") {
		return text
	}
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == '\'' && c != '\'':
			b.WriteByte(c)
		case c == quote:
			quote = 0
		case c == '\\' && i+1 < len(text):
			i++
			if quote == '"' && strings.IndexByte("\"\\`$\n", text[i]) < 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(text[i])
		case c == '\\':
			if quote != 0 {
				return text
			}
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return text
	}
	return b.String()
}
