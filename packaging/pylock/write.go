package pylock

import (
	"strings"
	"time"

	"github.com/tame-py/tame/internal/toml"
)

// Bytes returns the lock as TOML in uv's layout: files are inline tables, one
// line each. Upload times are written in UTC without fractions of a second.
func (l *Lock) Bytes() []byte {
	var w writer
	w.key("lock-version", toml.LitString(l.Version.String()))
	w.key("created-by", toml.LitString(l.CreatedBy))
	if l.RequiresPython != nil {
		w.key("requires-python", toml.LitString(l.RequiresPython.String()))
	}
	if l.Environments != nil {
		environments := make([]string, len(l.Environments))
		for i, m := range l.Environments {
			environments[i] = m.String()
		}
		w.key("environments", lines(environments))
	}
	w.names("extras", texts(l.Extras))
	w.names("dependency-groups", texts(l.DependencyGroups))
	w.names("default-groups", texts(l.DefaultGroups))
	if len(l.Packages) == 0 {
		w.key("packages", "[]")
	}
	for i := range l.Packages {
		w.WriteString("\n[[packages]]\n")
		w.pkg(&l.Packages[i])
	}
	return []byte(w.String())
}

type writer struct{ strings.Builder }

func (w *writer) key(key string, value toml.Literal) {
	w.WriteString(key + " = " + string(value) + "\n")
}

// optional writes a string that is there.
func (w *writer) optional(key, value string) {
	if value != "" {
		w.key(key, toml.LitString(value))
	}
}

func (w *writer) names(key string, names []string) {
	if len(names) > 0 {
		w.key(key, lines(names))
	}
}

func texts[T ~string](names []T) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(n)
	}
	return out
}

// lines is an array of strings with one element a line.
func lines(items []string) toml.Literal {
	elems := make([]toml.Literal, len(items))
	for i, item := range items {
		elems[i] = toml.LitString(item)
	}
	return elementLines(elems)
}

func elementLines(elems []toml.Literal) toml.Literal {
	if len(elems) == 0 {
		return "[]"
	}
	var b strings.Builder
	b.WriteString("[\n")
	for _, e := range elems {
		b.WriteString("    " + string(e) + ",\n")
	}
	b.WriteString("]")
	return toml.Literal(b.String())
}

// adaptive is an array in one line if it has one element.
func adaptive(elems []toml.Literal) toml.Literal {
	if len(elems) < 2 {
		return toml.LitArray(elems...)
	}
	return elementLines(elems)
}

func (w *writer) pkg(p *Package) {
	w.key("name", toml.LitString(string(p.Name)))
	w.optional("version", p.Version.String())
	w.optional("marker", p.Marker.String())
	if p.RequiresPython != nil {
		w.key("requires-python", toml.LitString(p.RequiresPython.String()))
	}
	w.tables("dependencies", p.Dependencies)
	w.optional("index", p.Index)
	if v := p.VCS; v != nil {
		w.key("vcs", fields(
			"type", v.Type, "url", v.URL, "path", v.Path, "requested-revision", v.RequestedRevision,
			"commit-id", v.CommitID, "subdirectory", v.Subdirectory,
		).literal())
	}
	if d := p.Directory; d != nil {
		t := fields("path", d.Path)
		if d.Editable != nil {
			t = append(t, toml.Field{Key: "editable", Value: toml.LitBool(*d.Editable)})
		}
		w.key("directory", append(t, fields("subdirectory", d.Subdirectory)...).literal())
	}
	if a := p.Archive; a != nil {
		t := append(fields("url", a.URL, "path", a.Path), size(a.Size)...)
		t = append(append(t, uploaded(a.UploadTime)...), fields("subdirectory", a.Subdirectory)...)
		w.key("archive", append(t, hashes(a.Hashes)).literal())
	}
	if p.Sdist != nil {
		w.key("sdist", p.Sdist.literal())
	}
	if len(p.Wheels) > 0 {
		elems := make([]toml.Literal, len(p.Wheels))
		for i := range p.Wheels {
			elems[i] = p.Wheels[i].literal()
		}
		w.key("wheels", adaptive(elems))
	}
	w.tables("attestation-identities", p.AttestationIdentities)
}

func (w *writer) tables(key string, tables []Table) {
	if len(tables) == 0 {
		return
	}
	elems := make([]toml.Literal, len(tables))
	for i, t := range tables {
		var out inline
		for _, f := range t {
			out = append(out, toml.Field{Key: f.Key, Value: toml.Literal(f.TOML)})
		}
		elems[i] = out.literal()
	}
	w.key(key, adaptive(elems))
}

// An inline table under construction.
type inline []toml.Field

func (t inline) literal() toml.Literal { return toml.LitTable(t...) }

// fields are the strings that are there, given as keys and values.
func fields(pairs ...string) inline {
	var out inline
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, toml.Field{Key: pairs[i], Value: toml.LitString(pairs[i+1])})
		}
	}
	return out
}

func (f *File) literal() toml.Literal {
	t := append(fields("name", f.Name, "url", f.URL, "path", f.Path), uploaded(f.UploadTime)...)
	return append(append(t, size(f.Size)...), hashes(f.Hashes)).literal()
}

func uploaded(t time.Time) inline {
	if t.IsZero() {
		return nil
	}
	return inline{{Key: "upload-time", Value: toml.Literal(t.UTC().Format("2006-01-02T15:04:05Z"))}}
}

func size(n int64) inline {
	if n <= 0 {
		return nil
	}
	return inline{{Key: "size", Value: toml.LitInt(n)}}
}

func hashes(all []Hash) toml.Field {
	var t inline
	for _, h := range all {
		t = append(t, toml.Field{Key: h.Algorithm, Value: toml.LitString(h.Digest)})
	}
	return toml.Field{Key: "hashes", Value: t.literal()}
}
