package git

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/auth"
)

// A Fault is what kind of thing went wrong.
type Fault uint8

// The faults.
const (
	Failed      Fault = iota // anything else
	Denied                   // the remote wants credentials, or others
	Gone                     // there is no repository
	Unreachable              // the remote does not answer
	Missing                  // it has no such branch, tag or commit
	Offline                  // it would have to be asked, and the network is off
	NoLFS                    // git-lfs is not installed
	LFSMissing               // the files that git-lfs should bring are not there
)

// An Error reports what git could not do.
type Error struct {
	Remote string // as it may be shown
	Fault  Fault
	// Wanted is the branch, tag or commit in question, in words; "" is none.
	Wanted string
	// Doing is what was tried, such as "fetching".
	Doing string
	// Said is what git said, without secrets.
	Said string
}

func (e *Error) Error() string {
	text := ""
	switch e.Fault {
	case Denied:
		text = fmt.Sprintf("access to the git repository `%s` was denied", e.Remote)
	case Gone:
		text = fmt.Sprintf("there is no git repository at `%s`", e.Remote)
	case Unreachable:
		text = fmt.Sprintf("the git repository `%s` cannot be reached", e.Remote)
	case Missing:
		return fmt.Sprintf("the git repository `%s` has no %s", e.Remote, e.Wanted)
	case Offline:
		return fmt.Sprintf("the %s of the git repository `%s` is not in the cache, and network connectivity is disabled (`--offline`)", e.Wanted, e.Remote)
	case NoLFS:
		return fmt.Sprintf("the git repository `%s` is wanted with its Git LFS files, and Git LFS is not installed", e.Remote)
	case LFSMissing:
		text = fmt.Sprintf("the Git LFS files of the git repository `%s` could not be fetched", e.Remote)
	default:
		text = fmt.Sprintf("%s the git repository `%s` failed", e.Doing, e.Remote)
	}
	if e.Said != "" {
		text += ": git said: " + e.Said
	}
	return text
}

// Hints tell what to do.
func (e *Error) Hints() []string {
	switch e.Fault {
	case Denied:
		hint := "set up a credential helper of git (`git help credentials`), or put a token into the URL (`https://USER:TOKEN@…`)"
		if strings.HasPrefix(e.Remote, "ssh:") {
			hint = "add the key to ssh's agent (`ssh-add`) and the host to its known hosts: nobody is asked for passphrases here"
		}
		return []string{hint, "check the URL too: hosts ask for credentials where there is nothing", "`git ls-remote " + e.Remote + "` tells whether git itself gets in; with GIT_TERMINAL_PROMPT=1 git may ask"}
	case Gone:
		return []string{"check the URL; hosts say the same of repositories that one may not read"}
	case Unreachable:
		return []string{"check the name of the host, the network and git's proxy settings (`git config http.proxy`)"}
	case Missing:
		return []string{"`git ls-remote " + e.Remote + "` lists the branches and tags that there are"}
	case Offline:
		return []string{"run the command once with the network"}
	case NoLFS:
		return []string{"install Git LFS (the program `git-lfs`), or leave out `lfs = true`"}
	}
	return nil
}

// IsOffline reports whether an error is that something is not in the cache and
// the network is off.
func IsOffline(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Fault == Offline
}

// newError reads what git said.
func newError(c call, err error, said string) *Error {
	e := &Error{Doing: "running git in", Said: summary(said)}
	if c.remote != nil {
		e.Remote, e.Doing = c.remote.String(), "asking"
		e.Said = c.remote.redact(e.Said)
	}
	if e.Said == "" {
		e.Said = err.Error()
	}
	e.Fault = faultOf(strings.ToLower(said))
	return e
}

// redact takes a remote's secrets out of a text.
func (r *Remote) redact(text string) string {
	if r.user.HasPassword && r.user.Password != "" {
		text = strings.ReplaceAll(text, r.user.Password, "****")
	}
	if !r.user.HasPassword && r.user.Username != "" {
		text = strings.ReplaceAll(text, r.user.Username, "****") // it may be a token
	}
	return auth.RedactIn(text, r.url)
}

// summary is what matters in what git said: its complaints, and what the remote
// adds.
func summary(said string) string {
	var lines []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		for _, prefix := range [...]string{"fatal: ", "error: ", "remote: ", "ssh: ", "batch response: "} {
			if rest, ok := strings.CutPrefix(line, prefix); ok && strings.TrimSpace(rest) != "" {
				lines = append(lines, strings.TrimSpace(strings.TrimPrefix(rest, "fatal: ")))
				break
			}
		}
	}
	if len(lines) == 0 {
		return strings.Join(strings.Fields(said), " ")
	}
	if len(lines) > 4 {
		lines = lines[:4]
	}
	return strings.Join(lines, "; ")
}

// faultOf tells the kind of what git said, in lower case.
func faultOf(said string) Fault {
	has := func(list ...string) bool {
		for _, text := range list {
			if strings.Contains(said, text) {
				return true
			}
		}
		return false
	}
	switch {
	case has("couldn't find remote ref", "not our ref", "remote error: upload-pack: not our ref", "no such remote ref"):
		return Missing
	case has("transport '") && has("not allowed"):
		return Offline
	case has("authentication failed", "could not read username", "could not read password", "permission denied", "terminal prompts disabled",
		"host key verification failed", "access denied", "returned error: 403", "returned error: 401", "invalid credentials"):
		return Denied
	case has("could not resolve host", "failed to connect", "couldn't connect", "connection refused", "timed out", "operation too slow",
		"network is unreachable", "connection reset", "no route to host", "connection closed", "ssl certificate", "ssl_", "ssl connect", "gnutls", "tls connect"):
		return Unreachable
	case has("does not appear to be a git repository", "repository not found", "not found", "does not exist", "no such file or directory",
		"not a git repository", "returned error: 404"):
		return Gone
	}
	return Failed
}
