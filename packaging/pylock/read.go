package pylock

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Parse reads a lock and holds it to PEP 751. The error is an *Error or an
// *UnsupportedVersionError.
func Parse(text []byte) (*Lock, error) { return parse(text, false) }

// ParseLenient reads a lock as uv does: names may be in any spelling,
// environments and attestations are not looked at, and whether a package has
// exactly one source and well-named files is left to Select.
func ParseLenient(text []byte) (*Lock, error) { return parse(text, true) }

func parse(text []byte, lenient bool) (*Lock, error) {
	doc, err := toml.Parse("pylock.toml", text)
	if err != nil {
		var syntax *toml.Error
		if errors.As(err, &syntax) {
			return nil, &Error{Line: syntax.Line, Column: syntax.Column, Reason: syntax.Message}
		}
		return nil, &Error{Reason: err.Error()}
	}
	r := &reader{lenient: lenient}
	lock := r.lock(cursor{r, doc.Root(), ""})
	if r.err != nil {
		return nil, r.err
	}
	return lock, nil
}

// A reader goes through the tables of a document. It keeps the first error
// and goes on, so that the code that reads needs no error handling.
type reader struct {
	lenient bool
	err     error
}

// A cursor is a value with its place. The value is nil if it is missing.
type cursor struct {
	r    *reader
	v    *toml.Value
	path string
}

func (c cursor) fail(format string, args ...any) {
	if c.r.err == nil {
		p := c.v.Position()
		c.r.err = &Error{Field: c.path, Line: p.Line, Column: p.Column, Reason: fmt.Sprintf(format, args...)}
	}
}

func (c cursor) get(key string) cursor {
	path := key
	if c.path != "" {
		path = c.path + "." + key
	}
	return cursor{c.r, c.v.Get(key), path}
}

// must is get of a key that has to be there.
func (c cursor) must(key string) cursor {
	out := c.get(key)
	if out.v == nil {
		out.fail("missing required value")
	}
	return out
}

// is checks the kind of a value that is there.
func (c cursor) is(kind toml.Kind) bool {
	if c.v == nil {
		return false
	}
	if c.v.Kind() != kind {
		c.fail("unexpected type %s, expected %s", c.v.Kind(), kind)
		return false
	}
	return true
}

func (c cursor) text() string {
	c.is(toml.String)
	s, _ := c.v.Text()
	return s
}

// each calls f for the elements of an array, if there is one.
func (c cursor) each(f func(cursor)) {
	if !c.is(toml.Array) {
		return
	}
	for i, v := range c.v.Elems() {
		f(cursor{c.r, v, fmt.Sprintf("%s[%d]", c.path, i)})
	}
}

// tables is each for an array of tables.
func (c cursor) tables(f func(cursor)) {
	c.each(func(c cursor) {
		if c.is(toml.Table) {
			f(c)
		}
	})
}

// table returns the elements' free keys.
func (c cursor) table() Table {
	var out Table
	for e := range c.v.Entries() {
		out = append(out, Field{e.Key, e.Value.Raw()})
	}
	return out
}

func (r *reader) lock(c cursor) *Lock {
	l := &Lock{Version: r.lockVersion(c.must("lock-version"))}
	if r.err != nil {
		return nil
	}
	l.CreatedBy = c.must("created-by").text()
	l.RequiresPython = c.get("requires-python").specifiers()
	if environments := c.get("environments"); environments.v != nil && !r.lenient {
		l.Environments = []marker.Tree{}
		environments.each(func(c cursor) { l.Environments = append(l.Environments, c.marker()) })
	}
	c.get("extras").each(func(c cursor) { l.Extras = append(l.Extras, name(c, pyname.ParseExtra)) })
	c.get("dependency-groups").each(func(c cursor) { l.DependencyGroups = append(l.DependencyGroups, name(c, pyname.ParseGroup)) })
	c.get("default-groups").each(func(c cursor) { l.DefaultGroups = append(l.DefaultGroups, name(c, pyname.ParseGroup)) })
	c.must("packages").tables(func(c cursor) { l.Packages = append(l.Packages, r.pkg(c)) })
	return l
}

func (r *reader) lockVersion(c cursor) pep440.Version {
	v := c.version()
	if r.err == nil && v.Segment(0) != 1 {
		r.err = &UnsupportedVersionError{v}
	}
	return v
}

func (r *reader) pkg(c cursor) Package {
	p := Package{
		Name: name(c.must("name"), pyname.ParsePackage), Version: c.get("version").version(), Marker: c.get("marker").marker(),
		RequiresPython: c.get("requires-python").specifiers(), Index: c.get("index").text(),
	}
	c.get("dependencies").tables(func(c cursor) { p.Dependencies = append(p.Dependencies, c.table()) })
	if v := c.get("vcs"); v.is(toml.Table) {
		p.VCS = v.vcs()
	}
	if d := c.get("directory"); d.is(toml.Table) {
		p.Directory = d.directory()
	}
	if a := c.get("archive"); a.is(toml.Table) {
		p.Archive = &Archive{File: a.file(), Subdirectory: a.get("subdirectory").text()}
	}
	if s := c.get("sdist"); s.is(toml.Table) {
		f := s.file()
		p.Sdist = &f
		r.check(s, checkSdist(&p, &f))
	}
	c.get("wheels").tables(func(c cursor) {
		p.Wheels = append(p.Wheels, c.file())
		r.check(c, checkWheel(&p, &p.Wheels[len(p.Wheels)-1]))
	})
	if !r.lenient {
		c.get("attestation-identities").tables(func(c cursor) {
			c.must("kind").text()
			p.AttestationIdentities = append(p.AttestationIdentities, c.table())
		})
	}
	r.check(c, p.checkSource())
	return p
}

// check reports what a rule about a package found, unless such rules wait.
func (r *reader) check(c cursor, reason string) {
	if reason != "" && !r.lenient {
		c.fail("%s", reason)
	}
}

func (c cursor) vcs() *VCS {
	v := &VCS{
		Type: c.must("type").text(), URL: c.get("url").text(), Path: c.get("path").text(),
		RequestedRevision: c.get("requested-revision").text(), CommitID: c.must("commit-id").text(),
		Subdirectory: c.get("subdirectory").text(),
	}
	c.needsPlace(v.URL, v.Path)
	return v
}

func (c cursor) directory() *Directory {
	d := &Directory{Path: c.must("path").text(), Subdirectory: c.get("subdirectory").text()}
	if e := c.get("editable"); e.is(toml.Bool) {
		b, _ := e.v.Bool()
		d.Editable = &b
	}
	return d
}

func (c cursor) file() File {
	f := File{
		Name: c.get("name").text(), URL: c.get("url").text(), Path: c.get("path").text(),
		UploadTime: c.get("upload-time").time(), Size: c.get("size").size(),
	}
	c.needsPlace(f.URL, f.Path)
	hashes := c.must("hashes")
	if !hashes.is(toml.Table) {
		return f
	}
	for e := range hashes.v.Entries() {
		f.Hashes = append(f.Hashes, Hash{e.Key, hashes.get(e.Key).text()})
	}
	if len(f.Hashes) == 0 && !c.r.lenient {
		hashes.fail("at least one hash must be provided")
	}
	return f
}

// needsPlace demands a URL or a path.
func (c cursor) needsPlace(url, path string) {
	if url == "" && path == "" && !c.r.lenient {
		c.fail("path or url must be provided")
	}
}

func (c cursor) size() int64 {
	if !c.is(toml.Integer) {
		return 0
	}
	n, ok := c.v.Int()
	if !ok || n < 0 {
		c.fail("a size must be a positive integer")
	}
	return n
}

// time reads a date and time. Without an offset it is UTC.
func (c cursor) time() time.Time {
	layouts := []string{time.RFC3339Nano}
	switch {
	case c.v == nil:
		return time.Time{}
	case c.v.Kind() == toml.LocalDateTime:
		layouts = []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04"}
	case c.v.Kind() == toml.LocalDate:
		layouts = []string{time.DateOnly}
	case !c.is(toml.OffsetDateTime):
		return time.Time{}
	}
	text := strings.ToUpper(strings.Replace(c.v.Raw(), " ", "T", 1))
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	c.fail("not a date and time: %s", text)
	return time.Time{}
}

func (c cursor) version() pep440.Version {
	text := c.text()
	if c.v == nil || c.r.err != nil {
		return pep440.Version{}
	}
	v, err := pep440.Parse(text)
	if err != nil {
		c.fail("%v", err)
	}
	return v
}

func (c cursor) specifiers() pep440.Specifiers {
	text := c.text()
	if c.v == nil || c.r.err != nil {
		return nil
	}
	s, err := pep440.ParseSpecifiers(text)
	if err != nil {
		c.fail("%v", err)
	}
	if s == nil {
		s = pep440.Specifiers{}
	}
	return s
}

func (c cursor) marker() marker.Tree {
	text := c.text()
	if c.v == nil || c.r.err != nil {
		return marker.True()
	}
	t, _, err := marker.Parse(text)
	if err != nil {
		c.fail("%v", err)
	}
	return t
}

// name reads a name, which must be in normal form unless the reader is
// lenient.
func name[T ~string](c cursor, parse func(string) (T, error)) T {
	text := c.text()
	if c.v == nil || c.r.err != nil {
		return ""
	}
	n, err := parse(text)
	switch {
	case err != nil:
		c.fail("%v", err)
	case string(n) != text && !c.r.lenient:
		c.fail("name %q is not normalized", text)
	}
	return n
}
