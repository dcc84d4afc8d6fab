package index

import (
	"slices"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A listed file is one that goes into a listing.
type listed struct {
	project pyname.Package
	version pep440.Version
	stem    int // how much of the name changes with the version
	file    *simple.File
}

// A packer makes listings one after the other in the same memory.
type packer struct {
	page     simple.Scratch
	readable map[string]bool // what is a Requires-Python
	files    []listed
	sorted   []listed
	spans    []stretch
	group    []int32
	encoder  encoder
}

// A stretch is where files of one version are.
type stretch struct{ from, to int32 }

var packers sync.Pool // of *packer

func newPacker() *packer {
	if p, ok := packers.Get().(*packer); ok {
		return p
	}
	return new(packer)
}

// mostPacked is of how many files a page may be for its memory to be kept.
const mostPacked = 1 << 15

// release keeps the memory for the next page.
func (p *packer) release() {
	if cap(p.files) <= mostPacked {
		packers.Put(p)
	}
}

// listFiles returns the files that are distributions of a project, or if project
// is empty of any. Files whose name or Requires-Python cannot be read are left
// out, as uv does. Of mirrors, the URLs become those that they stand for.
func (c *Client) listFiles(project pyname.Package, files []simple.File, where string) []listed {
	return new(packer).list(c, project, files, where)
}

func (p *packer) list(c *Client, project pyname.Package, files []simple.File, where string) []listed {
	out := slices.Grow(p.files[:0], len(files))
	if p.readable == nil {
		p.readable = map[string]bool{}
	}
	clear(p.readable)
	p.readable[""] = true
	canonical := c.web != nil && c.web.HasMirrors()
	for i := range files {
		f := &files[i]
		if canonical {
			f.URL = c.web.Canonical(f.URL)
		}
		name, version, stem, ok := parseFilename(project, f.Filename)
		if !ok {
			c.debug("passing over %s on %s: not a distribution of the project", f.Filename, where)
			continue
		}
		good, known := p.readable[f.RequiresPython]
		if !known {
			_, err := pep440.ParseSpecifiersLenient(f.RequiresPython)
			good = err == nil
			p.readable[f.RequiresPython] = good
		}
		if !good {
			c.debug("passing over %s on %s: invalid Requires-Python %q", f.Filename, where, f.RequiresPython)
			continue
		}
		out = append(out, listed{name, version, stem, f})
	}
	p.files = out
	return p.sort(out)
}

// sort sorts files by project, version and name. Equal ones stay as they
// were on the page. Indexes list the files of a version together, so that there
// are few spans to put in the order of versions, and names to compare only
// within one.
func (p *packer) sort(files []listed) []listed {
	spans := p.spans[:0]
	for i := range files {
		if i == 0 || compareVersions(&files[i], &files[i-1]) != 0 {
			spans = append(spans, stretch{from: int32(i)})
		}
		spans[len(spans)-1].to = int32(i + 1)
	}
	slices.SortStableFunc(spans, func(a, b stretch) int { return compareVersions(&files[a.from], &files[b.from]) })
	out, group := slices.Grow(p.sorted[:0], len(files)), p.group[:0]
	for n, s := range spans {
		for i := s.from; i < s.to; i++ {
			group = append(group, i)
		}
		if n+1 < len(spans) && compareVersions(&files[s.from], &files[spans[n+1].from]) == 0 {
			continue
		}
		slices.SortStableFunc(group, func(a, b int32) int {
			return strings.Compare(files[a].file.Filename, files[b].file.Filename)
		})
		for _, i := range group {
			out = append(out, files[i])
		}
		group = group[:0]
	}
	p.spans, p.sorted, p.group = spans, out, group
	return out
}

func compareVersions(a, b *listed) int {
	if a.project != b.project {
		return strings.Compare(string(a.project), string(b.project))
	}
	return a.version.Compare(b.version)
}

// parseFilename returns name and version that a file's name carries, and how much
// of it that is; what follows are tags and ending, of which a project has few. If
// project is not empty the name must be that.
func parseFilename(project pyname.Package, filename string) (name pyname.Package, v pep440.Version, stem int, ok bool) {
	switch dist.KindOf(filename) {
	case dist.WheelKind:
		w, err := dist.ParseWheel(filename)
		name, v, ok = w.Name, w.Version, err == nil
		stem = len(filename) - len(w.Tags) - len(".whl")
	case dist.SdistKind, dist.LegacySdistKind:
		s, err := dist.ParseSdist(filename, project)
		name, v, ok = s.Name, s.Version, err == nil
		stem = len(filename) - len(s.Extension)
	}
	return name, v, stem, ok && (project == "" || name == project)
}

// foreignProject is the project that a page is of whose first wheel is not of the
// project that was asked for, "" otherwise.
func foreignProject(project pyname.Package, files []simple.File) pyname.Package {
	for i := range files {
		if w, err := dist.ParseWheel(files[i].Filename); err == nil && w.Name != project {
			return w.Name
		} else if err == nil {
			return ""
		}
	}
	return ""
}

// encodeListing returns the file of a listing. The files are sorted. of says what
// more is known of the project, if they are of one; it may be nil.
func encodeListing(files []listed, of *simple.Project) ([]byte, error) {
	return new(packer).encode(files, of)
}

func (p *packer) encode(files []listed, of *simple.Project) ([]byte, error) {
	p.encoder.reset(len(files), listingSchema())
	p.rows(files, of)
	return p.encoder.b.Finish([2]int64{})
}

// rows makes the tables that all listings have.
func (p *packer) rows(files []listed, of *simple.Project) {
	e := &p.encoder
	for i := 0; i < len(files); {
		first := files[i]
		end := i + 1
		for end < len(files) && files[end].project == first.project && files[end].version.Equal(first.version) {
			end++
		}
		if i == 0 || files[i-1].project != first.project {
			e.projects = append(e.projects, projectRow{Name: e.b.Text(string(first.project)), First: uint32(len(e.versions))})
		}
		e.projects[len(e.projects)-1].Count++
		e.version(files[i:end])
		i = end
	}
	cache.AddRows(e.b, projectTable, e.projects...)
	cache.AddRows(e.b, versionTable, e.versions...)
	cache.AddRows(e.b, fileTable, e.files...)
	cache.AddRows(e.b, tailTable, e.tailRows...)
	cache.AddRows(e.b, prefixTable, e.prefixRows...)
	cache.AddRows(e.b, textTable, e.textRows...)
	cache.AddRows(e.b, hashTable, e.hashes...)
	if of != nil && of.Status != "" && of.Status != simple.Active {
		cache.AddRows(e.b, statusTable, statusRow{e.b.Text(string(of.Status)), e.b.Text(of.StatusReason)})
	}
}

// An encoder collects the rows of a listing.
type encoder struct {
	b        *cache.RowBuilder
	projects []projectRow
	versions []versionRow
	files    []fileRow
	hashes   []hashRow

	tails, prefixes map[string]uint32
	texts           map[textRow]uint32
	// What the file before had, which the next one mostly has too.
	lastPrefix, lastPython string
	lastText               textRow
	lastPrefixAt           uint32
	lastTextAt             uint32
	tailRows, prefixRows   []cache.Ref
	textRows               []textRow
}

// reset empties the encoder, for as many files.
func (e *encoder) reset(files int, schema cache.Schema) {
	if e.b == nil {
		e.b = cache.NewRowBuilder(schema)
		e.tails, e.prefixes, e.texts = map[string]uint32{}, map[string]uint32{}, map[textRow]uint32{}
	}
	e.b.ResetTo(schema)
	clear(e.tails)
	clear(e.prefixes)
	clear(e.texts)
	*e = encoder{
		b: e.b, tails: e.tails, prefixes: e.prefixes, texts: e.texts,
		projects: e.projects[:0], versions: e.versions[:0], files: slices.Grow(e.files[:0], files), hashes: e.hashes[:0],
		tailRows: e.tailRows[:0], prefixRows: e.prefixRows[:0], textRows: e.textRows[:0],
	}
}

// place returns where a text is in its table, and puts it there if need be.
func (e *encoder) place(text string, known map[string]uint32, rows *[]cache.Ref) uint32 {
	at, ok := known[text]
	if !ok {
		at = uint32(len(*rows))
		known[text] = at
		*rows = append(*rows, e.b.Text(text))
	}
	return at
}

// version adds the files of a version.
func (e *encoder) version(files []listed) {
	stem := files[0].file.Filename[:files[0].stem]
	for _, f := range files[1:] {
		stem = commonPrefix(stem, f.file.Filename[:f.stem])
	}
	e.versions = append(e.versions, versionRow{
		Text: e.b.Text(files[0].version.String()), Stem: e.b.Text(stem), First: uint32(len(e.files)), Count: uint32(len(files)),
	})
	for _, f := range files {
		e.file(f.file, len(stem))
	}
}

func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// file adds a file, of whose name the first bytes are those of the version.
func (e *encoder) file(f *simple.File, stem int) {
	row := fileRow{
		Size: f.Size, Uploaded: noTime, Hashes: uint32(len(e.hashes)),
		Tail: e.place(f.Filename[stem:], e.tails, &e.tailRows),
	}
	text := textRow{Python: e.python(f.RequiresPython)}
	if !f.UploadTime.IsZero() {
		row.Uploaded = f.UploadTime.UnixNano()
	}
	if f.Yanked {
		row.Flags |= isYanked
		text.Yanked = e.b.Text(f.YankedReason)
	}
	for _, h := range f.Hashes {
		if h.Algorithm == "sha256" && decodeHex(row.SHA256[:], h.Digest) {
			row.Flags |= hasSHA256
		} else {
			e.hashes = append(e.hashes, hashRow{e.b.Text(h.Algorithm), e.b.Text(h.Digest)})
			row.Count++
		}
	}
	if f.Metadata.Available {
		row.Flags |= hasMetadata
		digest := strings.ToLower(simple.Digest(f.Metadata.Hashes, "sha256"))
		if len(digest) == 64 && decodeHex(row.Metadata[:], digest[:2*len(row.Metadata)]) {
			row.Flags |= metadataHash
		}
	}
	prefix, suffix := packURL(&row, f.URL, f.Filename)
	row.Prefix, text.Suffix = e.prefix(prefix), e.b.Text(suffix)
	row.Text = e.text(text)
	e.files, e.lastPython = append(e.files, row), f.RequiresPython
}

func (e *encoder) python(text string) cache.Ref {
	if text != e.lastPython || len(e.files) == 0 {
		return e.b.Text(text)
	}
	return e.lastText.Python
}

func (e *encoder) prefix(text string) uint32 {
	if text != e.lastPrefix || len(e.files) == 0 {
		e.lastPrefix, e.lastPrefixAt = text, e.place(text, e.prefixes, &e.prefixRows)
	}
	return e.lastPrefixAt
}

func (e *encoder) text(row textRow) uint32 {
	if row == e.lastText && len(e.files) > 0 {
		return e.lastTextAt
	}
	at, ok := e.texts[row]
	if !ok {
		at = uint32(len(e.textRows))
		e.texts[row] = at
		e.textRows = append(e.textRows, row)
	}
	e.lastText, e.lastTextAt = row, at
	return at
}

// decodeHex decodes exactly as many lower-case digits as dst takes; others would
// not come out as they went in. It looks digits up, because branches on digits
// of a digest cannot be predicted.
func decodeHex(dst []byte, digits string) bool {
	if len(digits) != 2*len(dst) {
		return false
	}
	var all byte
	for i := range dst {
		high, low := hexValues[digits[2*i]], hexValues[digits[2*i+1]]
		all |= high | low
		dst[i] = high<<4 | low
	}
	return all < 16
}

// hexValues has the value of each digit, and 255 for all other bytes.
const hexValues = "" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\x0a\x0b\x0c\x0d\x0e\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

// packURL takes a URL apart, because most files share some of it: what is before
// a hash in the path, the hash, the file's name, and what follows. The hash is of
// the form aa/bb/60 digits/, which is 32 bytes.
func packURL(row *fileRow, url, name string) (prefix, suffix string) {
	path, _, _ := strings.Cut(url, "?")
	at := len(path) - len(name)
	if name == "" || at < 1 || path[at-1] != '/' || path[at:] != name {
		return url, ""
	}
	row.Flags |= namedURL
	prefix, suffix = path[:at], url[len(path):]
	if n := len(prefix) - pathLen; n >= 0 {
		p := prefix[n:]
		if p[2] == '/' && p[5] == '/' && p[pathLen-1] == '/' &&
			decodeHex(row.Path[:1], p[:2]) && decodeHex(row.Path[1:2], p[3:5]) && decodeHex(row.Path[2:], p[6:pathLen-1]) {
			row.Flags |= packedPath
			prefix = prefix[:n]
		}
	}
	return prefix, suffix
}
