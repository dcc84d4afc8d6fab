package lock

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// RequirementsStyle says how a requirements file is written.
type RequirementsStyle struct {
	Hashes   bool
	Annotate bool // comments say who needs a package
	// Comment gives comments a color. Nil leaves them as they are.
	Comment func(string) string
}

// AppendRequirements appends the packages that the roots lead to, as lines of a
// requirements file. The error is a *RootError.
func (l *Lock) AppendRequirements(b []byte, r *ExportRequest, style RequirementsStyle) ([]byte, error) {
	all, err := l.exports(r)
	if err != nil {
		return nil, err
	}
	// Source trees come first, then archives on this machine.
	slices.SortStableFunc(all, func(a, b exported) int {
		return cmp.Or(cmp.Compare(requirementRank(l, a), requirementRank(l, b)), l.comparePlaces(a, b))
	})
	b = slices.Grow(b, l.requirementsSize(all, style))
	var hashes []string
	for i := range all {
		p := &l.Packages[all[i].at]
		line := p.requirementLine(r)
		if line == "" {
			continue
		}
		b = append(b, line...)
		if m := all[i].marker.String(); m != "" {
			b = append(append(b, " ; "...), m...)
		}
		if style.Hashes {
			hashes = p.allHashes(hashes[:0])
			for _, h := range hashes {
				b = append(append(b, hashOption...), h...)
			}
		}
		b = append(b, '\n')
		if style.Annotate {
			b = appendDependents(b, all[i].by, style.Comment)
		}
	}
	return b, nil
}

const hashOption = " \\\n    --hash="

// requirementsSize is about how many bytes the lines take.
func (l *Lock) requirementsSize(all []exported, style RequirementsStyle) int {
	const line, digest, comment = 64, len("sha256:") + 64, 32
	size := 0
	for i := range all {
		size += line
		if style.Hashes {
			size += (len(l.Packages[all[i].at].Wheels) + 1) * (len(hashOption) + digest)
		}
		if style.Annotate {
			size += (len(all[i].by) + 1) * comment
		}
	}
	return size
}

func requirementRank(l *Lock, e exported) int {
	switch l.Packages[e.at].Source.Kind {
	case Editable:
		return 0
	case Path, Directory:
		return 1
	}
	return 2
}

// comparePlaces orders what is on this machine by its path, part by part.
func (l *Lock) comparePlaces(a, b exported) int {
	p, q := l.Packages[a.at].Source, l.Packages[b.at].Source
	if requirementRank(l, a) == 2 {
		return a.at - b.at
	}
	return slices.Compare(strings.Split(p.Location, "/"), strings.Split(q.Location, "/"))
}

// requirementLine is the package as a requirement, "" for one that is not
// installed.
func (p *Package) requirementLine(r *ExportRequest) string {
	s := p.Source
	switch s.Kind {
	case Registry, RegistryPath:
		return string(p.Name) + "==" + p.Version.String()
	case Git:
		return string(p.Name) + " @ " + s.pep508()
	case URL:
		text := string(p.Name) + " @ " + s.Location
		if s.Subdirectory != "" {
			text += "#subdirectory=" + s.Subdirectory
		}
		return text
	case Path, Directory:
		return placeText(s.Location)
	case Editable:
		if r.Editable != nil {
			if editable, known := r.Editable(p.Name); known && !editable {
				return placeText(s.Location)
			}
		}
		return "-e " + anchored(s.Location)
	}
	return ""
}

// placeText is a path as a requirement: a URL if it is absolute.
func placeText(location string) string {
	if native := filepath.FromSlash(location); filepath.IsAbs(native) {
		return fileURL(native)
	}
	return anchored(location)
}

// anchored is a relative path that is told from a name by its dots.
func anchored(location string) string {
	switch {
	case location == "":
		return "."
	case path.IsAbs(location), location == "..", strings.HasPrefix(location, "./"), strings.HasPrefix(location, "../"):
		return location
	}
	return "./" + location
}

// allHashes appends the digests of all files to an empty list, and sorts it.
func (p *Package) allHashes(all []string) []string {
	if p.Sdist != nil {
		all = append(all, p.Sdist.Hash)
	}
	for i := range p.Wheels {
		all = append(all, p.Wheels[i].Hash)
		if z := p.Wheels[i].Zstd; z != nil {
			all = append(all, z.Hash)
		}
	}
	all = slices.DeleteFunc(all, func(text string) bool { return strings.IndexByte(text, ':') < 0 })
	slices.SortFunc(all, compareHashTexts)
	return slices.Compact(all)
}

// compareHashTexts is the order of [source.CompareHashes]. Nearly all hashes are of
// one algorithm, where it is that of the texts.
func compareHashTexts(a, b string) int {
	const usual = "sha256:"
	if strings.HasPrefix(a, usual) && strings.HasPrefix(b, usual) {
		return strings.Compare(a[len(usual):], b[len(usual):])
	}
	x, _ := hashOf(a)
	y, _ := hashOf(b)
	return source.CompareHashes(x, y)
}

func appendDependents(b []byte, by []pyname.Package, color func(string) string) []byte {
	comment := func(text, name string) {
		if color == nil {
			b = append(append(append(b, text...), name...), '\n')
			return
		}
		b = append(append(b, color(text+name)...), '\n')
	}
	switch len(by) {
	case 0:
	case 1:
		comment("    # via ", string(by[0]))
	default:
		comment("    # via", "")
		for _, name := range by {
			comment("    #   ", string(name))
		}
	}
	return b
}
