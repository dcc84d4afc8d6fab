package requirements

import (
	"errors"
	"path"
	"strings"

	"github.com/tame-py/tame/packaging/pep508"
)

// requirement reads a requirement and its hashes. start is where the statement
// begins.
func (p *parser) requirement(start int, editable bool) error {
	at := p.takeRequirement()
	if editable && (strings.HasPrefix(at.text, `"`) || strings.HasPrefix(at.text, "'")) {
		at.text = unquote(at.text)
	}
	if err := p.missingPrefix(at.text, start); err != nil {
		return err
	}
	e := Entry{Editable: editable, Origin: p.origin(start)}
	if err := p.fill(&e, at.text); err != nil {
		return p.requirementError(at, err)
	}
	if editable && !p.loader.AnyEditable {
		if err := checkEditable(e); err != nil {
			return err
		}
	}
	var err error
	if e.Hashes, err = p.hashes(); err != nil {
		return err
	}
	p.file.Requirements = append(p.file.Requirements, e)
	return nil
}

// fill reads a requirement with a name or without one into e. In -e, a name
// alone is a path.
func (p *parser) fill(e *Entry, text string) error {
	r, err := pep508.Parse(text)
	if err == nil && (!e.Editable || r.URL != "" || len(r.Specifiers) > 0) {
		e.GivenURL = r.URL
		r.URL = p.expand(r.URL)
		e.Requirement = &r
		return nil
	}
	if err != nil && !p.unnamed(text, err) {
		return err
	}
	u, err := pep508.ParseUnnamed(text)
	e.GivenURL = u.URL
	u.URL = p.expand(u.URL)
	e.Unnamed = &u
	return err
}

// unnamed reports whether text that is no requirement with a name may be one
// without, once variables in it are replaced.
func (p *parser) unnamed(text string, err error) bool {
	var e *pep508.Error
	if errors.As(err, &e) && e.NeedsName {
		return true
	}
	word, _, _ := strings.Cut(text, " ")
	word, _, _ = strings.Cut(word, "\t")
	return strings.Contains(word, "${") && pep508.IsUnnamed(p.expand(word))
}

// requirementError says where in the file a requirement is wrong.
func (p *parser) requirementError(at passage, err error) error {
	offset := 0
	hints := []string(nil)
	var e *pep508.Error
	if errors.As(err, &e) {
		offset, hints = e.Offset, e.Hints()
	}
	return &Error{Origin: p.origin(at.offset(offset)), Message: "couldn't parse requirement", Err: err, hints: hints}
}

// missingPrefix detects the name of a requirements file without its -r.
func (p *parser) missingPrefix(text string, start int) error {
	if !strings.HasSuffix(text, ".txt") && !strings.HasSuffix(text, ".in") || isRemote(text) {
		return nil
	}
	if _, err := p.loader.Open(text); err != nil {
		return nil
	}
	return &Error{
		Origin:  p.origin(start),
		Message: "requirement `" + text + "` looks like a requirements file but was passed as a package name",
		hints:   []string{"did you mean `-r " + text + "`?"},
	}
}

// checkEditable refuses what has no folder that could be edited.
func checkEditable(e Entry) error {
	location := ""
	if e.Unnamed != nil {
		location = e.Unnamed.URL
	} else {
		location = e.Requirement.URL
	}
	var reason string
	scheme, rest, ok := pep508.SplitScheme(location)
	local := rest
	if !ok || len(scheme) == 1 {
		scheme, local = "file", location
	}
	local, _, _ = strings.Cut(local, "#")
	switch {
	case location == "":
		reason = "registry requirements cannot be editable"
	case strings.HasPrefix(scheme, "git+"):
		reason = "Git sources cannot be editable"
	case scheme == "http" || scheme == "https":
		reason = "remote archives cannot be editable"
	case scheme == "file" && isArchive(local):
		reason = "local archives cannot be editable"
	default:
		return nil
	}
	return &Error{
		Origin:  e.Origin,
		Message: "unsupported editable requirement `" + pep508.Redact(string(e.appendRequirement(nil))) + "`",
		Err:     errors.New(reason),
		hints:   []string{"editable requirements must refer to a local directory"},
	}
}

// isArchive reports whether a file is a distribution by its name.
func isArchive(name string) bool {
	switch ext := path.Ext(name); ext {
	case ".whl", ".zip", ".tar", ".tgz", ".tbz", ".tlz", ".txz":
		return true
	case ".gz", ".bz2", ".lz", ".lzma", ".xz", ".zst":
		return strings.HasSuffix(strings.TrimSuffix(name, ext), ".tar")
	}
	return false
}

// hashes reads the --hash options behind a requirement.
func (p *parser) hashes() ([]string, error) {
	var list []string
	for {
		next := p.blanks(p.at)
		if !strings.HasPrefix(p.text[next:], "--") {
			return list, nil
		}
		p.at = next
		word := p.word()
		if word != "--hash" {
			if len(list) == 0 {
				return nil, p.fail(next, "expected `--hash`, found `%s`", word)
			}
			// Another statement on the same line.
			return list, nil
		}
		p.at += len(word)
		if err := p.separator("--hash"); err != nil {
			return nil, err
		}
		hash := p.takeHash()
		if hash.text == "" {
			return nil, p.fail(p.at, "`--hash` must be followed by an argument")
		}
		if algorithm, digest, ok := strings.Cut(hash.text, ":"); !ok || algorithm == "" || digest == "" {
			return nil, p.fail(hash.parts[0].file, "a hash has the form `sha256:…`, found `%s`", hash.text)
		}
		list = append(list, hash.text)
	}
}
