package lock

import (
	"strconv"
	"strings"
)

// wheels reads a list of files without making nodes of it. It is false for
// anything that it does not expect, such as keys it does not know.
func (s *scanner) wheels() ([]File, bool) {
	if !s.take('[') {
		return nil, false
	}
	base := len(s.files)
	for {
		s.space(true)
		if s.take(']') {
			break
		}
		f := s.room()
		if !s.take('{') || !s.usualFile(f) && !s.file(f) {
			s.files = s.files[:base]
			return nil, false
		}
		s.space(true)
		if !s.take(',') && s.peek() != ']' {
			s.files = s.files[:base]
			return nil, false
		}
	}
	return s.files[base:len(s.files):len(s.files)], len(s.files) > base
}

// room is one more file at the end of the list. At first there is room for as
// many as the text has tables, which is more than enough.
func (s *scanner) room() *File {
	if s.files == nil {
		s.files = make([]File, 0, min(strings.Count(s.text, "{"), maxFiles))
	}
	s.files = append(s.files, File{Size: -1})
	return &s.files[len(s.files)-1]
}

// maxFiles bounds the room for files that is made in advance.
const maxFiles = 1 << 16

// usualFile reads a table of the form that nearly all wheels have, up to its end.
// Where it does not it leaves the file as it was.
func (s *scanner) usualFile(f *File) bool {
	url, rest, ok := quotedField(s.text[s.at:], ` url = "`)
	if !ok {
		return false
	}
	hash, rest, ok := quotedField(rest, `, hash = "`)
	if !ok || !strings.HasPrefix(rest, ", size = ") {
		return false
	}
	rest = rest[len(", size = "):]
	size, digits := int64(0), 0
	for digits < len(rest) && rest[digits]-'0' <= 9 {
		size = 10*size + int64(rest[digits]-'0')
		digits++
	}
	if digits == 0 || digits >= 19 || rest[0] == '0' && digits > 1 {
		return false
	}
	uploaded, rest, ok := quotedField(rest[digits:], `, upload-time = "`)
	if !ok || !strings.HasPrefix(rest, " }") {
		return false
	}
	f.URL, f.Hash, f.Size, f.Uploaded = url, hash, size, uploaded
	s.at = len(s.text) - len(rest) + len(" }")
	return true
}

// quotedField takes a text that is not empty and the quotation mark behind it off
// the beginning, where what is before it is given.
func quotedField(text, before string) (field, rest string, ok bool) {
	if !strings.HasPrefix(text, before) {
		return "", text, false
	}
	text = text[len(before):]
	n := strings.IndexByte(text, '"')
	if n <= 0 || !isPlain(text[:n]) {
		return "", text, false
	}
	return text[:n], text[n+1:], true
}

// file reads a table up to its end.
func (s *scanner) file(f *File) bool {
	for seen := 0; ; seen++ {
		s.space(false)
		if seen > 0 && s.take('}') {
			return true
		}
		if seen > 0 {
			if !s.take(',') {
				return false
			}
			s.space(false)
		}
		key := s.bareKey()
		s.space(false)
		if !s.take('=') {
			return false
		}
		s.space(false)
		if !s.fileField(f, key) {
			return false
		}
	}
}

func (s *scanner) fileField(f *File, key string) bool {
	var to *string
	switch key {
	case "url":
		to = &f.URL
	case "path":
		to = &f.Path
	case "filename":
		to = &f.Name
	case "hash":
		to = &f.Hash
	case "upload-time":
		to = &f.Uploaded
	case "size":
		if c := s.peek(); c < '0' || c > '9' || f.Size >= 0 {
			return false
		}
		n, ok := s.number()
		size, err := strconv.ParseInt(n.text, 10, 64)
		f.Size = size
		return ok && err == nil
	default:
		return false
	}
	if s.peek() != '"' || *to != "" {
		return false
	}
	text, ok := s.basicString()
	*to = text
	return ok && text != ""
}
