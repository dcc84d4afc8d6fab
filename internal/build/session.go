package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep508"
)

// A Kind is what can be built.
type Kind uint8

// The kinds, with the hooks of PEP 517 and PEP 660.
const (
	Wheel Kind = iota
	Editable
	Sdist
)

// String is the name that hooks have for the kind.
func (k Kind) String() string {
	switch k {
	case Editable:
		return "editable"
	case Sdist:
		return "sdist"
	}
	return "wheel"
}

// A Request says what is built, and how.
type Request struct {
	// Dir is the project's directory: absolute, and where hooks run.
	Dir string
	// Root is the directory that the backend must not be imported from outside
	// of; empty is Dir.
	Root string
	// Label names the project in errors.
	Label string
	// System is how it is built; nil means that Dir tells.
	System *System
	// Settings are handed to the backend.
	Settings Settings
	// Provisioner makes the environments.
	Provisioner Provisioner
	// Env is the environment of the process, to which Variables are added.
	Env       []string
	Variables map[string]string
	// Output gets what the backend writes as it comes; nil is nobody. It is
	// captured in any case.
	Output io.Writer
	// Hidden keeps the output out of the text of errors.
	Hidden bool
	// Timeout bounds each hook; 0 is no bound.
	Timeout time.Duration
	// Queue bounds how many hooks run at once; nil is no bound. Rank is the rank of
	// this build in it.
	Queue *par.Queue
	Rank  int64
	// Pool keeps backends for several builds; nil starts one for each.
	Pool *Pool
}

// A Session is the building of one source tree. It is not safe for concurrent
// use. Close ends it.
type Session struct {
	request Request
	system  *System
	out     output
	process *process
	// requires are what hooks have asked for in addition.
	requires map[Kind][]pep508.Requirement
	// metadata are the directories that Metadata has filled.
	metadata map[Kind]string
}

// ErrNoHook tells that a backend does not have an optional hook.
var ErrNoHook = errors.New("the build backend does not have this hook")

// Open makes the environment that a source tree asks for and starts its
// backend. Errors of the tree and its backend are of type [*Error] or
// [*SystemError].
func Open(ctx context.Context, r Request) (*Session, error) {
	if r.Root == "" {
		r.Root = r.Dir
	}
	system := r.System
	if system == nil {
		var err error
		if system, err = ReadSystem(r.Dir); err != nil {
			return nil, err
		}
	}
	s := &Session{request: r, system: system, requires: map[Kind][]pep508.Requirement{}, metadata: map[Kind]string{}}
	s.out.live = r.Output
	env, err := r.Provisioner.Provision(ctx, system.Requires)
	if err != nil {
		return nil, err
	}
	return s, s.start(ctx, env)
}

// System is how the tree is built.
func (s *Session) System() *System { return s.system }

// Output is what the backend has written so far, all of it once the session is
// closed.
func (s *Session) Output() string { return s.out.String() }

// Close ends the backend's process, with whatever it has started.
func (s *Session) Close() error {
	if s.process != nil {
		s.process.end()
		s.process = nil
	}
	return nil
}

// start starts the backend in an environment and imports it.
func (s *Session) start(ctx context.Context, env *Environment) error {
	_ = s.Close()
	path, err := backendPath(s.request.Root, s.request.Dir, s.system.Path)
	if err != nil {
		return err
	}
	vars := env.variables(s.request.Env, s.request.Variables)
	shared := s.host(ctx, env, vars)
	_, err = s.do(ctx, "", func(ctx context.Context) (*reply, error) {
		p := shared.fork(env, s.request.Dir, &s.out)
		if p == nil {
			if p, err = start(env, s.request.Dir, vars, &s.out); err != nil {
				return nil, err
			}
		}
		s.process = p
		return p.call(ctx, request{Args: []any{path, s.system.Backend, env.Given}})
	})
	return err
}

// host returns a process that has imported the backend, to be forked; nil if this
// build has to start its own.
func (s *Session) host(ctx context.Context, env *Environment, vars []string) *host {
	if env.Given || len(s.system.Path) > 0 || !isSharable(s.system.Backend) {
		return nil
	}
	return s.request.Pool.host(ctx, env, s.system.Backend, vars, func(load func(context.Context) error) error {
		return s.request.Queue.Do(ctx, s.request.Rank, func() error {
			ctx, cancel := s.bounded(ctx)
			defer cancel()
			return load(ctx)
		})
	})
}

// isSharable reports whether it is known of a backend that importing it looks at
// nothing of the project that is built, so that builds may share that.
func isSharable(backend string) bool {
	switch backend {
	case "setuptools.build_meta", LegacyBackend, "flit_core.buildapi", "hatchling.build", "poetry.core.masonry.api", "pdm.backend":
		return true
	}
	return false
}

// call runs a hook and returns what it answers, as JSON.
func (s *Session) call(ctx context.Context, hook string, args ...any) (json.RawMessage, error) {
	if s.process == nil {
		return nil, s.failed(hook, errors.New("the backend's process is gone"))
	}
	return s.do(ctx, hook, func(ctx context.Context) (*reply, error) {
		return s.process.call(ctx, request{Hook: hook, Args: args})
	})
}

// do has the process do something when its turn has come. After a failure
// the process is gone.
func (s *Session) do(ctx context.Context, hook string, f func(context.Context) (*reply, error)) (json.RawMessage, error) {
	var r *reply
	err := s.request.Queue.Do(ctx, s.request.Rank, func() (err error) {
		ctx, cancel := s.bounded(ctx)
		defer cancel()
		r, err = f(ctx)
		return err
	})
	switch {
	case ctx.Err() != nil:
		_ = s.Close()
		return nil, ctx.Err()
	case errors.Is(err, errTimeout):
		_ = s.Close()
		return nil, s.failed(hook, fmt.Errorf("it took longer than the %s that it may take", s.request.Timeout))
	case err != nil:
		_ = s.Close()
		return nil, s.failed(hook, err)
	case r.Missing:
		return nil, ErrNoHook
	case r.Failed != "":
		_ = s.Close() // the end of the output may still be on its way
		return nil, s.failed(hook, &hookError{r.Failed, r.Message})
	}
	return r.Value, nil
}

func (s *Session) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.request.Timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, s.request.Timeout, errTimeout)
}

// settings are the config settings as the hooks take them.
func (s *Session) settings() any {
	if len(s.request.Settings) == 0 {
		return nil
	}
	return s.request.Settings
}

// Requires are the requirements that the backend adds to those of the tree for
// building something of a kind.
func (s *Session) Requires(ctx context.Context, k Kind) ([]pep508.Requirement, error) {
	if list, ok := s.requires[k]; ok {
		return list, nil
	}
	hook := "get_requires_for_build_" + k.String()
	value, err := s.call(ctx, hook, s.settings())
	var texts []string
	switch {
	case errors.Is(err, ErrNoHook):
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(value, &texts); err != nil {
			return nil, s.failed(hook, errors.New("it did not return a list of requirements"))
		}
	}
	list := make([]pep508.Requirement, 0, len(texts))
	for _, text := range texts {
		r, err := pep508.ParseLenient(text)
		if err != nil {
			return nil, s.failed(hook, fmt.Errorf("it returned an invalid requirement: %w", err))
		}
		list = append(list, r)
	}
	s.requires[k] = list
	return list, nil
}

// ready sees to what the backend requires for a kind.
func (s *Session) ready(ctx context.Context, k Kind) error {
	if s.process == nil {
		return s.failed("", errors.New("the backend's process is gone"))
	}
	if s.process.env.Given {
		return nil
	}
	if _, known := s.requires[k]; known {
		return nil
	}
	added, err := s.Requires(ctx, k)
	if err != nil || len(added) == 0 {
		return err
	}
	all := slices.Clone(s.system.Requires)
	for _, other := range []Kind{Wheel, Editable, Sdist} {
		for _, r := range s.requires[other] {
			if !slices.ContainsFunc(all, func(have pep508.Requirement) bool { return have.String() == r.String() }) {
				all = append(all, r)
			}
		}
	}
	if len(all) == len(s.system.Requires) {
		return nil
	}
	env, err := s.request.Provisioner.Provision(ctx, all)
	if err != nil {
		return err
	}
	if env.Root == s.process.env.Root {
		return nil
	}
	return s.start(ctx, env)
}

// Metadata has the backend write the .dist-info directory of a wheel, or of an
// editable one, below an empty directory, and returns its path. The error is
// [ErrNoHook] if the backend cannot do that without building. Build takes what
// was written here into account, so it must stay until then.
func (s *Session) Metadata(ctx context.Context, k Kind, dir string) (string, error) {
	if s.system.Unreliable {
		return "", ErrNoHook
	}
	if err := s.ready(ctx, k); err != nil {
		return "", err
	}
	hook := "prepare_metadata_for_build_" + k.String()
	value, err := s.call(ctx, hook, dir, s.settings())
	if err != nil {
		return "", err
	}
	name, err := s.named(hook, value, dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	if info, err := os.Stat(filepath.Join(path, "METADATA")); err != nil || !info.Mode().IsRegular() {
		return "", s.failed(hook, fmt.Errorf("it said that it wrote the metadata to `%s`, but there is no METADATA", name))
	}
	s.metadata[k] = path
	return path, nil
}

// Build builds something of a kind into a directory, and returns the path of
// the file.
func (s *Session) Build(ctx context.Context, k Kind, dir string) (string, error) {
	if err := s.ready(ctx, k); err != nil {
		return "", err
	}
	hook := "build_" + k.String()
	args := []any{dir, s.settings()}
	if k != Sdist {
		var prepared any
		if path, ok := s.metadata[k]; ok {
			prepared = path
		}
		args = append(args, prepared)
	}
	value, err := s.call(ctx, hook, args...)
	if errors.Is(err, ErrNoHook) {
		return "", s.failed(hook, ErrNoHook)
	}
	if err != nil {
		return "", err
	}
	name, err := s.named(hook, value, dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return "", s.failed(hook, fmt.Errorf("it said that it built `%s`, but there is no such file", name))
	}
	want := dist.WheelKind
	if k == Sdist {
		want = dist.SdistKind
	}
	if dist.KindOf(name) != want {
		return "", s.failed(hook, fmt.Errorf("what it built, `%s`, is not named like a %s", name, kindName(k)))
	}
	return path, nil
}

func kindName(k Kind) string {
	if k == Sdist {
		return "source distribution"
	}
	return "wheel"
}

// named reads the name of a file or directory that a hook returned. Some return
// the path, which is let pass if it is in the right directory.
func (s *Session) named(hook string, value json.RawMessage, dir string) (string, error) {
	var name string
	if err := json.Unmarshal(value, &name); err != nil || name == "" {
		return "", s.failed(hook, errors.New("it did not return the name of what it made"))
	}
	if rel, err := filepath.Rel(dir, name); err == nil && filepath.IsAbs(name) {
		name = rel
	}
	if strings.ContainsAny(name, "/\\\x00") || !filepath.IsLocal(name) || name == "." {
		return "", s.failed(hook, fmt.Errorf("it returned %q, which is not the name of a file in the directory that it was given", name))
	}
	return name, nil
}
