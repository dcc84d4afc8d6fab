package requirements

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Loader is what a file needs of its surroundings.
type Loader struct {
	// Open returns the content of a file. Names of included files are joined
	// to the directory or URL of the file that includes them.
	Open func(name string) ([]byte, error)
	// Getenv looks up ${NAME}. A variable that is not set is left as it
	// stands. Nil replaces nothing.
	Getenv func(name string) (string, bool)
}

// Load opens a file and reads it with all that it includes. Errors about the
// content are of type [*Error].
func Load(name string, loader Loader) (*File, error) {
	content, err := loader.Open(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, content, loader)
}

// Parse reads the content of a file with all that it includes.
func Parse(name string, content []byte, loader Loader) (*File, error) {
	p := &parser{loader: loader, file: &File{Name: name}}
	if err := p.read(name, content, false); err != nil {
		return nil, err
	}
	return p.file, nil
}

type parser struct {
	loader Loader
	file   *File
	open   []string // the files being read, outermost first
}

// reader reads one file.
type reader struct {
	*parser
	name       string
	constraint bool // its requirements only constrain others
	line       *line
}

func (p *parser) read(name string, content []byte, constraint bool) error {
	text, err := decode(content)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	p.open = append(p.open, name)
	r := &reader{parser: p, name: name, constraint: constraint}
	for _, l := range logicalLines(text) {
		r.line = &l
		if err := r.statement(); err != nil {
			return err
		}
	}
	p.open = p.open[:len(p.open)-1]
	return nil
}

func (r *reader) fail(offset int, cause error, format string, args ...any) error {
	lineNumber, column := r.line.place(offset)
	return &Error{File: r.name, Line: lineNumber, Column: column, Message: fmt.Sprintf(format, args...), Err: cause}
}

// statement reads one logical line.
func (r *reader) statement() error {
	text := r.line.text
	start := len(text) - len(strings.TrimLeft(text, " \t"))
	if text[start] == '-' {
		return r.option(start)
	}
	return r.requirement(start, false)
}

// option reads `--name value`, `--name=value` or `-n value`.
func (r *reader) option(start int) error {
	text := strings.TrimRight(r.line.text, " \t")
	end := start
	for end < len(text) && text[end] != '=' && text[end] != ' ' && text[end] != '\t' {
		end++
	}
	name := text[start:end]
	valueAt := end
	for valueAt < len(text) && (text[valueAt] == '=' || text[valueAt] == ' ' || text[valueAt] == '\t') {
		valueAt++
	}
	value := r.expand(unquote(text[valueAt:]))
	if needsValue(name) && value == "" {
		return r.fail(valueAt, nil, "`%s` must be followed by an argument", name)
	}
	return r.apply(name, value, start, valueAt)
}

func needsValue(name string) bool {
	switch name {
	case "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--pypi-url",
		"--extra-index-url", "-f", "--find-links", "--no-binary", "--only-binary":
		return true
	}
	return false
}

func (r *reader) apply(name, value string, start, valueAt int) error {
	options := &r.file.Options
	location := Location{Text: value, File: r.name}
	switch name {
	case "-r", "--requirement":
		return r.include(value, valueAt, r.constraint)
	case "-c", "--constraint":
		return r.include(value, valueAt, true)
	case "-e", "--editable":
		return r.requirement(valueAt, true)
	case "-i", "--index-url", "--pypi-url":
		if options.IndexURL != nil && options.IndexURL.Text != value {
			return r.fail(start, nil, "`--index-url` is given more than once (before: %s)", options.IndexURL.Text)
		}
		options.IndexURL = &location
	case "--extra-index-url":
		options.ExtraIndexURLs = append(options.ExtraIndexURLs, location)
	case "-f", "--find-links":
		options.FindLinks = append(options.FindLinks, location)
	case "--no-index":
		options.NoIndex = true
	case "--no-binary", "--only-binary":
		return r.selection(name, value, valueAt)
	case "--require-hashes":
		options.RequireHashes = true
	case "--pre", "--prefer-binary", "--trusted-host", "--use-feature":
		r.ignore(name, start)
	default:
		return r.fail(start, nil, "unknown option `%s`; a requirement, `-r`, `-c`, `-e` or an option for indexes is expected", name)
	}
	return nil
}

// ignore warns of an option that only counts on the command line.
func (r *reader) ignore(name string, start int) {
	hint := ""
	if name == "--pre" || name == "--trusted-host" {
		hint = "pass `" + name + "` on the command line instead"
	}
	lineNumber, column := r.line.place(start)
	r.file.Warnings = append(r.file.Warnings, Warning{
		File: r.name, Line: lineNumber, Column: column, Hint: hint,
		Message: "the option `" + name + "` has no effect in a requirements file",
	})
}

// selection reads the names of --no-binary and --only-binary.
func (r *reader) selection(name, value string, at int) error {
	list := &r.file.Options.NoBinary
	if name == "--only-binary" {
		list = &r.file.Options.OnlyBinary
	}
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part != ":all:" && part != ":none:" {
			if _, err := pyname.ParsePackage(part); err != nil {
				return r.fail(at, err, "invalid value for `%s`", name)
			}
		}
		*list = append(*list, part)
	}
	return nil
}

// include reads another file in place.
func (r *reader) include(value string, at int, constraint bool) error {
	name := Join(r.name, value)
	if slices.Contains(r.open, name) {
		if constraint == r.constraint {
			return r.fail(at, nil, "the file includes itself: %s", strings.Join(append(r.open[slices.Index(r.open, name):], name), " → "))
		}
		return nil
	}
	content, err := r.loader.Open(name)
	if err != nil {
		return r.fail(at, err, "cannot include `%s`", name)
	}
	return r.read(name, content, constraint)
}

// Join is the name of a file that another one mentions: relative to the
// directory or URL of the other.
func Join(from, name string) string {
	if strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "file:") || filepath.IsAbs(name) {
		return name
	}
	if scheme, rest, ok := strings.Cut(from, "://"); ok {
		return scheme + "://" + path.Join(path.Dir(rest), filepath.ToSlash(name))
	}
	dir := filepath.Dir(from)
	if from == "-" || dir == "." {
		return name
	}
	return filepath.Join(dir, name)
}

// requirement reads a requirement and the hashes behind it.
func (r *reader) requirement(start int, editable bool) error {
	text := r.line.text
	end := optionsAt(text, start)
	e := Entry{Editable: editable, File: r.name}
	e.Line, _ = r.line.place(start)
	hashes, err := r.hashes(end)
	if err != nil {
		return err
	}
	e.Hashes = hashes
	body := strings.TrimRight(text[start:end], " \t")
	if editable {
		body = unquote(body)
	}
	if err := r.body(&e, r.expand(body), start); err != nil {
		return err
	}
	if r.constraint {
		r.file.Constraints = append(r.file.Constraints, e)
	} else {
		r.file.Requirements = append(r.file.Requirements, e)
	}
	return nil
}

// optionsAt is where ` --option` begins, or the end.
func optionsAt(text string, start int) int {
	for i := start + 1; i+1 < len(text); i++ {
		if text[i] == '-' && text[i+1] == '-' && (text[i-1] == ' ' || text[i-1] == '\t') {
			return i
		}
	}
	return len(text)
}

func (r *reader) hashes(at int) ([]string, error) {
	var hashes []string
	text := r.line.text
	for at < len(text) {
		rest, ok := strings.CutPrefix(text[at:], "--hash")
		if !ok || rest == "" || rest[0] != '=' && rest[0] != ' ' && rest[0] != '\t' {
			return nil, r.fail(at, nil, "`--hash` is expected, found %q", strings.TrimSpace(text[at:]))
		}
		rest = strings.TrimLeft(rest, "= \t")
		value, after, _ := strings.Cut(strings.ReplaceAll(rest, "\t", " "), " ")
		if algorithm, digest, ok := strings.Cut(value, ":"); !ok || algorithm == "" || digest == "" {
			return nil, r.fail(len(text)-len(rest), nil, "a hash has the form `sha256:…`, found %q", value)
		}
		hashes = append(hashes, value)
		at = len(text) - len(strings.TrimLeft(after, " "))
	}
	return hashes, nil
}

// body reads what stands before the hashes: a requirement in PEP 508 form, or
// only where a distribution is.
func (r *reader) body(e *Entry, text string, at int) error {
	if text == "" {
		return r.fail(at, nil, "a requirement is expected")
	}
	if strings.HasSuffix(text, `\`) {
		return r.fail(at, nil, "a backslash ends the requirement, but no line follows")
	}
	named, err := pep508.Parse(text)
	if err == nil && (!e.Editable || named.URL != "") {
		e.Requirement = &named
		return nil
	}
	word, _, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	if !e.Editable && !pep508.IsUnnamed(word) {
		return r.fail(at, err, "invalid requirement")
	}
	unnamed, err := pep508.ParseUnnamed(text)
	if err != nil {
		return r.fail(at, err, "invalid requirement")
	}
	unnamed.URL = strings.TrimSpace(unnamed.URL)
	e.Unnamed = &unnamed
	return nil
}

// unquote takes a pair of quotes off a value.
func unquote(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}

// expand replaces the variables in a text.
func (r *reader) expand(text string) string {
	if r.loader.Getenv == nil {
		return text
	}
	return pep508.ExpandVars(text, r.loader.Getenv)
}
