package simple

import (
	"bytes"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseHTML reads a project page in HTML (PEP 503). base is the URL that the
// page came from, after redirects; links are resolved against it, or against
// the page's <base> element if that comes before any link. With an empty base
// relative links stay as they are.
//
// Any bytes are HTML, so there is hardly an error: text without links is a
// project without files. What an index says in a broken way counts as absent.
// A [ParseError] means bytes that are not UTF-8.
func ParseHTML(doc, base string) (*Project, error) {
	r := htmlReader{z: &tokenizer{doc: []byte(doc)}, base: newBase(base)}
	// An anchor takes more bytes than this.
	r.project.Files = make([]File, 0, strings.Count(doc, "<a ")+strings.Count(doc, "<A "))
	if at := invalidUTF8(doc); at >= 0 {
		return nil, &ParseError{Format: "HTML", Offset: at, Reason: "not UTF-8"}
	}
	for {
		switch r.z.next() {
		case tokenEnd:
			return &r.project, nil
		case tokenStart:
			r.tag()
		}
	}
}

// ParseIndexHTML reads the list of an index's projects in HTML (PEP 503): the
// texts of its links.
func ParseIndexHTML(doc string) (*Index, error) {
	if at := invalidUTF8(doc); at >= 0 {
		return nil, &ParseError{Format: "HTML", Offset: at, Reason: "not UTF-8"}
	}
	r := htmlReader{z: &tokenizer{doc: []byte(doc)}}
	x := &Index{}
	inside := false // of a link
	var text []byte
	for {
		switch r.z.next() {
		case tokenEnd:
			x.APIVersion = r.project.APIVersion
			return x, nil
		case tokenStart:
			switch string(r.z.name) {
			case "a":
				inside, text = r.hasLink(), text[:0]
			case "meta":
				r.meta()
			}
		case tokenText:
			if inside {
				text = append(text, r.z.text...)
			}
		case tokenClose:
			if inside && string(r.z.name) == "a" {
				inside = false
				if t := strings.TrimSpace(html.UnescapeString(string(text))); t != "" {
					x.Projects = append(x.Projects, t)
				}
			}
		}
	}
}

func invalidUTF8(doc string) int {
	if utf8.ValidString(doc) {
		return -1
	}
	at := 0
	for at < len(doc) {
		c, n := utf8.DecodeRuneInString(doc[at:])
		if c == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

// An htmlReader collects a project from the tags of its page.
type htmlReader struct {
	z       *tokenizer
	base    base
	linked  bool // a link was seen, so <base> is too late
	project Project
	text    arena
	spare   []Hash
}

func (r *htmlReader) tag() {
	switch string(r.z.name) {
	case "a":
		r.linked = true
		r.anchor()
	case "link":
		r.linked = true
	case "base":
		if !r.linked {
			r.linked = true // only the first counts
			r.setBase()
		}
	case "meta":
		r.meta()
	}
}

func (r *htmlReader) setBase() {
	for key, value, ok := r.z.attribute(); ok; key, value, ok = r.z.attribute() {
		if string(key) == "href" {
			r.base = newBase(r.base.resolve(string(value)))
			return
		}
	}
}

func (r *htmlReader) hasLink() bool {
	linked := false
	for key, value, ok := r.z.attribute(); ok; key, value, ok = r.z.attribute() {
		linked = linked || string(key) == "href" && len(value) > 0
	}
	return linked
}

// meta reads <meta name="pypi:…" content="…"> (PEP 629, 708, 792).
func (r *htmlReader) meta() {
	var name, content string
	for key, value, ok := r.z.attribute(); ok; key, value, ok = r.z.attribute() {
		switch string(key) {
		case "name":
			name = string(value)
		case "content":
			content = string(value)
		}
	}
	p := &r.project
	switch name {
	case "pypi:repository-version":
		p.APIVersion = content
	case "pypi:project-status":
		p.Status = Status(content)
	case "pypi:project-status-reason":
		p.StatusReason = content
	case "pypi:tracks":
		p.Tracks = append(p.Tracks, content)
	case "pypi:alternate-locations":
		p.AlternateLocations = append(p.AlternateLocations, content)
	}
}

// anchor reads one link and its attributes. Links without a target, and those
// whose target names no file, are passed over.
func (r *htmlReader) anchor() {
	r.project.Files = append(r.project.Files, File{Size: -1})
	f := &r.project.Files[len(r.project.Files)-1]
	var older Metadata
	for key, value, ok := r.z.attribute(); ok; key, value, ok = r.z.attribute() {
		switch string(key) {
		case "href":
			r.link(f, value)
		case "data-requires-python":
			f.RequiresPython = r.text.put(value)
		case "data-core-metadata":
			f.Metadata = r.metadata(value)
		case "data-dist-info-metadata":
			older = r.metadata(value)
		case "data-yanked":
			f.Yanked, f.YankedReason = true, r.text.put(value)
		case "data-gpg-sig":
			if has, err := strconv.ParseBool(string(value)); err == nil {
				f.GPGSig = &has
			}
		case "data-provenance":
			f.Provenance = r.text.put(value)
		case "data-size":
			if size, err := strconv.ParseInt(string(value), 10, 64); err == nil && size >= 0 {
				f.Size = size
			}
		case "data-upload-time":
			f.UploadTime = parseTime(string(value))
		}
	}
	if !f.Metadata.Available {
		f.Metadata = older
	}
	if f.Filename == "" {
		r.project.Files = r.project.Files[:len(r.project.Files)-1]
	}
}

// link takes a link apart: the file's URL, its name, which is the last segment
// of the path, and the hash in the fragment.
func (r *htmlReader) link(f *File, value []byte) {
	if f.URL != "" {
		return // the first of repeated attributes counts
	}
	target, fragment, _ := bytes.Cut(bytes.TrimSpace(value), []byte("#"))
	path, _, _ := bytes.Cut(target, []byte("?"))
	name := path[bytes.LastIndexByte(path, '/')+1:]
	if len(name) == 0 {
		return
	}
	f.URL = r.base.resolve(r.text.put(target))
	f.Filename = r.text.put(name)
	if strings.IndexByte(f.Filename, '%') >= 0 {
		if plain, err := url.PathUnescape(f.Filename); err == nil && utf8.ValidString(plain) {
			f.Filename = plain
		}
	}
	if h, ok := r.hash(fragment); ok {
		f.Hashes = r.one(h)
	}
}

// metadata reads "true", "false" or a hash.
func (r *htmlReader) metadata(value []byte) Metadata {
	if string(value) == "true" {
		return Metadata{Available: true}
	}
	if h, ok := r.hash(value); ok {
		return Metadata{Available: true, Hashes: r.one(h)}
	}
	return Metadata{}
}

// one returns a slice of one hash, cut from a larger one.
func (r *htmlReader) one(h Hash) []Hash {
	if len(r.spare) == cap(r.spare) {
		r.spare = make([]Hash, 0, 256)
	}
	n := len(r.spare)
	r.spare = append(r.spare, h)
	return r.spare[n : n+1 : n+1]
}

// hash reads "sha256=…". Other fragments, such as "egg=…", are not hashes.
func (r *htmlReader) hash(fragment []byte) (h Hash, ok bool) {
	fragment, _, _ = bytes.Cut(fragment, []byte("&"))
	name, digest, found := bytes.Cut(fragment, []byte("="))
	if !found || len(digest) == 0 {
		return h, false
	}
	if h.Algorithm = hashName(name); h.Algorithm == "" {
		return h, false
	}
	for _, c := range digest {
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			return h, false
		}
	}
	h.Digest = r.text.put(digest)
	return h, true
}

// hashName returns name as a constant if it is an algorithm that Python's
// hashlib always has, or that indexes send, and "" if not.
func hashName(name []byte) string {
	switch string(name) {
	case "sha256":
		return "sha256"
	case "sha384":
		return "sha384"
	case "sha512":
		return "sha512"
	case "sha224":
		return "sha224"
	case "sha1":
		return "sha1"
	case "md5":
		return "md5"
	case "blake2b":
		return "blake2b"
	case "blake2s":
		return "blake2s"
	case "sha3_224":
		return "sha3_224"
	case "sha3_256":
		return "sha3_256"
	case "sha3_384":
		return "sha3_384"
	case "sha3_512":
		return "sha3_512"
	}
	return ""
}

// An arena makes many small strings with few allocations.
type arena struct{ b *strings.Builder }

func (a *arena) put(text []byte) string {
	const chunk = 16 << 10
	if len(text) == 0 {
		return ""
	}
	if len(text) > chunk/4 {
		return string(text)
	}
	if a.b == nil || a.b.Cap()-a.b.Len() < len(text) {
		a.b = &strings.Builder{}
		a.b.Grow(chunk)
	}
	start := a.b.Len()
	a.b.Write(text)
	return a.b.String()[start:]
}
