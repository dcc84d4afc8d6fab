package backend

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// roots are where the modules of a project are.
type roots struct {
	src     string   // the module root: a slash path from the source tree, "" for the tree itself
	modules []string // slash paths from src
}

// findRoots finds the modules, and holds the layout of the source tree against
// the rules.
//
// Names of modules are compared as they are written: on some file systems case
// counts, and a wheel must not depend on the one it was built on.
func (b *build) findRoots() (roots, error) {
	s := &b.project.settings
	root, err := b.inside(s.moduleRoot)
	if err != nil {
		return roots{}, fmt.Errorf("module root must be inside the project: %s", s.moduleRoot)
	}
	r := roots{src: root}
	if s.modules == nil {
		module, err := b.defaultModule(root)
		r.modules = []string{module}
		return r, err
	}
	for _, name := range b.pruned(*s.modules) {
		module := strings.ReplaceAll(name, ".", "/")
		if s.namespace {
			if !filepath.IsLocal(filepath.FromSlash(path.Join(".", module))) {
				return r, fmt.Errorf("module must be inside the project: %s", name)
			}
			module = path.Clean(module)
		} else if err := b.checkModule(root, name, module); err != nil {
			return r, err
		}
		r.modules = append(r.modules, module)
	}
	return r, nil
}

// inside returns a path of the settings as a clean slash path from the source
// tree, "" for the tree itself.
func (b *build) inside(name string) (string, error) {
	local := filepath.FromSlash(name)
	if filepath.IsAbs(local) {
		rel, err := filepath.Rel(b.Dir, local)
		if err != nil {
			return "", err
		}
		local = rel
	}
	local = filepath.Clean(local)
	if !filepath.IsLocal(local) {
		return "", fmt.Errorf("`%s` is outside of the project", name)
	}
	if local == "." {
		local = ""
	}
	return filepath.ToSlash(local), nil
}

func (b *build) isFile(name string) bool {
	info, err := os.Stat(filepath.Join(b.Dir, filepath.FromSlash(name)))
	return err == nil && info.Mode().IsRegular()
}

func (b *build) exists(name string) bool {
	_, err := os.Stat(filepath.Join(b.Dir, filepath.FromSlash(name)))
	return err == nil
}

// defaultModule is named like the project. A project whose name ends in -stubs
// has the stubs of the module before that.
func (b *build) defaultModule(src string) (string, error) {
	name := b.project.distName()
	if b.project.settings.namespace {
		return name, nil
	}
	init := "__init__.py"
	if stem, ok := strings.CutSuffix(string(b.project.name), "-stubs"); ok {
		name = strings.ReplaceAll(stem, "-", "_") + "-stubs"
		init = "__init__.pyi"
	}
	if file := path.Join(src, name, init); !b.isFile(file) {
		return "", b.noModule(file)
	}
	return name, nil
}

func (b *build) noModule(file string) error {
	return withHint(fmt.Errorf("expected a Python module at: %s", b.show(file)),
		"`module-root` and `module-name` in `[tool.uv.build-backend]` say where the module is, if it is elsewhere")
}

// show is a path of the source tree as messages have it.
func (b *build) show(name string) string { return filepath.Join(b.Dir, filepath.FromSlash(name)) }

// checkModule checks a module that the settings name, of which dots part the
// namespaces: those have no __init__.py.
func (b *build) checkModule(src, name, module string) error {
	parts := strings.Split(name, ".")
	init := "__init__.py"
	if stem, ok := strings.CutSuffix(parts[0], "-stubs"); ok {
		parts[0], init = stem, "__init__.pyi"
	}
	for _, part := range parts {
		if err := checkIdentifier(part); err != nil {
			return fmt.Errorf("invalid module name: %s: %w", name, err)
		}
	}
	if file := path.Join(src, module, init); !b.isFile(file) {
		return b.noModule(file)
	}
	for up := module; up != "."; {
		up = path.Dir(up)
		dir := path.Join(src, up)
		if b.exists(path.Join(dir, "__init__.py")) || b.exists(path.Join(dir, "__init__.pyi")) {
			return fmt.Errorf("for namespace packages, `__init__.py[i]` is not allowed in parent directory: %s", b.show(dir))
		}
	}
	return nil
}

// pruned are the names without those that another one includes, sorted.
func (b *build) pruned(names []string) []string {
	sorted := slices.Sorted(slices.Values(names))
	kept := sorted[:0:0]
	for _, name := range sorted {
		if n := len(kept); n > 0 && (name == kept[n-1] || strings.HasPrefix(name, kept[n-1]+".")) {
			continue
		}
		kept = append(kept, name)
	}
	if len(kept) == len(names) {
		return kept
	}
	var ignored []string
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] || !slices.Contains(kept, name) {
			ignored = append(ignored, name)
		}
		seen[name] = true
	}
	plural := "s"
	if len(ignored) == 1 {
		plural = ""
	}
	b.warn("Ignoring redundant module name%s in `tool.uv.build-backend.module-name`: `%s`", plural, strings.Join(ignored, "`, `"))
	return kept
}
