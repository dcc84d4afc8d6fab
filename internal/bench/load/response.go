package load

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Limits on what a server may send ahead of and within a body.
const (
	mostHead = 256 << 10 // of the heads of an answer with its interim ones, and of trailers
	mostBody = 1 << 20   // of a body that is kept to be checked
)

// A response reads one answer of HTTP/1.1 (RFC 9112) from the pieces in which
// it comes. It keeps nothing but the status and, if asked, the body.
type response struct {
	bodiless bool // the request was HEAD
	keeps    bool // keep the body

	state     byte
	status    int
	close     bool // the connection must not be used again
	body      []byte
	line      []byte // the beginning of a line whose rest has not come
	head      int    // bytes of heads so far
	remain    int64  // bytes of the body or chunk to come
	length    int64  // what Content-Length says; -1 without
	chunked   bool
	otherwise bool // a transfer coding that is not chunked ends with the connection
}

const (
	inStatus = iota
	inHeader
	inBody
	inChunkSize
	inChunk
	inChunkEnd
	inTrailer
	untilClose
	complete
)

// A malformedError says in what a server broke the protocol.
type malformedError struct{ reason string }

func (e malformedError) Error() string { return "malformed answer: " + e.reason }

func malformed(format string, args ...any) error {
	return malformedError{fmt.Sprintf(format, args...)}
}

// reset makes r ready for another answer.
func (r *response) reset(bodiless, keeps bool) {
	*r = response{bodiless: bodiless, keeps: keeps, body: r.body[:0], line: r.line[:0], length: -1}
}

// feed takes the next bytes and reports how many of them belong to the answer,
// and whether it is complete.
func (r *response) feed(p []byte) (n int, done bool, err error) {
	all := len(p)
	for len(p) > 0 && r.state != complete {
		used := 0
		switch r.state {
		case inBody, inChunk:
			used = int(min(r.remain, int64(len(p))))
			r.keep(p[:used])
			if r.remain -= int64(used); r.remain == 0 && r.state == inBody {
				r.state = complete
			} else if r.remain == 0 {
				r.state = inChunkEnd
			}
		case untilClose:
			used = len(p)
			r.keep(p)
		default:
			var line []byte
			var whole bool
			if line, used, whole, err = r.cut(p); err == nil && whole {
				err = r.take(line)
				r.line = r.line[:0]
			}
			if err != nil {
				return all - len(p), false, err
			}
		}
		p = p[used:]
	}
	return all - len(p), r.state == complete, nil
}

// eof says that the server has closed the connection, which ends an answer
// without a length.
func (r *response) eof() error {
	if r.state == untilClose {
		r.state = complete
		return nil
	}
	return errors.New("the connection was closed within the answer")
}

func (r *response) keep(p []byte) {
	if r.keeps {
		r.body = append(r.body, p[:min(len(p), mostBody-len(r.body))]...)
	}
}

// cut takes one line off p, without its end. A bare LF ends one too.
func (r *response) cut(p []byte) (line []byte, used int, whole bool, err error) {
	end := bytes.IndexByte(p, '\n')
	used = end + 1
	if end < 0 {
		used = len(p)
	}
	if r.head += used; r.head > mostHead {
		return nil, 0, false, malformed("its head has more than %d bytes", mostHead)
	}
	if end < 0 {
		r.line = append(r.line, p...)
		return nil, used, false, nil
	}
	line = p[:end]
	if len(r.line) > 0 {
		r.line = append(r.line, line...)
		line = r.line
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), used, true, nil
}

func (r *response) take(line []byte) error {
	switch r.state {
	case inStatus:
		return r.statusLine(line)
	case inHeader:
		if len(line) == 0 {
			return r.headDone()
		}
		return r.field(line)
	case inChunkSize:
		return r.chunkSize(line)
	case inChunkEnd:
		if len(line) != 0 {
			return malformed("a chunk is longer than its size")
		}
		r.state = inChunkSize
		r.head = 0
	case inTrailer:
		if len(line) == 0 {
			r.state = complete
		}
	}
	return nil
}

// statusLine reads the first line (RFC 9112, section 4).
func (r *response) statusLine(line []byte) error {
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return malformed("it begins with %s", excerpt(line))
	}
	status := 0
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return malformed("it begins with %s", excerpt(line))
		}
		status = status*10 + int(c-'0')
	}
	if status < 100 {
		return malformed("it has the status %d", status)
	}
	r.status, r.close = status, line[7] == '0'
	r.state, r.length, r.chunked, r.otherwise = inHeader, -1, false, false
	return nil
}

// excerpt is the beginning of a line as it can be printed.
func excerpt(line []byte) string { return fmt.Sprintf("%.40q", line) }

// field reads what says where the answer ends (RFC 9112, sections 5 and 6).
func (r *response) field(line []byte) error {
	name, value, found := bytes.Cut(line, []byte{':'})
	if !found || len(name) == 0 || name[0] == ' ' || name[0] == '\t' || !isTokenByte(name[len(name)-1]) {
		return malformed("a line of its head is %s", excerpt(line))
	}
	switch len(name) {
	case len("Connection"):
		if foldEqual(name, "connection") {
			r.connection(value)
		}
	case len("Content-Length"):
		if foldEqual(name, "content-length") {
			return r.contentLength(bytes.Trim(value, " \t"))
		}
	case len("Transfer-Encoding"):
		if foldEqual(name, "transfer-encoding") {
			coding := strings.ToLower(string(bytes.Trim(value, " \t")))
			last := strings.TrimSpace(coding[strings.LastIndexByte(coding, ',')+1:])
			r.chunked, r.otherwise = last == "chunked", last != "chunked"
		}
	}
	return nil
}

// foldEqual compares a name with one in lower case.
func foldEqual(name []byte, lower string) bool {
	for i, c := range name {
		if c|0x20 != lower[i] {
			return false
		}
	}
	return true
}

func (r *response) connection(value []byte) {
	for option := range strings.SplitSeq(string(value), ",") {
		switch strings.ToLower(strings.TrimSpace(option)) {
		case "close":
			r.close = true
			return
		case "keep-alive":
			r.close = false
		}
	}
}

func (r *response) contentLength(value []byte) error {
	n, err := digits(value, 10)
	if err != nil || r.length >= 0 && r.length != n {
		return malformed("its length is %s", excerpt(value))
	}
	r.length = n
	return nil
}

// digits reads a number without a sign that fits an int64.
func digits(text []byte, base int64) (int64, error) {
	var n int64
	if len(text) == 0 || len(text) > 18 {
		return 0, errors.New("no number")
	}
	for _, c := range text {
		d := int64(99)
		switch {
		case '0' <= c && c <= '9':
			d = int64(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			d = int64(c|0x20-'a') + 10
		}
		if d >= base || n > (1<<62)/base {
			return 0, errors.New("no number")
		}
		n = n*base + d
	}
	return n, nil
}

// headDone decides what follows a head (RFC 9112, section 6.3).
func (r *response) headDone() error {
	switch {
	case r.status == 101:
		return malformed("it changes the protocol, which nobody asked for")
	case r.status < 200: // an interim answer: the real one follows
		r.state = inStatus
	case r.bodiless || r.status == 204 || r.status == 304:
		r.state = complete
	case r.chunked:
		r.close = r.close || r.length >= 0 // both: somebody may have tampered with it
		r.state = inChunkSize
	case r.otherwise || r.length < 0:
		r.close, r.state = true, untilClose
	case r.length == 0:
		r.state = complete
	default:
		r.remain, r.state = r.length, inBody
	}
	return nil
}

// chunkSize reads the line ahead of a chunk (RFC 9112, section 7.1).
func (r *response) chunkSize(line []byte) error {
	size, _, _ := bytes.Cut(line, []byte{';'})
	n, err := digits(bytes.TrimRight(size, " \t"), 16)
	if err != nil {
		return malformed("the size of a chunk is %s", excerpt(line))
	}
	r.remain, r.state = n, inChunk
	if n == 0 {
		r.state = inTrailer
	}
	return nil
}
