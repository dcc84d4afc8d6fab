package git

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// ErrNoGit says that there is no git program.
var ErrNoGit error = &missingError{
	"git is needed for this, and there is none on PATH",
	"install git, or name an archive or a directory in place of the repository",
}

type missingError struct{ text, advice string }

func (e *missingError) Error() string   { return e.text }
func (e *missingError) Hints() []string { return []string{e.advice} }

// A program is the git program, looked for once.
type program struct {
	once sync.Once
	path string
	env  []string
}

// find looks for git on the PATH of the environment it will be given.
func (p *program) find(environ []string) (path string, env []string, err error) {
	p.once.Do(func() {
		p.env = cleaned(environ)
		p.path = lookPath("git", value(environ, "PATH"))
	})
	if p.path == "" {
		return "", nil, ErrNoGit
	}
	return p.path, p.env, nil
}

func lookPath(name, path string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue // what lies in the working directory is not to be run
		}
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		if err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0) {
			return file
		}
	}
	return ""
}

// value is a variable of an environment; the last one counts.
func value(environ []string, name string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		k, v, _ := strings.Cut(environ[i], "=")
		if k == name || runtime.GOOS == "windows" && strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// cleaned is an environment without what would bind git to one repository, as
// in a hook of git (`git rev-parse --local-env-vars`). What users set for all of
// git stays.
func cleaned(environ []string) []string {
	out := make([]string, 0, len(environ)+8)
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_OBJECT_DIRECTORY", "GIT_DIR",
			"GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS",
			"GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_INTERNAL_SUPER_PREFIX",
			"GIT_NAMESPACE", "GIT_TEMPLATE_DIR", "GIT_QUARANTINE_PATH", "GIT_CEILING_DIRECTORIES", "GIT_LFS_SKIP_SMUDGE",
			"LANGUAGE", "LC_ALL", "LC_MESSAGES", "GIT_CONFIG_COUNT":
			continue
		}
		out = append(out, pair)
	}
	// What git says is read here, and told in the language of the rest.
	return append(out, "LC_ALL=C")
}

// A call is one run of git.
type call struct {
	dir    string  // where it runs
	remote *Remote // whom it talks to; nil is nobody
	env    []string
	config []string // key=value, on top of what all runs have
	lock   *fsx.Lock
	args   []string
}

// maxOutput bounds how much of what git says is kept.
const maxOutput = 1 << 20

// run runs git and returns what it printed. The error is an [*Error].
func (s *Store) run(ctx context.Context, c call) (string, error) {
	path, env, err := s.program.find(s.opts.Environ)
	if err != nil {
		return "", err
	}
	s.debug("git %s", strings.Join(c.args, " "))
	cmd := exec.CommandContext(ctx, path, c.args...)
	cmd.Dir = c.dir
	cmd.Env = s.environ(env, &c)
	cmd.WaitDelay = 2 * time.Second // a grandchild may hold the pipes
	alone(cmd, !s.asks())
	share(cmd, c.lock)
	stdout, stderr := &limited{}, &limited{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return stdout.String(), nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	return "", newError(c, err, stderr.String())
}

func (s *Store) debug(format string, args ...any) {
	if s.opts.Debug != nil {
		s.opts.Debug(format, args...)
	}
}

// asks reports whether git may ask at the terminal, because the user said so.
func (s *Store) asks() bool { return value(s.opts.Environ, "GIT_TERMINAL_PROMPT") == "1" }

// environ is the environment of a call.
func (s *Store) environ(base []string, c *call) []string {
	env := append([]string(nil), base...)
	if !s.asks() {
		env = append(env, "GIT_TERMINAL_PROMPT=0")
		if value(base, "GIT_ASKPASS") == "" {
			env = append(env, "GIT_ASKPASS=") // nor by a window
		}
	}
	// Nor does a repository count that the cache happens to lie in.
	env = append(env, "GIT_LFS_SKIP_SMUDGE=1", "GIT_CEILING_DIRECTORIES="+filepath.Dir(s.opts.Cache.Root()))
	config := []string{
		// Nothing may go on in the background of a repository that others use,
		// and no hook of the user has a say.
		"gc.auto=0", "maintenance.auto=false", "core.hooksPath=" + os.DevNull, "core.fsmonitor=false",
		"advice.detachedHead=false", "init.defaultBranch=main",
	}
	if c.remote != nil {
		env = append(env, s.access(c.remote, &config)...)
	}
	env = append(env, c.env...)
	return withConfig(env, value(s.opts.Environ, "GIT_CONFIG_COUNT"), append(config, c.config...))
}

// access is what it takes to talk to a remote.
func (s *Store) access(r *Remote, config *[]string) (env []string) {
	seconds := strconv.Itoa(max(1, int(s.opts.Timeout/time.Second)))
	*config = append(*config, "http.lowSpeedLimit=1", "http.lowSpeedTime="+seconds)
	switch {
	case s.opts.Offline:
		env = append(env, "GIT_ALLOW_PROTOCOL=file")
	case r.IsLocal():
		// What a repository on this machine has as submodules may be there too,
		// which git otherwise refuses since CVE-2022-39253.
		*config = append(*config, "protocol.file.allow=always")
	}
	if s.opts.Insecure != nil && r.host != "" && s.opts.Insecure(r.host) {
		env = append(env, "GIT_SSL_NO_VERIFY=true")
	}
	if r.scheme == "ssh" && !s.asks() && value(s.opts.Environ, "GIT_SSH_COMMAND") == "" && value(s.opts.Environ, "GIT_SSH") == "" && !s.ownSSH() {
		env = append(env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes -o ConnectTimeout="+seconds)
	}
	if r.user.HasPassword {
		// The list of helpers is emptied first: a password from a URL is not
		// for them to keep.
		key := "credential." + r.scheme + "://" + r.authority()
		*config = append(*config, key+".helper=", key+".helper="+helper)
		env = append(env, "TAME_GIT_USERNAME="+r.user.Username, "TAME_GIT_PASSWORD="+r.user.Password)
	}
	return env
}

// helper is a credential helper (gitcredentials(7)) that has its answer from the
// environment. It is asked to keep and to forget credentials too.
const helper = `!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$TAME_GIT_USERNAME" "$TAME_GIT_PASSWORD"; }; f`

// ownSSH reports whether the user's settings name a program in place of ssh.
func (s *Store) ownSSH() bool {
	path, env, err := s.program.find(s.opts.Environ)
	if err != nil {
		return false
	}
	cmd := exec.Command(path, "config", "--get", "core.sshCommand")
	cmd.Env = env
	out, err := cmd.Output()
	return err == nil && len(bytes.TrimSpace(out)) > 0
}

// withConfig adds settings by way of variables (git-config(1), GIT_CONFIG_COUNT),
// which no list of processes shows, behind those that are there.
func withConfig(env []string, count string, config []string) []string {
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		n = 0
	}
	for _, pair := range config {
		key, v, _ := strings.Cut(pair, "=")
		i := strconv.Itoa(n)
		env = append(env, "GIT_CONFIG_KEY_"+i+"="+key, "GIT_CONFIG_VALUE_"+i+"="+v)
		n++
	}
	return append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(n))
}

// limited keeps the beginning of what is written.
type limited struct{ buf bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := maxOutput - l.buf.Len(); room > 0 {
		l.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (l *limited) String() string { return l.buf.String() }
