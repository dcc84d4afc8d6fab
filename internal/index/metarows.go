package index

import (
	"strings"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Metadata in the cache is a file of rows: a row for the whole, one for each
// dependency with its parts taken apart, and one for each word of the lists.
// Reading it parses little: names are in normal form, and markers are remembered
// by their text.

const (
	coreTable = iota
	requirementTable
	wordTable
)

type coreRow struct {
	Name, Version, Python cache.Ref
	Extras, Dynamic       uint32 // counts of words, in this order
	HasPython             uint32
	Reserved              uint32
}

type requirementRow struct {
	Name, Specifiers, URL, Marker cache.Ref
	Extras                        uint32 // the first word
	Count                         uint32
}

type wordRow struct{ Text cache.Ref }

func metadataSchema() cache.Schema {
	return cache.Schema{Kind: [4]byte{'m', 'e', 't', 'a'}, Version: 1}
}

func encodeMetadata(m *metadata.Metadata) ([]byte, error) {
	b := cache.NewRowBuilder(metadataSchema())
	var words []wordRow
	core := coreRow{
		Name: b.Text(string(m.Name)), Version: b.Text(m.Version.String()), Python: b.Text(joinSpecifiers(m.RequiresPython)),
		Extras: uint32(len(m.ProvidesExtra)), Dynamic: uint32(len(m.Dynamic)),
	}
	if m.RequiresPython != nil {
		core.HasPython = 1
	}
	for _, extra := range m.ProvidesExtra {
		words = append(words, wordRow{b.Text(string(extra))})
	}
	for _, field := range m.Dynamic {
		words = append(words, wordRow{b.Text(field)})
	}
	for _, r := range m.RequiresDist {
		row := requirementRow{
			Name: b.Text(string(r.Name)), Specifiers: b.Text(joinSpecifiers(r.Specifiers)), URL: b.Text(r.URL),
			Marker: b.Text(markerText(r.Marker)), Extras: uint32(len(words)), Count: uint32(len(r.Extras)),
		}
		for _, extra := range r.Extras {
			words = append(words, wordRow{b.Text(string(extra))})
		}
		cache.AddRows(b, requirementTable, row)
	}
	cache.AddRows(b, coreTable, core)
	cache.AddRows(b, wordTable, words...)
	return b.Finish([2]int64{})
}

// neverText stands for the marker that never holds, whose usual spelling reads as
// one that might.
const neverText = "never"

func markerText(m marker.Tree) string {
	if m.IsFalse() {
		return neverText
	}
	return m.String()
}

// joinSpecifiers writes specifiers in the order they have.
func joinSpecifiers(s pep440.Specifiers) string {
	var b []byte
	for i, one := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = one.AppendTo(b)
	}
	return string(b)
}

// decodeMetadata is the reverse of encodeMetadata. The error matches
// cache.ErrStale.
func (c *Client) decodeMetadata(file []byte) (*metadata.Metadata, error) {
	rows, err := cache.OpenRows(file, metadataSchema())
	if err != nil {
		return nil, err
	}
	core := cache.RowsOf[coreRow](rows, coreTable)
	words := cache.RowsOf[wordRow](rows, wordTable)
	if len(core) != 1 || uint64(core[0].Extras)+uint64(core[0].Dynamic) > uint64(len(words)) {
		return nil, cache.ErrStale
	}
	h := core[0]
	m := &metadata.Metadata{Name: pyname.Package(rows.Text(h.Name))}
	if m.Version, err = pep440.Parse(rows.Text(h.Version)); err != nil {
		return nil, cache.ErrStale
	}
	if h.HasPython != 0 {
		if m.RequiresPython, err = parseSpecifiers(rows.Text(h.Python)); err != nil {
			return nil, cache.ErrStale
		}
	}
	for _, w := range words[:h.Extras] {
		m.ProvidesExtra = append(m.ProvidesExtra, pyname.Extra(rows.Text(w.Text)))
	}
	for _, w := range words[h.Extras : h.Extras+h.Dynamic] {
		m.Dynamic = append(m.Dynamic, rows.Text(w.Text))
	}
	requirements := cache.RowsOf[requirementRow](rows, requirementTable)
	if len(requirements) > 0 {
		m.RequiresDist = make([]pep508.Requirement, len(requirements))
	}
	for i := range requirements {
		if !c.decodeRequirement(&m.RequiresDist[i], rows, &requirements[i], words) {
			return nil, cache.ErrStale
		}
	}
	return m, nil
}

func (c *Client) decodeRequirement(r *pep508.Requirement, rows *cache.Rows, row *requirementRow, words []wordRow) bool {
	if uint64(row.Extras)+uint64(row.Count) > uint64(len(words)) {
		return false
	}
	r.Name, r.URL = pyname.Package(rows.Text(row.Name)), rows.Text(row.URL)
	var err error
	if row.Specifiers.Len > 0 {
		if r.Specifiers, err = parseSpecifiers(rows.Text(row.Specifiers)); err != nil {
			return false
		}
	}
	if text := rows.Text(row.Marker); text == neverText {
		r.Marker = marker.False()
	} else if text != "" {
		if r.Marker, err = c.markers.parse(text); err != nil {
			return false
		}
	}
	for _, w := range words[row.Extras : row.Extras+row.Count] {
		r.Extras = append(r.Extras, pyname.Extra(rows.Text(w.Text)))
	}
	return true
}

// parseSpecifiers reads what joinSpecifiers wrote.
func parseSpecifiers(text string) (pep440.Specifiers, error) {
	if text == "" {
		return pep440.Specifiers{}, nil
	}
	if !strings.Contains(text, ",") {
		one, err := pep440.ParseSpecifier(text)
		return pep440.Specifiers{one}, err
	}
	return pep440.ParseSpecifiers(text)
}

// StoredMetadata returns metadata that was kept by StoreMetadata under a key.
func (c *Client) StoredMetadata(name pyname.Package, key string) (*metadata.Metadata, bool) {
	if c.cache == nil {
		return nil, false
	}
	file, err := fsx.ReadFile(c.keptPath(name, key))
	if err != nil {
		return nil, false
	}
	m, err := c.decodeMetadata(file)
	return m, err == nil
}

// StoreMetadata keeps metadata that no index offers: of a source distribution. A
// cache that cannot be written is no reason to fail.
func (c *Client) StoreMetadata(name pyname.Package, key string, m *metadata.Metadata) {
	if c.cache == nil {
		return
	}
	data, err := encodeMetadata(m)
	if err == nil {
		err = c.cache.Write(c.keptPath(name, key), data)
	}
	if err != nil {
		c.debug("keeping the metadata of %s: %v", name, err)
	}
}

func (c *Client) keptPath(name pyname.Package, key string) string {
	return c.cache.Path(cache.Metadata, cache.Segment(name), cache.Key("kept", key))
}
