package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
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

// TestConnections sees to it that the variables and settings about certificates and
// the making of connections decide whether an index can be used.
func TestConnections(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("makes an environment with symbolic links")
	}
	python := mainPython(t)
	index := pypitest.New(t, pypitest.Releases(pypitest.Release{Name: "alpha", Version: "1.0"}))
	server := tlsIndex(t, index, nil, 0)
	plain, away, proxy := server.URL, "https://127.0.0.1:9", tunnel(t, server)
	strict := tlsIndex(t, index, &tls.Config{ClientAuth: tls.RequireAnyClientCert}, 0).URL
	slow := tlsIndex(t, index, nil, 5*time.Second).URL
	trusted := t.TempDir()
	file, pair := filepath.Join(trusted, "root.pem"), filepath.Join(t.TempDir(), "pair.pem")
	writePEM(t, file, server, false)
	writePEM(t, pair, server, true)
	for _, c := range []struct {
		name     string
		index    string
		env      []string
		settings string
		works    bool
	}{
		{"nobody knows the certificate", plain, nil, "", false},
		{"SSL_CERT_FILE", plain, []string{"SSL_CERT_FILE=" + file}, "", true},
		{"SSL_CERT_DIR", plain, []string{"SSL_CERT_DIR=" + trusted}, "", true},
		{"UV_INSECURE_HOST", plain, []string{"UV_INSECURE_HOST=127.0.0.1"}, "", true},
		{"another UV_INSECURE_HOST", plain, []string{"UV_INSECURE_HOST=example.com"}, "", false},
		{"no SSL_CLIENT_CERT", strict, []string{"SSL_CERT_FILE=" + file}, "", false},
		{"SSL_CLIENT_CERT", strict, []string{"SSL_CERT_FILE=" + file, "SSL_CLIENT_CERT=" + pair}, "", true},
		{"allow-insecure-host", plain, nil, `allow-insecure-host = ["127.0.0.1"]`, true},
		{"another allow-insecure-host", plain, nil, `allow-insecure-host = ["example.com"]`, false},
		{"https-proxy", away, []string{"SSL_CERT_FILE=" + file}, `https-proxy = "` + proxy + `"`, true},
		{"no https-proxy", away, []string{"SSL_CERT_FILE=" + file}, "", false},
		{"a short UV_HTTP_CONNECT_TIMEOUT", slow, []string{"SSL_CERT_FILE=" + file, "UV_HTTP_CONNECT_TIMEOUT=1"}, "", false},
		{"a long UV_HTTP_CONNECT_TIMEOUT", slow, []string{"SSL_CERT_FILE=" + file, "UV_HTTP_CONNECT_TIMEOUT=60", "UV_HTTP_TIMEOUT=60"}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, python, c.index+"/simple/")
			if err := os.WriteFile(filepath.Join(v.dir, "uv.toml"), []byte(c.settings), 0o666); err != nil {
				t.Fatal(err)
			}
			v.env = append(append(v.env, "UV_HTTP_RETRIES=0"), c.env...)
			out, err := v.command("pip", "install", "--dry-run", "-p", ".venv", "alpha").CombinedOutput()
			if (err == nil) != c.works {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// tunnel is the address of a proxy that connects whoever asks with one server.
func tunnel(t *testing.T, to *httptest.Server) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		server, err := net.Dial("tcp", to.Listener.Addr().String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer server.Close()
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(server, client) //nolint:errcheck // until either side closes
		_, _ = io.Copy(client, server)
	}))
	t.Cleanup(s.Close)
	return s.URL
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
