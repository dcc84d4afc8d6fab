package backend

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A VersionSource says where the version of a project comes from that lists
// "version" in project.dynamic: the table [tool.tame.version].
//
//	[tool.tame.version]
//	from = "git"       # the tags of the repository
//	tag-prefix = "v"   # only tags that begin so; by default with or without "v"
//	local = false      # leave the commit out of versions between releases
//	fallback = "0.0.0" # where there is no repository
//
// It is an extension: uv_build refuses such projects. A source distribution has
// the version written into its pyproject.toml, so it can be built by uv_build.
type VersionSource struct {
	Dir       string // the source tree
	TagPrefix string
	Local     bool
	Fallback  string
}

// findVersion asks for the version that the project leaves open.
func (p *project) findVersion(o *Options) error {
	t := p.file.Tool("tame").Get("version")
	source, err := readSource(t)
	if err != nil {
		return &FormatError{p.file.Name(), err}
	}
	if o.Version == nil {
		return errors.New("the version comes from git, which can not be asked here")
	}
	source.Dir = o.Dir
	text, err := o.Version(source)
	if err != nil {
		return fmt.Errorf("finding the version of `%s`: %w", p.given, err)
	}
	if p.version, err = pep440.Parse(text); err != nil {
		return fmt.Errorf("finding the version of `%s`: %w", p.given, err)
	}
	return nil
}

func readSource(t pyproject.Value) (VersionSource, error) {
	r := reader{}
	for key := range r.table(t).Entries() {
		if !slices.Contains([]string{"from", "tag-prefix", "local", "fallback"}, key) {
			r.fail(t.KeyErrorf(key, "unknown field `%s`, expected one of `from`, `tag-prefix`, `local`, `fallback`", key))
		}
	}
	if from := r.text(t, "from"); from != nil && *from != "git" {
		r.fail(t.Get("from").Errorf("a version can only come from `git`, not from `%s`", *from))
	}
	s := VersionSource{Local: r.bool(t, "local", true)}
	if prefix := r.text(t, "tag-prefix"); prefix != nil {
		s.TagPrefix = *prefix
	}
	if fallback := r.text(t, "fallback"); fallback != nil {
		s.Fallback = *fallback
	}
	return s, r.err
}

// settle writes the version into the document, and takes it out of the list of
// what is dynamic.
func (p *project) settle(doc *toml.Document) error {
	if err := doc.Set(toml.LitString(p.version.String()), "project", "version"); err != nil {
		return err
	}
	if _, err := doc.Delete("project", "dynamic"); err != nil {
		return err
	}
	_, err := doc.Delete("tool", "tame", "version")
	return err
}

// A Commit is where a work tree stands in the history of its repository.
type Commit struct {
	Tag     string // the nearest tag behind it
	Commits int    // since the tag
	ID      string // short
	Dirty   bool   // there are changes that are not committed
}

// Of is the version at a commit: that of the tag if it is clean and tagged;
// else a development release of the next version, with the commit in its local
// part so that it can be told from others.
func (s VersionSource) Of(c Commit) (string, error) {
	text := strings.TrimPrefix(c.Tag, s.TagPrefix)
	v, err := pep440.Parse(text)
	if err != nil {
		return "", fmt.Errorf("the tag `%s` is not a version: %w", c.Tag, err)
	}
	if c.Commits == 0 && !c.Dirty {
		return v.String(), nil
	}
	out := next(v) + ".dev" + strconv.Itoa(c.Commits)
	if n, ok := v.Dev(); ok {
		out = v.Base().String() + ".dev" + strconv.Itoa(n+c.Commits)
	}
	if s.Local {
		out += "+g" + c.ID
		if c.Dirty {
			out += ".dirty"
		}
	}
	return out, nil
}

// next is the release that work after a version leads to: the next pre-release
// of a pre-release, else the next patch.
func next(v pep440.Version) string {
	if kind, n, ok := v.Pre(); ok {
		return v.Base().String() + kind + strconv.Itoa(n+1)
	}
	release := append(slices.Clone(v.Release()), 0, 0)
	out := fmt.Sprintf("%d.%d.%d", release[0], release[1], release[2]+1)
	if e := v.Epoch(); e != 0 {
		out = strconv.Itoa(e) + "!" + out
	}
	return out
}
