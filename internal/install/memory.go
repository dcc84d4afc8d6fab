package install

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// A memory is what the distributions of a directory said of themselves when
// they were last read, so that commands that change nothing need not read
// hundreds of files again. It holds for a distribution as long as the identity
// of the file it was read from does: one stat takes the place of opening and
// parsing. Only what was read successfully is in it; whatever is wrong with a
// distribution is found anew each time. docs/formats/cache.md has the layout.
type memory struct {
	path  string    // of the file
	began time.Time // files that were not settled then are not remembered
	once  sync.Once
	rows  *cache.Rows
	notes []noteRow    // sorted by name
	needs []requireRow // those of a note lie together
}

// A noteRow is one distribution.
type noteRow struct {
	Metadata, Wheel fsx.Identity // of the files; zero if that one was not read
	Name            cache.Ref    // of the .dist-info directory
	Head            cache.Ref    // METADATA without its dependencies, as far as resolving goes
	Tags            cache.Ref    // of WHEEL, one a line
	First, Count    uint32       // of its dependencies in the second table
}

// A requireRow is one dependency.
type requireRow struct {
	Text cache.Ref
	// Optional is 1 if it applies nowhere unless an extra is asked for.
	Optional uint32
}

func memorySchema() cache.Schema { return cache.Schema{Kind: [4]byte{'s', 'i', 't', 'e'}, Version: 1} }

// Remember lets the site use and keep what was read of its directories'
// distributions before, in files below dir. A file that is absent or damaged is
// as good as an empty one. It must be called before anything is asked of the
// distributions, with the time of now; what was learnt is written by [Site.Keep].
func (s *Site) Remember(dir string, now time.Time) {
	if runtime.GOOS == "windows" { // where no time tells that a file was edited if its own time was set back
		return
	}
	memories := map[*fsx.Tree]*memory{}
	for _, i := range s.dists {
		if i.tree == nil {
			continue
		}
		m := memories[i.tree]
		if m == nil {
			m = &memory{path: filepath.Join(dir, cache.Key(i.tree.Path())), began: now}
			memories[i.tree] = m
			s.memories = append(s.memories, m)
		}
		i.memory = m
	}
}

func (m *memory) read() {
	rows, err := cache.ReadRows(m.path, memorySchema())
	if err != nil {
		return
	}
	m.rows, m.notes, m.needs = rows, cache.RowsOf[noteRow](rows, 0), cache.RowsOf[requireRow](rows, 1)
}

// find returns the note with the name of a directory.
func (m *memory) find(name string) *noteRow {
	m.once.Do(m.read)
	at, ok := slices.BinarySearchFunc(m.notes, name, func(n noteRow, name string) int {
		return strings.Compare(m.rows.Text(n.Name), name)
	})
	if !ok || uint64(m.notes[at].First)+uint64(m.notes[at].Count) > uint64(len(m.needs)) {
		return nil
	}
	return &m.notes[at]
}

// requires are the dependencies of a note.
func (m *memory) requires(n *noteRow) []requireRow { return m.needs[n.First : n.First+n.Count] }

// A learnt is what a distribution's files said that no note holds yet.
type learnt struct {
	metadata, wheel fsx.Identity
	headers         []byte
	tags            []tags.Compressed
}

// base is the name of the .dist-info directory.
func (i *Installed) base() string { return i.Path[len(i.tree.Path())+1:] }

// identify is the identity of a file of the .dist-info directory, zero if there
// is none to be had.
func (i *Installed) identify(name string) fsx.Identity {
	id, err := i.tree.Identify(i.base() + "/" + name)
	if err != nil {
		return fsx.Identity{}
	}
	return id
}

// recalled returns the note of the distribution if its METADATA is still the
// one that was read. Where it is not, it notes the identity of what is about to
// be read: a change while it is read makes another one.
func (i *Installed) recalled() *noteRow {
	if i.memory == nil {
		return nil
	}
	i.recall.Do(func() {
		i.learnt.metadata = i.identify("METADATA")
		if n := i.memory.find(i.base()); n != nil && n.Metadata != (fsx.Identity{}) && n.Metadata == i.learnt.metadata {
			i.note = n
		}
	})
	return i.note
}

// recalledTags is recalled for WHEEL.
func (i *Installed) recalledTags() ([]tags.Compressed, bool) {
	if i.memory == nil {
		return nil, false
	}
	i.learnt.wheel = i.identify("WHEEL")
	n := i.memory.find(i.base())
	if n == nil || n.Wheel == (fsx.Identity{}) || n.Wheel != i.learnt.wheel {
		return nil, false
	}
	var list []tags.Compressed
	for line := range strings.SplitSeq(i.memory.rows.Text(n.Tags), "\n") {
		if line != "" {
			list = append(list, tags.Compressed(line))
		}
	}
	return list, true
}

// remembered makes the metadata of a note.
func (i *Installed) remembered(n *noteRow) (*metadata.Metadata, error) {
	m, err := metadata.Parse(i.memory.rows.Blob(n.Head))
	if err != nil {
		return nil, err
	}
	rows := i.memory.requires(n)
	m.RequiresDist = make([]pep508.Requirement, 0, len(rows))
	for _, r := range rows {
		next, err := pep508.ParseLenient(i.memory.rows.Text(r.Text))
		if err != nil {
			return nil, err
		}
		m.RequiresDist = append(m.RequiresDist, next)
	}
	return m, nil
}

// Requires returns the dependencies that apply in an environment and with some
// of the distribution's extras, in the order of the file. It fails as
// [Installed.Metadata] does.
func (i *Installed) Requires(env *marker.Env, extras []pyname.Extra) ([]pep508.Requirement, error) {
	if n := i.recalled(); n != nil {
		if list, err := i.recalledRequires(n, env, extras); err == nil {
			return list, nil
		}
	}
	m, err := i.Metadata()
	if err != nil {
		return nil, err
	}
	return applying(m, env, extras), nil
}

// applying are the dependencies that apply in an environment.
func applying(m *metadata.Metadata, env *marker.Env, extras []pyname.Extra) (list []pep508.Requirement) {
	for _, r := range m.RequiresDist {
		if r.Marker.Evaluate(env, extras) {
			list = append(list, r)
		}
	}
	return list
}

// RequiresPython returns the versions of Python that the distribution is for,
// nil if it does not tell. It fails as [Installed.Metadata] does.
func (i *Installed) RequiresPython() (pep440.Specifiers, error) {
	if n := i.recalled(); n != nil {
		if m, err := metadata.Parse(i.memory.rows.Blob(n.Head)); err == nil {
			return m.RequiresPython, nil
		}
	}
	m, err := i.Metadata()
	if err != nil {
		return nil, err
	}
	return m.RequiresPython, nil
}

// Recall reads ahead what deciding over the distribution takes: nothing but the
// identities of its files, if it is remembered.
func (i *Installed) Recall() {
	if i.recalled() == nil {
		_, _ = i.Metadata()
	}
	_, _ = i.Tags()
}

func (i *Installed) recalledRequires(n *noteRow, env *marker.Env, extras []pyname.Extra) (list []pep508.Requirement, err error) {
	for _, row := range i.memory.requires(n) {
		if row.Optional == 1 && len(extras) == 0 {
			continue
		}
		r, err := pep508.ParseLenient(i.memory.rows.Text(row.Text))
		if err != nil {
			return nil, err
		}
		if r.Marker.Evaluate(env, extras) {
			list = append(list, r)
		}
	}
	return list, nil
}

// enoughLearnt is from how many distributions on it pays to write what was
// learnt.
const enoughLearnt = 8

// Keep writes what was learnt since [Site.Remember], if it is worth it. It may
// fail unseen: then it is learnt again.
func (s *Site) Keep() {
	for _, m := range s.memories {
		var list []*Installed
		fresh := 0
		for _, i := range s.dists {
			if i.memory == m {
				list = append(list, i)
				if i.learnt.metadata.Settled(m.began) && i.learnt.headers != nil || i.learnt.wheel.Settled(m.began) && i.learnt.tags != nil {
					fresh++
				}
			}
		}
		if fresh >= enoughLearnt {
			_ = m.write(list)
		}
	}
}

// write replaces the file by one about the distributions of a list.
func (m *memory) write(list []*Installed) error {
	slices.SortFunc(list, func(a, b *Installed) int { return strings.Compare(a.base(), b.base()) })
	b := cache.NewRowBuilder(memorySchema())
	needs := uint32(0)
	for _, i := range list {
		row, rows, ok := m.row(b, i)
		if !ok {
			continue
		}
		row.Name, row.First, row.Count = b.Text(i.base()), needs, uint32(len(rows))
		needs += row.Count
		cache.AddRows(b, 0, row)
		cache.AddRows(b, 1, rows...)
	}
	data, err := b.Finish([2]int64{})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.path), 0o777); err != nil {
		return err
	}
	return fsx.WriteFile(m.path, data, 0o666)
}

// row is what is known of a distribution: what was learnt now, else what was
// known before.
func (m *memory) row(b *cache.RowBuilder, i *Installed) (row noteRow, needs []requireRow, ok bool) {
	old := m.find(i.base())
	switch {
	case i.learnt.headers != nil:
		head, list, err := condense(b, i.learnt.headers)
		if err == nil && i.learnt.metadata.Settled(m.began) {
			row.Metadata, row.Head, needs = i.learnt.metadata, b.Text(head), list
		}
	case old != nil:
		row.Metadata, row.Head = old.Metadata, b.Text(m.rows.Text(old.Head))
		for _, r := range m.requires(old) {
			needs = append(needs, requireRow{b.Text(m.rows.Text(r.Text)), r.Optional})
		}
	}
	switch {
	case i.learnt.tags != nil:
		if i.learnt.wheel.Settled(m.began) {
			var text []string
			for _, t := range i.learnt.tags {
				text = append(text, string(t))
			}
			row.Wheel, row.Tags = i.learnt.wheel, b.Text(strings.Join(text, "\n"))
		}
	case old != nil:
		row.Wheel, row.Tags = old.Wheel, b.Text(m.rows.Text(old.Tags))
	}
	return row, needs, row.Metadata != (fsx.Identity{}) || row.Wheel != (fsx.Identity{})
}

// condense takes what is needed out of the headers of a METADATA file.
func condense(b *cache.RowBuilder, headers []byte) (head string, needs []requireRow, err error) {
	h := metadata.ParseHeaders(headers)
	var text strings.Builder
	for _, name := range []string{"Name", "Version", "Requires-Python", "Provides-Extra", "Dynamic"} {
		for value := range h.All(name) {
			text.WriteString(name + ": " + value + "\n")
		}
	}
	for value := range h.All("Requires-Dist") {
		r, err := pep508.ParseLenient(value)
		if err != nil {
			return "", nil, err
		}
		row := requireRow{Text: b.Text(value)}
		if _, err := source.FromPEP508(r); err == nil && !r.Marker.EvaluateExtras(nil) {
			row.Optional = 1
		}
		needs = append(needs, row)
	}
	return text.String(), needs, nil
}
