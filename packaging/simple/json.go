package simple

import (
	"cmp"
	"slices"
	"time"
)

// ParseJSON reads a project page in JSON (PEP 691). base is the URL that the
// page came from, after redirects; links are resolved against it. With an empty
// base they stay as they are.
//
// A document that is not JSON, or lacks the list of files or a file's name or
// URL, is a [ParseError]. Everything else is taken leniently: a value of the
// wrong type counts as absent. The strings of the result are parts of doc.
func ParseJSON(doc, base string) (*Project, error) { return new(Scratch).parseJSON(doc, base, nil) }

// parseJSON reads a page; if wanted is not nil, of the files those that are.
func (s *Scratch) parseJSON(doc, base string, wanted func(filename string) bool) (*Project, error) {
	r := jsonReader{scanner: scanner{doc: doc}, base: newBase(base), wanted: wanted, kept: s.files[:0], spare: s.hashes[:0]}
	r.base.arena = s.text[:0]
	defer func() { s.hashes, s.text = r.spare, r.base.arena }()
	p := &Project{}
	seen := false
	r.object(func(key string) {
		switch key {
		case "meta":
			r.meta(p)
		case "name":
			p.Name, _ = r.string()
		case "versions":
			p.Versions = r.strings()
		case "alternate-locations":
			p.AlternateLocations = r.strings()
		case "project-status":
			r.status(p)
		case "files":
			seen = true
			if wanted != nil {
				p.Files = r.someFiles()
			} else {
				p.Files = r.files()
			}
			s.files = p.Files
		default:
			r.skip(0)
		}
	})
	if err := r.end(); err != nil {
		return nil, err
	}
	if !seen {
		return nil, &ParseError{Format: "JSON", Reason: "no files key: not a project page"}
	}
	return p, nil
}

// ParseIndexJSON reads the list of an index's projects in JSON (PEP 691).
func ParseIndexJSON(doc string) (*Index, error) {
	r := jsonReader{scanner: scanner{doc: doc}}
	x := &Index{}
	seen := false
	r.object(func(key string) {
		switch key {
		case "meta":
			var p Project
			r.meta(&p)
			x.APIVersion = p.APIVersion
		case "projects":
			seen = true
			r.eachObject(func(key string) {
				if key != "name" {
					r.skip(0)
				} else if name, ok := r.string(); ok {
					x.Projects = append(x.Projects, name)
				}
			})
		default:
			r.skip(0)
		}
	})
	if err := r.end(); err != nil {
		return nil, err
	}
	if !seen {
		return nil, &ParseError{Format: "JSON", Reason: "no projects key: not the root of an index"}
	}
	return x, nil
}

// A jsonReader knows the shape of the documents; the scanner below it knows JSON.
type jsonReader struct {
	scanner
	base base
	// wanted says of a name whether the file is; nil is all.
	wanted func(filename string) bool
	// kept is room for files.
	kept []File
	// spare is room for hashes: most files have exactly one, and one
	// allocation for many files is cheaper than one for each.
	spare []Hash
}

// end reports the scanner's error, or that something follows the document.
func (r *jsonReader) end() error {
	if r.err == nil {
		r.peek()
		if r.pos < len(r.doc) {
			r.fail("unexpected character after the document")
		}
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

// eachObject reads an array of objects, calling member as [scanner.object] does.
// Elements of other types, and other values in place of the array, are skipped.
func (r *jsonReader) eachObject(member func(key string)) {
	if r.peek() != '[' {
		r.skip(0)
		return
	}
	r.array(func() {
		if r.peek() != '{' {
			r.skip(0)
			return
		}
		r.object(member)
	})
}

func (r *jsonReader) meta(p *Project) {
	if r.peek() != '{' {
		r.skip(0)
		return
	}
	r.object(func(key string) {
		switch key {
		case "api-version":
			p.APIVersion, _ = r.string()
		case "tracks":
			p.Tracks = r.strings()
		default:
			r.skip(0)
		}
	})
}

func (r *jsonReader) status(p *Project) {
	if r.peek() != '{' {
		r.skip(0)
		return
	}
	r.object(func(key string) {
		switch key {
		case "status":
			text, _ := r.string()
			p.Status = Status(text)
		case "reason":
			p.StatusReason, _ = r.string()
		default:
			r.skip(0)
		}
	})
}

// strings reads an array of strings, passing over what is not a string.
func (r *jsonReader) strings() []string {
	if r.peek() != '[' {
		r.skip(0)
		return nil
	}
	var out []string
	r.array(func() {
		if text, ok := r.string(); ok {
			out = append(out, text)
		}
	})
	return out
}

// files reads the list of files.
func (r *jsonReader) files() []File {
	if r.peek() != '[' {
		r.expect('[', "where the list of files should begin")
		return nil
	}
	files := r.kept
	var f *File
	member := func(key string) { r.fileMember(f, key) }
	begin := r.pos
	r.array(func() {
		start := r.pos
		if len(files) == cap(files) {
			files = slices.Grow(files, r.room(len(files), begin))
		}
		files = append(files, File{Size: -1})
		f = &files[len(files)-1]
		r.object(member)
		if r.err == nil && (f.Filename == "" || f.URL == "") {
			r.pos = start
			r.fail("a file without name or URL")
		}
	})
	return files
}

// room guesses how many files are still to come, of n that began at a position:
// growing a slice of large values bit by bit would take longer than reading them.
func (r *jsonReader) room(n, begin int) int {
	if n == 0 {
		return 16
	}
	size, rest := (r.pos-begin)/n, len(r.doc)-r.pos
	return rest/size + rest/(16*size) + 1
}

func (r *jsonReader) fileMember(f *File, key string) {
	switch key {
	case "filename":
		f.Filename, _ = r.string()
	case "url":
		if link, ok := r.string(); ok {
			f.URL = r.base.resolve(link)
		}
	case "hashes":
		f.Hashes = r.hashes()
	case "requires-python":
		f.RequiresPython, _ = r.string()
	case "size":
		f.Size = r.int()
	case "upload-time":
		if text, ok := r.string(); ok {
			f.UploadTime = parseTime(text)
		}
	case "yanked":
		f.Yanked, f.YankedReason = r.yanked()
	case "core-metadata":
		f.Metadata = r.metadata()
	case "dist-info-metadata", "data-dist-info-metadata":
		// The older names; the one of PEP 714 wins if both are there.
		if m := r.metadata(); !f.Metadata.Available {
			f.Metadata = m
		}
	case "gpg-sig":
		if v, ok := r.bool(); ok {
			f.GPGSig = &v
		}
	case "provenance":
		f.Provenance, _ = r.string()
	default:
		r.skip(0)
	}
}

// yanked reads a boolean or the reason, where any string means yanked.
func (r *jsonReader) yanked() (yanked bool, reason string) {
	if r.peek() == '"' {
		reason, yanked = r.string()
		return yanked, reason
	}
	yanked, _ = r.bool()
	return yanked, ""
}

// metadata reads a boolean or the hashes, where any object means available.
func (r *jsonReader) metadata() Metadata {
	if r.peek() == '{' {
		return Metadata{Available: true, Hashes: r.hashes()}
	}
	available, _ := r.bool()
	return Metadata{Available: available}
}

// hashes reads an object of algorithm to digest.
func (r *jsonReader) hashes() []Hash {
	if r.peek() != '{' {
		r.skip(0)
		return nil
	}
	if cap(r.spare)-len(r.spare) < 8 {
		r.spare = make([]Hash, 0, min(max(2*cap(r.spare), 512), 1<<13))
	}
	start := len(r.spare)
	r.object(func(key string) {
		if text, ok := r.string(); ok {
			r.spare = append(r.spare, Hash{Algorithm: key, Digest: text})
		}
	})
	if len(r.spare) == start {
		return nil
	}
	out := r.spare[start:len(r.spare):len(r.spare)]
	return sortHashes(out)
}

// sortHashes sorts in place by algorithm and keeps the last of equal ones, as a
// JSON object does.
func sortHashes(h []Hash) []Hash {
	if len(h) < 2 {
		return h
	}
	slices.SortStableFunc(h, func(a, b Hash) int { return cmp.Compare(a.Algorithm, b.Algorithm) })
	out := h[:1]
	for _, next := range h[1:] {
		if last := &out[len(out)-1]; last.Algorithm == next.Algorithm {
			*last = next
		} else {
			out = append(out, next)
		}
	}
	return out
}

// parseTime reads a time of RFC 3339, in practice "2023-01-02T03:04:05.678901Z".
// PEP 700 demands UTC; other offsets are converted. Anything else is no time.
func parseTime(s string) time.Time {
	if t, ok := parseUTC(s); ok {
		return t
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// parseUTC reads the one form that indexes send; ok is false for any other.
func parseUTC(s string) (t time.Time, ok bool) {
	const form = "0000-00-00T00:00:00"
	if len(s) < len(form)+1 || len(s) > len(form)+len(".000000000Z") || s[len(s)-1] != 'Z' {
		return t, false
	}
	var n [6]int
	field := 0
	for i := range len(form) {
		c := s[i]
		if form[i] == '0' {
			if c < '0' || c > '9' {
				return t, false
			}
			n[field] = n[field]*10 + int(c-'0')
		} else if field++; c != form[i] {
			return t, false
		}
	}
	nanos, ok := fraction(s[len(form) : len(s)-1])
	if !ok || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 28 || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return t, false // days past the 28th of a month need the calendar: left to package time
	}
	return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], nanos, time.UTC), true
}

// fraction reads "" or "." and up to nine digits as nanoseconds.
func fraction(s string) (nanos int, ok bool) {
	if s == "" {
		return 0, true
	}
	if s[0] != '.' || len(s) == 1 {
		return 0, false
	}
	scale := 1_000_000_000
	for _, c := range []byte(s[1:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		scale /= 10
		nanos += int(c-'0') * scale
	}
	return nanos, true
}
