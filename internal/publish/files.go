package publish

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pyname"
)

// A File is a distribution to upload.
type File struct {
	Path string // to open it
	Name string // the file's name
	// Normalized is what the name should be. Indexes refuse others.
	Normalized string
	// Project is what the file is of, and Kind what it is.
	Project pyname.Package
	Kind    dist.Kind
	// Python is the form's pyversion: the Python tags of a wheel, or "source".
	Python string
	// Attestations are the files with attestations (PEP 740) beside it.
	Attestations []string
}

// A Found is what [Collect] finds.
type Found struct {
	// Files are sorted by name, wheels first: who looks while an upload is under
	// way finds a wheel rather than something to build.
	Files []File
	// Doubtful are paths that look like distributions and are none.
	Doubtful []string
}

// Collect finds distributions by paths and patterns, which are relative to dir.
// In a pattern `*` stands for anything within a part of a path, `**` for any
// parts. What is no distribution is passed over.
func Collect(dir string, patterns []string, attestations bool) (Found, error) {
	var paths []string
	for _, pattern := range patterns {
		full := pattern
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, full)
		}
		if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() {
			paths = append(paths, full)
			continue
		}
		found, err := doublestar.FilepathGlob(full, doublestar.WithFilesOnly())
		if err != nil {
			return Found{}, fmt.Errorf("the publish path is not a valid glob pattern: `%s`", pattern)
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	return group(slices.Compact(paths), attestations), nil
}

func group(paths []string, attestations bool) Found {
	var out Found
	beside := map[string][]string{} // attestations by the name of the file that they are about
	seen := map[string]bool{}
	for _, path := range paths {
		name := filepath.Base(path)
		if about, ok := attested(name); ok {
			beside[about] = append(beside[about], path)
			continue
		}
		f, ok := parse(name)
		switch {
		case ok && !seen[name]:
			f.Path = path
			out.Files = append(out.Files, f)
			seen[name] = true
		case !ok && looksLike(name):
			out.Doubtful = append(out.Doubtful, path)
		}
	}
	for i := range out.Files {
		if f := &out.Files[i]; attestations {
			f.Attestations = beside[f.Name]
		}
	}
	slices.SortFunc(out.Files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// attested returns which file an attestation is about: `NAME.KIND.attestation`.
func attested(name string) (about string, ok bool) {
	rest, ok := strings.CutSuffix(name, ".attestation")
	if !ok {
		return "", false
	}
	i := strings.LastIndexByte(rest, '.')
	if i < 0 {
		return "", false
	}
	return rest[:i], true
}

func parse(name string) (File, bool) {
	if dist.KindOf(name) == dist.WheelKind {
		w, err := dist.ParseWheel(name)
		if err != nil {
			return File{}, false
		}
		return File{Name: name, Normalized: w.String(), Project: w.Name, Kind: dist.WheelKind, Python: strings.Join(slices.Collect(w.Tags.Pythons()), ".")}, true
	}
	s, err := dist.ParseSdistStrict(name)
	if err != nil {
		return File{}, false
	}
	return File{Name: name, Normalized: s.String(), Project: s.Name, Kind: dist.SdistKind, Python: "source"}, true
}

// looksLike reports whether a name has an ending of a distribution.
func looksLike(name string) bool {
	if strings.HasSuffix(name, ".whl") || strings.HasSuffix(name, ".zip") {
		return true
	}
	_, ext, ok := strings.Cut(name, ".tar.")
	return ok && !strings.ContainsFunc(ext, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
	})
}
