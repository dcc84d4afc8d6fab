package lock

import (
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// MetadataJSON says how a lock is described as JSON.
type MetadataJSON struct {
	Root   string // the folder of the lock, absolute
	Script string // the script that is locked, absolute, or ""
	// Members are the projects of the workspace with their directories.
	Members []MetadataMember
	// Environment is the one that was found, or nil.
	Environment *MetadataEnvironment
	// Modules are those in the environment, by name, with the distributions that
	// have them.
	Modules map[string][]MetadataOwner
}

// A MetadataOwner is a distribution that has a module.
type MetadataOwner struct {
	Name    pyname.Package
	Version pep440.Version
}

// A MetadataMember is a project of a workspace.
type MetadataMember struct {
	Name pyname.Package
	Dir  string // absolute
}

// A MetadataEnvironment is where a lock is installed.
type MetadataEnvironment struct {
	Root   string `json:"root"`
	Python struct {
		Path           string `json:"path"`
		Version        string `json:"version"`
		Implementation string `json:"implementation"`
	} `json:"python"`
}

type (
	jsonMetadata struct {
		Schema      jsonSchema             `json:"schema"`
		Root        string                 `json:"workspace_root"`
		Environment *MetadataEnvironment   `json:"environment,omitempty"`
		Script      *jsonPlace             `json:"script,omitempty"`
		Workspace   *jsonPlace             `json:"workspace,omitempty"`
		Python      string                 `json:"requires_python"`
		Conflicts   jsonConflicts          `json:"conflicts"`
		Modules     map[string][]jsonOwner `json:"module_owners,omitempty"`
		Members     []jsonMember           `json:"members,omitempty"`
		Nodes       map[string]any         `json:"resolution,omitempty"`
	}
	jsonOwner struct {
		ID string `json:"package_id"`
	}
	jsonConflicts struct {
		Sets []jsonConflictSet `json:"sets"`
	}
	jsonConflictSet struct {
		Items []jsonConflictItem `json:"items"`
	}
	jsonConflictItem struct {
		Package pyname.Package `json:"package"`
		Kind    any            `json:"kind"`
		ID      *string        `json:"id"`
	}
	// jsonLocked is a node with its files.
	jsonLocked struct {
		Name   pyname.Package `json:"name,omitempty"`
		Ver    string         `json:"version,omitempty"`
		Source any            `json:"source,omitempty"`
		Kind   any            `json:"kind"`
		Path   string         `json:"path,omitempty"`
		Needs  []jsonID       `json:"dependencies"`
		Extras []jsonNamed    `json:"optional_dependencies,omitempty"`
		Groups []jsonNamed    `json:"dependency_groups,omitempty"`
		Sdist  *jsonSdist     `json:"sdist,omitempty"`
		Wheels []jsonWheel    `json:"wheels,omitempty"`
	}
	jsonSdist struct {
		URL      string            `json:"url,omitempty"`
		Path     string            `json:"path,omitempty"`
		Hashes   map[string]string `json:"hashes,omitempty"`
		Size     *int64            `json:"size,omitempty"`
		Uploaded string            `json:"upload_time,omitempty"`
	}
)

// part is a package of a lock, or an extra or group of it.
type part struct {
	at    int
	extra pyname.Extra
	group pyname.Group
}

// metadataBuilder makes the nodes of the description.
type metadataBuilder struct {
	jsonBuilder
	o     *MetadataJSON
	reach map[part]marker.Tree
	queue []part
}

// MetadataJSON describes a lock: the projects, every package with its files, and
// who needs which under which condition.
func (l *Lock) MetadataJSON(o MetadataJSON) ([]byte, error) {
	b := &metadataBuilder{
		jsonBuilder: jsonBuilder{treeGraph: &treeGraph{lock: l}, o: &TreeJSON{Root: o.Root}, nodes: map[string]*jsonNode{}},
		o:           &o, reach: map[part]marker.Tree{},
	}
	b.walk()
	out := jsonMetadata{
		Schema: jsonSchema{"preview"}, Root: filepath.ToSlash(o.Root), Environment: o.Environment,
		Python: l.RequiresPython.String(), Conflicts: jsonConflicts{[]jsonConflictSet{}}, Nodes: map[string]any{},
	}
	for at := range l.Packages {
		b.addPackage(at, out.Nodes)
		if dir, ok := b.memberDir(at); ok {
			out.Members = append(out.Members, jsonMember{l.Packages[at].Name, dir, b.id(at, "")})
		}
	}
	b.addRoots(&out)
	b.addModules(&out)
	for _, set := range l.Conflicts {
		out.Conflicts.Sets = append(out.Conflicts.Sets, b.conflictSet(set))
	}
	return encodeJSON(out)
}

// addModules says which packages of the lock have the modules.
func (b *metadataBuilder) addModules(out *jsonMetadata) {
	out.Modules = make(map[string][]jsonOwner, len(b.o.Modules))
	for module, owners := range b.o.Modules {
		for _, o := range owners {
			first, end := b.lock.Named(o.Name)
			for at := first; at < end; at++ {
				if end-first == 1 || b.lock.Packages[at].Version.Equal(o.Version) {
					out.Modules[module] = append(out.Modules[module], jsonOwner{b.id(at, "")})
					break
				}
			}
		}
	}
}

// memberDir is where a package is, if it is a project of the workspace.
func (b *metadataBuilder) memberDir(at int) (string, bool) {
	i := slices.IndexFunc(b.o.Members, func(m MetadataMember) bool { return m.Name == b.lock.Packages[at].Name })
	if i < 0 {
		return "", false
	}
	return filepath.ToSlash(b.o.Members[i].Dir), true
}

// widen notes another condition under which a part is needed.
func (b *metadataBuilder) widen(p part, m marker.Tree) {
	was, known := b.reach[p]
	if known {
		m = was.Or(m)
	}
	if !known || m != was {
		b.reach[p] = m
		b.queue = append(b.queue, p)
	}
}

// walk finds the conditions under which everything is needed.
func (b *metadataBuilder) walk() {
	for at := range b.lock.Packages {
		if _, ok := b.memberDir(at); !ok {
			continue
		}
		p := &b.lock.Packages[at]
		b.widen(part{at: at}, marker.True())
		for i := range p.Extras {
			b.widen(part{at: at, extra: p.Extras[i].Name}, marker.True())
		}
		for i := range p.Groups {
			b.widen(part{at: at, group: p.Groups[i].Name}, marker.True())
		}
	}
	m := &b.lock.Manifest
	for i := range m.Requirements {
		b.startAt(&m.Requirements[i])
	}
	for i := range m.Groups {
		for j := range m.Groups[i].Requirements {
			b.startAt(&m.Groups[i].Requirements[j])
		}
	}
	for ; len(b.queue) > 0; b.queue = b.queue[1:] {
		at := b.queue[0]
		under := b.reach[at]
		if at.extra != "" {
			b.widen(part{at: at.at}, under)
		}
		all := b.edgesOf(at)
		for i := range all {
			for _, to := range b.targets(&all[i]) {
				b.widen(to, all[i].Marker.And(under))
			}
		}
	}
}

func (b *metadataBuilder) edgesOf(p part) []Dependency {
	pkg := &b.lock.Packages[p.at]
	switch {
	case p.extra != "":
		return pkg.Extra(p.extra)
	case p.group != "":
		return pkg.Group(p.group)
	}
	return pkg.Dependencies
}

// targets are the parts that a dependency leads to.
func (b *metadataBuilder) targets(d *Dependency) []part {
	if len(d.Extras) == 0 {
		return []part{{at: d.To}}
	}
	out := make([]part, len(d.Extras))
	for i, e := range d.Extras {
		out[i] = part{at: d.To, extra: e}
	}
	return out
}

// A rootTarget is a part that a requirement of no project leads to.
type rootTarget struct {
	part
	marker marker.Tree
}

// rootTargets are the parts that a requirement leads to, under their conditions.
func (b *metadataBuilder) rootTargets(r *Requirement) []rootTarget {
	var out []rootTarget
	first, end := b.lock.Named(r.Name)
	for at := first; at < end; at++ {
		p := &b.lock.Packages[at]
		m := r.Marker
		if len(p.Forks) > 0 {
			forks := marker.False()
			for _, f := range p.Forks {
				forks = forks.Or(f.WithoutExtras())
			}
			m = m.And(b.lock.RequiresPython.Complexify(forks))
		}
		if m.IsFalse() {
			continue
		}
		m = b.lock.RequiresPython.Simplify(m)
		extras := false
		for _, e := range r.Extras {
			if slices.ContainsFunc(p.Extras, func(x ExtraDependencies) bool { return x.Name == e }) {
				extras = true
				out = append(out, rootTarget{part{at: at, extra: e}, m})
			}
		}
		if !extras {
			out = append(out, rootTarget{part{at: at}, m})
		}
	}
	return out
}

func (b *metadataBuilder) startAt(r *Requirement) {
	for _, t := range b.rootTargets(r) {
		b.widen(t.part, t.marker)
	}
}

// name is the identity of a part.
func (b *metadataBuilder) name(p part) string {
	switch {
	case p.extra != "":
		return b.id(p.at, "["+string(p.extra)+"]")
	case p.group != "":
		return b.id(p.at, ":"+string(p.group))
	}
	return b.id(p.at, "")
}

// node is a part with what it needs.
func (b *metadataBuilder) node(p part, kind any) *jsonLocked {
	n := b.fresh(p.at, kind)
	out := &jsonLocked{Name: n.Name, Ver: n.Version, Source: n.Source, Kind: kind, Needs: []jsonID{}}
	under, ok := b.reach[p]
	if !ok {
		under = marker.False()
	}
	if p.extra != "" {
		out.Needs = append(out.Needs, jsonID{ID: b.id(p.at, "")})
	}
	all := b.edgesOf(p)
	for i := range all {
		for _, to := range b.targets(&all[i]) {
			out.Needs = append(out.Needs, jsonID{b.name(to), all[i].Marker.And(under).String()})
		}
	}
	return out
}

// addPackage adds a package with its extras and groups.
func (b *metadataBuilder) addPackage(at int, nodes map[string]any) {
	p := &b.lock.Packages[at]
	n := b.node(part{at: at}, "package")
	for i := range p.Extras {
		e := part{at: at, extra: p.Extras[i].Name}
		n.Extras = append(n.Extras, jsonNamed{string(e.extra), b.name(e)})
		nodes[b.name(e)] = b.node(e, map[string]string{"extra": string(e.extra)})
	}
	for i := range p.Groups {
		g := part{at: at, group: p.Groups[i].Name}
		n.Groups = append(n.Groups, jsonNamed{string(g.group), b.name(g)})
		nodes[b.name(g)] = b.node(g, map[string]string{"group": string(g.group)})
	}
	if f := p.Sdist; f != nil {
		n.Sdist = &jsonSdist{URL: f.URL, Hashes: hashMap(f.Hash), Size: known(f.Size), Uploaded: f.Uploaded}
		if f.Path != "" {
			n.Sdist.Path = b.joined(f.Path)
		}
	}
	for i := range p.Wheels {
		n.Wheels = append(n.Wheels, b.wheel(&p.Wheels[i]))
	}
	nodes[b.id(at, "")] = n
}

// addRoots adds the script, or the workspace with the groups that belong to no
// project.
func (b *metadataBuilder) addRoots(out *jsonMetadata) {
	needs := func(all []Requirement) []jsonID {
		list := []jsonID{}
		for i := range all {
			for _, t := range b.rootTargets(&all[i]) {
				list = append(list, jsonID{b.name(t.part), t.marker.String()})
			}
		}
		return list
	}
	if b.o.Script != "" {
		path := filepath.ToSlash(b.o.Script)
		id := "script+" + path
		out.Nodes[id] = &jsonLocked{Kind: "script", Path: path, Needs: needs(b.lock.Manifest.Requirements)}
		out.Script = &jsonPlace{path, id}
		return
	}
	id := "workspace+" + out.Root
	n := &jsonLocked{Kind: "workspace", Path: out.Root, Needs: []jsonID{}}
	for _, g := range b.lock.Manifest.Groups {
		group := id + ":" + string(g.Name)
		n.Groups = append(n.Groups, jsonNamed{string(g.Name), group})
		out.Nodes[group] = &jsonLocked{Kind: map[string]string{"group": string(g.Name)}, Path: out.Root, Needs: needs(g.Requirements)}
	}
	out.Nodes[id] = n
	out.Workspace = &jsonPlace{out.Root, id}
}

func (b *metadataBuilder) conflictSet(set source.ConflictSet) jsonConflictSet {
	out := jsonConflictSet{Items: []jsonConflictItem{}}
	for _, item := range set {
		p := part{extra: item.Extra, group: item.Group}
		one := jsonConflictItem{Package: item.Package, Kind: "Project"}
		switch {
		case item.Extra != "":
			one.Kind = map[string]string{"Extra": string(item.Extra)}
		case item.Group != "":
			one.Kind = map[string]string{"Group": string(item.Group)}
		}
		if first, end := b.lock.Named(item.Package); first < end {
			if _, ok := b.memberDir(first); ok {
				p.at = first
				id := b.name(p)
				one.ID = &id
			}
		}
		out.Items = append(out.Items, one)
	}
	return out
}
