// Package web is the HTTP client of the program: everything that comes from or
// goes to the network, git apart, passes through a [Client].
//
//   - [Client.Do] makes one request: authentication, redirects, retries, and
//     errors of one type, [Error].
//   - [Client.Get] reads a whole answer, also if its body breaks off.
//   - [Client.Open] streams a large file and resumes where it broke off.
//   - [Client.Ranges] reads parts of a file, as a zip archive's directory.
//   - [Client.Cached] keeps what was made of an answer on disk, by the rules of
//     RFC 9111 for a private cache.
//
// Small answers travel over HTTP/2 where the server has it, so that hundreds
// share one connection; large files over HTTP/1.1 connections of their own,
// which is about four times as fast on one file. Certificates are read when the
// first TLS connection is made, while the server is still answering.
//
// The client trusts the certificates of the system. uv brings Mozilla's with it
// and takes the system's on request; Go's standard library has none to bring, so
// here the request changes nothing. SSL_CERT_FILE and SSL_CERT_DIR replace the
// system's certificates as they do there.
//
// Waits are bounded: for a connection, for the head of an answer, and for each
// kilobyte of its body. Retries are bounded too. Everything ends at once when
// the context does.
package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/par"
)

// The defaults of [Options].
const (
	DefaultReadTimeout    = 30 * time.Second
	DefaultConnectTimeout = 10 * time.Second
	DefaultRetries        = 3
	DefaultConnections    = 50
)

// Options are how a [Client] works. The zero value means the defaults, with an
// empty environment.
type Options struct {
	// Offline refuses every request; only what is on disk is used.
	Offline bool
	// ReadTimeout bounds the wait for the head of an answer and for each
	// kilobyte of its body; 0 means DefaultReadTimeout.
	ReadTimeout time.Duration
	// ConnectTimeout bounds the making of a connection; 0 means
	// DefaultConnectTimeout. It is never more than ReadTimeout.
	ConnectTimeout time.Duration
	// Retries is how often a request that failed for a passing reason is
	// repeated: 0 means DefaultRetries, a negative number never.
	Retries int
	// Connections bounds the connections to one host, and the large files that
	// are transferred at once; 0 means DefaultConnections.
	Connections int
	// InsecureHosts are hosts whose certificates are not checked: "host",
	// "host:port" or a URL.
	InsecureHosts []string
	// CertFile names a PEM file of certificates to trust in place of the
	// system's and of the environment's.
	CertFile string
	// HTTPProxy, HTTPSProxy and NoProxy take the place of the variables
	// HTTP_PROXY, HTTPS_PROXY and NO_PROXY where they are not empty.
	HTTPProxy, HTTPSProxy, NoProxy string
	// Getenv returns the value of an environment variable; nil is an empty
	// environment. The client reads SSL_CERT_FILE, SSL_CERT_DIR,
	// SSL_CLIENT_CERT, HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (also
	// in lower case), and UV_TEST_NO_HTTP_RETRY_DELAY.
	Getenv func(string) string
	// UserAgent is the header of that name.
	UserAgent string
	// Auth has the credentials; nil means that only those in URLs are used.
	Auth *auth.Store
	// Mirrors are places to ask in the stead of others.
	Mirrors []Mirror
	// Warn tells the user of settings that do not work; nil is silent.
	Warn func(message string)
	// Debug gets a line for each request and what became of it; nil is silent.
	// URLs in it are redacted.
	Debug func(format string, args ...any)
	// Now is the clock of the disk cache; nil means time.Now.
	Now func() time.Time
}

// A Client makes requests. It is safe for concurrent use, and there should be
// one of it, because it keeps connections.
type Client struct {
	options   Options
	auth      *auth.Store
	proxies   proxies
	mirrors   mirrors
	roots     *roots
	transfers *par.Limiter // of large files
	delay     func(retry int) time.Duration
	dial      func(ctx context.Context, network, address string) (net.Conn, error)

	transports par.Cache[transportKey, http.RoundTripper]
	spares     par.Cache[string, *spares] // of scheme and host
	gates      sync.Map                   // of host to *gate
	decoders   sync.Pool                  // of *gzip.Reader
}

// New returns a client. It opens no connection and reads no file.
func New(o Options) *Client {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.ReadTimeout <= 0 {
		o.ReadTimeout = DefaultReadTimeout
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}
	o.ConnectTimeout = min(o.ConnectTimeout, o.ReadTimeout)
	if o.Retries == 0 {
		o.Retries = DefaultRetries
	}
	if o.Connections <= 0 {
		o.Connections = DefaultConnections
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Debug == nil {
		o.Debug = func(string, ...any) {}
	}
	if o.Auth == nil {
		o.Auth = auth.NewStore(auth.Options{Getenv: o.Getenv})
	}
	c := &Client{
		options: o, auth: o.Auth, proxies: newProxies(o), mirrors: newMirrors(o.Mirrors), transfers: par.NewLimiter(o.Connections), delay: backoff,
	}
	c.roots = newRoots(o)
	c.dial = (&net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: 15 * time.Second}).DialContext
	if o.Getenv("UV_TEST_NO_HTTP_RETRY_DELAY") != "" {
		c.delay = func(int) time.Duration { return 0 }
	}
	return c
}

// Offline reports whether the client refuses to make requests.
func (c *Client) Offline() bool { return c.options.Offline }

// Auth returns the credentials that the client uses.
func (c *Client) Auth() *auth.Store { return c.auth }

// A transportKey tells apart the connections that differ in how they are made.
type transportKey struct {
	tls      bool // certificates may be needed
	large    bool // HTTP/1.1 only
	insecure bool // certificates are not checked
	address  bool // the host is an IP address
}

// transport returns what sends a request to the URL, authenticated.
func (c *Client) transport(u *url.URL, large bool) http.RoundTripper {
	key := transportKey{tls: u.Scheme == "https", large: large}
	if proxy := c.proxies.find(u); proxy != nil && proxy.Scheme == "https" {
		key.tls = true
	}
	if key.tls {
		key.insecure = c.isInsecure(u)
		key.address = isAddress(u.Hostname())
	}
	return c.transports.Do(key, func() http.RoundTripper {
		return c.auth.Transport(c.newTransport(key))
	})
}

func (c *Client) newTransport(key transportKey) *http.Transport {
	t := &http.Transport{
		Proxy:                  func(r *http.Request) (*url.URL, error) { return c.proxies.find(r.URL), nil },
		DialContext:            c.dialSpared,
		TLSHandshakeTimeout:    c.options.ConnectTimeout,
		DisableCompression:     true, // done by hand, with a faster library
		MaxIdleConns:           4 * c.options.Connections,
		MaxIdleConnsPerHost:    c.options.Connections,
		MaxConnsPerHost:        c.options.Connections,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		WriteBufferSize:        4 << 10,
		ReadBufferSize:         4 << 10, // of the head: bodies are read past it, into larger buffers
		OnProxyConnectResponse: onProxyAnswer,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: c.options.ReadTimeout / 2, PingTimeout: c.options.ReadTimeout / 2},
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	if !key.large {
		t.Protocols.SetHTTP2(true)
	}
	if key.tls {
		t.TLSClientConfig = c.tlsConfig(key)
	}
	return t
}

// tlsConfig returns how TLS connections are made.
func (c *Client) tlsConfig(key transportKey) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(64)}
	if cert, ok := c.roots.clientCertificate(); ok {
		config.Certificates = []tls.Certificate{cert}
	}
	switch {
	case key.insecure:
		config.InsecureSkipVerify = true
	case key.address:
		// A connection's state does not have the address that was asked for,
		// so checking it is left to package tls, with all certificates read.
		config.RootCAs = c.roots.all()
	default:
		// Certificates are read while the server answers; checking waits.
		go c.roots.first()
		config.InsecureSkipVerify = true // VerifyConnection checks in its place
		config.VerifyConnection = c.roots.verify
	}
	return config
}
