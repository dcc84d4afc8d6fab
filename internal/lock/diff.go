package lock

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pyname"
)

// A Diff is what tells two locks apart.
type Diff struct {
	// Settings are changes of what the lock was made for, such as
	// requires-python.
	Settings []Setting `json:"settings,omitempty"`
	// Packages are sorted by name.
	Packages []Change `json:"packages"`
}

// A Setting is a setting that changed. Either value may be empty.
type Setting struct {
	Name string `json:"name"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// A Change is what happened to the packages of one name.
type Change struct {
	Name pyname.Package `json:"name"`
	Kind ChangeKind     `json:"change"`
	// Old and New are the versions, ascending; a source tree that computes its
	// version has the version `dynamic`.
	Old []string `json:"old,omitempty"`
	New []string `json:"new,omitempty"`
	// Details say what changed beside the versions.
	Details []string `json:"details,omitempty"`
	// Direct is set if a project of the workspace asks for the package itself.
	Direct bool `json:"direct,omitempty"`
}

// A ChangeKind says what happened to a package.
type ChangeKind string

// The kinds of changes.
const (
	Added      ChangeKind = "added"
	Removed    ChangeKind = "removed"
	Upgraded   ChangeKind = "upgraded"
	Downgraded ChangeKind = "downgraded"
	Changed    ChangeKind = "changed"
)

// IsEmpty reports whether the locks say the same.
func (d *Diff) IsEmpty() bool { return len(d.Settings)+len(d.Packages) == 0 }

// Compare tells two locks apart.
func Compare(was, is *Lock) *Diff {
	d := &Diff{Settings: compareSettings(was, is), Packages: []Change{}}
	names := map[pyname.Package]bool{}
	for _, l := range []*Lock{was, is} {
		for i := range l.Packages {
			names[l.Packages[i].Name] = true
		}
	}
	direct := is.direct()
	for name := range was.direct() {
		direct[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if c := compareNamed(was, is, name); c.Kind != "" {
			c.Direct = direct[name]
			d.Packages = append(d.Packages, c)
		}
	}
	return d
}

// direct are the packages that projects, or the manifest, ask for themselves.
func (l *Lock) direct() map[pyname.Package]bool {
	out := map[pyname.Package]bool{}
	add := func(all []Requirement) {
		for i := range all {
			out[all[i].Name] = true
		}
	}
	for i := range l.Packages {
		m := &l.Packages[i].Metadata
		if !l.Packages[i].Source.IsTree() {
			continue
		}
		add(m.RequiresDist)
		for _, g := range m.Groups {
			add(g.Requirements)
		}
	}
	add(l.Manifest.Requirements)
	for _, g := range l.Manifest.Groups {
		add(g.Requirements)
	}
	return out
}

func compareSettings(was, is *Lock) []Setting {
	var out []Setting
	add := func(name, a, b string) {
		if a != b {
			out = append(out, Setting{name, a, b})
		}
	}
	cutoff := func(l *Lock) string {
		if l.Options.ExcludeNewer.IsZero() {
			return ""
		}
		return l.Options.ExcludeNewer.String()
	}
	forks := func(l *Lock) string {
		texts := make([]string, len(l.Forks))
		for i, m := range l.Forks {
			texts[i] = m.String()
		}
		return strings.Join(texts, " | ")
	}
	add("requires-python", was.RequiresPython.String(), is.RequiresPython.String())
	add("resolution-markers", forks(was), forks(is))
	add("resolution-mode", was.Options.Resolution.String(), is.Options.Resolution.String())
	add("prerelease-mode", was.Options.Prerelease.String(), is.Options.Prerelease.String())
	add("fork-strategy", was.Options.ForkStrategy.String(), is.Options.ForkStrategy.String())
	add("exclude-newer", cutoff(was), cutoff(is))
	return out
}

// versionsOf are the packages of a name by their versions, and those in order.
func (l *Lock) versionsOf(name pyname.Package) (map[string]*Package, []string) {
	out := map[string]*Package{}
	var order []string
	first, end := l.Named(name)
	for i := first; i < end; i++ {
		p := &l.Packages[i]
		text := "dynamic"
		if !p.Version.IsZero() {
			text = p.Version.String()
		}
		if out[text] == nil {
			order = append(order, text)
		}
		out[text] = p
	}
	return out, order
}

func compareNamed(was, is *Lock, name pyname.Package) Change {
	before, old := was.versionsOf(name)
	after, now := is.versionsOf(name)
	c := Change{Name: name, Old: old, New: now}
	switch {
	case len(old) == 0:
		c.Kind = Added
	case len(now) == 0:
		c.Kind = Removed
	case !slices.Equal(old, now):
		c.Kind = Upgraded
		if a, b := before[old[len(old)-1]], after[now[len(now)-1]]; compareVersions(a.Version, b.Version) > 0 {
			c.Kind = Downgraded
		}
	}
	for _, version := range now {
		if p := before[version]; p != nil {
			c.Details = append(c.Details, was.compareSame(p, is, after[version])...)
		}
	}
	if len(old) == 1 && len(now) == 1 && old[0] != now[0] {
		p, q := before[old[0]], after[now[0]]
		if p.Source != q.Source {
			c.Details = append(c.Details, fmt.Sprintf("source: %s -> %s", p.Source, q.Source))
		}
		c.Details = append(c.Details, was.compareNeeds(p, is, q)...)
	}
	if c.Kind == "" && len(c.Details) > 0 {
		c.Kind = Changed
	}
	return c
}

// compareSame says what changed about one version.
func (l *Lock) compareSame(p *Package, is *Lock, q *Package) []string {
	var out []string
	if p.Source != q.Source {
		out = append(out, fmt.Sprintf("source: %s -> %s", p.Source, q.Source))
	}
	before, after := p.files(), q.files()
	var added, removed []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		was, ok := before[name]
		switch {
		case !ok:
			added = append(added, name)
		case was != after[name] && was != "" && after[name] != "":
			out = append(out, "hash of "+name+" changed")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; !ok {
			removed = append(removed, name)
		}
	}
	if text := changes(added, removed); text != "" {
		out = append(out, "files: "+strings.ReplaceAll(text, "`", ""))
	}
	return append(out, l.compareNeeds(p, is, q)...)
}

// files are the hashes of a package's files by their names.
func (p *Package) files() map[string]string {
	out := map[string]string{}
	if p.Sdist != nil {
		name := p.Sdist.Filename()
		if name == "" {
			name = "sdist"
		}
		out[name] = p.Sdist.Hash
	}
	for i := range p.Wheels {
		out[p.Wheels[i].Filename()] = p.Wheels[i].Hash
	}
	return out
}

// compareNeeds says which dependencies came and went.
func (l *Lock) compareNeeds(p *Package, is *Lock, q *Package) []string {
	before, after := l.needs(p), is.needs(q)
	text := changes(without(after, before), without(before, after))
	if text == "" {
		return nil
	}
	return []string{"needs: " + strings.ReplaceAll(text, "`", "")}
}

// needs are the dependencies of a package in words, whatever their versions.
func (l *Lock) needs(p *Package) []string {
	var out []string
	add := func(all []Dependency, suffix string) {
		for _, d := range all {
			text := string(l.Packages[d.To].Name)
			for i, e := range d.Extras {
				text += "[,"[min(i, 1):][:1] + string(e)
			}
			if len(d.Extras) > 0 {
				text += "]"
			}
			out = append(out, text+suffix)
		}
	}
	add(p.Dependencies, "")
	for _, e := range p.Extras {
		add(e.Dependencies, " (extra: "+string(e.Name)+")")
	}
	for _, g := range p.Groups {
		add(g.Dependencies, " (group: "+string(g.Name)+")")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Text is the difference as lines for a terminal. Nil paints nothing.
func (d *Diff) Text(paint func(kind ChangeKind, s string) string) string {
	if paint == nil {
		paint = func(_ ChangeKind, s string) string { return s }
	}
	var b strings.Builder
	for _, s := range d.Settings {
		fmt.Fprintf(&b, "%s %s: %s -> %s\n", paint(Changed, "~"), s.Name, orNone(s.Old), orNone(s.New))
	}
	for i := range d.Packages {
		c := &d.Packages[i]
		sign := map[ChangeKind]string{Added: "+", Removed: "-"}[c.Kind]
		if sign == "" {
			sign = "~"
		}
		fmt.Fprintf(&b, "%s %s %s\n", paint(c.Kind, sign), c.Name, c.versions(" -> "))
		for _, detail := range c.Details {
			b.WriteString("    " + detail + "\n")
		}
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (c *Change) versions(arrow string) string {
	old, now := strings.Join(c.Old, ", "), strings.Join(c.New, ", ")
	switch {
	case old == "":
		return now
	case now == "", old == now:
		return old
	}
	return old + arrow + now
}

// JSON is the difference for programs.
func (d *Diff) JSON() ([]byte, error) { return json.MarshalIndent(d, "", "  ") }

// Markdown is the difference as a table for a pull request.
func (d *Diff) Markdown() string {
	if d.IsEmpty() {
		return "No change of locked packages.\n"
	}
	var b strings.Builder
	if len(d.Packages) > 0 {
		b.WriteString("| package | change | was | is | |\n|---|---|---|---|---|\n")
	}
	for i := range d.Packages {
		c := &d.Packages[i]
		name := string(c.Name)
		if c.Direct {
			name = "**" + name + "**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, c.Kind, cell(strings.Join(c.Old, ", ")), cell(strings.Join(c.New, ", ")), cell(c.Details...))
	}
	if len(d.Settings) > 0 {
		if len(d.Packages) > 0 {
			b.WriteString("\n")
		}
		b.WriteString("| setting | was | is |\n|---|---|---|\n")
		for _, s := range d.Settings {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", s.Name, cell(s.Old), cell(s.New))
		}
	}
	return b.String()
}

// cell is text that cannot end a cell of a table.
func cell(parts ...string) string {
	text := strings.Join(parts, "<br>")
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text)
}
