package backend

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
)

func (b *build) distInfo() string { return b.project.stem() + ".dist-info" }

// writeWheel writes a wheel: modules, licenses, data, metadata.
func (b *build) writeWheel(w writer) error {
	exclude, err := excludeMatcher(b.project.settings.excludes(true))
	if err != nil {
		return err
	}
	r, err := b.findRoots()
	if err != nil {
		return err
	}
	if err := b.writeModules(w, r, exclude); err != nil {
		return err
	}
	if files := b.project.licenseFiles; files != nil && len(*files) > 0 {
		globs, err := parseGlobs(*files, pep639, "project.license-files")
		if err != nil {
			return err
		}
		include := newMatcher(globs)
		enter := func(e entry) bool { return include.covers(e.path) }
		if err := copyTree(w, b.Dir, path.Join(b.distInfo(), "licenses"), enter); err != nil {
			return err
		}
	}
	return b.writeRest(w, exclude)
}

// writeEditable writes a wheel with a .pth file that names the module root.
func (b *build) writeEditable(w writer) error {
	exclude, err := excludeMatcher(b.project.settings.excludes(true))
	if err != nil {
		return err
	}
	r, err := b.findRoots()
	if err != nil {
		return err
	}
	// The root of a flat layout ends in a separator, as uv_build has it.
	root := b.Dir + string(filepath.Separator) + filepath.FromSlash(r.src)
	if err := w.add(b.project.distName()+".pth", []byte(root)); err != nil {
		return err
	}
	return b.writeRest(w, exclude)
}

// writeRest writes what all wheels have: data and metadata.
func (b *build) writeRest(w writer, exclude *matcher) error {
	if err := b.writeData(w, exclude); err != nil {
		return err
	}
	if err := b.writeDistInfo(w); err != nil {
		return err
	}
	return w.finish(b.distInfo())
}

func (b *build) writeModules(w writer, r roots, exclude *matcher) error {
	// A directory is left out as a whole only for patterns that match anywhere;
	// one that starts at the source tree leaves out just what it matches. That is
	// how uv_build makes wheels.
	anywhere, err := excludeMatcher(unanchored(b.project.settings.excludes(true)))
	if err != nil {
		return err
	}
	d, visited := newDirs(w), 0
	for _, module := range r.modules {
		start := path.Join(r.src, module)
		err := walk(b.Dir, start, func(e entry) bool { return !anywhere.matches(e.path) }, func(e entry) error {
			if visited++; visited == manyFiles+1 {
				b.warn("Visited more than 10,000 files for wheel build. Consider using more constrained includes or more excludes.")
			}
			if exclude.matches(e.path) {
				return nil
			}
			if err := e.refuseVenv(); err != nil || e.isDir() {
				return err
			}
			return d.addFile("", below(e.path, r.src), e.file)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func unanchored(patterns []string) []string {
	var out []string
	for _, text := range patterns {
		if !strings.HasPrefix(text, "/") {
			out = append(out, text)
		}
	}
	return out
}

// below is a path from a directory that it is in.
func below(name, dir string) string {
	if dir == "" {
		return name
	}
	return strings.TrimPrefix(name, dir+"/")
}

// copyTree adds the files below a directory to a directory of the wheel.
func copyTree(w writer, dir, target string, enter func(entry) bool) error {
	d := newDirs(w)
	return walk(dir, "", enter, func(e entry) error {
		if e.path == "" {
			return nil
		}
		if err := e.refuseVenv(); err != nil || e.isDir() {
			return err
		}
		if err := d.add(target); err != nil {
			return err
		}
		return d.addFile(target, e.path, e.file)
	})
}

// writeData adds the directories of tool.uv.build-backend.data. They must stay
// in the source tree, also where they are links.
func (b *build) writeData(w writer, exclude *matcher) error {
	for _, data := range b.project.settings.data {
		dir, err := b.dataDir(data)
		if err != nil {
			return err
		}
		root := filepath.Join(b.Dir, filepath.FromSlash(dir))
		if err := b.checkInside(data, root); err != nil {
			return err
		}
		enter := func(e entry) bool { return !exclude.matches(path.Join(dir, e.path)) }
		if err := copyTree(w, root, path.Join(b.project.stem()+".data", data.key), enter); err != nil {
			return err
		}
	}
	return nil
}

func (b *build) checkInside(data pair, root string) error {
	tree, err := filepath.EvalSymlinks(b.Dir)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(tree, real); err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("the path for the data directory %s must be inside the project: %s", data.key, data.value)
	}
	return nil
}

// writeDistInfo adds the metadata.
func (b *build) writeDistInfo(w writer) error {
	dir := b.distInfo()
	if err := w.addDir(dir); err != nil {
		return err
	}
	info := "Wheel-Version: 1.0\nGenerator: uv " + Version + "\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
	if err := w.add(dir+"/WHEEL", []byte(info)); err != nil {
		return err
	}
	if b.JSON {
		if err := w.add(dir+"/WHEEL.json", []byte(wheelJSON)); err != nil {
			return err
		}
	}
	points, err := b.project.entryPointsText()
	if err != nil {
		return err
	}
	if points != nil {
		if err := w.add(dir+"/entry_points.txt", points); err != nil {
			return err
		}
	}
	metadata, err := b.fields()
	if err != nil {
		return err
	}
	if err := w.add(dir+"/METADATA", []byte(metadata.String())); err != nil || !b.JSON {
		return err
	}
	text, err := metadata.json()
	if err != nil {
		return err
	}
	return w.add(dir+"/METADATA.json", text)
}

// checkPrepared refuses a wheel whose metadata differ from those that were made
// before (PEP 517 wants them to be the same).
func (b *build) checkPrepared() error {
	if b.Metadata == "" {
		return nil
	}
	metadata, err := b.metadata()
	if err != nil {
		return err
	}
	before, err := os.ReadFile(filepath.Join(b.Metadata, "METADATA"))
	if err != nil {
		return err
	}
	points, err := b.project.entryPointsText()
	if err != nil {
		return err
	}
	pointsBefore, err := os.ReadFile(filepath.Join(b.Metadata, "entry_points.txt"))
	switch {
	case string(before) != string(metadata):
		return fmt.Errorf("inconsistent metadata between prepare and build step: METADATA")
	case (err == nil) != (points != nil) || string(pointsBefore) != string(points):
		return fmt.Errorf("inconsistent metadata between prepare and build step: entry_points.txt")
	}
	return nil
}

// folder writes members as files.
type folder struct {
	dir    string
	record strings.Builder
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f *folder) add(name string, data []byte) error {
	sum := sha256.Sum256(data)
	f.record.WriteString(recordLine(name, sum[:], int64(len(data))))
	return fsx.WriteFile(f.path(name), data, 0o666)
}

func (f *folder) addFile(name, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return f.add(name, data)
}

func (f *folder) addDir(name string) error { return os.MkdirAll(f.path(name), 0o777) }

func (f *folder) finish(distInfo string) error {
	name := distInfo + "/RECORD"
	return fsx.WriteFile(f.path(name), []byte(f.record.String()+csvField(name)+",,\n"), 0o666)
}
