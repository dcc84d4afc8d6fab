package backend

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyproject"
)

// compatible are the releases of uv_build whose artifacts are the same as those
// of [Version], so that a project that asks for one of them can be built here.
func compatible() []string { return []string{"0.9.30", "0.10.12", "0.11.33", Version} }

// An ForeignError tells why this backend can not stand in for the one that a
// project asks for. Its text is half a sentence, to stand behind "because".
type ForeignError struct{ Reason string }

// Error implements error.
func (e *ForeignError) Error() string { return e.Reason }

// Check tells whether a project asks for this backend: for uv_build, alone and
// in a version that makes the same artifacts. Then it can be built without an
// environment and without Python. The error is a [*ForeignError].
func Check(f *pyproject.File) error {
	b, err := f.BuildSystem()
	if err != nil {
		return &ForeignError{"its `pyproject.toml` failed to parse: " + err.Error()}
	}
	if b == nil {
		return &ForeignError{"its `pyproject.toml` has no `[build-system]` table"}
	}
	if b.Backend != "uv_build" {
		return &ForeignError{fmt.Sprintf("`build-system.build-backend` is not `uv_build`, but `%s`", b.Backend)}
	}
	if len(b.Path) > 0 {
		return &ForeignError{"`build-system.backend-path` puts another module in its place"}
	}
	texts := make([]string, len(b.Requires))
	for i, d := range b.Requires {
		texts[i] = d.Text
	}
	if len(texts) != 1 {
		return &ForeignError{fmt.Sprintf("`build-system.requires` is not exactly `uv_build`, but `%s`", strings.Join(texts, "`, `"))}
	}
	req, err := pep508.Parse(texts[0])
	switch {
	case err != nil:
		return &ForeignError{"its `pyproject.toml` failed to parse: " + err.Error()}
	case req.Name != "uv-build":
		return &ForeignError{fmt.Sprintf("`build-system.requires` is not `uv_build`, but `%s`", req.Name)}
	case req.URL != "":
		return &ForeignError{"`build-system.requires` uses a URL requirement"}
	case !admits(req.Specifiers):
		return &ForeignError{fmt.Sprintf("`uv_build%s` is not a known compatible range", req.Specifiers)}
	}
	return nil
}

func admits(s pep440.Specifiers) bool {
	for _, text := range compatible() {
		if s.Contains(pep440.MustParse(text)) {
			return true
		}
	}
	return false
}

// oddities are what a person should know about the [build-system] table.
func (b *buildSystem) oddities(kind kindOfBuild) []string {
	var out []string
	if b.backend != "uv_build" {
		out = append(out, fmt.Sprintf("`build_system.build-backend` was expected to be `\"uv_build\"`, not `\"%s\"`", b.backend))
	}
	canonical := make([]string, len(b.requires))
	for i, r := range b.requires {
		canonical[i] = r.String()
	}
	found := strings.Join(canonical, "`, `")
	if len(b.requires) != 1 {
		return append(out, fmt.Sprintf("Expected `build-system.requires` to contain only `uv_build`, found `%s`", found))
	}
	r := b.requires[0]
	if r.Name != "uv-build" {
		return append(out, fmt.Sprintf("Expected `build-system.requires` to be `uv_build`, found `%s`", found))
	}
	if len(r.Specifiers) > 0 && !r.Specifiers.Contains(pep440.MustParse(Version)) {
		out = append(out, fmt.Sprintf("`build_system.requires = [\"%s\"]` does not contain the current uv version %s", found, Version))
	}
	if kind == sdist && r.URL == "" && !bounded(r.Specifiers) {
		out = append(out, fmt.Sprintf("`build_system.requires = [\"%s\"]` is missing an upper bound on the `uv_build` version such as `<0.13`. "+
			"Without bounding the `uv_build` version, the source distribution will break when a future, breaking version of `uv_build` is released.", b.written[0]))
	}
	return out
}

// bounded reports whether a version is too new for the specifiers.
func bounded(s pep440.Specifiers) bool {
	set := s.Set()
	return !set.IsEmpty() && !set.Contains(pep440.MustParse("999999999!0"))
}
