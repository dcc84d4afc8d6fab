package backend

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tame-py/tame/packaging/marker"
)

// metadata is the text of METADATA and PKG-INFO.
func (b *build) metadata() ([]byte, error) {
	f, err := b.fields()
	if err != nil {
		return nil, err
	}
	return []byte(f.String()), nil
}

// fields is the core metadata of a project, after it was checked.
func (b *build) fields() (*fields, error) {
	p := b.project
	if p.description != nil && strings.Contains(*p.description, "\n") {
		return nil, invalid("`project.description` must be a single line")
	}
	description, contentType, err := b.readme()
	if err != nil {
		return nil, err
	}
	if len(p.dynamic) > 0 && !p.fromVCS || len(p.dynamic) > 1 {
		return nil, &ValidationError{Reason: "dynamic metadata is not supported", hint: "write the fields of `project.dynamic` into `[project]`"}
	}
	imports, namespaces, err := p.importNames()
	if err != nil {
		return nil, err
	}
	l, err := b.licenses()
	if err != nil {
		return nil, err
	}
	w := &fields{}
	w.add("Metadata-Version", p.metadataVersion())
	w.add("Name", p.given)
	w.add("Version", p.version.String())
	w.addSet("Summary", p.description)
	if p.keywords != nil {
		w.add("Keywords", strings.Join(*p.keywords, ","))
	}
	w.people("Author", p.authors)
	w.addSet("License", l.text)
	w.addSet("License-Expression", p.licenseExpression())
	w.addAll("License-File", l.files)
	w.addAll("Classifier", p.classifiers)
	w.requirements(p)
	w.people("Maintainer", p.maintainers)
	if p.python != nil {
		w.add("Requires-Python", p.python.Join(", "))
	}
	for _, u := range p.urls {
		w.add("Project-URL", u.key+", "+u.value)
	}
	for _, e := range p.optional {
		w.add("Provides-Extra", string(e.name))
	}
	w.addAll("Import-Name", imports)
	w.addAll("Import-Namespace", namespaces)
	w.addSet("Description-Content-Type", contentType)
	if description != nil {
		w.WriteString("\n" + *description)
		w.body = description
	}
	return w, nil
}

// metadataVersion is the oldest that knows all fields in use.
func (p *project) metadataVersion() string {
	switch {
	case p.imports != nil, p.namespaces != nil:
		return "2.5"
	case p.licenseFiles != nil, p.license.expression != nil:
		return "2.4"
	}
	return "2.3"
}

// fields is the text of a metadata file, and what is in it.
type fields struct {
	strings.Builder
	all  []pair
	body *string
}

// add writes a field; further lines of the value are indented below the first.
func (w *fields) add(key, value string) {
	w.all = append(w.all, pair{key, value})
	first := true
	for line := range lines(value) {
		if first {
			w.WriteString(key + ": " + line + "\n")
		} else {
			w.WriteString(strings.Repeat(" ", len(key)+2) + line + "\n")
		}
		first = false
	}
	if first {
		w.WriteString(key + ": \n")
	}
}

// lines yields the lines of a text without their ends; the end of the last is
// optional.
func lines(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			if end, ok := strings.CutSuffix(line, "\n"); ok {
				line = strings.TrimSuffix(end, "\r")
			}
			if !yield(line) {
				return
			}
		}
	}
}

func (w *fields) addSet(key string, value *string) {
	if value != nil {
		w.add(key, *value)
	}
}

func (w *fields) addAll(key string, values []string) {
	for _, v := range values {
		w.add(key, v)
	}
}

// people writes the names of those who have one, and the addresses.
func (w *fields) people(key string, people []person) {
	var names, emails []string
	for _, p := range people {
		if p.name != nil {
			names = append(names, *p.name)
		}
		switch {
		case p.email == nil:
		case p.name == nil:
			emails = append(emails, *p.email)
		default:
			emails = append(emails, *p.name+" <"+*p.email+">")
		}
	}
	if text := strings.Join(names, ", "); text != "" {
		w.add(key, text)
	}
	if text := strings.Join(emails, ", "); text != "" {
		w.add(key+"-email", text)
	}
}

func (w *fields) requirements(p *project) {
	for _, r := range p.requires {
		w.add("Requires-Dist", r.String())
	}
	for _, e := range p.optional {
		for _, r := range e.requires {
			r.Marker = r.Marker.And(marker.Extra(e.name))
			w.add("Requires-Dist", r.String())
		}
	}
}

// readme returns the long description and its content type.
func (b *build) readme() (text, contentType *string, err error) {
	r := b.project.readme
	if r == nil {
		return nil, nil, nil
	}
	contentType = r.contentType
	if text = r.text; r.file != nil {
		data, err := os.ReadFile(filepath.Join(b.Dir, filepath.FromSlash(*r.file)))
		if err != nil {
			return nil, nil, err
		}
		if !utf8.Valid(data) {
			return nil, nil, invalid("the readme `%s` must be UTF-8 encoded", *r.file)
		}
		content := string(data)
		text = &content
	}
	if contentType == nil {
		found, err := contentTypeOf(*r.file)
		return text, &found, err
	}
	switch *contentType {
	case "text/plain", "text/x-rst", "text/markdown":
	default:
		return nil, nil, invalid("unsupported content type: %s", *contentType)
	}
	if r.charset != nil && *r.charset != "UTF-8" {
		return nil, nil, invalid("charsets other than UTF-8 are not supported; convert the readme to UTF-8 and remove `project.readme.charset`")
	}
	return text, contentType, nil
}

func contentTypeOf(file string) (string, error) {
	base := path.Base(file)
	ext := path.Ext(base)
	switch {
	case ext == "" || ext == base:
		return "", invalid("can not infer the content type because `%s` does not have an extension; use a supported extension (`.md`, `.rst`, `.txt`) or set the content type", file)
	case ext == ".txt":
		return "text/plain", nil
	case ext == ".rst":
		return "text/x-rst", nil
	case ext == ".md":
		return "text/markdown", nil
	}
	return "", invalid("unknown readme extension %s, can not determine the content type; use a supported extension (`.md`, `.rst`, `.txt`) or set the content type", strconv.Quote(ext[1:]))
}
