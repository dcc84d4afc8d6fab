package lock

import "strconv"

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
		f := File{Size: -1}
		if !s.take('{') || !s.file(&f) {
			s.files = s.files[:base]
			return nil, false
		}
		s.files = append(s.files, f)
		s.space(true)
		if !s.take(',') && s.peek() != ']' {
			s.files = s.files[:base]
			return nil, false
		}
	}
	out := s.files[base:len(s.files):len(s.files)]
	if cap(s.files)-len(s.files) < 64 {
		s.files = make([]File, 0, max(256, 2*cap(s.files)))
	}
	return out, len(out) > 0
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
