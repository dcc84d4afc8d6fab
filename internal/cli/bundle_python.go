package cli

import (
	"fmt"
	"path/filepath"

	"github.com/tame-py/tame/internal/bundle"
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/tags"
)

// pythonSource is the Python that comes along, with its version. Only those that
// are made to be moved do.
func (b *bundling) pythonSource() (bundle.PythonSource, string, error) {
	i := b.interpreter
	if !b.runsHere() {
		return b.foreignPython()
	}
	advice := "`%s python install %s` installs one that can"
	switch {
	case i.Implementation() != python.CPython:
		return bundle.PythonSource{}, "", withHint(fmt.Errorf("the Python at `%s` cannot be brought along: it is %s, not CPython", i.Executable, python.PrettyImplementation(i.Implementation())), advice, b.app.name, i.MinorVersion())
	case !i.Standalone && !b.seeker.IsManaged(i):
		return bundle.PythonSource{}, "", withHint(fmt.Errorf("the Python at `%s` cannot be brought along: it belongs to this system and would not run in another place", i.Executable), advice, b.app.name, i.MinorVersion())
	}
	prefix, err := filepath.EvalSymlinks(i.BasePrefix)
	if err != nil {
		return bundle.PythonSource{}, "", err
	}
	out := sourceOf(prefix, i)
	if filepath.Base(i.BasePrefix) != filepath.Base(prefix) || i.BasePrefix != prefix {
		out.Aliases = append(out.Aliases, i.BasePrefix)
	}
	out.Aliases = append(out.Aliases, filepath.Join(filepath.Dir(i.BasePrefix), i.Key().MinorName()))
	// sysconfig tells of where it was installed, which may have been by way of a link.
	out.Aliases = append(out.Aliases, filepath.Join(b.seeker.Store().Root(), filepath.Base(prefix)))
	return out, i.Version.String(), nil
}

// sourceOf is the installation in a directory, of the minor version and variant of
// an interpreter.
func sourceOf(prefix string, i *python.Interpreter) bundle.PythonSource {
	v, minor := i.Variant(), i.MinorVersion()
	lib := "lib/python" + minor + v.LibSuffix()
	return bundle.PythonSource{
		Prefix: prefix, Executable: "bin/python" + minor + v.ExecutableSuffix(), Stdlib: lib, Site: lib + "/site-packages",
	}
}

// runsHere reports whether what is bundled is for Pythons such as the one that
// packages are chosen with, if perhaps for older systems.
func (b *bundling) runsHere() bool {
	to, here := b.aim.Tags.Platform(), b.interpreter.Platform
	return !b.aim.Other || to.OS == here.OS && to.Arch == here.Arch && to.Libc == here.Libc
}

// foreignPython is a managed Python for another platform, which somebody has
// installed by its key.
func (b *bundling) foreignPython() (bundle.PythonSource, string, error) {
	i := b.interpreter
	want, err := managedPlatform(b.aim)
	if err != nil {
		return bundle.PythonSource{}, "", err
	}
	all, err := b.seeker.Store().Installed()
	if err != nil {
		return bundle.PythonSource{}, "", err
	}
	for _, in := range all { // the newest first
		k := in.Key
		if k.Implementation == python.CPython && k.Major == i.Major() && k.Minor == i.Minor() && k.Pre == "" && k.Variant == i.Variant() && k.Platform == want {
			prefix, err := filepath.EvalSymlinks(in.Path)
			if err != nil {
				return bundle.PythonSource{}, "", err
			}
			out := sourceOf(prefix, i)
			out.Aliases = []string{in.Path}
			return out, k.Version(), nil
		}
	}
	key := fmt.Sprintf("cpython-%s-%s", i.MinorVersion(), want)
	return bundle.PythonSource{}, "", withHint(fmt.Errorf("there is no Python %s for %s to bring along", i.MinorVersion(), want), "`%s python install %s` installs one", b.app.name, key)
}

// managedPlatform is the platform of a target as managed installations are named.
func managedPlatform(t python.Target) (managed.Platform, error) {
	system, libc := "linux", "gnu"
	p := t.Tags.Platform()
	switch {
	case t.Env.SysPlatform == "darwin":
		system, libc = "macos", "none"
	case p.Libc == tags.Musl:
		libc = "musl"
	}
	machine := t.Env.PlatformMachine
	if machine == "arm64" { // as macOS has it
		machine = "aarch64"
	}
	return managed.ParsePlatform(system, machine, libc)
}
