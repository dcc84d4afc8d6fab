package lock

import (
	"cmp"

	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pylock"
)

// Pylock are the packages that the roots lead to as a pylock.toml (PEP 751) in
// the folder of the lock. It has no extras and groups: those that are meant are
// in it. The error is a *RootError.
func (l *Lock) Pylock(r *ExportRequest, createdBy string) (*pylock.Lock, error) {
	all, err := l.exports(r)
	if err != nil {
		return nil, err
	}
	out := &pylock.Lock{Version: pep440.FromRelease(1, 0), CreatedBy: createdBy, RequiresPython: l.RequiresPython.Specifiers()}
	for i := range all {
		if p := &l.Packages[all[i].at]; p.Source.Kind != Virtual {
			q := p.pylock(r)
			q.Marker = all[i].marker
			out.Packages = append(out.Packages, q)
		}
	}
	return out, nil
}

func (p *Package) pylock(r *ExportRequest) pylock.Package {
	out := pylock.Package{Name: p.Name, Version: p.Version, Index: p.Source.Index(r.Root)}
	s := p.Source
	switch {
	case s.IsRegistry():
		if p.Sdist != nil {
			f := p.pylockFile(p.Sdist, r.Root)
			out.Sdist = &f
		}
		for i := range p.Wheels {
			f := p.pylockFile(&p.Wheels[i], r.Root)
			// The name is written where that of the URL is not in its normal form.
			if w, err := dist.ParseWheel(p.Wheels[i].Filename()); err == nil && w.String() != p.Wheels[i].Filename() {
				f.Name = w.String()
			}
			out.Wheels = append(out.Wheels, f)
		}
	case s.IsTree():
		out.Version = pep440.Version{}
		out.Directory = &pylock.Directory{Path: s.Text()}
		editable, known := s.Kind == Editable, false
		if r.Editable != nil {
			var choice bool
			if choice, known = r.Editable(p.Name); known {
				editable = choice
			}
		}
		if editable || !known { // what was chosen to be unlike the lock is not said to be so
			out.Directory.Editable = &editable
		}
	case s.Kind == Git && s.Archive == "":
		out.VCS = &pylock.VCS{
			Type: "git", URL: s.Location, CommitID: s.Reference.Commit, Subdirectory: s.Subdirectory,
			RequestedRevision: cmp.Or(s.Reference.Rev, s.Reference.Tag, s.Reference.Branch),
		}
	case s.Kind == URL || s.Kind == Path:
		out.Archive = p.pylockArchive()
	}
	return out
}

func (p *Package) pylockArchive() *pylock.Archive {
	f := p.Sdist
	if len(p.Wheels) > 0 {
		f = &p.Wheels[0]
	}
	a := &pylock.Archive{Subdirectory: p.Source.Subdirectory}
	if f != nil {
		a.File = pylock.File{Size: max(f.Size, 0), Hashes: pylockHashes(f)}
	}
	if p.Source.Kind == URL {
		a.URL = p.Source.Location
	} else {
		a.Path = p.Source.Text()
	}
	return a
}

func (p *Package) pylockFile(f *File, root string) pylock.File {
	return pylock.File{URL: p.fileURL(f, root), UploadTime: f.UploadTime(), Size: max(f.Size, 0), Hashes: pylockHashes(f)}
}

func pylockHashes(f *File) []pylock.Hash {
	if h, ok := hashOf(f.Hash); ok {
		return []pylock.Hash{{Algorithm: h.Algorithm, Digest: h.Digest}}
	}
	return nil
}
