package simple

import "strings"

// ParseSome is [Scratch.Parse] for those who want few files of a page: those of
// whose names wanted says so. Of the others it looks for no more than the names,
// which takes a fraction of the time, and finds faults only between them. ok is
// false if the page is not written as indexes write JSON, without white space and
// with nothing odd in it: then Parse reads it, or tells what is wrong.
func (s *Scratch) ParseSome(contentType, doc, base string, wanted func(filename string) bool) (p *Project, ok bool) {
	if mediaOf(contentType) != MediaJSON {
		return nil, false
	}
	p, err := s.parseJSON(doc, base, wanted)
	return p, err == nil
}

// someFiles reads the list of files as far as they are wanted. Where each begins
// is found by what indexes write between two: a name that is not where it should
// be, or an object that does not end where the next one begins, is a fault.
func (r *jsonReader) someFiles() []File {
	files := r.kept
	if !r.expect('[', "where the list of files should begin") {
		return nil
	}
	if r.peek() == ']' {
		r.pos++
		return files
	}
	var f *File
	member := func(key string) { r.fileMember(f, key) }
	for start := r.pos; ; {
		next := nextObject(r.doc, start)
		name := filenameIn(r.doc[start:next])
		keep, last := name != "" && r.wanted(name), next == len(r.doc)
		if name != "" && !keep && !last {
			start = next
			continue
		}
		files = append(files, File{Size: -1})
		f = &files[len(files)-1]
		r.pos = start
		r.object(member)
		if r.err == nil && (name == "" || f.Filename != name || f.URL == "" || !last && r.pos != next-len(",")) {
			r.fail("files that are not listed plainly")
		}
		if !keep {
			files = files[:len(files)-1]
		}
		if last || r.err != nil {
			break
		}
		start = next
	}
	r.expect(']', "in an array")
	return files
}

// nextObject is where the object in an array begins that follows the one at a
// position, or the end of the document.
func nextObject(doc string, start int) int {
	for at := start + 1; ; at++ {
		n := strings.IndexByte(doc[at:], '{')
		if n < 0 {
			return len(doc)
		}
		if at += n; at >= 2 && doc[at-1] == ',' && doc[at-2] == '}' {
			return at
		}
	}
}

// filenameIn is the name that an object gives first, or "".
func filenameIn(object string) string {
	const key = `"filename":"`
	at := strings.Index(object, key)
	if at < 0 {
		return ""
	}
	name := object[at+len(key):]
	end := plainPrefix(name)
	if end == len(name) || name[end] != '"' {
		return ""
	}
	return name[:end]
}
