package lock

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// TreeJSON says how dependencies are written as JSON.
type TreeJSON struct {
	Root   string // the folder of the lock, absolute
	Script string // the script that is locked, absolute, or ""
	// Latest are the newest versions of packages, where they are newer.
	Latest map[*Package]pep440.Version
}

type (
	jsonTree struct {
		Schema    jsonSchema           `json:"schema"`
		Root      string               `json:"workspace_root"`
		Script    *jsonPlace           `json:"script,omitempty"`
		Workspace *jsonPlace           `json:"workspace,omitempty"`
		Roots     []jsonID             `json:"roots"`
		Inverted  bool                 `json:"inverted"`
		Members   []jsonMember         `json:"members,omitempty"`
		Nodes     map[string]*jsonNode `json:"resolution"`
	}
	jsonSchema struct {
		Version string `json:"version"`
	}
	jsonPlace struct {
		Path string `json:"path"`
		ID   string `json:"id"`
	}
	jsonID struct {
		ID     string `json:"id"`
		Marker string `json:"marker,omitempty"`
	}
	jsonMember struct {
		Name pyname.Package `json:"name"`
		Path string         `json:"path"`
		ID   string         `json:"id"`
	}
	jsonNamed struct {
		Name string `json:"name"`
		ID   string `json:"id"`
	}
	jsonNode struct {
		Name    pyname.Package `json:"name,omitempty"`
		Version string         `json:"version,omitempty"`
		Source  any            `json:"source,omitempty"`
		Kind    any            `json:"kind"`
		Path    string         `json:"path,omitempty"`
		Needs   []jsonID       `json:"dependencies"`
		Extras  []jsonNamed    `json:"optional_dependencies,omitempty"`
		Groups  []jsonNamed    `json:"dependency_groups,omitempty"`
		Latest  string         `json:"latest_version,omitempty"`
		Wheels  []jsonWheel    `json:"wheels,omitempty"`
	}
	jsonWheel struct {
		URL      string            `json:"url,omitempty"`
		Path     string            `json:"path,omitempty"`
		Hashes   map[string]string `json:"hashes,omitempty"`
		Size     *int64            `json:"size,omitempty"`
		Uploaded string            `json:"upload_time,omitempty"`
		Filename string            `json:"filename"`
		Zstd     *jsonZstd         `json:"zstd,omitempty"`
	}
	jsonZstd struct {
		Hashes map[string]string `json:"hashes,omitempty"`
		Size   *int64            `json:"size,omitempty"`
	}
)

// jsonBuilder makes nodes as they are mentioned.
type jsonBuilder struct {
	*treeGraph
	o     *TreeJSON
	nodes map[string]*jsonNode
}

// TreeJSON writes the dependencies that Tree draws as JSON. Extras and groups are
// nodes of their own.
func (l *Lock) TreeJSON(r TreeRequest, o TreeJSON) ([]byte, error) {
	b := &jsonBuilder{treeGraph: l.treeGraph(&r, true), o: &o, nodes: map[string]*jsonNode{}}
	nodes, edges := b.traverse()
	for _, n := range slices.Sorted(maps.Keys(nodes)) {
		b.pkg(b.treeGraph.nodes[n].at)
	}
	for i := range b.edges {
		if edges[i] {
			b.packageEdge(&b.edges[i])
		}
	}
	b.rootEdges(edges)
	out := jsonTree{Schema: jsonSchema{"preview"}, Root: filepath.ToSlash(o.Root), Inverted: r.Invert}
	if o.Script != "" {
		out.Script = &jsonPlace{filepath.ToSlash(o.Script), b.script()}
	} else {
		out.Workspace = &jsonPlace{out.Root, b.workspace()}
	}
	out.Roots = b.rootIDs()
	if o.Script == "" {
		out.Members = b.memberList()
	}
	for _, n := range b.nodes {
		n.sort()
	}
	out.Nodes = b.nodes
	return encodeJSON(out)
}

func (n *jsonNode) sort() {
	slices.SortFunc(n.Needs, func(a, b jsonID) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Marker, b.Marker))
	})
	n.Needs = slices.Compact(n.Needs)
	byName := func(a, b jsonNamed) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	}
	for _, list := range []*[]jsonNamed{&n.Extras, &n.Groups} {
		slices.SortFunc(*list, byName)
		*list = slices.Compact(*list)
	}
}

// traverse finds the nodes and edges within the depth.
func (b *jsonBuilder) traverse() (nodes, edges map[int]bool) {
	nodes, edges = map[int]bool{}, map[int]bool{}
	distance := map[string]int{}
	var queue []treeStep
	visit := func(s treeStep, d int) {
		nodes[s.node] = true
		key := b.key(s, b.expanded(s))
		if b.r.Invert && s.edge >= 0 && b.edges[s.edge].group != "" {
			key += " from a group"
		}
		if _, ok := distance[key]; !ok {
			distance[key] = d
			queue = append(queue, s)
		}
	}
	for _, root := range b.roots() {
		if root > 0 {
			visit(treeStep{root, -1, b.world}, 0)
			continue
		}
		for _, e := range slices.Backward(b.treeGraph.nodes[0].out) {
			visit(treeStep{b.edges[e].to, e, b.world}, 0)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		expanded := b.expanded(s)
		key := b.key(s, expanded)
		if b.r.Invert && s.edge >= 0 && b.edges[s.edge].group != "" {
			continue
		}
		d := distance[key]
		if d >= b.r.Depth {
			continue
		}
		for _, i := range slices.Backward(b.treeGraph.nodes[s.node].out) {
			e := &b.edges[i]
			if b.treeGraph.nodes[e.to].gone {
				continue
			}
			next, ok := b.follow(s, e, expanded)
			if !ok {
				continue
			}
			edges[i] = true
			if e.to > 0 {
				next.edge = i
				visit(next, d+1)
			}
		}
	}
	return nodes, edges
}

// ends are the nodes of an edge as they are without turning the graph around.
func (b *jsonBuilder) ends(e *treeEdge) (from, to int) {
	if b.r.Invert {
		return e.to, e.from
	}
	return e.from, e.to
}

func (b *jsonBuilder) packageEdge(e *treeEdge) {
	from, to := b.ends(e)
	if from == 0 || to == 0 {
		return
	}
	at := b.treeGraph.nodes[from].at
	id := ""
	switch {
	case e.extra != "":
		id = b.extra(at, e.extra)
	case e.group != "":
		id = b.group(at, e.group)
	default:
		id = b.pkg(at)
	}
	b.links(id, b.treeGraph.nodes[to].at, e)
}

// links adds what an edge leads to: a package, or each of the extras that are
// asked for.
func (b *jsonBuilder) links(from string, to int, e *treeEdge) {
	m := b.lock.RequiresPython.Simplify(e.marker.WithoutExtras()).String()
	if len(e.extras) == 0 {
		b.link(from, b.pkg(to), m)
		return
	}
	for _, extra := range e.extras {
		b.link(from, b.extra(to, extra), m)
	}
}

func (b *jsonBuilder) link(from, to, m string) {
	if b.r.Invert {
		from, to = to, from
	}
	n := b.nodes[from]
	n.Needs = append(n.Needs, jsonID{to, m})
}

// rootEdges adds what belongs to no package.
func (b *jsonBuilder) rootEdges(followed map[int]bool) {
	if b.o.Script != "" {
		b.script()
	} else {
		b.workspace()
	}
	for i := range b.edges {
		e := &b.edges[i]
		from, to := b.ends(e)
		if from != 0 || b.r.Invert && !followed[i] || b.treeGraph.nodes[to].gone {
			continue
		}
		at := b.treeGraph.nodes[to].at
		switch {
		case b.o.Script != "":
			b.links(b.script(), at, e)
		case e.group != "":
			b.links(b.workspaceGroup(e.group), at, e)
		}
	}
}

func (b *jsonBuilder) ensure(id string, fresh func() *jsonNode) string {
	if b.nodes[id] == nil {
		n := fresh()
		n.Needs = []jsonID{}
		b.nodes[id] = n
	}
	return id
}

func (b *jsonBuilder) script() string {
	path := filepath.ToSlash(b.o.Script)
	return b.ensure("script+"+path, func() *jsonNode { return &jsonNode{Kind: "script", Path: path} })
}

func (b *jsonBuilder) workspace() string {
	path := filepath.ToSlash(b.o.Root)
	return b.ensure("workspace+"+path, func() *jsonNode { return &jsonNode{Kind: "workspace", Path: path} })
}

func (b *jsonBuilder) workspaceGroup(g pyname.Group) string {
	owner := b.workspace()
	id := b.ensure(owner+":"+string(g), func() *jsonNode {
		return &jsonNode{Kind: map[string]string{"group": string(g)}, Path: filepath.ToSlash(b.o.Root)}
	})
	b.nodes[owner].Groups = append(b.nodes[owner].Groups, jsonNamed{string(g), id})
	return id
}

// id names a package, or with a suffix to its name an extra or group of it.
func (b *jsonBuilder) id(at int, suffix string) string {
	p := &b.lock.Packages[at]
	version := ""
	if !p.Version.IsZero() {
		version = "==" + p.Version.String()
	}
	key, place := b.where(p)
	if p.Source.Kind == URL {
		key = "direct"
	}
	return string(p.Name) + suffix + version + "@" + key + "+" + place
}

// where is the source of a package with an absolute path.
func (b *jsonBuilder) where(p *Package) (key, text string) {
	s := p.Source
	if s.IsLocal() || s.Kind == RegistryPath {
		return s.Key(), b.joined(s.Location)
	}
	return s.Key(), s.Text()
}

// joined is a path of the lock behind the folder of the lock.
func (b *jsonBuilder) joined(location string) string {
	if filepath.IsAbs(filepath.FromSlash(location)) {
		return location
	}
	return strings.TrimSuffix(filepath.ToSlash(b.o.Root), "/") + "/" + location
}

func (b *jsonBuilder) fresh(at int, kind any) *jsonNode {
	p := &b.lock.Packages[at]
	n := &jsonNode{Name: p.Name, Kind: kind}
	if !p.Version.IsZero() {
		n.Version = p.Version.String()
	}
	key, place := b.where(p)
	switch {
	case p.Source.Kind == Registry:
		n.Source = map[string]any{key: map[string]string{"url": place}}
	case p.Source.Kind == RegistryPath:
		n.Source = map[string]any{key: map[string]string{"path": place}}
	case p.Source.Kind == URL:
		n.Source = jsonURL{place, nil}
		if p.Source.Subdirectory != "" {
			sub := b.joined(p.Source.Subdirectory)
			n.Source = jsonURL{place, &sub}
		}
	default:
		n.Source = map[string]string{key: place}
	}
	return n
}

type jsonURL struct {
	URL          string  `json:"url"`
	Subdirectory *string `json:"subdirectory"`
}

func (b *jsonBuilder) pkg(at int) string {
	return b.ensure(b.id(at, ""), func() *jsonNode {
		n := b.fresh(at, "package")
		p := &b.lock.Packages[at]
		if v, ok := b.o.Latest[p]; ok {
			n.Latest = v.String()
		}
		for i := range p.Wheels {
			n.Wheels = append(n.Wheels, b.wheel(&p.Wheels[i]))
		}
		return n
	})
}

func (b *jsonBuilder) wheel(f *File) jsonWheel {
	w := jsonWheel{URL: f.URL, Hashes: hashMap(f.Hash), Size: known(f.Size), Uploaded: f.Uploaded, Filename: f.Filename()}
	if f.Path != "" {
		w.Path = b.joined(f.Path)
	}
	if f.Zstd != nil {
		w.Zstd = &jsonZstd{hashMap(f.Zstd.Hash), known(f.Zstd.Size)}
	}
	return w
}

func known(size int64) *int64 {
	if size < 0 {
		return nil
	}
	return &size
}

func hashMap(text string) map[string]string {
	h, ok := hashOf(text)
	if !ok {
		return nil
	}
	return map[string]string{h.Algorithm: h.Digest}
}

func (b *jsonBuilder) extra(at int, e pyname.Extra) string {
	owner := b.pkg(at)
	id := b.ensure(b.id(at, "["+string(e)+"]"), func() *jsonNode {
		return b.fresh(at, map[string]string{"extra": string(e)})
	})
	b.nodes[owner].Extras = append(b.nodes[owner].Extras, jsonNamed{string(e), id})
	b.link(id, owner, "")
	return id
}

func (b *jsonBuilder) group(at int, g pyname.Group) string {
	owner := b.pkg(at)
	id := b.ensure(b.id(at, ":"+string(g)), func() *jsonNode {
		return b.fresh(at, map[string]string{"group": string(g)})
	})
	b.nodes[owner].Groups = append(b.nodes[owner].Groups, jsonNamed{string(g), id})
	return id
}

// rootIDs are the nodes to begin at, sorted.
func (b *jsonBuilder) rootIDs() []jsonID {
	out := []jsonID{}
	add := func(id string) {
		if b.nodes[id] != nil {
			out = append(out, jsonID{ID: id})
		}
	}
	for _, root := range b.roots() {
		switch {
		case root > 0 && b.r.Invert:
			add(b.pkg(b.treeGraph.nodes[root].at))
		case root > 0:
			b.packageRoots(b.treeGraph.nodes[root].at, add)
		case b.o.Script != "":
			add(b.script())
		default:
			for _, i := range b.treeGraph.nodes[0].out {
				if e := &b.edges[i]; e.group == "" {
					b.packageRoots(b.treeGraph.nodes[e.to].at, add)
				}
			}
			for i := range b.lock.Manifest.Groups {
				add("workspace+" + filepath.ToSlash(b.o.Root) + ":" + string(b.lock.Manifest.Groups[i].Name))
			}
		}
	}
	slices.SortFunc(out, func(a, b jsonID) int { return strings.Compare(a.ID, b.ID) })
	return slices.Compact(out)
}

// packageRoots are a package with its extras and groups, as far as there is
// anything below them.
func (b *jsonBuilder) packageRoots(at int, add func(string)) {
	p := &b.lock.Packages[at]
	if !b.r.OnlyGroups {
		add(b.pkg(at))
		for i := range p.Extras {
			add(b.id(at, "["+string(p.Extras[i].Name)+"]"))
		}
	}
	for i := range p.Groups {
		if name := p.Groups[i].Name; b.r.Group != nil && b.r.Group(name) {
			add(b.id(at, ":"+string(name)))
		}
	}
}

func (b *jsonBuilder) memberList() []jsonMember {
	var out []jsonMember
	for _, at := range b.members {
		p := &b.lock.Packages[at]
		if id := b.id(at, ""); b.nodes[id] != nil {
			out = append(out, jsonMember{p.Name, b.joined(p.Source.Location), id})
		}
	}
	return out
}
