package git

import (
	"strings"
	"testing"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]Fault{
		"fatal: couldn't find remote ref refs/heads/x":                                                  Missing,
		"fatal: could not read Username for 'https://example.com': terminal prompts disabled":           Denied,
		"git@example.com: Permission denied (publickey).":                                               Denied,
		"Host key verification failed.\nfatal: Could not read from remote repository.":                  Denied,
		"fatal: unable to access 'https://example.com/openssl/': The requested URL returned error: 404": Gone,
		"remote: Repository not found.\nfatal: repository 'https://example.com/a/' not found":           Gone,
		"fatal: unable to access 'https://example.com/': Could not resolve host: example.com":           Unreachable,
		"fatal: unable to access 'https://example.com/': SSL certificate problem: self-signed":          Unreachable,
		"fatal: transport 'https' not allowed":                                                          Offline,
		"fatal: something else":                                                                         Failed,
	} {
		if got := faultOf(strings.ToLower(said)); got != want {
			t.Errorf("%q is fault %d, want %d", said, got, want)
		}
	}
}
