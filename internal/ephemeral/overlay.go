package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/venv"
)

// Layers are what an overlay shows.
type Layers struct {
	// Interpreter is the Python, or an environment of it.
	Interpreter *python.Interpreter
	// Over are environments whose packages come first, in this order. They are
	// not changed as long as they are there.
	Over []*python.Environment
	// Base is the environment whose packages come last; nil is none.
	Base *python.Environment
}

// An Overlay is an environment to run something in. It is the caller's alone
// until Release, or until the program that inherits it ends.
type Overlay struct {
	*python.Environment
	lock *fsx.Lock
	temp string // to be removed in the end
}

// Inherit lets the program that takes the place of this process by exec keep
// the overlay, which must not be released then. The error matches
// [errors.ErrUnsupported] if this process has to stay to clean up.
func (o *Overlay) Inherit() error {
	if o.temp != "" {
		return errors.ErrUnsupported
	}
	return o.lock.Inherit()
}

// Release gives the overlay back.
func (o *Overlay) Release() error {
	err := o.lock.Release()
	if o.temp != "" {
		_, removeErr := fsx.RemoveAll(o.temp, nil)
		err = errors.Join(err, removeErr)
	}
	return err
}

// maxPlaces is how many overlays of one kind are kept: as many programs may
// run at once before they get overlays that are thrown away.
const maxPlaces = 64

// Overlay returns an overlay of layers that nobody else has.
func (s *Store) Overlay(ctx context.Context, l Layers) (*Overlay, error) {
	base, err := l.Interpreter.BasePython()
	if err != nil {
		return nil, fmt.Errorf("finding the base Python of `%s`: %w", l.Interpreter.Executable, err)
	}
	parts := append([]string{"overlay", format}, identity(l.Interpreter, base)...)
	for _, env := range l.Over {
		parts = append(parts, "over", env.Root)
	}
	if l.Base != nil {
		parts = append(append(parts, "base", l.Base.Root), l.Base.Interpreter.SitePackages...)
	}
	dir := s.Cache.Path(cache.Environments, cache.Key(parts...))
	cache.Touch(dir)
	for n := range maxPlaces {
		place := filepath.Join(dir, strconv.Itoa(n))
		lock, err := occupy(place)
		switch {
		case errors.Is(err, fsx.ErrLocked):
			continue
		case err != nil: // no locks, or nothing can be written
			s.debug("The overlays at %s cannot be shared: %v", dir, err)
			return s.throwaway(ctx, l)
		}
		env, err := s.renew(ctx, l, place, base)
		if err != nil {
			return nil, errors.Join(err, lock.Release())
		}
		return &Overlay{Environment: env, lock: lock}, nil
	}
	return s.throwaway(ctx, l)
}

// occupy locks a place for an overlay.
func occupy(place string) (*fsx.Lock, error) {
	lock, err := fsx.TryAcquire(place+".lock", fsx.Exclusive)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(place), 0o777); err != nil {
			return nil, err
		}
		lock, err = fsx.TryAcquire(place+".lock", fsx.Exclusive)
	}
	return lock, err
}

// throwaway makes an overlay that is removed when it is given back.
func (s *Store) throwaway(ctx context.Context, l Layers) (*Overlay, error) {
	temp, err := s.Cache.TempDir()
	if err != nil {
		return nil, err
	}
	env, err := s.build(ctx, l, filepath.Join(temp, "overlay"))
	if err != nil {
		_, _ = fsx.RemoveAll(temp, nil)
		return nil, err
	}
	return &Overlay{Environment: env, temp: temp}, nil
}

// renew returns the overlay at a place if it is as it was made and would be
// made the same again, else a new one. The place is locked.
func (s *Store) renew(ctx context.Context, l Layers, place, base string) (*python.Environment, error) {
	env := python.NewEnvironment(l.Interpreter.InEnvironment(place, base, false))
	stamp := s.stamp(l)
	if pristine(env, stamp) {
		s.debug("Using the overlay at: %s", place)
		return env, nil
	}
	if _, err := fsx.RemoveAll(place, nil); err != nil {
		return nil, err
	}
	s.debug("Creating an overlay at: %s", place)
	env, err := s.build(ctx, l, place)
	if err != nil {
		return nil, err
	}
	return env, seal(env, stamp)
}

// stampName is a file in an overlay that says what it was made from.
const stampName = ".tame-overlay"

// stamp is what an overlay depends on and its name does not tell: the scripts
// of the base, which are copied, and the start of the machine, since nothing
// was forced to the disk.
func (s *Store) stamp(l Layers) string {
	stamp := s.bootText() + "\n"
	if l.Base == nil {
		return stamp
	}
	id, err := fsx.Identify(l.Base.Interpreter.Scheme.Scripts)
	if err != nil {
		return stamp
	}
	// Within the time that clocks of filesystems may stand still, a directory
	// can change without a trace: what is so young is not to be relied upon.
	if age := time.Since(time.Unix(0, id.Mtime)); age < 2*time.Second {
		stamp += "young\n"
	}
	bytes, err := id.AppendBinary(nil)
	if err != nil {
		return stamp
	}
	return fmt.Sprintf("%s%x\n", stamp, bytes)
}

// sealed is the time that the directories of an overlay are given. Whoever
// puts something into one of them or takes it out changes it.
var sealed = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// sealedDirs are the directories of an overlay in which changes matter.
func sealedDirs(env *python.Environment) []string {
	scheme := env.Interpreter.Scheme
	dirs := []string{env.Root, scheme.Scripts, scheme.Purelib}
	if !slices.Contains(dirs, scheme.Platlib) {
		dirs = append(dirs, scheme.Platlib)
	}
	return dirs
}

// pristine reports whether an overlay is as it was when it was sealed.
func pristine(env *python.Environment, stamp string) bool {
	for _, dir := range sealedDirs(env) {
		info, err := os.Lstat(dir)
		if err != nil || !info.ModTime().Equal(sealed) {
			return false
		}
	}
	text, err := fsx.ReadFile(filepath.Join(env.Root, stampName))
	return err == nil && string(text) == stamp
}

// seal makes an overlay one that can serve again. The directory itself is
// last: before that the overlay is not taken for a whole one.
func seal(env *python.Environment, stamp string) error {
	if err := os.WriteFile(filepath.Join(env.Root, stampName), []byte(stamp), 0o666); err != nil {
		return err
	}
	dirs := sealedDirs(env)
	slices.Reverse(dirs)
	for _, dir := range dirs {
		if err := os.Chtimes(dir, sealed, sealed); err != nil {
			return nil // it will be made anew
		}
	}
	return nil
}

// build writes an overlay.
func (s *Store) build(ctx context.Context, l Layers, root string) (*python.Environment, error) {
	env, err := venv.Create(ctx, root, l.Interpreter, venv.Options{NoDistutilsPatch: true})
	if err != nil {
		return nil, fmt.Errorf("failed to create an ephemeral environment: %w", err)
	}
	if err := s.lay(l, env); err != nil {
		return nil, fmt.Errorf("failed to write to the ephemeral environment at %s: %w", root, err)
	}
	return env, nil
}

// lay lays the layers into an environment.
func (s *Store) lay(l Layers, env *python.Environment) error {
	purelib := env.Interpreter.Scheme.Purelib
	// Python keeps bytecode there; that it does is no change.
	if err := os.Mkdir(filepath.Join(purelib, "__pycache__"), 0o777); err != nil {
		return err
	}
	layers := slices.Clone(l.Over)
	if l.Base != nil {
		layers = append(layers, l.Base)
		if err := extend(env, l.Base); err != nil {
			return err
		}
	}
	var dirs []string
	for _, layer := range layers {
		for _, dir := range layer.Interpreter.SitePackages {
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
		if err := copyScripts(layer, env); err != nil {
			return err
		}
		if err := linkData(layer, env); err != nil {
			return err
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	return os.WriteFile(filepath.Join(purelib, "_tame_overlay.pth"), []byte(pathFile(dirs)), 0o666)
}

// extend notes in pyvenv.cfg which environment this one extends, as uv does:
// type checkers look there.
func extend(env, base *python.Environment) error {
	path := filepath.Join(env.Root, "pyvenv.cfg")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(python.SetConfig(string(text), "extends-environment", base.Root)), 0o666)
}

// pathFile is the text of a .pth file that adds directories with what their own
// .pth files add, which a line with a path alone would not do. A line that
// begins with import is run; its encoding differs between versions, so it is in
// ASCII.
func pathFile(dirs []string) string {
	text := "import os, site"
	for _, dir := range dirs {
		text += "; site.addsitedir(os.fsdecode(" + bytesLiteral(dir) + "))"
	}
	return text + "\n"
}

func bytesLiteral(s string) string {
	out := []byte(`b"`)
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			out = fmt.Appendf(out, `\x%02x`, c)
		} else {
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
