package lock

import (
	"bytes"
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// RequirementsStyle says how a requirements file is written.
type RequirementsStyle struct {
	Hashes   bool
	Annotate bool // comments say who needs a package
	// Comment gives comments a color. Nil leaves them as they are.
	Comment func(string) string
}

// Requirements are the packages that the roots lead to as lines of a requirements
// file. The error is a *RootError.
func (l *Lock) Requirements(r *ExportRequest, style RequirementsStyle) ([]byte, error) {
	all, err := l.exports(r)
	if err != nil {
		return nil, err
	}
	// Source trees come first, then archives on this machine.
	slices.SortStableFunc(all, func(a, b exported) int {
		return cmp.Or(cmp.Compare(requirementRank(l, a), requirementRank(l, b)), l.comparePlaces(a, b))
	})
	var b bytes.Buffer
	for i := range all {
		p := &l.Packages[all[i].at]
		line := p.requirementLine(r)
		if line == "" {
			continue
		}
		b.WriteString(line)
		if m := all[i].marker.String(); m != "" {
			b.WriteString(" ; " + m)
		}
		if style.Hashes {
			for _, h := range p.allHashes() {
				b.WriteString(" \\\n    --hash=" + h)
			}
		}
		b.WriteByte('\n')
		if style.Annotate {
			writeDependents(&b, all[i].by, style.Comment)
		}
	}
	return b.Bytes(), nil
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

// allHashes are the digests of all files, sorted.
func (p *Package) allHashes() []string {
	var all []simple.Hash
	add := func(text string) {
		if h, ok := hashOf(text); ok {
			all = append(all, h)
		}
	}
	if p.Sdist != nil {
		add(p.Sdist.Hash)
	}
	for i := range p.Wheels {
		add(p.Wheels[i].Hash)
		if z := p.Wheels[i].Zstd; z != nil {
			add(z.Hash)
		}
	}
	all = source.SortHashes(all)
	out := make([]string, len(all))
	for i, h := range all {
		out[i] = h.Algorithm + ":" + h.Digest
	}
	return out
}

func writeDependents(b *bytes.Buffer, by []pyname.Package, color func(string) string) {
	if color == nil {
		color = func(s string) string { return s }
	}
	switch len(by) {
	case 0:
	case 1:
		b.WriteString(color("    # via "+string(by[0])) + "\n")
	default:
		b.WriteString(color("    # via") + "\n")
		for _, name := range by {
			b.WriteString(color("    #   "+string(name)) + "\n")
		}
	}
}
