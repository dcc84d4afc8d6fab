package backend

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"

	"github.com/tame-py/tame/internal/toml"
)

// manyFiles is where a walk is likely to go where it should not.
const manyFiles = 10_000

// writeSdist writes a source distribution: the metadata, the pyproject.toml in
// the plain TOML 1.0 that all tools can read and as it was, and the files.
func (b *build) writeSdist(w writer) error {
	metadata, err := b.metadata()
	if err != nil {
		return err
	}
	top := b.project.stem()
	if err := w.add(path.Join(top, "PKG-INFO"), metadata); err != nil {
		return err
	}
	plain, err := b.plainProject()
	if err != nil {
		return err
	}
	if err := w.add(path.Join(top, "pyproject.toml"), plain); err != nil {
		return err
	}
	if err := w.addFile(path.Join(top, "pyproject.toml.orig"), filepath.Join(b.Dir, "pyproject.toml")); err != nil {
		return err
	}
	include, exclude, err := b.sdistFilters()
	if err != nil {
		return err
	}
	d := newDirs(w)
	if err := d.add(top + "/"); err != nil {
		return err
	}
	visited := 0
	enter := func(e entry) bool { return include.covers(e.path) && !exclude.matches(e.path) }
	err = walk(b.Dir, "", enter, func(e entry) error {
		if visited++; visited == manyFiles+1 {
			b.warn("Visited more than 10,000 files for source distribution build. Consider using more constrained includes or more excludes.")
		}
		if e.path == "pyproject.toml" || e.path == "pyproject.toml.orig" {
			return nil
		}
		if err := e.refuseVenv(); err != nil || e.isDir() {
			return err
		}
		return d.addFile(top, e.path, e.file)
	})
	if err != nil {
		return err
	}
	return w.finish("")
}

// plainProject is the pyproject.toml as TOML 1.0. A version that came from the
// version control system is written into it: the source distribution is
// complete in itself.
func (b *build) plainProject() ([]byte, error) {
	doc, err := toml.Parse("pyproject.toml", b.project.text)
	if err != nil {
		return nil, err
	}
	if b.project.fromVCS {
		if err := b.project.settle(doc); err != nil {
			return nil, err
		}
	}
	return []byte(toml.Format(doc.Root())), nil
}

// sdistFilters are the patterns of what to take and what to leave out.
func (b *build) sdistFilters() (include, exclude *matcher, err error) {
	s := &b.project.settings
	r, err := b.findRoots()
	if err != nil {
		return nil, nil, err
	}
	globs, err := parseGlobs(s.sourceInclude, escapes, "tool.uv.build-backend.source-include")
	if err != nil {
		return nil, nil, err
	}
	globs = append(globs, literalGlob("pyproject.toml"))
	for _, module := range r.modules {
		globs = append(globs, belowGlob(path.Join(r.src, module)))
	}
	if readme := b.project.readme; readme != nil && readme.file != nil {
		globs = append(globs, literalGlob(path.Clean(filepath.ToSlash(*readme.file))))
	}
	licenses, err := parseGlobs(b.project.licensePatterns(), pep639, "project.license-files")
	if err != nil {
		return nil, nil, err
	}
	globs = append(globs, licenses...)
	for _, d := range s.data {
		dir, err := b.dataDir(d)
		if err != nil {
			return nil, nil, err
		}
		globs = append(globs, belowGlob(dir))
	}
	if exclude, err = excludeMatcher(s.excludes(false)); err != nil {
		return nil, nil, err
	}
	if exclude.matches("pyproject.toml") {
		return nil, nil, errors.New("`pyproject.toml` must not be excluded from source distribution build")
	}
	return newMatcher(globs), exclude, nil
}

// licensePatterns match the license files, also that of the older table.
func (p *project) licensePatterns() []string {
	var out []string
	if p.licenseFiles != nil {
		out = append(out, *p.licenseFiles...)
	}
	if p.license.file != nil {
		out = append(out, *p.license.file)
	}
	return out
}

// dataDir checks where a data directory is said to be, and returns its slash
// path in the source tree.
func (b *build) dataDir(d pair) (string, error) {
	local := filepath.FromSlash(d.value)
	if filepath.IsAbs(local) || !filepath.IsLocal(filepath.Clean(local)) {
		return "", fmt.Errorf("the path for the data directory %s must be inside the project: %s", d.key, d.value)
	}
	return path.Clean(filepath.ToSlash(local)), nil
}

// excludeMatcher compiles excludes: those with a leading slash start at the
// source tree, the others match anywhere.
func excludeMatcher(patterns []string) (*matcher, error) {
	anywhere := make([]string, len(patterns))
	for i, text := range patterns {
		if text != "" && text[0] == '/' {
			anywhere[i] = text[1:]
		} else {
			anywhere[i] = "**/" + text
		}
	}
	globs, err := parseGlobs(anywhere, escapes, "tool.uv.build-backend.*-exclude")
	return newMatcher(globs), err
}
