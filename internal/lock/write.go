package lock

import (
	"strconv"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// What stands for the moment of a limit that is a span before now: older tools
// want a moment.
const (
	placeholder     = "0001-01-01T00:00:00Z"
	placeholderNote = " # This has no effect and is included for backwards compatibility when using relative exclude-newer values."
)

// Bytes is the text of the lock. Equal locks have equal texts.
func (l *Lock) Bytes() []byte {
	w := &writer{lock: l, out: make([]byte, 0, l.guessSize())}
	w.head()
	w.options()
	w.manifest()
	for i := range l.Packages {
		w.pkg(&l.Packages[i])
	}
	return w.out
}

// guessSize is about how long the text of the lock will be.
func (l *Lock) guessSize() int {
	const head, perPackage, perFile = 1 << 10, 512, 320
	size := head + perPackage*len(l.Packages)
	for i := range l.Packages {
		size += perFile * (1 + len(l.Packages[i].Wheels))
	}
	return size
}

// A writer writes TOML in the layout of lock files.
type writer struct {
	lock    *Lock
	out     []byte
	fields  int // of the inline table that is open
	markers map[marker.Tree]string
}

func (w *writer) raw(s string) { w.out = append(w.out, s...) }

func (w *writer) text(s string) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			w.raw(string(toml.LitString(s)))
			return
		}
	}
	w.out = append(w.out, '"')
	w.out = append(w.out, s...)
	w.out = append(w.out, '"')
}

func (w *writer) key(k string) { w.raw(toml.QuoteKey(k) + " = ") }

func (w *writer) pair(k, v string) {
	w.key(k)
	w.text(v)
	w.raw("\n")
}

func (w *writer) header(name string) { w.raw("\n[" + name + "]\n") }

// field begins a field of an inline table: open, field…, shut.
func (w *writer) field(k string) {
	if w.fields++; w.fields > 1 {
		w.raw(",")
	}
	w.raw(" " + k + " = ")
}

func (w *writer) open() { w.raw("{"); w.fields = 0 }

func (w *writer) shut() {
	if w.fields > 0 {
		w.raw(" ")
	}
	w.raw("}")
}

func (w *writer) textField(k, v string) {
	w.field(k)
	w.text(v)
}

// optional writes a field unless it is empty.
func (w *writer) optional(k, v string) {
	if v != "" {
		w.textField(k, v)
	}
}

// lines writes an array with a line for each element.
func lines[T any](w *writer, key string, all []T, element func(*T)) {
	w.key(key)
	w.raw("[\n")
	for i := range all {
		w.raw("    ")
		element(&all[i])
		w.raw(",\n")
	}
	w.raw("]\n")
}

// adaptive writes an array in one line if it has at most one element.
func adaptive[T any](w *writer, key string, all []T, element func(*T)) {
	if len(all) > 1 {
		lines(w, key, all, element)
		return
	}
	w.key(key)
	w.raw("[")
	for i := range all {
		element(&all[i])
	}
	w.raw("]\n")
}

// row writes texts as an array in one line.
func row[T ~string](w *writer, all []T) {
	w.raw("[")
	for i, s := range all {
		if i > 0 {
			w.raw(", ")
		}
		w.text(string(s))
	}
	w.raw("]")
}

// marker is the text of a marker, each made once.
func (w *writer) marker(m marker.Tree) string {
	if m.IsTrue() {
		return ""
	}
	if text, ok := w.markers[m]; ok {
		return text
	}
	if w.markers == nil {
		w.markers = map[marker.Tree]string{}
	}
	text := m.String()
	w.markers[m] = text
	return text
}

func (w *writer) markerLines(key string, all []marker.Tree) {
	if len(all) == 0 {
		return
	}
	w.key(key)
	w.raw("[\n")
	for _, m := range all {
		if !m.IsTrue() {
			w.raw("    ")
			w.text(w.marker(m))
			w.raw(",\n")
		}
	}
	w.raw("]\n")
}

func (w *writer) head() {
	l := w.lock
	w.raw("version = " + strconv.Itoa(l.Version) + "\n")
	if l.Revision > 0 {
		w.raw("revision = " + strconv.Itoa(l.Revision) + "\n")
	}
	w.pair("requires-python", l.RequiresPython.String())
	w.markerLines("resolution-markers", l.Forks)
	w.markerLines("supported-markers", l.Supported)
	w.markerLines("required-markers", l.Required)
	if len(l.Conflicts) == 0 {
		return
	}
	w.raw("conflicts = [")
	for i, set := range l.Conflicts {
		if i > 0 {
			w.raw(", ")
		}
		w.raw("[\n")
		for _, item := range set {
			w.raw("    ")
			w.conflict(item)
			w.raw(",\n")
		}
		w.raw("]")
	}
	w.raw("]\n")
}

func (w *writer) conflict(item source.ConflictItem) {
	w.open()
	w.textField("package", string(item.Package))
	w.optional("extra", string(item.Extra))
	w.optional("group", string(item.Group))
	w.shut()
}

func (w *writer) options() {
	o := &w.lock.Options
	if o.isZero() {
		return
	}
	w.header("options")
	if o.Resolution != resolve.Highest {
		w.pair("resolution-mode", o.Resolution.String())
	}
	if o.Prerelease != resolve.IfNecessary {
		w.pair("prerelease-mode", o.Prerelease.String())
	}
	if o.ForkStrategy != resolve.RequiresPython {
		w.pair("fork-strategy", o.ForkStrategy.String())
	}
	switch c := o.ExcludeNewer; {
	case c.Span != 0:
		w.key("exclude-newer")
		w.text(placeholder)
		w.raw(placeholderNote + "\n")
		w.pair("exclude-newer-span", c.String())
	case !c.IsZero():
		w.pair("exclude-newer", c.String())
	}
	if len(o.PrereleasePackage) > 0 {
		w.header("options.prerelease-package")
		for _, p := range o.PrereleasePackage {
			w.pair(string(p.Name), p.Policy.String())
		}
	}
	if len(o.ExcludeNewerPackage) > 0 {
		w.header("options.exclude-newer-package")
		for _, p := range o.ExcludeNewerPackage {
			w.cutoff(p.Name, p.Cutoff)
		}
	}
}

func (o *Options) isZero() bool {
	return o.Resolution == resolve.Highest && o.Prerelease == resolve.IfNecessary && o.ForkStrategy == resolve.RequiresPython &&
		o.ExcludeNewer.IsZero() && len(o.PrereleasePackage) == 0 && len(o.ExcludeNewerPackage) == 0
}

func (w *writer) cutoff(name pyname.Package, c index.Cutoff) {
	switch {
	case c.Off:
		w.key(string(name))
		w.raw("false\n")
	case c.Span != 0:
		w.key(string(name))
		w.open()
		w.textField("timestamp", placeholder)
		w.textField("span", c.String())
		w.shut()
		w.raw("\n")
	default:
		w.pair(string(name), c.String())
	}
}

func (w *writer) manifest() {
	m := &w.lock.Manifest
	groups := false
	for i := range m.Groups {
		groups = groups || len(m.Groups[i].Requirements) > 0
	}
	if !groups && len(m.Members)+len(m.Requirements)+len(m.Constraints)+len(m.Overrides)+len(m.Excludes)+
		len(m.BuildConstraints)+len(m.Metadata) == 0 {
		return
	}
	w.header("manifest")
	if len(m.Members) > 0 {
		lines(w, "members", m.Members, func(p *pyname.Package) { w.text(string(*p)) })
	}
	w.requirements("requirements", m.Requirements)
	w.requirements("constraints", m.Constraints)
	if len(m.Overrides) > 0 {
		adaptive(w, "overrides", m.Overrides, w.override)
	}
	if len(m.Excludes) > 0 {
		adaptive(w, "excludes", m.Excludes, w.exclude)
	}
	w.requirements("build-constraints", m.BuildConstraints)
	if groups {
		w.header("manifest.dependency-groups")
		for i := range m.Groups {
			w.requirements(string(m.Groups[i].Name), m.Groups[i].Requirements)
		}
	}
	for i := range m.Metadata {
		w.staticMetadata(&m.Metadata[i])
	}
}

func (w *writer) requirements(key string, all []Requirement) {
	if len(all) > 0 {
		adaptive(w, key, all, w.requirement)
	}
}

func (w *writer) scope(name pyname.Package, version pep440.Version) {
	w.field("package")
	w.open()
	w.textField("name", string(name))
	if !version.IsZero() {
		w.textField("version", version.String())
	}
	w.shut()
	w.fields = 1
	w.field("dependencies")
}

func (w *writer) override(o *Override) {
	if o.Package == "" {
		w.requirement(&o.Requirements[0])
		return
	}
	w.open()
	w.scope(o.Package, o.Version)
	w.raw("[")
	for i := range o.Requirements {
		if i > 0 {
			w.raw(", ")
		}
		w.requirement(&o.Requirements[i])
	}
	w.raw("] }")
}

func (w *writer) exclude(e *Exclude) {
	if e.Package == "" {
		w.text(string(e.Dependencies[0]))
		return
	}
	w.open()
	w.scope(e.Package, e.Version)
	row(w, e.Dependencies)
	w.raw(" }")
}

func (w *writer) staticMetadata(m *StaticMetadata) {
	w.raw("\n[[manifest.dependency-metadata]]\n")
	w.pair("name", string(m.Name))
	if !m.Version.IsZero() {
		w.pair("version", m.Version.String())
	}
	if len(m.RequiresDist) > 0 {
		w.key("requires-dist")
		row(w, m.RequiresDist)
		w.raw("\n")
	}
	if m.RequiresPython != "" {
		w.pair("requires-python", m.RequiresPython)
	}
	if len(m.ProvidesExtras) > 0 {
		w.key("provides-extras")
		row(w, m.ProvidesExtras)
		w.raw("\n")
	}
}

func (w *writer) requirement(r *Requirement) {
	w.open()
	w.textField("name", string(r.Name))
	if len(r.Extras) > 0 {
		w.field("extras")
		row(w, r.Extras)
	}
	if len(r.Groups) > 0 {
		w.field("groups")
		row(w, r.Groups)
	}
	w.optional("marker", w.marker(r.Marker))
	switch r.Source.Kind {
	case Registry, RegistryPath:
		w.optional("specifier", r.Specifiers.Join(","))
		w.optional("index", r.Source.Location)
		if r.Conflict != (source.ConflictItem{}) {
			w.field("conflict")
			n := w.fields
			w.conflict(r.Conflict)
			w.fields = n
		}
	case Git:
		w.textField("git", r.Source.gitText(true))
	case URL:
		w.textField("url", r.Source.Location)
		w.optional("subdirectory", r.Source.Subdirectory)
	default:
		w.textField(r.Source.Key(), r.Source.Text())
	}
	w.shut()
}

func (w *writer) source(s Source) {
	w.raw("{ " + s.Key() + " = ")
	w.text(s.Text())
	if s.Kind == URL && s.Subdirectory != "" {
		w.raw(", subdirectory = ")
		w.text(s.Subdirectory)
	}
	w.raw(" }")
}

func (w *writer) pkg(p *Package) {
	w.raw("\n[[package]]\n")
	w.pair("name", string(p.Name))
	if !p.Version.IsZero() {
		w.pair("version", p.Version.String())
	}
	w.key("source")
	w.source(p.Source)
	w.raw("\n")
	w.markerLines("resolution-markers", p.Forks)
	if len(p.Dependencies) > 0 {
		lines(w, "dependencies", p.Dependencies, w.dependency)
	}
	if p.Sdist != nil {
		w.key("sdist")
		w.file(p.Sdist)
		w.raw("\n")
	}
	if len(p.Wheels) > 0 {
		lines(w, "wheels", p.Wheels, w.file)
	}
	begun := false
	for i := range p.Extras {
		begun = w.section(begun, "package.optional-dependencies", string(p.Extras[i].Name), p.Extras[i].Dependencies)
	}
	begun = false
	for i := range p.Groups {
		begun = w.section(begun, "package.dev-dependencies", string(p.Groups[i].Name), p.Groups[i].Dependencies)
	}
	w.metadata(&p.Metadata)
}

// section writes the dependencies of an extra or group, if there are any, below a
// header unless it has begun.
func (w *writer) section(begun bool, header, name string, all []Dependency) bool {
	if len(all) == 0 {
		return begun
	}
	if !begun {
		w.header(header)
	}
	lines(w, name, all, w.dependency)
	return true
}

func (w *writer) metadata(m *Metadata) {
	if len(m.RequiresDist)+len(m.ProvidesExtras)+len(m.Groups) == 0 {
		return
	}
	w.header("package.metadata")
	w.requirements("requires-dist", m.RequiresDist)
	if len(m.ProvidesExtras) > 0 {
		w.key("provides-extras")
		row(w, m.ProvidesExtras)
		w.raw("\n")
	}
	if len(m.Groups) > 0 {
		w.header("package.metadata.requires-dev")
		for i := range m.Groups {
			adaptive(w, string(m.Groups[i].Name), m.Groups[i].Requirements, w.requirement)
		}
	}
}

func (w *writer) dependency(d *Dependency) {
	to := &w.lock.Packages[d.To]
	w.open()
	w.textField("name", string(to.Name))
	if first, end := w.lock.Named(to.Name); end-first > 1 {
		if !to.Version.IsZero() {
			w.textField("version", to.Version.String())
		}
		w.field("source")
		w.source(to.Source)
	}
	if len(d.Extras) > 0 {
		w.field("extra")
		row(w, d.Extras)
	}
	w.optional("marker", w.marker(d.Marker))
	w.shut()
}

func (w *writer) file(f *File) {
	w.open()
	w.optional("url", f.URL)
	w.optional("path", f.Path)
	w.optional("filename", f.Name)
	w.hashAndSize(f.Hash, f.Size)
	w.optional("upload-time", f.Uploaded)
	if f.Zstd != nil {
		w.field("zstd")
		n := w.fields
		w.open()
		w.hashAndSize(f.Zstd.Hash, f.Zstd.Size)
		w.shut()
		w.fields = n
	}
	w.shut()
}

func (w *writer) hashAndSize(hash string, size int64) {
	w.optional("hash", hash)
	if size >= 0 {
		w.field("size")
		w.out = strconv.AppendInt(w.out, size, 10)
	}
}
