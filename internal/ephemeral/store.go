package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/venv"
)

// A Store makes and finds environments in a cache. It is safe for concurrent
// use, and for that of several processes.
type Store struct {
	Cache *cache.Cache
	// Debug gets a line for each decision; nil is silent.
	Debug func(format string, args ...any)
}

func (s *Store) debug(format string, args ...any) {
	if s.Debug != nil {
		s.Debug(format, args...)
	}
}

// A Spec says what an environment holds.
type Spec struct {
	// Interpreter is the Python, or an environment of it.
	Interpreter *python.Interpreter
	// Contents identify what is installed, one text a distribution: two
	// specs with the same texts, in the same order, are of one environment.
	Contents []string
	// Fill installs the contents into an environment that was just made. It is
	// at another place than it will be; that it is relocatable is known to
	// those who install.
	Fill func(context.Context, *python.Environment) error
}

// format goes into the names of environments: it changes with whatever they
// are made of otherwise.
const format = "1"

// identity is what of an interpreter an environment depends on. It is called by
// several names.
func identity(i *python.Interpreter, base string) []string {
	if real, err := filepath.EvalSymlinks(base); err == nil {
		base = real
	}
	return []string{
		base, i.Env.PythonFullVersion, i.Implementation(), i.Variant().Suffix(), i.Platform.String(),
		i.Virtual.Purelib, i.Virtual.Scripts,
	}
}

// settledName is a file in an environment that says under which start of the
// machine it was written, or that this does not matter any longer.
const (
	settledName = ".tame-settled"
	settled     = "settled"
)

// Environment returns the environment that a spec describes, which is made if
// it is not there.
func (s *Store) Environment(ctx context.Context, spec Spec) (*python.Environment, error) {
	base, err := spec.Interpreter.BasePython()
	if err != nil {
		return nil, fmt.Errorf("finding the base Python of `%s`: %w", spec.Interpreter.Executable, err)
	}
	key := cache.Key(append(append([]string{"environment", format}, identity(spec.Interpreter, base)...), spec.Contents...)...)
	root := s.Cache.Path(cache.Environments, key)
	env := python.NewEnvironment(spec.Interpreter.InEnvironment(root, base, false))
	if s.usable(env) {
		cache.Touch(root)
		s.debug("Using the cached environment at: %s", root)
		return env, nil
	}
	if err := s.make(ctx, spec, env); err != nil {
		return nil, err
	}
	return env, nil
}

// usable reports whether an environment is there, and whole. It is renamed into
// place whole, but not forced to the disk: so one from before the last start of
// the machine is looked at more closely, once.
func (s *Store) usable(env *python.Environment) bool {
	if s.isSettled(env) {
		return true
	}
	path := filepath.Join(env.Root, settledName)
	if _, err := os.Lstat(path); err != nil {
		return false
	}
	if err := check(env); err != nil {
		s.debug("The cached environment at %s is damaged: %v", env.Root, err)
		return false
	}
	// Where it cannot be written it will be looked at again, no more.
	_ = fsx.WriteFile(path, []byte(settled), 0o666)
	return true
}

func (s *Store) bootText() string {
	boot := s.Cache.Boot()
	if boot == 0 {
		return settled // nothing can be told
	}
	return strconv.FormatInt(boot, 36)
}

// make makes an environment aside and renames it.
func (s *Store) make(ctx context.Context, spec Spec, final *python.Environment) error {
	s.debug("Creating a cached environment at: %s", final.Root)
	temp, err := s.Cache.TempDir()
	if err != nil {
		return err
	}
	defer func() { _, _ = fsx.RemoveAll(temp, nil) }()
	made := filepath.Join(temp, "environment")
	env, err := venv.Create(ctx, made, spec.Interpreter, venv.Options{Relocatable: true, NoDistutilsPatch: true})
	if err != nil {
		return fmt.Errorf("failed to create a cached environment: %w", err)
	}
	if err := spec.Fill(ctx, env); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(made, settledName), []byte(s.bootText()), 0o666); err != nil {
		return err
	}
	return s.publish(ctx, made, final, filepath.Join(temp, "old"))
}

// publish renames what was made to its place, unless another process was
// faster.
func (s *Store) publish(ctx context.Context, made string, final *python.Environment, aside string) error {
	root := final.Root
	err := os.Rename(made, root)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(root), 0o777); err == nil {
			err = os.Rename(made, root)
		}
	}
	if err == nil || s.isSettled(final) {
		return nil
	}
	// What lies there is damaged. One process at a time takes it away, or it
	// might take away what another one has just put there.
	lock, lockErr := fsx.Acquire(ctx, root+".lock", fsx.Exclusive, fsx.LockOptions{})
	if lockErr != nil {
		return errors.Join(err, lockErr)
	}
	defer func() { _ = lock.Release() }()
	for range 3 {
		if s.isSettled(final) {
			return nil
		}
		if err := fsx.Rename(root, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, err := fsx.RemoveAll(aside, nil); err != nil {
			return err
		}
		if err = os.Rename(made, root); err == nil {
			return nil
		}
	}
	return err
}

// isSettled reports whether an environment was written since the machine was
// started, or found whole since, and its Python is still there.
func (s *Store) isSettled(env *python.Environment) bool {
	if _, err := os.Stat(env.Interpreter.Executable); err != nil {
		return false
	}
	text, err := fsx.ReadFile(filepath.Join(env.Root, settledName))
	return err == nil && (string(text) == settled || string(text) == s.bootText())
}
