package requirements

import "strings"

// A scanner walks the text of one file. A line break after a backslash is no
// line break; it continues the line, except in a comment.
type scanner struct {
	text string
	at   int
}

// A passage is a part of a file with the continuations of its lines taken out.
type passage struct {
	text  string
	parts []part // in ascending order; never empty
}

// A part says where in the file the text of a passage from some place on
// stands.
type part struct{ in, file int }

// offset returns where in the file a place of the passage is.
func (p passage) offset(in int) int {
	last := p.parts[0]
	for _, q := range p.parts[1:] {
		if q.in > in {
			break
		}
		last = q
	}
	return last.file + in - last.in
}

func (s *scanner) done() bool { return s.at == len(s.text) }

// lineBreak returns the length of the line break at a place, or 0.
func (s *scanner) lineBreak(at int) int {
	switch {
	case strings.HasPrefix(s.text[at:], "\r\n"):
		return 2
	case at < len(s.text) && (s.text[at] == '\n' || s.text[at] == '\r'):
		return 1
	}
	return 0
}

// continuation returns the length of a backslash at a place and the line break
// or end of the file behind it, or 0.
func (s *scanner) continuation(at int) int {
	if at == len(s.text) || s.text[at] != '\\' {
		return 0
	}
	if at+1 == len(s.text) {
		return 1
	}
	if n := s.lineBreak(at + 1); n > 0 {
		return 1 + n
	}
	return 0
}

// blanks returns where the blanks and continuations at a place end.
func (s *scanner) blanks(at int) int {
	for at < len(s.text) {
		if c := s.text[at]; c == ' ' || c == '\t' {
			at++
		} else if n := s.continuation(at); n > 0 {
			at += n
		} else {
			break
		}
	}
	return at
}

// skip goes past blanks, line breaks and comments.
func (s *scanner) skip() {
	for !s.done() {
		if next := s.blanks(s.at); next > s.at {
			s.at = next
		} else if n := s.lineBreak(s.at); n > 0 {
			s.at += n
		} else if s.text[s.at] == '#' {
			s.at = s.lineEnd(s.at)
		} else {
			return
		}
	}
}

// lineEnd returns where the line of the file ends, whatever is in it.
func (s *scanner) lineEnd(at int) int {
	if i := strings.IndexAny(s.text[at:], "\r\n"); i >= 0 {
		return at + i
	}
	return len(s.text)
}

// word returns the text up to a blank, a line break or an equals sign.
func (s *scanner) word() string {
	end := s.at
	for end < len(s.text) && strings.IndexByte(" \t\r\n=", s.text[end]) < 0 && s.continuation(end) == 0 {
		end++
	}
	return s.text[s.at:end]
}

// take returns the rest of the line up to where stop says, without the blanks
// before that, and goes there. stop is asked at the bytes in among.
func (s *scanner) take(among string, stop func(at int) bool) passage {
	p := passage{parts: []part{{0, s.at}}}
	start := s.at
	for !s.done() {
		i := strings.IndexAny(s.text[s.at:], among)
		if i < 0 {
			s.at = len(s.text)
			break
		}
		s.at += i
		if s.lineBreak(s.at) > 0 || stop(s.at) {
			break
		}
		if n := s.continuation(s.at); n > 0 {
			p.text += s.text[start:s.at]
			s.at += n
			start = s.at
			p.parts = append(p.parts, part{len(p.text), start})
			continue
		}
		s.at++
	}
	p.text += s.text[start:s.at]
	p.text = strings.TrimRight(p.text, " \t\f\v")
	return p
}

// takeValue takes the value of an option, which ends before a hash sign.
func (s *scanner) takeValue() passage {
	return s.take("\r\n\\#", func(at int) bool { return s.text[at] == '#' })
}

// takeRequirement takes a requirement, which ends before blanks that are
// followed by an option or comment.
func (s *scanner) takeRequirement() passage {
	return s.take("\r\n\\ \t", func(at int) bool {
		next := s.blanks(at)
		return next > at && (strings.HasPrefix(s.text[next:], "--") || strings.HasPrefix(s.text[next:], "#"))
	})
}

// takeHash takes the value of --hash, which ends before a blank.
func (s *scanner) takeHash() passage {
	return s.take("\r\n\\ \t", func(at int) bool { return s.blanks(at) > at })
}
