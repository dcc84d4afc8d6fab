package auth

import (
	"context"
	"net/url"
	"strings"
)

// fromGit asks the credential helpers that git is configured with, see
// git-credential(1). Git itself asks nobody: there may be nobody to ask.
func (s *Store) fromGit(ctx context.Context, u *url.URL, index *place, username string) (Credentials, bool) {
	if !s.options.Git {
		return Credentials{}, false
	}
	if index != nil {
		u = index.url
	}
	input, ok := gitRequest(u, username)
	if !ok {
		return Credentials{}, false
	}
	environ := append(append([]string(nil), s.options.Environ...),
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GCM_INTERACTIVE=never")
	out, ok := s.ask(ctx, helperProgram{
		name: "git", args: []string{"-c", "credential.interactive=false", "credential", "fill"}, environ: environ, input: input,
	})
	if !ok {
		return Credentials{}, false
	}
	c, ok := readGit(out)
	return c.from("git's credential helpers"), ok && (username == "" || c.Username == username)
}

// gitRequest is the description of a URL that git reads. A value that has a line
// end in it could not be told from the next one.
func gitRequest(u *url.URL, username string) (string, bool) {
	var b strings.Builder
	for _, pair := range [][2]string{
		{"protocol", u.Scheme},
		{"host", u.Host},
		{"path", strings.TrimPrefix(u.Path, "/")},
		{"username", username},
	} {
		if strings.ContainsAny(pair[1], "\n\x00") {
			return "", false
		}
		if pair[1] != "" {
			b.WriteString(pair[0] + "=" + pair[1] + "\n")
		}
	}
	b.WriteByte('\n')
	return b.String(), true
}

// readGit reads git's answer: a line for each value.
func readGit(out string) (Credentials, bool) {
	var c Credentials
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch key {
		case "username":
			c.Username = value
		case "password":
			c.Password, c.HasPassword = value, value != ""
		}
	}
	return c, c.HasPassword
}
