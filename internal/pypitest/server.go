package pypitest

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
)

// A TB is the part of testing.TB that New needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// A Server is a running index. Its methods may be called at any time.
type Server struct {
	http        *httptest.Server
	connections connections

	// Set before it runs.
	html, json       bool // the only format
	metadata, ranges bool
	sizes, hashes    bool
	uploadTimes      bool
	chosen           bool // metadata was asked for or refused
	tls              bool
	address          string
	user, password   string
	cacheControl     string

	mu       sync.Mutex
	projects map[string][]row
	files    map[string][]byte
	rules    []*Rule
	requests []Request
	uploads  []Upload
	statuses map[string][2]string // of projects that are not active, with the reason

	vulnerabilities []Vulnerability
}

// A Request is one that the server has answered.
type Request struct {
	Method, Path string
	Status       int
	Accept       string
	Range        string
	User         string // of basic authentication
	Conditional  bool   // If-None-Match was sent
}

// String is for messages: "GET /simple/flask/ 200".
func (r Request) String() string { return fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Status) }

// New starts a server that stops when the test ends.
func New(t TB, options ...Option) *Server {
	t.Helper()
	s, err := Start(options...)
	if err != nil {
		t.Fatalf("starting an index: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server, which the caller closes.
func Start(options ...Option) (*Server, error) {
	s := &Server{
		metadata: true, ranges: true, sizes: true, hashes: true, uploadTimes: true,
		projects: map[string][]row{}, files: map[string][]byte{}, statuses: map[string][2]string{},
	}
	if err := s.apply(options); err != nil {
		return nil, err
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ConnState = s.connections.changed
	if err := s.listen(); err != nil {
		return nil, err
	}
	if s.tls {
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	return s, nil
}

func (s *Server) apply(options []Option) error {
	for _, o := range options {
		if err := o(s); err != nil {
			return err
		}
	}
	return nil
}

// Close stops the server. Requests that hang are cut off.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// URL is the address of the index, which ends in "/simple/".
func (s *Server) URL() string { return s.http.URL + "/simple/" }

// Base is the address of the server, without a slash at the end.
func (s *Server) Base() string { return s.http.URL }

// Links is the address of a page of all files, for --find-links.
func (s *Server) Links() string { return s.http.URL + "/links/" }

// FileURL is the address of a file.
func (s *Server) FileURL(name string) string { return s.http.URL + "/files/" + name }

// Client returns an HTTP client that trusts the server's certificate.
func (s *Server) Client() *http.Client { return s.http.Client() }

// HTML makes all pages HTML (PEP 503), whatever the client accepts.
func HTML(s *Server) error { s.html, s.json = true, false; return nil }

// JSON makes all pages JSON (PEP 691), whatever the client accepts.
func JSON(s *Server) error { s.json, s.html = true, false; return nil }

// Metadata says whether wheels' metadata is offered (PEP 658). By default it
// is, but not for scenarios.
func Metadata(on bool) Option {
	return func(s *Server) error { s.metadata, s.chosen = on, true; return nil }
}

// NoRanges makes the server ignore Range headers.
func NoRanges(s *Server) error { s.ranges = false; return nil }

// NoHashes leaves hashes out of the pages.
func NoHashes(s *Server) error { s.hashes = false; return nil }

// TLS makes the server speak HTTPS, with a certificate that only Client
// trusts.
func TLS(s *Server) error { s.tls = true; return nil }

// Address makes the server listen on host:port instead of any free port of
// 127.0.0.1.
func Address(address string) Option { return func(s *Server) error { s.address = address; return nil } }

// Auth makes the server ask for basic authentication everywhere.
func Auth(user, password string) Option {
	return func(s *Server) error { s.user, s.password = user, password; return nil }
}

// CacheControl sets that header of the project pages.
func CacheControl(value string) Option {
	return func(s *Server) error { s.cacheControl = value; return nil }
}

// Requests returns the requests so far, in the order in which they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count returns how many requests there were for paths that match the
// pattern; see Rule.
func (s *Server) Count(pattern string) int {
	n := 0
	for _, r := range s.Requests() {
		if match(pattern, r.Path) {
			n++
		}
	}
	return n
}

// Reset forgets the requests and the rules.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.rules, s.uploads = nil, nil, nil
}

// serve answers one request. It is logged before the answer goes out, so that
// a client that has its answer is always counted.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	user, _, _ := r.BasicAuth()
	log := Request{
		Method: r.Method, Path: r.URL.Path, Accept: r.Header.Get("Accept"), Range: r.Header.Get("Range"),
		User: user, Conditional: r.Header.Get("If-None-Match") != "",
	}
	rule := s.rule(r)
	if rule != nil && rule.NoRange {
		r.Header.Del("Range")
	}
	a := s.answer(r)
	if rule != nil {
		rule.change(&a)
	}
	log.Status = a.status
	s.mu.Lock()
	s.requests = append(s.requests, log)
	s.mu.Unlock()
	if rule != nil {
		rule.write(w, r, a)
		return
	}
	a.write(w, r)
}

// An answer is a response before it is sent.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func reply(status int, contentType string, body []byte) answer {
	return answer{status, http.Header{"Content-Type": {contentType}}, body}
}

func notFound() answer { return reply(http.StatusNotFound, "text/plain", []byte("not found\n")) }

func (a answer) write(w http.ResponseWriter, r *http.Request) {
	for key, values := range a.header {
		w.Header()[key] = values
	}
	if a.status != http.StatusNotModified {
		w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead && a.status != http.StatusNotModified {
		_, _ = w.Write(a.body) // a client may hang up
	}
}

func (s *Server) answer(r *http.Request) answer {
	if !s.authorized(r) {
		a := reply(http.StatusUnauthorized, "text/plain", []byte("who are you?\n"))
		a.header.Set("Www-Authenticate", `Basic realm="pypitest"`)
		return a
	}
	if a, ok := s.post(r); ok {
		return a
	}
	if a, ok := s.osv(r); ok {
		return a
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return reply(http.StatusMethodNotAllowed, "text/plain", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := strings.CutPrefix(r.URL.Path, "/files/"); ok {
		return s.fileAnswer(r, name)
	}
	body, contentType := s.page(r)
	if body == nil {
		return notFound()
	}
	tag := `"` + SHA256(body)[:16] + `"`
	a := reply(http.StatusOK, contentType, body)
	a.header.Set("Etag", tag)
	if s.cacheControl != "" {
		a.header.Set("Cache-Control", s.cacheControl)
	}
	if r.Header.Get("If-None-Match") == tag {
		a.status, a.body = http.StatusNotModified, nil
	}
	return a
}

// page returns a listing, nil if there is no such page.
func (s *Server) page(r *http.Request) (body []byte, contentType string) {
	const htmlType = "text/html; charset=utf-8"
	if r.URL.Path == "/links/" || r.URL.Path == "/links" {
		return s.linksHTML(), htmlType
	}
	project, ok := strings.CutPrefix(r.URL.Path, "/simple")
	if !ok {
		return nil, ""
	}
	asJSON := s.json || !s.html && strings.Contains(r.Header.Get("Accept"), jsonType)
	contentType = htmlType
	if asJSON {
		contentType = jsonType
	}
	project = strings.Trim(project, "/")
	if project == "" {
		return s.root(asJSON), contentType
	}
	if _, known := s.projects[project]; !known {
		return nil, ""
	}
	if asJSON {
		return s.projectJSON(project), contentType
	}
	return s.projectHTML(project), contentType
}

func (s *Server) authorized(r *http.Request) bool {
	if s.user == "" && s.password == "" {
		return true
	}
	user, password, _ := r.BasicAuth()
	return subtle.ConstantTimeCompare([]byte(user+":"+password), []byte(s.user+":"+s.password)) == 1
}

func (s *Server) fileAnswer(r *http.Request, name string) answer {
	data, known := s.files[name]
	if !known || strings.HasSuffix(name, ".metadata") && !s.metadata {
		return notFound()
	}
	contentType := "text/plain"
	switch {
	case strings.HasSuffix(name, ".whl"):
		contentType = "application/zip"
	case strings.HasSuffix(name, ".gz"):
		contentType = "application/gzip"
	}
	a := reply(http.StatusOK, contentType, data)
	a.header.Set("Etag", `"`+SHA256(data)[:16]+`"`)
	if !s.ranges {
		return a
	}
	a.header.Set("Accept-Ranges", "bytes")
	return ranged(a, r.Header.Get("Range"))
}
