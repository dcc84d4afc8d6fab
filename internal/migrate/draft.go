package migrate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A line is something to write, with the comments that stood with it.
type line struct {
	text   toml.Literal
	above  []string // comments on lines of their own, with their `#`
	behind string   // the comment at its end, or ""
}

// A list is an array of requirements with their comments.
type list struct {
	lines []line
	tail  []string // comments behind the last
}

// add puts a requirement into the list, unless it is there.
func (l *list) add(n line) {
	if !slices.ContainsFunc(l.lines, func(x line) bool { return x.text == n.text }) {
		l.lines = append(l.lines, n)
	}
}

// literal is the list as an array: one requirement a line.
func (l *list) literal() toml.Literal {
	if len(l.lines)+len(l.tail) == 0 {
		return "[]"
	}
	var b strings.Builder
	b.WriteString("[\n")
	for _, n := range l.lines {
		for _, c := range n.above {
			b.WriteString("    " + c + "\n")
		}
		b.WriteString("    " + string(n.text) + ",")
		if n.behind != "" {
			b.WriteString(" " + n.behind)
		}
		b.WriteString("\n")
	}
	for _, c := range l.tail {
		b.WriteString("    " + c + "\n")
	}
	b.WriteString("]")
	return toml.Literal(b.String())
}

// A table is what is to be written into a table of the pyproject.toml.
type table struct {
	path  []string
	array bool // it is a further element of an array of tables
	keys  []string
	lines map[string]line
}

func (t *table) set(key string, n line) {
	if _, ok := t.lines[key]; !ok {
		t.keys = append(t.keys, key)
	}
	t.lines[key] = n
}

// last moves a key to the end.
func (t *table) last(key string) {
	if i := slices.Index(t.keys, key); i >= 0 {
		t.keys = append(slices.Delete(t.keys, i, i+1), key)
	}
}

// A draft is what a conversion wants in the pyproject.toml.
type draft struct {
	tables []*table
	lists  map[string]*list // by table and key
	order  []listPlace
	// replaced are paths whose values are of the draft, whatever stood there.
	replaced map[string]bool
	deleted  [][]string
	front    []string // the table in front of which new ones go
	source   map[pyname.Package][]pinnedSource
	sources  []pyname.Package // in order
}

type listPlace struct {
	path []string
	key  string
}

// A pinnedSource is where a package comes from, under a condition.
type pinnedSource struct {
	fields []toml.Field
	marker string
}

// table is the table at a path.
func (d *draft) table(path ...string) *table {
	for _, t := range d.tables {
		if !t.array && slices.Equal(t.path, path) {
			return t
		}
	}
	t := &table{path: path, lines: map[string]line{}}
	d.tables = append(d.tables, t)
	return t
}

// element is a new element of an array of tables.
func (d *draft) element(path ...string) *table {
	t := &table{path: path, lines: map[string]line{}, array: true}
	d.tables = append(d.tables, t)
	return t
}

// set writes a key.
func (d *draft) set(value toml.Literal, path ...string) {
	d.table(path[:len(path)-1]...).set(path[len(path)-1], line{text: value})
}

// replace writes a key in place of what is there.
func (d *draft) replace(value toml.Literal, path ...string) {
	d.set(value, path...)
	if d.replaced == nil {
		d.replaced = map[string]bool{}
	}
	d.replaced[strings.Join(path, "\x00")] = true
}

// delete removes what is at a path.
func (d *draft) delete(path ...string) { d.deleted = append(d.deleted, path) }

// list is the array of requirements at a path.
func (d *draft) list(path ...string) *list {
	id := strings.Join(path, "\x00")
	if l := d.lists[id]; l != nil {
		return l
	}
	if d.lists == nil {
		d.lists = map[string]*list{}
	}
	l := &list{}
	d.lists[id] = l
	at := path[:len(path)-1]
	d.order = append(d.order, listPlace{at, path[len(path)-1]})
	d.table(at...).set(path[len(path)-1], line{})
	return l
}

// from says where a package comes from.
func (d *draft) from(name pyname.Package, s pinnedSource) {
	if d.source == nil {
		d.source = map[pyname.Package][]pinnedSource{}
	}
	if d.source[name] == nil {
		d.sources = append(d.sources, name)
	}
	d.source[name] = append(d.source[name], s)
}

// literal is the entry of a package in [tool.uv.sources].
func sourceLiteral(all []pinnedSource) toml.Literal {
	same := !slices.ContainsFunc(all, func(s pinnedSource) bool {
		return toml.LitTable(s.fields...) != toml.LitTable(all[0].fields...)
	})
	if same {
		return toml.LitTable(all[0].fields...)
	}
	elems := make([]toml.Literal, len(all))
	for i, s := range all {
		fields := s.fields
		if s.marker != "" {
			fields = append(slices.Clone(fields), toml.Field{Key: "marker", Value: toml.LitString(s.marker)})
		}
		elems[i] = toml.LitTable(fields...)
	}
	return toml.LitArray(elems...)
}

// rank orders the tables of a new file.
func (t *table) rank() int {
	order := []string{"project", "project.urls", "project.scripts", "project.gui-scripts", "project.entry-points", "project.optional-dependencies", "dependency-groups", "build-system", "tool.uv", "tool.uv.sources", "tool.uv.index", "tool.tame", "tool.tame.tasks"}
	path := strings.Join(t.path, ".")
	best := -1
	for i, name := range order {
		if path == name || strings.HasPrefix(path, name+".") {
			best = i
		}
	}
	return best
}

// merge writes the draft into the pyproject.toml that is there, or a new one.
func (d *draft) merge(c *conversion) ([]byte, error) {
	for _, name := range d.sources {
		d.set(sourceLiteral(d.source[name]), "tool", "uv", "sources", string(name))
	}
	for _, at := range d.order {
		t := d.table(at.path...)
		t.lines[at.key] = line{text: d.lists[strings.Join(append(slices.Clone(at.path), at.key), "\x00")].literal()}
	}
	d.table("project").last("dependencies")
	slices.SortStableFunc(d.tables, func(a, b *table) int {
		return cmp.Or(a.rank()-b.rank(), len(a.path)-len(b.path))
	})
	var fresh, old []*table
	for _, t := range d.tables {
		switch {
		case len(t.keys) == 0 && strings.Join(t.path, ".") != "project":
		case !t.array && c.isTable(t.path):
			old = append(old, t)
		default:
			fresh = append(fresh, t)
		}
	}
	text := splice(string(c.was), d.anchor(c), blocks(fresh))
	doc, err := toml.Parse("pyproject.toml", []byte(text))
	if err != nil {
		return nil, fmt.Errorf("the converted pyproject.toml: %w", err)
	}
	for _, t := range old {
		if err := d.update(c, doc, t); err != nil {
			return nil, err
		}
	}
	for _, path := range d.deleted {
		if _, err := doc.Delete(path...); err != nil {
			return nil, fmt.Errorf("removing `%s` from pyproject.toml: %w", strings.Join(path, "."), err)
		}
	}
	return tidy(doc.Bytes()), nil
}

// isTable reports whether the old file has a table at a path that keys can be
// added to. One that only its relatives imply gets a header of its own.
func (c *conversion) isTable(path []string) bool {
	v := c.lookup(path...)
	if v.Kind() != toml.Table {
		return false
	}
	for e := range v.Entries() {
		if e.Value.Kind() != toml.Table || strings.HasPrefix(e.Value.Raw(), "{") {
			return true
		}
	}
	return v.Len() == 0
}

// update adds keys to a table that is there. What has a value keeps it, unless it
// is to be replaced.
func (d *draft) update(c *conversion, doc *toml.Document, t *table) error {
	for _, key := range t.keys {
		path := append(slices.Clone(t.path), key)
		was := doc.Lookup(path...)
		if was != nil && !d.replaced[strings.Join(path, "\x00")] {
			if l := d.lists[strings.Join(path, "\x00")]; l != nil && was.Kind() == toml.Array {
				if err := extend(doc, path, l); err != nil {
					return err
				}
			} else if strings.TrimSpace(was.Raw()) != string(t.lines[key].text) {
				c.note("pyproject.toml: "+strings.Join(path, "."), "has a value already, which stays")
			}
			continue
		}
		if err := doc.Set(t.lines[key].text, path...); err != nil {
			return fmt.Errorf("writing `%s` into pyproject.toml: %w", strings.Join(path, "."), err)
		}
	}
	return nil
}

// extend adds to an array what it does not have. A package that it has stays as
// it is.
func extend(doc *toml.Document, path []string, l *list) error {
	has := map[string]bool{}
	name := func(text string) string {
		if r, err := pep508.Parse(text); err == nil {
			return string(r.Name)
		}
		return text
	}
	for _, e := range doc.Lookup(path...).Elems() {
		if text, ok := e.Text(); ok {
			has[name(text)] = true
		}
	}
	for _, n := range l.lines {
		v := doc.Lookup(path...)
		if text, err := unquote(n.text); err == nil && has[name(text)] {
			continue
		}
		if err := doc.InsertElem(v, v.Len(), n.text); err != nil {
			return fmt.Errorf("adding to `%s` in pyproject.toml: %w", strings.Join(path, "."), err)
		}
	}
	return nil
}

// unquote is the string that a literal stands for.
func unquote(l toml.Literal) (string, error) {
	doc, err := toml.Parse("", []byte("x = "+string(l)))
	if err != nil {
		return "", err
	}
	text, ok := doc.Lookup("x").Text()
	if !ok {
		return "", fmt.Errorf("%s is no string", l)
	}
	return text, nil
}

// anchor is where new tables go: in front of the first of those that they take
// the place of; else at the end of a file that has a [project], and at the
// beginning of others.
func (d *draft) anchor(c *conversion) int {
	at := -1
	if v := c.lookup(d.front...); d.front != nil && v.Kind() == toml.Table {
		at = v.Span().Start
		for e := range v.Entries() { // one that its relatives imply begins with them
			if e.Value.Kind() == toml.Table {
				at = min(at, e.Value.Span().Start)
			}
		}
	}
	switch {
	case at >= 0 && c.lookup("project") == nil:
		return at
	case c.lookup("project") != nil:
		return len(c.was)
	}
	return 0
}

// splice puts text into a file, in front of the line that a place is in.
func splice(text string, at int, insert string) string {
	if insert == "" {
		return text
	}
	if at == len(text) && text != "" {
		text = strings.TrimRight(text, "\r\n") + "\n\n"
		at = len(text)
	}
	at = strings.LastIndexByte(text[:at], '\n') + 1
	head, tail := text[:at], text[at:]
	if strings.Contains(text, "\r\n") {
		insert = strings.ReplaceAll(insert, "\n", "\r\n")
	}
	return head + insert + tail
}

// blocks are tables as text, each followed by an empty line.
func blocks(tables []*table) string {
	var b strings.Builder
	for _, t := range tables {
		quoted := make([]string, len(t.path))
		for i, key := range t.path {
			quoted[i] = toml.QuoteKey(key)
		}
		header := "[" + strings.Join(quoted, ".") + "]"
		if t.array {
			header = "[" + header + "]"
		}
		b.WriteString(header + "\n")
		for _, key := range t.keys {
			n := t.lines[key]
			for _, c := range n.above {
				b.WriteString(c + "\n")
			}
			b.WriteString(toml.QuoteKey(key) + " = " + string(n.text))
			if n.behind != "" {
				b.WriteString(" " + n.behind)
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// tidy leaves no empty lines at the ends of a file.
func tidy(text []byte) []byte {
	end := "\n"
	s := string(text)
	if strings.Contains(s, "\r\n") {
		end = "\r\n"
	}
	return []byte(strings.Trim(s, "\r\n") + end)
}

// comments are those of an entry: on the lines above it, and at its end.
func comments(text string, start, end int) (above []string, behind string) {
	for at := start; ; {
		at = strings.LastIndexByte(text[:at], '\n')
		if at < 0 {
			break
		}
		from := strings.LastIndexByte(text[:at], '\n') + 1
		before := strings.TrimSpace(text[from:at])
		if before != "" && !strings.HasPrefix(before, "#") {
			break
		}
		if before != "" {
			above = append(above, before)
		}
		at = from
		if from == 0 {
			break
		}
	}
	slices.Reverse(above)
	rest, _, _ := strings.Cut(text[end:], "\n")
	if rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "#") {
		behind = rest
	}
	return above, behind
}
