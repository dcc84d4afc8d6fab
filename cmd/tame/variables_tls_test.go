package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/pypitest"
)

// TestVariablesOfConnections sees to it that the variables about certificates and
// the making of connections decide whether an index can be used.
func TestVariablesOfConnections(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("makes an environment with symbolic links")
	}
	python := mainPython(t)
	index := pypitest.New(t, pypitest.Releases(pypitest.Release{Name: "alpha", Version: "1.0"}))
	plain := tlsIndex(t, index, nil, 0)
	strict := tlsIndex(t, index, &tls.Config{ClientAuth: tls.RequireAnyClientCert}, 0)
	slow := tlsIndex(t, index, nil, 2*time.Second)
	trusted := t.TempDir()
	file, pair := filepath.Join(trusted, "root.pem"), filepath.Join(t.TempDir(), "pair.pem")
	writePEM(t, file, plain, false)
	writePEM(t, pair, plain, true)
	for _, c := range []struct {
		name   string
		server *httptest.Server
		env    []string
		works  bool
	}{
		{"nobody knows the certificate", plain, nil, false},
		{"SSL_CERT_FILE", plain, []string{"SSL_CERT_FILE=" + file}, true},
		{"SSL_CERT_DIR", plain, []string{"SSL_CERT_DIR=" + trusted}, true},
		{"UV_INSECURE_HOST", plain, []string{"UV_INSECURE_HOST=127.0.0.1"}, true},
		{"another UV_INSECURE_HOST", plain, []string{"UV_INSECURE_HOST=example.com"}, false},
		{"no SSL_CLIENT_CERT", strict, []string{"SSL_CERT_FILE=" + file}, false},
		{"SSL_CLIENT_CERT", strict, []string{"SSL_CERT_FILE=" + file, "SSL_CLIENT_CERT=" + pair}, true},
		{"a short UV_HTTP_CONNECT_TIMEOUT", slow, []string{"SSL_CERT_FILE=" + file, "UV_HTTP_CONNECT_TIMEOUT=1"}, false},
		{"a long UV_HTTP_CONNECT_TIMEOUT", slow, []string{"SSL_CERT_FILE=" + file, "UV_HTTP_CONNECT_TIMEOUT=60", "UV_HTTP_TIMEOUT=60"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, python, c.server.URL+"/simple/")
			v.env = append(append(v.env, "UV_HTTP_RETRIES=0"), c.env...)
			out, err := v.command("pip", "install", "--dry-run", "-p", ".venv", "alpha").CombinedOutput()
			if (err == nil) != c.works {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// tlsIndex serves an index over TLS. A handshake begins after a pause.
func tlsIndex(t *testing.T, index *pypitest.Server, config *tls.Config, pause time.Duration) *httptest.Server {
	t.Helper()
	base, err := url.Parse(index.Base())
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(base))
	s.Listener = pausingListener{s.Listener, pause}
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

type pausingListener struct {
	net.Listener
	pause time.Duration
}

func (l pausingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &pausingConn{c, l.pause}, err
}

type pausingConn struct {
	net.Conn
	pause time.Duration
}

func (c *pausingConn) Read(b []byte) (int, error) {
	time.Sleep(c.pause)
	c.pause = 0
	return c.Conn.Read(b)
}

// writePEM writes the certificate of a server, with its key if wanted.
func writePEM(t *testing.T, path string, s *httptest.Server, key bool) {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if key {
		der, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
