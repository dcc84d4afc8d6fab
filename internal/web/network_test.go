package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// socks starts a SOCKS5 proxy (RFC 1928) without authentication that takes names
// and IPv4 addresses, and leads every connection to one address.
func socks(t *testing.T, to string) (address string, asked *atomic.Value) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	asked = &atomic.Value{}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveSocks(conn, to, asked)
		}
	}()
	return l.Addr().String(), asked
}

func serveSocks(conn net.Conn, to string, asked *atomic.Value) {
	defer conn.Close()
	read := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(conn, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	read(int(read(2)[1])) // version, methods
	conn.Write([]byte{5, 0})
	var host string
	switch head := read(4); head[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(int(read(1)[0])))
	}
	read(2) // port
	asked.Store(host)
	target, err := net.Dial("tcp", to)
	if err != nil {
		conn.Write([]byte{5, 1, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	defer target.Close()
	conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go io.Copy(target, conn)
	io.Copy(conn, target)
}

func TestSOCKS(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "host ", r.Host) })
	proxy, asked := socks(t, s.Listener.Addr().String())
	c := newClient(Options{Getenv: env("all_proxy", "socks5h://"+proxy)})
	if _, body := mustGet(t, c, "http://index.example.com/x"); body != "host index.example.com" || asked.Load() != "index.example.com" {
		t.Errorf("%q, and the proxy was asked for %v", body, asked.Load())
	}
	secure, ca := secure(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
	proxy, _ = socks(t, secure.Listener.Addr().String())
	c = newClient(Options{Getenv: env("ALL_PROXY", "socks5://"+proxy, "SSL_CERT_FILE", ca)})
	if _, body := mustGet(t, c, "https://example.com/x"); body != "HTTP/2.0" {
		t.Errorf("through the proxy: %q", body)
	}
}

func TestTLSThroughAProxy(t *testing.T) {
	t.Parallel()
	server, ca := secure(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("the proxy was asked to %s", r.Method)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		target, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			return
		}
		defer target.Close()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(target, conn)
		io.Copy(conn, target)
	})
	for _, host := range []string{"example.com", "127.0.0.1"} {
		c := newClient(Options{HTTPSProxy: proxy.URL, Getenv: env("SSL_CERT_FILE", ca)})
		if _, body := mustGet(t, c, "https://"+host+"/"); body != "HTTP/2.0" {
			t.Errorf("%s: %q", host, body)
		}
	}
	c := newClient(Options{HTTPSProxy: proxy.URL, Getenv: env("SSL_CERT_FILE", ca)})
	if _, _, err := c.Get(t.Context(), Request{URL: "https://other.example.net/"}); asError(t, err).Kind != TLS {
		t.Errorf("another name is accepted through a proxy: %v", err)
	}
}

// clientCert writes a certificate and its key into one PEM file.
func clientCert(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})...)
	file := filepath.Join(t.TempDir(), "client.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestClientCertificate(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(r.TLS.PeerCertificates))
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newClient(Options{Getenv: env("SSL_CERT_FILE", ca, "SSL_CLIENT_CERT", clientCert(t))})
	if _, body := mustGet(t, c, s.URL); body != "1" {
		t.Errorf("%q", body)
	}
	if _, _, err := newClient(Options{Getenv: env("SSL_CERT_FILE", ca)}).Get(t.Context(), Request{URL: s.URL}); asError(t, err).Kind != TLS {
		t.Errorf("without a certificate: %v", err)
	}
	warned := ""
	newClient(Options{Warn: func(m string) { warned = m }, Getenv: env("SSL_CERT_FILE", ca, "SSL_CLIENT_CERT", ca)}).Get(t.Context(), Request{URL: s.URL})
	if !strings.Contains(warned, "SSL_CLIENT_CERT") {
		t.Errorf("no warning of a certificate without key: %q", warned)
	}
}

// A server that sends more than it announced, or announces nonsense.
func TestWrongLengths(t *testing.T) {
	t.Parallel()
	s := serve(t, hijack("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"))
	if _, body := mustGet(t, newClient(Options{}), s.URL); body != "abc" {
		t.Errorf("%q", body)
	}
	for _, head := range []string{"Content-Length: -1", "Content-Length: 3\r\nContent-Length: 4", "Transfer-Encoding: odd"} {
		handler, count := failing(9, hijack("HTTP/1.1 200 OK\r\n"+head+"\r\n\r\nabc"))
		_, _, err := newClient(Options{}).Get(t.Context(), Request{URL: serve(t, handler).URL})
		if err == nil {
			t.Errorf("%q is accepted", head)
		}
		if count.Load() > 4 {
			t.Errorf("%q: %d requests", head, count.Load())
		}
	}
	huge := serve(t, hijack("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc"))
	if _, _, err := newClient(Options{}).Get(t.Context(), Request{URL: huge.URL}); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("a body of 100 GB: %v", err)
	}
}
