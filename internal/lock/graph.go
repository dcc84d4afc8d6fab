package lock

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// Input is what a lock has beside the result of a resolution.
type Input struct {
	// Root is the folder of the lock file, absolute: paths in the lock are
	// relative to it.
	Root string
	// Supported and Required are the environments that the project limits the
	// lock to (`environments`), and those that it must work in
	// (`required-environments`), as the project has them.
	Supported, Required []marker.Tree
	Conflicts           source.Conflicts
	Options             Options
	Manifest            Manifest // see ManifestInput
	// Locations knows how indexes were given, and which hash they are to be
	// locked with. Nil is fine.
	Locations *index.Locations
	// Hashes returns the digests of an archive that no index lists, as they were
	// computed.
	Hashes func(*source.Dist) []simple.Hash
	// Dynamic tells whether a source tree computes its version. Nil is no.
	Dynamic func(*source.Dist) bool
	// Old is the lock that the new one takes the place of, or nil. Where the
	// format leaves a choice the new one follows it.
	Old *Lock
}

// A HashError reports an archive whose digest must be in the lock but is not
// known.
type HashError struct {
	Dist      *source.Dist
	Algorithm string // the one that the index is to be locked with, or ""
	File      string
}

func (e *HashError) Error() string {
	if e.Algorithm != "" {
		return fmt.Sprintf("the index has no %s hash of `%s`, which its settings ask for", e.Algorithm, e.File)
	}
	return fmt.Sprintf("the hash of `%s` is not known", e.Dist)
}

// FromGraph makes a lock of a universal resolution. The error is a *HashError.
func FromGraph(g *resolve.Graph, in Input) (*Lock, error) {
	b := &builder{graph: g, in: &in, at: make(map[*resolve.Node]int, len(g.Nodes))}
	b.lock = &Lock{
		Version: Version, Revision: Revision, RequiresPython: g.Python,
		Conflicts: in.Conflicts, Options: in.Options.normal(), Manifest: in.Manifest,
		Forks:     b.canonical(g.Forks),
		Supported: b.simplifyAll(in.Supported), Required: b.simplifyAll(in.Required),
	}
	b.lock.Options.ExcludeNewerPackage = in.Options.cutoffsLike(in.Old)
	b.environment()
	if err := b.packages(); err != nil {
		return nil, err
	}
	b.lock.seal()
	for n, at := range b.at {
		b.edges(n, &b.lock.Packages[at])
	}
	b.lock.dropExtras()
	return b.lock, nil
}

// normal are the options without what says nothing: a limit that is lifted for
// all, and the old name of a policy.
func (o Options) normal() Options {
	if o.ExcludeNewer.Off {
		o.ExcludeNewer = index.Cutoff{}
	}
	modern := func(p resolve.Prerelease) resolve.Prerelease {
		if p == resolve.IfNecessaryOrExplicit {
			return resolve.IfNecessary
		}
		return p
	}
	o.Prerelease = modern(o.Prerelease)
	o.PrereleasePackage = slices.Clone(o.PrereleasePackage)
	for i := range o.PrereleasePackage {
		o.PrereleasePackage[i].Policy = modern(o.PrereleasePackage[i].Policy)
	}
	return o
}

// cutoffsLike are the limits of single projects, in the order of an older lock if
// that has them for the same projects.
func (o *Options) cutoffsLike(old *Lock) []CutoffOf {
	fresh := o.ExcludeNewerPackage
	if old == nil || len(old.Options.ExcludeNewerPackage) != len(fresh) {
		return fresh
	}
	out := make([]CutoffOf, 0, len(fresh))
	for _, was := range old.Options.ExcludeNewerPackage {
		at := slices.IndexFunc(fresh, func(c CutoffOf) bool { return c.Name == was.Name })
		if at < 0 {
			return fresh
		}
		out = append(out, fresh[at])
	}
	return out
}

type builder struct {
	graph *resolve.Graph
	in    *Input
	lock  *Lock
	at    map[*resolve.Node]int // the package of a node
	// env is the environments of the forks, and supported those that the project
	// limits the lock to, if it does.
	env, supported marker.Tree
	// written is env as a reader of the lock will find it out. The two may differ
	// in environments that are known not to exist.
	written marker.Tree
}

func (b *builder) simplifyAll(all []marker.Tree) []marker.Tree {
	out := make([]marker.Tree, len(all))
	for i, m := range all {
		out[i] = b.graph.Python.Simplify(m)
	}
	return out
}

// canonical is a list of forks as a lock has it. What tells them apart are
// environments if those suffice; otherwise also the items of conflicts. A fork
// for all environments is not there.
func (b *builder) canonical(forks []marker.Tree) []marker.Tree {
	var plain []marker.Tree
	for _, f := range forks {
		if m := b.graph.Python.Simplify(f.WithoutExtras()); !slices.Contains(plain, m) {
			plain = append(plain, m)
		}
	}
	if !pairwiseDisjoint(plain) {
		plain = b.simplifyAll(forks)
	}
	return slices.DeleteFunc(plain, marker.Tree.IsTrue)
}

func pairwiseDisjoint(all []marker.Tree) bool {
	for i := range all {
		for j := range all[:i] {
			if !all[i].Disjoint(all[j]) {
				return false
			}
		}
	}
	return true
}

// environment finds out which environments the lock is for.
func (b *builder) environment() {
	python := b.graph.Python
	if len(b.graph.Forks) > 0 {
		b.env = marker.False()
		for _, f := range b.graph.Forks {
			b.env = b.env.Or(f.WithoutExtras())
		}
		b.env = python.Simplify(b.env)
	}
	if forks := b.canonical(b.graph.Forks); len(forks) > 0 {
		b.written = marker.False()
		for _, f := range forks {
			b.written = b.written.Or(python.Complexify(f).WithoutExtras())
		}
		b.written = python.Simplify(b.written)
	}
	if len(b.in.Supported) > 0 {
		b.supported = marker.False()
		for _, s := range b.in.Supported {
			b.supported = b.supported.Or(python.Complexify(s))
		}
	}
}

func (b *builder) packages() error {
	type pair struct {
		pkg  Package
		node *resolve.Node
	}
	pairs := make([]pair, len(b.graph.Nodes))
	count := map[pyname.Package]int{}
	for _, n := range b.graph.Nodes {
		if !n.OnlyGroups || n.Dist != nil {
			count[n.Name]++
		}
	}
	for i, n := range b.graph.Nodes {
		p, err := b.pkg(n)
		if err != nil {
			return err
		}
		if count[n.Name] > 1 {
			p.Forks = b.forksOf(n)
		}
		pairs[i] = pair{p, n}
	}
	slices.SortStableFunc(pairs, func(x, y pair) int { return x.pkg.compareID(&y.pkg) })
	b.lock.Packages = make([]Package, len(pairs))
	for i := range pairs {
		b.lock.Packages[i] = pairs[i].pkg
		b.at[pairs[i].node] = i
	}
	return nil
}

// forksOf are the forks in which a node is needed.
func (b *builder) forksOf(n *resolve.Node) []marker.Tree {
	var forks []marker.Tree
	for _, f := range b.graph.Forks {
		if !f.Disjoint(n.Marker) {
			forks = append(forks, f)
		}
	}
	return b.canonical(forks)
}

// pkg is a node without its edges.
func (b *builder) pkg(n *resolve.Node) (Package, error) {
	p := Package{Name: n.Name, Version: n.Version}
	var err error
	if n.Dist.Source.Kind == source.Registry {
		p.Source = b.registry(n.Dist.Source.Index)
		err = b.registryFiles(n, &p)
	} else {
		p.Source = sourceOf(&n.Dist.Source, b.in.Root)
		err = b.directFiles(n, &p)
	}
	if err != nil {
		return p, err
	}
	if p.Source.IsTree() && b.in.Dynamic != nil && b.in.Dynamic(n.Dist) {
		p.Version = pep440.Version{}
	}
	if !p.Source.IsImmutable() && n.Metadata != nil {
		p.Metadata = NewMetadata(n.Metadata, b.in.Root)
	}
	return p, nil
}

// NewMetadata is the metadata of a project as the lock in the folder root has it.
func NewMetadata(m *resolve.Metadata, root string) Metadata {
	out := Metadata{RequiresDist: FromSources(m.Requires, root), ProvidesExtras: m.Extras}
	for name, requires := range m.Groups {
		out.Groups = append(out.Groups, Group{name, FromSources(requires, root)})
	}
	slices.SortFunc(out.Groups, func(a, b Group) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return out
}

// FromSources are requirements as the lock in the folder root has them, sorted.
func FromSources(all []source.Requirement, root string) []Requirement {
	if len(all) == 0 {
		return nil
	}
	out := make([]Requirement, len(all))
	for i := range all {
		out[i] = FromSource(&all[i], root)
	}
	return sortRequirements(out)
}

// registry is the source of files from an index.
func (b *builder) registry(location string) Source {
	dir, local := fileURLPath(location)
	if !local {
		return Source{Kind: Registry, Location: canonicalURL(withoutCredentials(location))}
	}
	given := ""
	if x := b.index(location); x != nil {
		given = x.Given
	}
	return Source{Kind: RegistryPath, Location: relative(b.in.Root, dir, given)}
}

func (b *builder) index(location string) *index.Index {
	if b.in.Locations == nil {
		return nil
	}
	x, _ := b.in.Locations.At(location)
	return x
}

// fileURLPath is the path that a `file:` URL names.
func fileURLPath(text string) (string, bool) {
	if !strings.HasPrefix(text, "file:") {
		return "", false
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	return filepath.FromSlash(u.Path), true
}

// registryFiles lists the files of a version that are from the same index as the
// chosen one.
func (b *builder) registryFiles(n *resolve.Node, p *Package) error {
	if n.Candidate == nil {
		return nil
	}
	x := b.index(n.Dist.Source.Index)
	where := n.Marker.And(b.supported)
	var sdist *source.Dist
	for d, released := range n.Candidate.Listed() {
		if !d.IsWheel() {
			sdist = betterSdist(sdist, d)
			continue
		}
		// uv hides wheels that are newer than the limit only where it chose a
		// wheel, and source distributions only where it did not.
		if !released && n.Dist.IsWheel() || d.Source.Index != n.Dist.Source.Index || !reachable(d.Wheel.Tags, b.graph.Python, where) {
			continue
		}
		f, err := b.file(d, x)
		if err != nil {
			return err
		}
		p.Wheels = append(p.Wheels, f)
	}
	if !n.Dist.IsWheel() {
		sdist = n.Dist
	}
	if sdist != nil && sdist.Source.Index == n.Dist.Source.Index {
		f, err := b.file(sdist, x)
		p.Sdist = &f
		return err
	}
	return nil
}

// betterSdist is the source distribution that a lock lists of a wheel's version:
// the first that can be built, or else the first.
func betterSdist(best, d *source.Dist) *source.Dist {
	legacy := dist.KindOf(d.File.Filename) == dist.LegacySdistKind
	if best == nil || !legacy && dist.KindOf(best.File.Filename) == dist.LegacySdistKind {
		return d
	}
	return best
}

// file is a file of an index.
func (b *builder) file(d *source.Dist, x *index.Index) (File, error) {
	out := File{Size: d.File.Size}
	if t := d.File.UploadTime; !t.IsZero() {
		out.Uploaded = formatTime(t.Truncate(time.Millisecond))
	}
	if name, local := fileURLPath(d.File.URL); local && strings.HasPrefix(d.Source.Index, "file:") {
		dir, _ := fileURLPath(d.Source.Index)
		given := ""
		if x != nil {
			given = x.Given
		}
		out.Path = relative(dir, name, given)
	} else {
		out.URL = withoutCredentials(d.File.URL)
	}
	if x != nil && x.HashAlgorithm != "" {
		digest := simple.Digest(d.File.Hashes, x.HashAlgorithm)
		if digest == "" {
			return out, &HashError{d, x.HashAlgorithm, d.File.Filename}
		}
		out.Hash = x.HashAlgorithm + ":" + digest
		return out, nil
	}
	out.Hash = strongest(d.File.Hashes)
	return out, nil
}

// strongest is the digest that a lock has of several.
func strongest(hashes []simple.Hash) string {
	if len(hashes) == 0 {
		return ""
	}
	sorted := source.SortHashes(slices.Clone(hashes))
	last := sorted[len(sorted)-1]
	return last.Algorithm + ":" + last.Digest
}

// directFiles notes the hash of an archive that no index lists.
func (b *builder) directFiles(n *resolve.Node, p *Package) error {
	if p.Source.IsTree() || p.Source.Kind == Git && p.Source.Archive == "" {
		return nil
	}
	f := File{Size: -1}
	if b.in.Hashes != nil {
		f.Hash = strongest(b.in.Hashes(n.Dist))
	}
	if f.Hash == "" {
		return &HashError{Dist: n.Dist}
	}
	switch {
	case !p.Source.IsWheel():
		p.Sdist = &f
		return nil
	case p.Source.Kind == URL:
		f.URL = p.Source.Location
	case p.Source.Kind == Git:
		f.Name = p.Source.Archive[strings.LastIndexByte(p.Source.Archive, '/')+1:]
	default:
		f.Name = p.Source.Location[strings.LastIndexByte(p.Source.Location, '/')+1:]
	}
	p.Wheels = []File{f}
	return nil
}

// edges fills in what a node needs.
func (b *builder) edges(n *resolve.Node, p *Package) {
	for i := range n.Requires {
		e := &n.Requires[i]
		into := &p.Dependencies
		switch {
		case e.FromExtra != "":
			into = p.extraFor(e.FromExtra)
		case e.FromGroup != "":
			into = p.groupFor(e.FromGroup)
		}
		b.edge(n, e, into)
	}
	sortDependencies(p.Dependencies)
	for i := range p.Extras {
		sortDependencies(p.Extras[i].Dependencies)
	}
	for i := range p.Groups {
		sortDependencies(p.Groups[i].Dependencies)
	}
	slices.SortFunc(p.Extras, func(a, b ExtraDependencies) int { return strings.Compare(string(a.Name), string(b.Name)) })
	slices.SortFunc(p.Groups, func(a, b GroupDependencies) int { return strings.Compare(string(a.Name), string(b.Name)) })
}

func sortDependencies(all []Dependency) {
	for i := range all {
		slices.Sort(all[i].Extras)
		all[i].Extras = slices.Compact(all[i].Extras)
	}
	slices.SortFunc(all, compareDependencies)
}

func (p *Package) extraFor(name pyname.Extra) *[]Dependency {
	for i := range p.Extras {
		if p.Extras[i].Name == name {
			return &p.Extras[i].Dependencies
		}
	}
	p.Extras = append(p.Extras, ExtraDependencies{Name: name})
	return &p.Extras[len(p.Extras)-1].Dependencies
}

func (p *Package) groupFor(name pyname.Group) *[]Dependency {
	for i := range p.Groups {
		if p.Groups[i].Name == name {
			return &p.Groups[i].Dependencies
		}
	}
	p.Groups = append(p.Groups, GroupDependencies{Name: name})
	return &p.Groups[len(p.Groups)-1].Dependencies
}

// edge adds one edge. Its marker does not repeat what must hold anyway where the
// edge begins, nor what holds in all environments of the lock. Edges that differ
// in the extras they ask for only are one.
func (b *builder) edge(n *resolve.Node, e *resolve.Edge, into *[]Dependency) {
	to, ok := b.at[e.To]
	if !ok {
		return
	}
	python := b.graph.Python
	parent := python.Simplify(n.MarkerOf(e.FromExtra, e.FromGroup).WithoutExtras())
	m := python.Simplify(e.Marker).Restrict(parent).And(b.env).Restrict(b.written)
	for i := range *into {
		if d := &(*into)[i]; d.To == to && d.Marker == m {
			if e.Extra != "" {
				d.Extras = append(d.Extras, e.Extra)
			}
			return
		}
	}
	d := Dependency{To: to, Marker: m}
	if e.Extra != "" {
		d.Extras = []pyname.Extra{e.Extra}
	}
	*into = append(*into, d)
}
