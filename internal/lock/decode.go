package lock

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A decoder makes a lock of a document. It remembers the first mistake; what it
// returns after that is thrown away.
type decoder struct {
	lock    *Lock
	markers map[string]marker.Tree
	fault   *fault
}

// A fault is a mistake in a lock, and where.
type fault struct {
	at      *node
	message string
}

func (d *decoder) fail(at *node, format string, args ...any) {
	if d.fault == nil {
		d.fault = &fault{at, fmt.Sprintf(format, args...)}
	}
}

// str is the text of a string.
func (d *decoder) str(n *node) string {
	if n.kind != stringNode {
		d.fail(n, "expected a string")
		return ""
	}
	return n.text
}

func (d *decoder) int(n *node) int64 {
	i, err := strconv.ParseInt(n.text, 10, 64)
	if n.kind != intNode || err != nil || i < 0 {
		d.fail(n, "expected a whole number that is not negative")
	}
	return i
}

// each are the elements of an array, or none.
func (d *decoder) each(n *node) []node {
	if n.kind != arrayNode {
		d.fail(n, "expected an array")
		return nil
	}
	return n.kids
}

// fields are the entries of a table, or none.
func (d *decoder) fields(n *node) []node {
	if n.kind != tableNode {
		d.fail(n, "expected a table")
		return nil
	}
	return n.kids
}

// parsed reads a string with a function that refuses some.
func parsed[T any](d *decoder, n *node, parse func(string) (T, error)) T {
	text := d.str(n)
	out, err := parse(text)
	if err != nil {
		d.fail(n, "%s", firstLine(err))
	}
	return out
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// list reads the elements of an array one by one.
func list[T any](d *decoder, n *node, read func(*node) T) []T {
	all := d.each(n)
	if len(all) == 0 {
		return nil
	}
	out := make([]T, len(all))
	for i := range all {
		out[i] = read(&all[i])
	}
	return out
}

func (d *decoder) name(n *node) pyname.Package { return parsed(d, n, pyname.ParsePackage) }
func (d *decoder) extra(n *node) pyname.Extra  { return parsed(d, n, pyname.ParseExtra) }
func (d *decoder) group(n *node) pyname.Group  { return parsed(d, n, pyname.ParseGroup) }

func (d *decoder) version(n *node) pep440.Version { return parsed(d, n, pep440.Parse) }

func (d *decoder) marker(n *node) marker.Tree {
	text := d.str(n)
	if m, ok := d.markers[text]; ok {
		return m
	}
	m, _, err := marker.Parse(text)
	if text == marker.False().String() {
		// The text that stands for a condition that never holds asks, when taken
		// literally, for a Python of long ago.
		m = marker.False()
	}
	if err != nil {
		d.fail(n, "%s", firstLine(err))
	}
	d.markers[text] = m
	return m
}

// keyed reads the entries of a table whose keys are names of groups or extras.
func keyed[K ~string, T any](d *decoder, n *node, parse func(string) (K, error), read func(K, *node) T, key func(*T) K) []T {
	var out []T
	fields := d.fields(n)
	for i := range fields {
		k, err := parse(fields[i].key)
		if err != nil {
			d.fail(&fields[i], "%s", firstLine(err))
		}
		out = append(out, read(k, &fields[i]))
	}
	slices.SortStableFunc(out, func(a, b T) int { return cmp.Compare(key(&a), key(&b)) })
	return out
}

// document reads everything.
func (d *decoder) document(root *node) *Lock {
	l := &Lock{}
	d.lock, d.markers = l, map[string]marker.Tree{}
	var packages []node
	python := false
	for i := range root.kids {
		n := &root.kids[i]
		switch n.key {
		case "version":
			l.Version = int(d.int(n))
		case "revision":
			l.Revision = int(d.int(n))
		case "requires-python":
			l.RequiresPython = target.FromSpecifiers(parsed(d, n, pep440.ParseSpecifiers))
			python = true
		case "resolution-markers":
			l.Forks = list(d, n, d.marker)
		case "supported-markers":
			l.Supported = list(d, n, d.marker)
		case "required-markers":
			l.Required = list(d, n, d.marker)
		case "conflicts":
			l.Conflicts = list(d, n, d.conflictSet)
		case "options":
			d.options(n)
		case "manifest":
			d.manifest(n)
		case "package", "distribution":
			if all := d.each(n); packages == nil {
				packages = all
			} else {
				packages = append(packages, all...)
			}
		}
	}
	if !python {
		d.fail(root, "missing field `requires-python`")
	}
	d.packages(packages)
	return l
}

func (d *decoder) conflictSet(n *node) source.ConflictSet {
	return source.NewConflictSet(list(d, n, d.conflict)...)
}

func (d *decoder) conflict(n *node) (item source.ConflictItem) {
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "package":
			item.Package = d.name(f)
		case "extra":
			item.Extra = d.extra(f)
		case "group":
			item.Group = d.group(f)
		}
	}
	if item.Package == "" || item.Extra != "" && item.Group != "" {
		d.fail(n, "a conflict names a package and at most one of an extra and a group")
	}
	return item
}

func (d *decoder) options(n *node) {
	o := &d.lock.Options
	var moment, span *node
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "resolution-mode":
			d.enum(f, &o.Resolution)
		case "prerelease-mode":
			d.enum(f, &o.Prerelease)
		case "fork-strategy":
			d.enum(f, &o.ForkStrategy)
		case "exclude-newer":
			moment = f
		case "exclude-newer-span":
			span = f
		case "prerelease-package":
			o.PrereleasePackage = keyed(d, f, pyname.ParsePackage, func(name pyname.Package, n *node) PrereleaseOf {
				p := PrereleaseOf{Name: name}
				d.enum(n, &p.Policy)
				return p
			}, func(p *PrereleaseOf) pyname.Package { return p.Name })
		case "exclude-newer-package":
			d.cutoffs(f)
		}
	}
	switch {
	case span != nil:
		o.ExcludeNewer = d.cutoff(span)
	case moment != nil:
		o.ExcludeNewer = d.cutoff(moment)
	}
}

func (d *decoder) enum(n *node, out interface{ UnmarshalText([]byte) error }) {
	if err := out.UnmarshalText([]byte(d.str(n))); err != nil {
		d.fail(n, "%s", firstLine(err))
	}
}

func (d *decoder) cutoff(n *node) index.Cutoff {
	if n.kind == boolNode && n.text == "false" {
		return index.Cutoff{Off: true}
	}
	return parsed(d, n, func(text string) (index.Cutoff, error) { return index.ParseCutoff(text, time.UTC) })
}

// cutoffs reads the limits of single projects, whose order in the file stays.
func (d *decoder) cutoffs(n *node) {
	fields := d.fields(n)
	for i := range fields {
		f := &fields[i]
		name, err := pyname.ParsePackage(f.key)
		if err != nil {
			d.fail(f, "%s", firstLine(err))
		}
		value := f
		if f.kind == tableNode {
			if value = f.get("span"); value == nil {
				value = f.get("timestamp")
			}
			if value == nil {
				d.fail(f, "expected a `span` or a `timestamp`")
				return
			}
		}
		d.lock.Options.ExcludeNewerPackage = append(d.lock.Options.ExcludeNewerPackage, CutoffOf{name, d.cutoff(value)})
	}
}

// packages reads the packages: first what they are, then what they need, which
// names packages by what they are.
func (d *decoder) packages(nodes []node) {
	l := d.lock
	l.Packages = make([]Package, len(nodes))
	sorted := true
	for i := range nodes {
		d.identity(&nodes[i], &l.Packages[i])
		sorted = sorted && (i == 0 || l.Packages[i-1].compareID(&l.Packages[i]) < 0)
	}
	if d.fault != nil {
		return
	}
	if !sorted {
		nodes = d.sorted(nodes)
	}
	l.seal()
	for i := range nodes {
		d.contents(&nodes[i], &l.Packages[i])
	}
	if d.fault == nil {
		d.dropExtras()
	}
}

// sorted brings packages into order, and returns their nodes in the same.
func (d *decoder) sorted(nodes []node) []node {
	type pair struct {
		pkg  Package
		node node
	}
	pairs := make([]pair, len(nodes))
	for i := range nodes {
		pairs[i] = pair{d.lock.Packages[i], nodes[i]}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return a.pkg.compareID(&b.pkg) })
	out := make([]node, len(nodes))
	for i := range pairs {
		d.lock.Packages[i], out[i] = pairs[i].pkg, pairs[i].node
		if i > 0 && pairs[i-1].pkg.compareID(&pairs[i].pkg) == 0 {
			d.fail(&out[i], "the package `%s` is there twice", pairs[i].pkg.ID())
		}
	}
	return out
}

func (d *decoder) identity(n *node, p *Package) {
	fields := d.fields(n)
	hasSource := false
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "name":
			p.Name = d.name(f)
		case "version":
			p.Version = d.version(f)
		case "source":
			p.Source = d.source(f)
			hasSource = true
		}
	}
	switch {
	case p.Name == "":
		d.fail(n, "missing field `name`")
	case !hasSource:
		d.fail(n, "the package `%s` has no source", p.Name)
	case p.Version.IsZero() && p.Source.IsRegistry():
		d.fail(n, "the package `%s` is from a registry but has no version", p.Name)
	}
}

func (d *decoder) source(n *node) (s Source) {
	fields := d.fields(n)
	known := false
	for i := range fields {
		f := &fields[i]
		kind := RegistryPath
		switch f.key {
		case "registry":
			if strings.Contains(f.text, "://") {
				kind = Registry
			}
		case "git":
			git, problem := parseGit(d.str(f))
			if problem == "" && git.Reference.Commit == "" {
				problem = "the git URL `" + f.text + "` names no commit"
			}
			if problem != "" {
				d.fail(f, "%s", problem)
			}
			s, known = git, true
			continue
		case "subdirectory":
			s.Subdirectory = d.str(f)
			continue
		default:
			var local bool
			if kind, local = directKind(f.key); !local {
				continue
			}
		}
		s.Kind, s.Location, known = kind, d.path(f, kind), true
	}
	if !known {
		d.fail(n, "expected one of the sources registry, git, url, path, directory, editable and virtual")
	}
	return s
}

// directKind is the kind that a key of a source names.
func directKind(key string) (SourceKind, bool) {
	switch key {
	case "url":
		return URL, true
	case "path":
		return Path, true
	case "directory":
		return Directory, true
	case "editable":
		return Editable, true
	case "virtual":
		return Virtual, true
	}
	return 0, false
}

// path reads a location: a URL as it is, a path with slashes and without dots.
func (d *decoder) path(n *node, kind SourceKind) string {
	text := d.str(n)
	switch kind {
	case Registry, URL:
		return text
	}
	if strings.IndexByte(text, 0) >= 0 {
		d.fail(n, "a path cannot contain a zero byte")
	}
	if text == "." {
		return ""
	}
	return text
}

func (d *decoder) contents(n *node, p *Package) {
	for i := range n.kids {
		switch f := &n.kids[i]; f.key {
		case "resolution-markers":
			p.Forks = list(d, f, d.marker)
		case "dependencies":
			p.Dependencies = d.dependencies(f, p)
		case "optional-dependencies":
			p.Extras = keyed(d, f, pyname.ParseExtra, func(name pyname.Extra, n *node) ExtraDependencies {
				return ExtraDependencies{name, d.dependencies(n, p)}
			}, func(e *ExtraDependencies) pyname.Extra { return e.Name })
		case "dev-dependencies", "dependency-groups":
			p.Groups = keyed(d, f, pyname.ParseGroup, func(name pyname.Group, n *node) GroupDependencies {
				return GroupDependencies{name, d.dependencies(n, p)}
			}, func(g *GroupDependencies) pyname.Group { return g.Name })
		case "sdist":
			file := d.file(f)
			p.Sdist = &file
		case "wheels":
			if f.files != nil {
				p.Wheels = *f.files
				d.checkFiles(f)
			} else {
				p.Wheels = list(d, f, d.file)
			}
			d.checkWheels(f, p)
		case "metadata":
			d.metadata(f, p)
		}
	}
}

// checkWheels holds the names of wheels against the version of their package, and
// asks for hashes where there must be some, and for none where there can't.
func (d *decoder) checkWheels(n *node, p *Package) {
	version := p.Version.String()
	at := func(i int) *node {
		if n.files != nil {
			return n
		}
		return &n.kids[i]
	}
	for i := range p.Wheels {
		w := &p.Wheels[i]
		name := w.Filename()
		if name == "" {
			d.fail(at(i), "a wheel has a `url`, a `path` or a `filename`")
			return
		}
		if strings.ContainsAny(name, `/\`) {
			d.fail(at(i), "a wheel's file name has no separators of folders: `%s`", name)
			return
		}
		if _, rest, _ := strings.Cut(name, "-"); !strings.HasPrefix(rest, version) || !strings.HasPrefix(rest[len(version):], "-") {
			parsed, err := dist.ParseWheel(name)
			if err != nil {
				d.fail(at(i), "%s", firstLine(err))
				return
			}
			if !p.Version.IsZero() && !parsed.Version.Equal(p.Version) && !parsed.Version.WithoutLocal().Equal(p.Version) {
				d.fail(at(i), "the package `%s` has version %s but a wheel of version %s: `%s`", p.Name, version, parsed.Version, name)
				return
			}
		}
		if !p.Source.IsRegistry() && (p.Source.Kind == URL || p.Source.Kind == Path || p.Source.Kind == Git && p.Source.Archive != "") != (w.Hash != "") {
			d.fail(at(i), "the wheel of `%s` has a hash where there can be none, or none where there must be one", p.ID())
			return
		}
	}
}

func (d *decoder) file(n *node) File {
	out := File{Size: -1}
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "url":
			out.URL = d.str(f)
		case "path":
			out.Path = d.str(f)
		case "filename":
			out.Name = d.str(f)
		case "hash":
			out.Hash = d.hash(f)
		case "size":
			out.Size = d.int(f)
		case "upload-time", "upload_time":
			out.Uploaded = d.time(f)
		case "zstd":
			z := d.file(f)
			out.Zstd = &Zstd{z.Hash, z.Size}
		}
	}
	return out
}

// checkFiles looks at what the quick reader left unseen.
func (d *decoder) checkFiles(n *node) {
	files := *n.files
	for i := range files {
		f := &files[i]
		ok := f.Hash == "" || isHash(f.Hash)
		if f.Uploaded != "" && ok {
			f.Uploaded, ok = usualTime(f.Uploaded)
		}
		if !ok {
			d.fail(n, "the file `%s` has a hash or a time that is none", f.Filename()) // the full reader tells where
			return
		}
	}
}

func (d *decoder) hash(n *node) string {
	text := d.str(n)
	if !isHash(text) {
		d.fail(n, "expected a hash in the form `sha256:…`")
	}
	return text
}

func isHash(text string) bool {
	colon := strings.IndexByte(text, ':')
	return colon > 0 && colon < len(text)-1
}

// isUsualTime tells times of the form that nearly all have. What they say is
// looked at by those who need it.
func isUsualTime(text string) bool {
	return len(text) == len("2006-01-02T15:04:05Z") && text[19] == 'Z' || len(text) == 24 && text[19] == '.' && text[22] != '0' && text[23] == 'Z'
}

// time reads a moment.
func (d *decoder) time(n *node) string {
	text := d.str(n)
	out, ok := usualTime(text)
	if !ok {
		d.fail(n, "`%s` is no time like 2006-01-02T15:04:05Z", text)
	}
	return out
}

// usualTime gives a moment the form that lock files have.
func usualTime(text string) (string, bool) {
	if isUsualTime(text) {
		return text, true
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return "", false
	}
	return formatTime(t), true
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (d *decoder) dependencies(n *node, p *Package) []Dependency {
	out := list(d, n, d.dependency)
	if d.fault != nil {
		return nil
	}
	if !slices.IsSortedFunc(out, compareDependencies) {
		slices.SortFunc(out, compareDependencies)
	}
	for i := 1; i < len(out); i++ {
		if compareDependencies(out[i-1], out[i]) == 0 {
			d.fail(n, "the package `%s` needs `%s` twice in the same way", p.ID(), d.lock.Packages[out[i].To].ID())
		}
	}
	return out
}

func compareDependencies(a, b Dependency) int {
	if a.To != b.To {
		return cmp.Compare(a.To, b.To)
	}
	return cmp.Or(slices.Compare(a.Extras, b.Extras), a.Marker.Compare(b.Marker))
}

func (d *decoder) dependency(n *node) (out Dependency) {
	var name pyname.Package
	var version pep440.Version
	var from *node
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "name":
			name = d.name(f)
		case "version":
			version = d.version(f)
		case "source":
			from = f
		case "extra":
			out.Extras = list(d, f, d.extra)
			slices.Sort(out.Extras)
			out.Extras = slices.Compact(out.Extras)
		case "marker":
			out.Marker = d.marker(f)
		}
	}
	out.To = d.find(n, name, version, from)
	return out
}

// find is the package that a dependency names.
func (d *decoder) find(n *node, name pyname.Package, version pep440.Version, from *node) int {
	first, end := d.lock.Named(name)
	if end-first == 1 && version.IsZero() && from == nil {
		return first
	}
	if end-first > 1 && from == nil {
		d.fail(n, "the dependency `%s` has no `source`, and there are several packages of that name", name)
		return 0
	}
	var s Source
	if from != nil {
		s = d.source(from)
	}
	found := -1
	for i := first; i < end; i++ {
		p := &d.lock.Packages[i]
		if from != nil && p.Source != s || !version.IsZero() && !p.Version.Equal(version) {
			continue
		}
		if version.IsZero() && !p.Version.IsZero() && end-first > 1 {
			continue
		}
		found = i
	}
	if found < 0 {
		d.fail(n, "the dependency `%s` is no package of the lock", strings.TrimSpace(string(name)+" "+version.String()))
		return 0
	}
	return found
}

// dropExtras removes extras from dependencies that the package does not have.
func (d *decoder) dropExtras() { d.lock.dropExtras() }

func (l *Lock) dropExtras() {
	drop := func(all []Dependency) {
		for i := range all {
			if len(all[i].Extras) > 0 {
				to := &l.Packages[all[i].To]
				all[i].Extras = slices.DeleteFunc(all[i].Extras, func(e pyname.Extra) bool { return !to.HasExtra(e) })
			}
		}
	}
	for i := range l.Packages {
		p := &l.Packages[i]
		drop(p.Dependencies)
		for j := range p.Extras {
			drop(p.Extras[j].Dependencies)
		}
		for j := range p.Groups {
			drop(p.Groups[j].Dependencies)
		}
	}
}
