package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// parseAll feeds an answer in pieces of a size and closes the connection behind
// it.
func parseAll(text []byte, size int, bodiless bool) (*response, int, error) {
	var r response
	r.reset(bodiless, true)
	used := 0
	for begin := 0; begin < len(text); begin += size {
		n, done, err := r.feed(text[begin:min(len(text), begin+size)])
		used += n
		if err != nil || done {
			return &r, used, err
		}
	}
	return &r, used, r.eof()
}

func TestResponse(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for text, want := range map[string]string{
		ok + "Content-Length: 2\r\n\r\nab":                       "200 ab close=false",
		ok + "content-length: 2\n\nab":                           "200 ab close=false",
		ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab":  "200 ab close=false",
		ok + "Content-Length: 0\r\nConnection: x, Close\r\n\r\n": "200  close=true",
		ok + "\r\nabc": "200 abc close=true",
		"HTTP/1.0 200\r\nContent-Length: 1\r\n\r\na":                                                     "200 a close=true",
		"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na":                        "200 a close=false",
		"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n":                                                   "204  close=false",
		"HTTP/1.1 304 No\r\n\r\n":                                                                        "304  close=false",
		"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 201 X\r\nContent-Length: 1\r\n\r\na":                         "201 a close=false",
		ok + "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\nA ;x\r\n0123456789\r\n0\r\nT: u\r\n\r\n": "200 a0123456789 close=false",
		ok + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n":                "200 a close=true",
		ok + "Transfer-Encoding: gzip\r\n\r\nrest":                                                       "200 rest close=true",
		ok + "Content-Length: 3\r\n\r\nab":                                                               "error",
		ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab":                                          "error",
		ok + "Content-Length: -1\r\n\r\n":                                                                "error",
		ok + "Content-Length: 99999999999999999999\r\n\r\n":                                              "error",
		ok + "Content-Length: 1, 1\r\n\r\na":                                                             "error",
		ok + " folded: x\r\n\r\n":                                                                        "error",
		ok + "X : y\r\n\r\n":                                                                             "error",
		ok + "no colon\r\n\r\n":                                                                          "error",
		ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n":                                    "error",
		ok + "Transfer-Encoding: chunked\r\n\r\n\r\n":                                                    "error",
		ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n":                                              "error",
		"HTTP/1.1 101 Switch\r\n\r\n":                                                                    "error",
		"HTTP/2.0 200 OK\r\n\r\n":                                                                        "error",
		"HTTP/1.1 2000 OK\r\n\r\n":                                                                       "error",
		"HTTP/1.1 20x OK\r\n\r\n":                                                                        "error",
		"HTTP/1.1 099 OK\r\n\r\n":                                                                        "error",
		"\r\n":                                                                                           "error",
		"":                                                                                               "error",
	} {
		for _, size := range []int{1, 3, 1 << 20} {
			r, used, err := parseAll([]byte(text), size, false)
			got := fmt.Sprintf("%d %s close=%v", r.status, r.body, r.close)
			if err != nil {
				got = "error"
			} else if used != len(text) {
				got += fmt.Sprintf(", %d of %d bytes", used, len(text))
			}
			if got != want {
				t.Errorf("%q in pieces of %d: %s (%v), want %s", text, size, got, err, want)
			}
		}
	}
	if r, used, err := parseAll([]byte(ok+"Content-Length: 2\r\n\r\nab"), 1<<20, true); err != nil || len(r.body) != 0 || used != len(ok)+21 {
		t.Errorf("to HEAD: %q, %d bytes, %v", r.body, used, err)
	}
}

// How an answer comes in pieces makes no difference, and what net/http and this
// parser both accept has the same body.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"), uint8(1))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n0\r\nX: y\r\n\r\n"), uint8(2))
	f.Add([]byte("HTTP/1.1 100 X\r\n\r\nHTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nabc"), uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		whole, used, err := parseAll(text, len(text)+1, false)
		parts, usedParts, errParts := parseAll(text, int(size)+1, false)
		if (err == nil) != (errParts == nil) || err == nil && (used != usedParts || whole.status != parts.status || !bytes.Equal(whole.body, parts.body)) {
			t.Fatalf("whole: %d, %q, %v; in pieces of %d: %d, %q, %v", used, whole.body, err, size, usedParts, parts.body, errParts)
		}
		if err != nil || bytes.HasPrefix(text, []byte("HTTP/1.1 1")) || bytes.HasPrefix(text, []byte("HTTP/1.0 1")) {
			return
		}
		theirs, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
		if err != nil || strings.Contains(strings.ToLower(string(text)), "transfer-encoding") && theirs.TransferEncoding == nil {
			return
		}
		body, err := io.ReadAll(io.LimitReader(theirs.Body, mostBody))
		if err == nil && (theirs.StatusCode != whole.status || !bytes.Equal(body, whole.body)) {
			t.Fatalf("net/http has %d, %q; this %d, %q", theirs.StatusCode, body, whole.status, whole.body)
		}
	})
}

func BenchmarkResponse(b *testing.B) {
	text := []byte("HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: example\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{\"id\": 1, \"name\": \"a name\"}")
	var r response
	b.ReportAllocs()
	for b.Loop() {
		r.reset(false, false)
		if _, done, err := r.feed(text); !done || err != nil {
			b.Fatal(err)
		}
	}
}
