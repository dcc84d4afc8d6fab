package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/tame-py/tame/internal/auth"
)

// proxies are the proxies to go through, and the hosts that need none.
type proxies struct {
	http, https *url.URL
	direct      []string
}

// newProxies reads settings and environment. Names in lower case win over names
// in upper case, as in curl, and ALL_PROXY serves where nothing else is set.
func newProxies(o Options) proxies {
	env := func(name string) string {
		if v := o.Getenv(strings.ToLower(name)); v != "" {
			return v
		}
		return o.Getenv(name)
	}
	first := func(values ...string) *url.URL {
		for _, v := range values {
			if v == "" {
				continue
			}
			if u := parseProxy(v); u != nil {
				return u
			}
			o.Warn(fmt.Sprintf("invalid proxy URL %q", auth.Redact(v)))
		}
		return nil
	}
	httpEnv := env("HTTP_PROXY")
	if o.Getenv("REQUEST_METHOD") != "" {
		httpEnv = o.Getenv("http_proxy") // in a CGI program HTTP_PROXY is set by the visitor
	}
	p := proxies{
		http:  first(o.HTTPProxy, httpEnv, env("ALL_PROXY")),
		https: first(o.HTTPSProxy, env("HTTPS_PROXY"), env("ALL_PROXY")),
	}
	none := o.NoProxy
	if none == "" {
		none = env("NO_PROXY")
	}
	for entry := range strings.FieldsFuncSeq(none, func(c rune) bool { return c == ',' || c == ' ' }) {
		p.direct = append(p.direct, strings.ToLower(entry))
	}
	return p
}

// parseProxy reads a proxy's URL; without a scheme it is an HTTP proxy.
func parseProxy(s string) *url.URL {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return nil
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u
	case "socks", "socks4", "socks4a":
		u.Scheme = "socks5" // what such servers speak today
		return u
	}
	return nil
}

// find returns the proxy for a URL, or nil.
func (p *proxies) find(u *url.URL) *url.URL {
	proxy := p.http
	if u.Scheme == "https" {
		proxy = p.https
	}
	if proxy == nil || p.isDirect(u) {
		return nil
	}
	return proxy
}

func (p *proxies) isDirect(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	for _, entry := range p.direct {
		if matchesNoProxy(entry, host, portOf(u)) {
			return true
		}
	}
	return false
}

// matchesNoProxy reports whether an entry of NO_PROXY covers a host: "*", a
// domain with all below it, an address, a network, each but the network with an
// optional port.
func matchesNoProxy(entry, host, port string) bool {
	if entry == "*" {
		return true
	}
	if network, err := netip.ParsePrefix(entry); err == nil {
		addr, err := netip.ParseAddr(host)
		return err == nil && network.Contains(addr.Unmap())
	}
	if h, p, err := net.SplitHostPort(entry); err == nil {
		if p != port {
			return false
		}
		entry = h
	}
	entry = strings.TrimPrefix(strings.TrimPrefix(strings.Trim(entry, "[]"), "*"), ".")
	return entry != "" && (host == entry || strings.HasSuffix(host, "."+entry))
}

// A proxyError is the answer of a proxy that refuses to connect.
type proxyError struct {
	status int
	text   string
}

func (e *proxyError) Error() string { return "the proxy refused to connect: " + e.text }

func onProxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{status: resp.StatusCode, text: resp.Status}
}
