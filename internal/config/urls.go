package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/toml"
)

// asIndex reads an entry of [[index]].
func asIndex(v *toml.Value) (x Index, err error) {
	if v.Kind() != toml.Table {
		return x, wrongType(v, "struct IndexWire")
	}
	location, err := required(v, "url")
	if err != nil {
		return x, err
	}
	if x, err = asIndexURL(location); err != nil {
		return x, err
	}
	x.Name = pick(v, "name", asIndexName, &err)
	x.Default = pick(v, "default", asBool, &err)
	x.Explicit = pick(v, "explicit", asBool, &err)
	x.Flat = pick(v, "format", choice("simple", "flat"), &err) == "flat"
	x.PublishURL = pick(v, "publish-url", asURL, &err)
	x.Authenticate = pick(v, "authenticate", typedChoice[auth.Policy]("auto", "always", "never"), &err)
	x.IgnoreErrorCodes = pickList(v, "ignore-error-codes", asStatus, &err)
	if control := v.Get("cache-control"); control != nil && err == nil {
		if control.Kind() != toml.Table {
			return x, wrongType(control, "struct IndexCacheControlWire")
		}
		x.CacheControlAPI = pickOne(control, "api", asHeader, &err)
		x.CacheControlFile = pickOne(control, "files", asHeader, &err)
	}
	x.HashAlgorithm = pick(v, "hash-algorithm", choice("md5", "sha256", "sha384", "sha512", "blake2b"), &err)
	x.ExcludeNewer = pickOne(v, "exclude-newer", asCutoff, &err)
	if err == nil && x.Explicit && x.Name == "" {
		err = v.Errorf("an index with `explicit = true` requires a `name`: %s", auth.Redact(x.Given))
	}
	return x, err
}

// asIndexURL reads a URL or path. Paths are made absolute later, when it is
// known which file they are in: see Options.relativeTo.
func asIndexURL(v *toml.Value) (Index, error) {
	given, err := asText(v)
	if err != nil {
		return Index{}, err
	}
	if given == "" {
		return Index{}, v.Errorf("an index needs a URL or path")
	}
	if hasScheme(given) {
		text := escapeReferences(given)
		if _, err := url.Parse(text); err != nil {
			return Index{}, v.Errorf("%s", urlReason(err))
		}
		return Index{URL: auth.WithoutDots(text), Given: given}, nil
	}
	return Index{Given: given}, nil
}

func asFindLinks(v *toml.Value) (Index, error) {
	x, err := asIndexURL(v)
	x.Flat = true
	return x, err
}

// hasScheme says if a text is a URL and not a path: its scheme is one that
// packages come by, so that C:\x is a path.
func hasScheme(text string) bool {
	scheme, _, ok := strings.Cut(text, ":")
	if !ok {
		return false
	}
	scheme, _, _ = strings.Cut(strings.ToLower(scheme), "+")
	switch scheme {
	case "file", "git", "bzr", "hg", "svn", "http", "https", "ftp", "ssh", "sftp", "ssh2":
		return true
	}
	return false
}

// urlReason is what is wrong with a URL, without the URL, which may hold a
// password.
func urlReason(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Sprintf("invalid URL: %s", err)
}

func asURL(v *toml.Value) (string, error) {
	text, ok := v.Text()
	if !ok {
		return "", wrongType(v, "a string representing an URL")
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", v.Errorf("%s", urlReason(err))
	}
	if u.Scheme == "" {
		return "", v.Errorf("relative URL without a base: %q", text)
	}
	return text, nil
}

func asIndexName(v *toml.Value) (string, error) {
	return parsed(v, ParseIndexName)
}

// ParseIndexName checks the name of an index: letters, digits, "-", "_", ".".
func ParseIndexName(name string) (string, error) {
	if name == "" {
		return "", errors.New("index names may not be empty")
	}
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return "", fmt.Errorf("index names may only contain letters, digits, hyphens, underscores, and periods, but found unsupported character (`%c`) in: `%s`", c, name)
		}
	}
	return name, nil
}

func asStatus(v *toml.Value) (int, error) {
	n, ok := v.Int()
	if !ok {
		return 0, wrongType(v, "u16")
	}
	if n < 100 || n > 999 {
		return 0, v.Errorf("%d is not a valid HTTP status code", n)
	}
	return int(n), nil
}

func asHeader(v *toml.Value) (string, error) {
	return parsed(v, func(s string) (string, error) {
		for i := range len(s) {
			if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
				return "", errors.New("a cache control must be a valid HTTP header value")
			}
		}
		return s, nil
	})
}

// asProxy reads the URL of a proxy; without a scheme it is http.
func asProxy(v *toml.Value) (string, error) {
	return parsed(v, func(s string) (string, error) {
		text := s
		if !strings.Contains(s, "://") {
			text = "http://" + s
		}
		u, err := url.Parse(text)
		if err != nil {
			return "", fmt.Errorf("invalid proxy URL: %s", urlReason(err))
		}
		if u.Host == "" || strings.ContainsAny(u.Host, "<>^|%") {
			return "", errors.New("invalid proxy URL: it has no valid host")
		}
		switch u.Scheme {
		case "http", "https", "socks5", "socks5h":
			return text, nil
		}
		return "", fmt.Errorf("invalid proxy URL scheme `%s` in `%s`: expected http, https, socks5, or socks5h", u.Scheme, auth.Redact(text))
	})
}

// asHost reads an entry of allow-insecure-host: a text, or a table.
func asHost(v *toml.Value) (string, error) {
	switch v.Kind() {
	case toml.String:
		return parsed(v, ParseHost)
	case toml.Table:
		host, err := required(v, "host")
		if err != nil {
			return "", err
		}
		text, err := asText(host)
		if scheme := pick(v, "scheme", asText, &err); scheme != "" {
			text = scheme + "://" + text
		}
		if port := v.Get("port"); port != nil && err == nil {
			n, ok := port.Int()
			if !ok || n < 0 || n > 65535 {
				return "", wrongType(port, "u16")
			}
			text += ":" + strconv.FormatInt(n, 10)
		}
		return text, err
	}
	return "", wrongType(v, "a string or map")
}

// ParseHost reads an entry of --allow-insecure-host: *, a host, host:port, with
// or without a scheme; a path is dropped.
func ParseHost(s string) (string, error) {
	scheme, rest := "", s
	for _, prefix := range []string{"https://", "http://"} {
		if after, ok := strings.CutPrefix(s, prefix); ok {
			scheme, rest = prefix, after
			break
		}
	}
	host, port, hasPort := strings.Cut(rest, ":")
	host, _, _ = strings.Cut(host, "/")
	if !hasPort {
		return scheme + host, nil
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("invalid port for `--trusted-host`: `%s`", rest)
	}
	return scheme + host + ":" + port, nil
}

// Indexes returns all package indexes that the settings name, in the order in
// which they are asked: the entries of [[index]], extra-index-url, index-url as
// the default. Places of find-links are not among them.
func (r *Resolver) Indexes(entries []Index) []Index {
	out := slices.Concat(entries, r.ExtraIndexURL)
	if r.IndexURL != nil {
		x := *r.IndexURL
		x.Default = true
		out = append(out, x)
	}
	return out
}

// relativeTo makes the paths of indexes absolute: they are relative to the
// folder of the file that names them.
func (o *Options) relativeTo(dir string) {
	all := [][]Index{o.Index, o.ExtraIndexURL, o.FindLinks, o.Pip.ExtraIndexURL, o.Pip.FindLinks}
	for _, list := range all {
		for i := range list {
			list[i].relativeTo(dir)
		}
	}
	for _, x := range []*Index{o.IndexURL, o.Pip.IndexURL} {
		if x != nil {
			x.relativeTo(dir)
		}
	}
}

func (x *Index) relativeTo(dir string) {
	if x.URL != "" {
		return
	}
	path := x.Given
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	slashed := filepath.ToSlash(filepath.Clean(path))
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/x
	}
	x.URL = (&url.URL{Scheme: "file", Path: slashed}).String()
}

// setOrigin marks the indexes of a file with where it is.
func (o *Options) setOrigin(origin Origin) {
	for _, list := range [][]Index{o.Index, o.ExtraIndexURL, o.Pip.ExtraIndexURL} {
		for i := range list {
			list[i].Origin = origin
		}
	}
	for _, x := range []*Index{o.IndexURL, o.Pip.IndexURL} {
		if x != nil {
			x.Origin = origin
		}
	}
}
