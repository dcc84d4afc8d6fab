package web

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// roots are the certificates that the client trusts. They come in two parts: a
// file (or the system's pool), which nearly always suffices, and folders, which
// may hold hundreds of files and are read only when the first part does not.
type roots struct {
	first  func() *x509.CertPool
	second func() *x509.CertPool // nil if there are no folders

	client func() (tls.Certificate, bool)
}

func newRoots(o Options) *roots {
	r := &roots{}
	file, dirs := o.Getenv("SSL_CERT_FILE"), filepath.SplitList(o.Getenv("SSL_CERT_DIR"))
	if o.CertFile != "" {
		file, dirs = o.CertFile, nil
	}
	r.first = sync.OnceValue(func() *x509.CertPool {
		switch {
		case file != "":
			return readCertFile(file, o)
		case len(dirs) > 0:
			return x509.NewCertPool()
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			o.Warn(fmt.Sprintf("failed to load the system's certificates: %v", err))
			return x509.NewCertPool()
		}
		return pool
	})
	if len(dirs) > 0 {
		r.second = sync.OnceValue(func() *x509.CertPool { return readCertDirs(r.first().Clone(), dirs, o) })
	}
	r.client = sync.OnceValues(func() (tls.Certificate, bool) { return readClientCert(o) })
	return r
}

// all returns the whole of the trusted certificates.
func (r *roots) all() *x509.CertPool {
	if r.second != nil {
		return r.second()
	}
	return r.first()
}

// clientCertificate returns the certificate that authenticates the client, if
// there is one.
func (r *roots) clientCertificate() (tls.Certificate, bool) { return r.client() }

// verify checks a server's certificates as package tls does by default.
func (r *roots) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 || state.ServerName == "" {
		return errors.New("tls: the server sent no certificate, or its name is not known")
	}
	options := x509.VerifyOptions{
		Roots: r.first(), DNSName: state.ServerName, Intermediates: x509.NewCertPool(),
	}
	for _, cert := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(options)
	var unknown x509.UnknownAuthorityError
	if r.second != nil && errors.As(err, &unknown) {
		options.Roots = r.second()
		_, err = state.PeerCertificates[0].Verify(options)
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	return nil
}

func readCertFile(file string, o Options) *x509.CertPool {
	pool := x509.NewCertPool()
	text, err := os.ReadFile(file)
	if err != nil {
		o.Warn(fmt.Sprintf("invalid `SSL_CERT_FILE`: %v: no default certificates will be trusted", err))
		return pool
	}
	if !pool.AppendCertsFromPEM(text) {
		o.Warn(fmt.Sprintf("invalid `SSL_CERT_FILE`: no certificate in %s: no default certificates will be trusted", file))
	}
	return pool
}

func readCertDirs(pool *x509.CertPool, dirs []string, o Options) *x509.CertPool {
	found := false
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			o.Warn(fmt.Sprintf("invalid `SSL_CERT_DIR`: %v", err))
			continue
		}
		seen := map[string]bool{} // folders link each file by name and by hash
		for _, entry := range entries {
			path, err := filepath.EvalSymlinks(filepath.Join(dir, entry.Name()))
			if err != nil || seen[path] {
				continue
			}
			seen[path] = true
			if text, err := os.ReadFile(path); err == nil && pool.AppendCertsFromPEM(text) {
				found = true
			}
		}
	}
	if !found {
		o.Warn(fmt.Sprintf("invalid `SSL_CERT_DIR`: no certificate in %s", strings.Join(dirs, string(filepath.ListSeparator))))
	}
	return pool
}

// readClientCert reads SSL_CLIENT_CERT: a PEM file with the certificate and its key.
func readClientCert(o Options) (tls.Certificate, bool) {
	file := o.Getenv("SSL_CLIENT_CERT")
	if file == "" {
		return tls.Certificate{}, false
	}
	cert, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		o.Warn(fmt.Sprintf("invalid `SSL_CLIENT_CERT`: %v", err))
		return tls.Certificate{}, false
	}
	return cert, true
}

// isInsecure reports whether the user has given up checking the certificate of
// the URL's host.
func (c *Client) isInsecure(u *url.URL) bool {
	for _, entry := range c.options.InsecureHosts {
		if insecureMatches(entry, u) {
			return true
		}
	}
	return false
}

func insecureMatches(entry string, u *url.URL) bool {
	if scheme, rest, ok := strings.Cut(entry, "://"); ok {
		if !strings.EqualFold(scheme, u.Scheme) {
			return false
		}
		entry, _, _ = strings.Cut(rest, "/")
	}
	host, port, err := net.SplitHostPort(entry)
	if err != nil {
		host, port = strings.Trim(entry, "[]"), ""
	}
	if host != "*" && !strings.EqualFold(host, u.Hostname()) {
		return false
	}
	return port == "" || port == portOf(u)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

func isAddress(host string) bool { return net.ParseIP(host) != nil }
