package engine

import (
	"fmt"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A RuntimeError reports an extra build requirement whose version cannot be
// matched with that at run time.
type RuntimeError struct {
	Requirement pep508.Requirement
	// Early: the versions are not known yet, because a build is needed to know
	// them.
	Early bool
}

func (e *RuntimeError) Error() string {
	text := fmt.Sprintf("the extra build requirement `%s` is to match the version at run time, ", e.Requirement)
	if e.Early {
		return text + "but the project has to be built to know what that is"
	}
	return text + "but the resolution has no such package"
}

// Hints tell what to do about it.
func (e *RuntimeError) Hints() []string {
	if e.Early {
		return []string{"declare the metadata of the project in `[[tool.uv.dependency-metadata]]`, or pin a version instead of `match-runtime = true`"}
	}
	return nil
}

// matched is an extra build requirement with the version that is installed, if
// that is asked for.
func (b *builds) matched(r ExtraRequirement) (pep508.Requirement, error) {
	if !r.MatchRuntime {
		return r.Requirement, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	version, ok := b.runtime[r.Name]
	if !ok {
		return r.Requirement, &RuntimeError{r.Requirement, b.runtime == nil}
	}
	out := r.Requirement
	out.Specifiers, out.URL = pep440.Specifiers{{Op: pep440.Equal, Version: version}}, ""
	return out, nil
}

// matchRuntime notes the versions that an environment is to have, which build
// environments may have to match.
func (b *builds) matchRuntime(wanted []install.Wanted) {
	if b == nil || len(b.options.Extra) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runtime = make(map[pyname.Package]pep440.Version, len(wanted))
	for _, w := range wanted {
		if !w.Version.IsZero() {
			b.runtime[w.Name] = w.Version
		}
	}
}
