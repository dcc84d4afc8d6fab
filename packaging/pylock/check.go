package pylock

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// checkSource says what is wrong with the sources of a package, of which
// there must be exactly one kind.
func (p *Package) checkSource() (reason string) {
	trees := 0
	for _, given := range []bool{p.VCS != nil, p.Directory != nil, p.Archive != nil} {
		if given {
			trees++
		}
	}
	switch files := p.Sdist != nil || len(p.Wheels) > 0; {
	case files && trees > 0:
		return "none of vcs, directory, archive must be set if sdist or wheels are set"
	case !files && trees != 1:
		return "exactly one of vcs, directory, archive must be set if sdist and wheels are not set"
	}
	return ""
}

// A wheelName is what selecting needs of the file name of a wheel (PEP 427).
type wheelName struct {
	name    string
	version pep440.Version
	build   buildTag
	tags    []tags.Tag
}

// A buildTag orders wheels that are alike otherwise. The zero value is none
// and comes first.
type buildTag struct {
	given  bool
	number uint64
	text   string
}

func (b buildTag) less(c buildTag) bool {
	switch {
	case b.given != c.given:
		return c.given
	case b.number != c.number:
		return b.number < c.number
	}
	return b.text < c.text
}

func parseWheelName(file string) (w wheelName, ok bool) {
	stem, ok := strings.CutSuffix(file, ".whl")
	parts := strings.Split(stem, "-")
	if !ok || len(parts) != 5 && len(parts) != 6 {
		return w, false
	}
	if len(parts) == 6 {
		if w.build, ok = parseBuildTag(parts[2]); !ok {
			return w, false
		}
	}
	var err error
	if w.version, err = pep440.Parse(strings.ReplaceAll(parts[1], "_", "-")); err != nil {
		return w, false
	}
	if w.tags, err = tags.ParseTags(strings.Join(parts[len(parts)-3:], "-"), tags.ParseOptions{}); err != nil {
		return w, false
	}
	w.name = parts[0]
	return w, pyname.Valid(w.name)
}

func parseBuildTag(text string) (buildTag, bool) {
	end := 0
	for end < len(text) && '0' <= text[end] && text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(text[:end], 10, 64)
	return buildTag{true, n, text[end:]}, err == nil
}

// checkWheel says what is wrong with the file name of a wheel.
func checkWheel(p *Package, f *File) (reason string) {
	file := f.Filename()
	if file == "" {
		return ""
	}
	w, ok := parseWheelName(file)
	if !ok {
		return fmt.Sprintf("invalid wheel filename %q", file)
	}
	return p.checkName(file, w.name, w.version)
}

// checkSdist says what is wrong with the file name of a source distribution.
func checkSdist(p *Package, f *File) (reason string) {
	file := f.Filename()
	if file == "" {
		return ""
	}
	stem, ok := strings.CutSuffix(file, ".tar.gz")
	if !ok {
		stem, ok = strings.CutSuffix(file, ".zip")
	}
	// Neither part can be told from the hyphen between them in old names, but
	// versions are written without hyphens since PEP 625.
	at := strings.LastIndexByte(stem, '-')
	if !ok || at < 1 || !pyname.Valid(stem[:at]) {
		return fmt.Sprintf("invalid sdist filename %q", file)
	}
	v, err := pep440.Parse(stem[at+1:])
	if err != nil {
		return fmt.Sprintf("invalid sdist filename %q", file)
	}
	return p.checkName(file, stem[:at], v)
}

func (p *Package) checkName(file, name string, v pep440.Version) (reason string) {
	switch {
	case pyname.Normalize(name) != string(p.Name):
		return fmt.Sprintf("name in %q is not consistent with package name %q", file, p.Name)
	case !p.Version.IsZero() && !p.Version.Equal(v):
		return fmt.Sprintf("version in %q is not consistent with package version %q", file, p.Version)
	}
	return ""
}
