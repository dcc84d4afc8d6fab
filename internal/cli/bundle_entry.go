package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/bundle"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pyname"
)

// describe notes what was installed, and what of it is started.
func (b *bundling) describe() error {
	env := b.aim.Env
	for _, d := range b.site.All() {
		list, err := d.Tags()
		if err != nil {
			return err
		}
		b.spec.Needs.Add(list, false, env.SysPlatform, env.PlatformMachine)
		b.spec.Packages = append(b.spec.Packages, bundle.Package{Name: string(d.Name), Version: d.Version.String()})
	}
	slices.SortFunc(b.spec.Packages, func(a, b bundle.Package) int { return strings.Compare(a.Name, b.Name) })
	b.nameIt()
	return b.chooseEntries()
}

// nameIt names the bundle: as the project, else as the script or the folder.
func (b *bundling) nameIt() {
	name := pyname.Package("")
	switch {
	case b.target.Script != nil:
		b.spec.Name = strings.TrimSuffix(filepath.Base(b.script), filepath.Ext(b.script))
		return
	case b.member != nil:
		name = b.member.Name
	case b.script != "":
		b.spec.Name = strings.TrimSuffix(filepath.Base(b.script), filepath.Ext(b.script))
		return
	default:
		b.spec.Name = filepath.Base(b.target.Dir())
		return
	}
	b.spec.Name = string(name)
	if list := b.site.Get(name); len(list) > 0 {
		b.spec.Version = list[0].Version.String()
	} else if v := b.member.Project.Version; v != nil {
		b.spec.Version = v.String()
	}
}

// chooseEntries decides what is started.
func (b *bundling) chooseEntries() error {
	o := b.flags
	one := b.format != bundleFolder
	switch {
	case b.script != "":
		name := filepath.Base(b.script)
		b.spec.Entries = []bundle.Entry{{Name: strings.TrimSuffix(name, filepath.Ext(name)), Script: name}}
		return nil
	case o.module != "":
		at := strings.LastIndexByte(strings.TrimSuffix(o.module, ".__main__"), '.') + 1
		b.spec.Entries = []bundle.Entry{{Name: strings.TrimSuffix(o.module, ".__main__")[at:], Module: o.module}}
		return b.checkModule(o.module)
	case len(o.entries) > 1 && one:
		return usageError("one `--entry-point` can be started by one file; `--format folder` may have several")
	case len(o.entries) > 0:
		return b.namedEntries()
	}
	own, err := b.ownEntries()
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(own, func(e bundle.Entry) bool { return e.Name == b.spec.Name }); one && i >= 0 {
		own = own[i : i+1]
	}
	switch {
	case len(own) == 0:
		return withHint(fmt.Errorf("`%s` has no command that could be started: there are no `[project.scripts]` of an installed package", b.spec.Name),
			"name a script, or a module by `--module`, or by `--entry-point` a command of a package or MODULE:FUNCTION")
	case len(own) > 1 && one:
		names := make([]string, len(own))
		for i, e := range own {
			names[i] = "`" + e.Name + "`"
		}
		return withHint(fmt.Errorf("`%s` has several commands, and one file starts one of them: %s", b.spec.Name, strings.Join(names, ", ")), "choose by `--entry-point`, or make a folder")
	}
	b.spec.Entries = own
	return nil
}

// ownEntries are the commands of the project, or of all projects.
func (b *bundling) ownEntries() ([]bundle.Entry, error) {
	var out []bundle.Entry
	if b.target.Workspace == nil {
		return nil, nil
	}
	for _, m := range b.target.Workspace.Members {
		if b.member != nil && m != b.member {
			continue
		}
		for _, d := range b.site.Get(m.Name) {
			points, err := d.EntryPoints()
			if err != nil {
				return nil, err
			}
			for _, p := range slices.Concat(points.Console, points.GUI) {
				out = append(out, entryOf(p))
			}
		}
	}
	slices.SortFunc(out, func(a, b bundle.Entry) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b bundle.Entry) bool { return a.Name == b.Name }), nil
}

func entryOf(p dist.EntryPoint) bundle.Entry {
	return bundle.Entry{Name: p.Name, Module: p.Module, Attr: p.Attr}
}

// namedEntries are those of --entry-point.
func (b *bundling) namedEntries() error {
	known := map[string]bundle.Entry{}
	for _, d := range b.site.All() {
		points, err := d.EntryPoints()
		if err != nil {
			return err
		}
		for _, p := range slices.Concat(points.Console, points.GUI) {
			known[p.Name] = entryOf(p)
		}
	}
	for _, text := range b.flags.entries {
		e, ok := known[text]
		if !ok {
			var err error
			if e, err = parseEntry(text); err != nil {
				names := make([]string, 0, len(known))
				for name := range known {
					names = append(names, "`"+name+"`")
				}
				slices.Sort(names)
				return withHint(err, "there are: %s", first(strings.Join(names, ", "), "none"))
			}
			if err := b.checkModule(e.Module); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(b.spec.Entries, func(have bundle.Entry) bool { return have.Name == e.Name }) {
			return fmt.Errorf("two commands would be called `%s`", e.Name)
		}
		b.spec.Entries = append(b.spec.Entries, e)
	}
	return nil
}

// parseEntry reads [NAME=]MODULE:FUNCTION.
func parseEntry(text string) (bundle.Entry, error) {
	name, object, named := strings.Cut(text, "=")
	if !named {
		object = text
	}
	if !strings.Contains(object, ":") {
		return bundle.Entry{}, fmt.Errorf("no package has a command `%s`", text)
	}
	points, err := dist.ParseEntryPoints([]byte("[console_scripts]\nx = " + object + "\n"))
	if err != nil || len(points.Console) != 1 || points.Console[0].Attr == "" {
		return bundle.Entry{}, fmt.Errorf("`%s` is not of the form MODULE:FUNCTION", object)
	}
	e := entryOf(points.Console[0])
	if e.Name = name; !named {
		e.Name, _, _ = strings.Cut(e.Module, ".")
	}
	return e, nil
}

// checkModule looks for a module among what is bundled and in the standard
// library.
func (b *bundling) checkModule(module string) error {
	top, _, _ := strings.Cut(module, ".")
	dirs := append(slices.Clone(b.place.Interpreter.InstalledIn()), b.interpreter.Stdlib)
	for _, p := range b.flags.includes {
		if strings.TrimSuffix(filepath.Base(b.app.path(p)), ".py") == top {
			return nil
		}
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if stem, _, _ := strings.Cut(e.Name(), "."); stem == top {
				return nil
			}
		}
	}
	return withHint(fmt.Errorf("there is no module `%s` in the bundle", top), "`--include` adds files that are in no package")
}

// addFiles adds the script and what --include names.
func (b *bundling) addFiles() error {
	app := filepath.Join(b.root, bundle.AppDir)
	list := b.flags.includes
	if b.script != "" {
		list = append([]string{b.script}, list...)
	}
	base := b.target.Dir()
	if b.script != "" {
		base = filepath.Dir(b.script)
	}
	out, added := b.output(), map[string]bool{}
	for _, name := range list {
		from := b.app.path(name)
		if added[from] {
			continue
		}
		added[from] = true
		rel, err := filepath.Rel(base, from)
		if err != nil || !filepath.IsLocal(rel) || rel == "." {
			rel = filepath.Base(from)
		}
		to := filepath.Join(app, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := addFile(from, to, out); errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("failed to add `%s`: something else that is added has a file of the same name", name)
		} else if err != nil {
			return fmt.Errorf("failed to add `%s`: %w", name, err)
		}
		b.spec.App = true
	}
	return nil
}

// addFile copies a file or directory, without bytecode, repositories and what was
// bundled before: else each bundle would have the last one in it.
func addFile(from, to, bundled string) error {
	info, err := os.Stat(from)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fsx.CopyTree(from, to, func(path string, e fs.DirEntry) bool {
			return path != bundled && (!e.IsDir() || e.Name() != "__pycache__" && e.Name() != ".git" && e.Name() != ".venv")
		})
	}
	return fsx.CopyFile(from, to)
}
