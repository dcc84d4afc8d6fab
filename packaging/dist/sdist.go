package dist

import (
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Kind is what a file name's ending promises.
type Kind uint8

// The kinds of file.
const (
	Unknown Kind = iota
	WheelKind
	// SdistKind is a source distribution that may be used: .tar.gz or .zip
	// (PEP 625; .zip is older than it but still common).
	SdistKind
	// LegacySdistKind is a source distribution in a form that is no longer used,
	// such as .tar.bz2.
	LegacySdistKind
)

// KindOf tells the kind of a file from its name's ending.
func KindOf(filename string) Kind {
	if strings.HasSuffix(filename, ".whl") {
		return WheelKind
	}
	switch ext := sdistExtension(filename); ext {
	case "":
		return Unknown
	case ".tar.gz", ".zip":
		return SdistKind
	}
	return LegacySdistKind
}

// sdistExtension returns the ending of a source distribution as written.
func sdistExtension(filename string) string {
	for _, ext := range [...]string{
		".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar.lz", ".tar.lzma",
		".tgz", ".tbz", ".txz", ".tlz", ".tar",
	} {
		at := len(filename) - len(ext)
		if at <= 0 {
			continue
		}
		// The word tar may be in any case, what follows it may not.
		if have := filename[at:]; have == ext || strings.EqualFold(have, ext) && strings.HasPrefix(ext, ".tar.") && have[4:] == ext[4:] {
			return have
		}
	}
	return ""
}

// Sdist is what the name of a source distribution tells.
type Sdist struct {
	Name    pyname.Package
	Version pep440.Version
	// Extension is the ending of the name, such as .tar.gz.
	Extension string
}

// ParseSdist reads the name of a source distribution of a project, in any of
// the endings that were ever in use. Names from before PEP 625 cannot be split
// without knowing the project: a-1-1.tar.gz may be version 1 or 1.post1. If
// the project is empty, the last dash divides. The error is a [*FilenameError].
func ParseSdist(filename string, project pyname.Package) (Sdist, error) {
	ext := sdistExtension(filename)
	if ext == "" {
		return Sdist{}, &FilenameError{filename, "it has no ending of a source distribution", nil}
	}
	stem := strings.TrimSuffix(filename, ext)
	if project == "" {
		return splitSdist(filename, stem, ext)
	}
	if len(stem) <= len(project)+1 || stem[len(project)] != '-' || pyname.Normalize(stem[:len(project)]) != string(project) {
		return Sdist{}, &FilenameError{filename, "it does not start with the project's name " + string(project), nil}
	}
	version, err := pep440.Parse(stem[len(project)+1:])
	if err != nil {
		return Sdist{}, &FilenameError{filename, "invalid version", err}
	}
	return Sdist{project, version, ext}, nil
}

func splitSdist(filename, stem, ext string) (Sdist, error) {
	dash := strings.LastIndexByte(stem, '-')
	if dash < 0 {
		return Sdist{}, &FilenameError{filename, "it has no dash between name and version", nil}
	}
	name, err := pyname.ParsePackage(stem[:dash])
	if err != nil {
		return Sdist{}, &FilenameError{filename, "invalid project name", err}
	}
	version, err := pep440.Parse(stem[dash+1:])
	if err != nil {
		return Sdist{}, &FilenameError{filename, "invalid version", err}
	}
	return Sdist{name, version, ext}, nil
}

// ParseSdistStrict reads the name of a source distribution as pypa/packaging
// does: the ending is .tar.gz or .zip, and the last dash divides. The error is
// a [*FilenameError].
func ParseSdistStrict(filename string) (Sdist, error) {
	for _, ext := range []string{".tar.gz", ".zip"} {
		stem, ok := strings.CutSuffix(filename, ext)
		if !ok {
			continue
		}
		dash := strings.LastIndexByte(stem, '-')
		if dash <= 0 {
			return Sdist{}, &FilenameError{filename, "it has no name and version", nil}
		}
		version, err := pep440.Parse(stem[dash+1:])
		if err != nil {
			return Sdist{}, &FilenameError{filename, "invalid version", err}
		}
		return Sdist{pyname.Package(pyname.Normalize(stem[:dash])), version, ext}, nil
	}
	return Sdist{}, &FilenameError{filename, "it must end in .tar.gz or .zip", nil}
}

// String returns the file name in normal form (PEP 625).
func (s Sdist) String() string {
	return underscored(s.Name) + "-" + s.Version.String() + s.Extension
}

// ParseEggInfo reads the name of an .egg-info file or directory, with or
// without its ending: NAME[-VERSION[-pyX.Y[-PLATFORM]]]. Without a version ok is
// false.
func ParseEggInfo(filename string) (name pyname.Package, version pep440.Version, ok bool, err error) {
	stem := strings.TrimSuffix(filename, ".egg-info")
	text, rest, ok := strings.Cut(stem, "-")
	if name, err = pyname.ParsePackage(text); err != nil {
		return "", version, false, &FilenameError{filename, "invalid project name", err}
	}
	if !ok {
		return name, version, false, nil
	}
	text, _, _ = strings.Cut(rest, "-")
	if version, err = pep440.Parse(text); err != nil {
		return "", version, false, &FilenameError{filename, "invalid version", err}
	}
	return name, version, true, nil
}
