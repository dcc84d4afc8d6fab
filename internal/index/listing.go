package index

import (
	"cmp"
	"encoding/hex"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A listing is what an index's page becomes in the cache: the projects on it
// (one, unless the page is flat), their versions in ascending order, and the
// files of each version by name. It is a file of rows that is used as it lies in
// memory; of a file's fields strings are made only when its version is looked at.
//
// A run reads a page of every project it meets and uses a version or two of it,
// so what counts is the size: a file takes 112 bytes here, a third of its JSON.
// What files share is stored once: the beginning of their names with the version,
// and the rest of the name, the beginning of the URL and further text in tables.
type listing struct {
	rows     *cache.Rows
	projects []projectRow
	versions []versionRow
	files    []fileRow
	tails    []cache.Ref
	prefixes []cache.Ref
	texts    []textRow
	hashes   []hashRow
	status   []statusRow // one, unless the project is active
	some     *someRow    // not nil if only some versions are listed
	offline  bool        // there is no listing, because the network is off
}

// The tables of a listing, and their rows. Fields are ordered by size.
const (
	projectTable = iota
	versionTable
	fileTable
	tailTable
	prefixTable
	textTable
	hashTable
	statusTable
	someTable
)

type projectRow struct {
	Name         cache.Ref
	First, Count uint32 // versions
}

type versionRow struct {
	Text         cache.Ref
	Stem         cache.Ref // how the names of its files begin
	First, Count uint32    // files
}

type fileRow struct {
	Size     int64   // bytes, or -1
	Uploaded int64   // nanoseconds since 1970, or noTime
	Metadata [8]byte // the first bytes of the SHA-256 of the metadata file
	SHA256   [32]byte
	Path     [32]byte // of the URL, see packURL
	Tail     uint32   // the rest of the name: the place in its table, like the next two
	Prefix   uint32   // of the URL
	Text     uint32
	Hashes   uint32 // the first of further hashes
	Count    uint16 // of further hashes
	Flags    uint16
	Reserved uint32
}

// A textRow is what several files have in common, or most have not.
type textRow struct {
	Python cache.Ref // Requires-Python
	Suffix cache.Ref // of the URL
	Yanked cache.Ref // the reason
}

type hashRow struct{ Algorithm, Digest cache.Ref }

// A statusRow is the state of the project that the page is of (PEP 792).
type statusRow struct{ Status, Reason cache.Ref }

const noTime = math.MinInt64

// The flags of a file.
const (
	hasSHA256 = 1 << iota
	packedPath
	namedURL // the file's name stands between Path and Suffix of the URL
	isYanked
	hasMetadata
	metadataHash // Metadata is there
)

// partHash is the algorithm of the hashes of metadata files: of SHA-256 the
// first 64 bits, which is enough to tell a wrong file.
const partHash = "sha256/64"

func listingSchema() cache.Schema { return cache.Schema{Kind: [4]byte{'p', 'a', 'g', 'e'}, Version: 2} }

// pathLen is the length of aa/bb/60 digits/.
const pathLen = 3 + 3 + 60 + 1

// openListing reads the file of a listing. The error matches cache.ErrStale.
func openListing(file []byte) (*listing, error) {
	rows, err := cache.OpenRows(file, listingSchema())
	if err != nil {
		if rows, err = cache.OpenRows(file, someSchema()); err != nil {
			return nil, err
		}
	}
	l := &listing{
		rows:     rows,
		projects: cache.RowsOf[projectRow](rows, projectTable), versions: cache.RowsOf[versionRow](rows, versionTable),
		files: cache.RowsOf[fileRow](rows, fileTable), hashes: cache.RowsOf[hashRow](rows, hashTable),
		tails: cache.RowsOf[cache.Ref](rows, tailTable), prefixes: cache.RowsOf[cache.Ref](rows, prefixTable),
		texts: cache.RowsOf[textRow](rows, textTable), status: cache.RowsOf[statusRow](rows, statusTable),
	}
	if some := cache.RowsOf[someRow](rows, someTable); len(some) > 0 {
		l.some = &some[0]
	}
	if !l.sound() || rows.Schema() == someSchema() && l.some == nil {
		return nil, cache.ErrStale
	}
	return l, nil
}

// sound checks that no row leads out of its table.
func (l *listing) sound() bool {
	for _, p := range l.projects {
		if uint64(p.First)+uint64(p.Count) > uint64(len(l.versions)) {
			return false
		}
	}
	for _, v := range l.versions {
		if uint64(v.First)+uint64(v.Count) > uint64(len(l.files)) {
			return false
		}
	}
	return true
}

// page returns the page of a project, or nil if it is not on the listing.
func (l *listing) page(name pyname.Package) Page {
	i := sort.Search(len(l.projects), func(i int) bool { return l.rows.Text(l.projects[i].Name) >= string(name) })
	if i == len(l.projects) || l.rows.Text(l.projects[i].Name) != string(name) {
		return nil
	}
	p := l.projects[i]
	page := &listedPage{listing: l, rows: l.versions[p.First : p.First+p.Count]}
	page.versions = make([]pep440.Version, len(page.rows))
	for i, row := range page.rows {
		v, err := pep440.Parse(l.rows.Text(row.Text))
		if err != nil {
			return nil // only a damaged file holds what is no version
		}
		page.versions[i] = v
	}
	return page
}

// A listedPage is one project of a listing.
type listedPage struct {
	listing  *listing
	rows     []versionRow
	versions []pep440.Version
}

func (p *listedPage) Len() int                     { return len(p.rows) }
func (p *listedPage) Version(i int) pep440.Version { return p.versions[i] }

// allNewer reports whether every file of the ith version is newer than the limit,
// or has no time unless those are seen. It makes no strings.
func (p *listedPage) allNewer(i int, limit time.Time, timeless bool) bool {
	row := p.rows[i]
	for _, f := range p.listing.files[row.First : row.First+row.Count] {
		if f.Uploaded == noTime && timeless || f.Uploaded != noTime && f.Uploaded < limit.UnixNano() {
			return false
		}
	}
	return row.Count > 0
}

// Files makes the files of a version, with their strings in one piece.
func (p *listedPage) Files(i int) []simple.File {
	row := p.rows[i]
	l := p.listing
	rows := l.files[row.First : row.First+row.Count]
	d := decoder{listing: l, stem: l.rows.Text(row.Stem)}
	size, hashes := 0, 0
	for i := range rows {
		f := &rows[i]
		name := len(d.stem) + len(l.rows.Text(at(l.tails, f.Tail)))
		size += 2*name + len(l.rows.Text(at(l.prefixes, f.Prefix))) + len(l.rows.Text(at(l.texts, f.Text).Suffix)) +
			pathLen + 2*len(f.SHA256) + 2*len(f.Metadata)
		hashes += 2 + int(f.Count)
	}
	d.text.Grow(size)
	d.made = make([]simple.Hash, 0, hashes)
	out := make([]simple.File, len(rows))
	for i := range rows {
		d.file(&out[i], &rows[i])
	}
	return out
}

// at returns a row of a table, or the zero row if it has none there.
func at[T any](table []T, i uint32) (row T) {
	if uint64(i) < uint64(len(table)) {
		row = table[i]
	}
	return row
}

// A decoder makes the files of a version. All strings that are made are parts of
// one.
type decoder struct {
	*listing
	stem string
	text strings.Builder
	made []simple.Hash
}

func (d *decoder) file(f *simple.File, row *fileRow) {
	t := d.rows.Text
	text := at(d.texts, row.Text)
	f.Filename = d.join(d.stem, t(at(d.tails, row.Tail)))
	f.URL = d.url(row, f.Filename, t(text.Suffix))
	f.RequiresPython, f.Size = t(text.Python), row.Size
	f.Yanked, f.YankedReason = row.Flags&isYanked != 0, t(text.Yanked)
	if row.Uploaded != noTime {
		f.UploadTime = time.Unix(0, row.Uploaded).UTC()
	}
	if f.Metadata.Available = row.Flags&hasMetadata != 0; row.Flags&metadataHash != 0 {
		f.Metadata.Hashes = d.hash(partHash, d.hex(row.Metadata[:]))
	}
	first := len(d.made)
	if row.Flags&hasSHA256 != 0 {
		d.hash("sha256", d.hex(row.SHA256[:]))
	}
	for i := range uint32(row.Count) {
		h := at(d.hashes, row.Hashes+i)
		d.hash(t(h.Algorithm), t(h.Digest))
	}
	if f.Hashes = d.made[first:len(d.made):len(d.made)]; len(f.Hashes) == 0 {
		f.Hashes = nil
	} else if len(f.Hashes) > 1 {
		slices.SortFunc(f.Hashes, func(a, b simple.Hash) int { return cmp.Compare(a.Algorithm, b.Algorithm) })
	}
}

// hash adds a hash and returns it as a slice.
func (d *decoder) hash(algorithm, digest string) []simple.Hash {
	n := len(d.made)
	d.made = append(d.made, simple.Hash{Algorithm: algorithm, Digest: digest})
	return d.made[n : n+1 : n+1]
}

func (d *decoder) join(parts ...string) string {
	start := d.text.Len()
	for _, part := range parts {
		d.text.WriteString(part)
	}
	return d.text.String()[start:]
}

func (d *decoder) url(row *fileRow, name, suffix string) string {
	prefix := d.rows.Text(at(d.prefixes, row.Prefix))
	switch {
	case row.Flags&namedURL == 0:
		return prefix
	case row.Flags&packedPath == 0:
		return d.join(prefix, name, suffix)
	}
	start := d.text.Len()
	var digits [64]byte
	hex.Encode(digits[:], row.Path[:])
	d.text.WriteString(prefix)
	d.text.Write(digits[:2])
	d.text.WriteByte('/')
	d.text.Write(digits[2:4])
	d.text.WriteByte('/')
	d.text.Write(digits[4:])
	d.text.WriteByte('/')
	d.text.WriteString(name)
	d.text.WriteString(suffix)
	return d.text.String()[start:]
}

func (d *decoder) hex(b []byte) string {
	start := d.text.Len()
	var digits [64]byte
	d.text.Write(digits[:hex.Encode(digits[:], b)])
	return d.text.String()[start:]
}
