package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Netrc is a parsed netrc file: the logins of hosts.
type Netrc struct {
	entries []netrcEntry
}

type netrcEntry struct {
	host                  string // empty for the default entry
	login, password       string
	hasLogin, hasPassword bool
}

// Lookup returns the login for a host. If username is not empty the entry must
// be for that user. The default entry serves hosts that are not listed.
func (n *Netrc) Lookup(host, username string) (Credentials, bool) {
	if n == nil {
		return Credentials{}, false
	}
	var fallback *netrcEntry
	for i := range n.entries {
		e := &n.entries[i]
		if username != "" && username != e.login {
			continue
		}
		if e.host == "" {
			if fallback == nil {
				fallback = e
			}
		} else if strings.EqualFold(e.host, host) {
			return e.credentials(), true
		}
	}
	if fallback != nil {
		return fallback.credentials(), true
	}
	return Credentials{}, false
}

func (e *netrcEntry) credentials() Credentials { return Basic(e.login, e.password) }

// ParseNetrc reads a netrc file: tokens separated by white space, where
// "machine NAME" or "default" begins an entry with "login", "password" and
// "account". Tokens may be quoted, with backslash escapes; a # where a token
// could begin starts a comment; "macdef NAME" skips to the next empty line.
func ParseNetrc(text string) (*Netrc, error) {
	l := netrcLexer{text: text, line: 1}
	n := &Netrc{}
	var entry *netrcEntry
	for {
		word, ok := l.next(true)
		if !ok {
			return n, nil
		}
		switch word {
		case "machine":
			host, ok := l.next(false)
			if !ok {
				return nil, fmt.Errorf("line %d: a machine without name", l.line)
			}
			n.entries = append(n.entries, netrcEntry{host: host})
			entry = &n.entries[len(n.entries)-1]
		case "default":
			n.entries = append(n.entries, netrcEntry{})
			entry = &n.entries[len(n.entries)-1]
		case "login", "user", "password", "account":
			value, ok := l.next(false)
			if !ok || entry == nil {
				return nil, fmt.Errorf("line %d: %q in the wrong place", l.line, word)
			}
			entry.set(word, value)
		case "macdef":
			l.skipMacro()
		default:
			// The word may be a password that is not quoted: it is not shown.
			return nil, fmt.Errorf("line %d: unknown keyword", l.line)
		}
	}
}

func (e *netrcEntry) set(key, value string) {
	switch key {
	case "login", "user":
		e.login, e.hasLogin = value, true
	case "password":
		e.password, e.hasPassword = value, true
	}
}

type netrcLexer struct {
	text string
	line int
}

// next returns the next token; comments are known only where a keyword may
// stand, because a password may begin with #.
func (l *netrcLexer) next(keyword bool) (token string, ok bool) {
	for l.text != "" {
		switch c := l.text[0]; {
		case c == '\n':
			l.line++
			l.text = l.text[1:]
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			l.text = l.text[1:]
		case c == '#' && keyword:
			if end := strings.IndexByte(l.text, '\n'); end >= 0 {
				l.text = l.text[end:]
			} else {
				l.text = ""
			}
		case c == '"':
			l.text = l.text[1:]
			return l.take("\""), true
		default:
			return l.take(" \t\r\n\f\v"), true
		}
	}
	return "", false
}

// take reads up to one of the stop characters; a backslash escapes any. The
// closing quote is consumed, white space is not.
func (l *netrcLexer) take(stop string) string {
	var b strings.Builder
	for i := 0; i < len(l.text); i++ {
		c := l.text[i]
		if c == '\\' && i+1 < len(l.text) {
			i++
			b.WriteByte(l.text[i])
			continue
		}
		if strings.IndexByte(stop, c) >= 0 {
			l.text = l.text[i:]
			if c == '"' {
				l.text = l.text[1:]
			}
			return b.String()
		}
		b.WriteByte(c)
	}
	l.text = ""
	return b.String()
}

func (l *netrcLexer) skipMacro() {
	if end := strings.Index(l.text, "\n\n"); end >= 0 {
		l.line += strings.Count(l.text[:end], "\n")
		l.text = l.text[end:]
	} else {
		l.text = ""
	}
}

// readNetrc reads the netrc file: the one that NETRC names, or .netrc in the
// home directory (on Windows also _netrc). It returns nil if there is none.
func readNetrc(getenv func(string) string) (*Netrc, error) {
	for _, name := range netrcFiles(getenv) {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the netrc file: %w", err)
		}
		n, err := ParseNetrc(string(text))
		if err != nil {
			return nil, fmt.Errorf("reading the netrc file %s: %w", name, err)
		}
		return n, nil
	}
	return nil, nil
}

func netrcFiles(getenv func(string) string) []string {
	home := getenv("HOME")
	if runtime.GOOS == "windows" {
		home = getenv("USERPROFILE")
	}
	var files []string
	if named := getenv("NETRC"); named != "" {
		if rest, ok := strings.CutPrefix(named, "~/"); ok && home != "" {
			named = filepath.Join(home, rest)
		}
		files = append(files, named)
	}
	if home != "" {
		files = append(files, filepath.Join(home, ".netrc"))
		if runtime.GOOS == "windows" {
			files = append(files, filepath.Join(home, "_netrc"))
		}
	}
	return files
}
