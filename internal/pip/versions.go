package pip

import (
	"context"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A VersionsRequest asks which versions of a project there are for an environment.
type VersionsRequest struct {
	Client *index.Client
	Policy index.Policy
	Target python.Target
	// AnyPython leaves out of account which Pythons the files say they are for.
	AnyPython bool
	// Prereleases counts pre-releases, too.
	Prereleases bool
}

// A NoVersionError reports a project of which no version can be used.
type NoVersionError struct {
	Name pyname.Package
	// Absence says why an index has no versions at all, if it has none.
	Absence index.Absence
	// Prereleases is the number of versions that count as pre-releases only, and
	// Unfit that of those of which no file can be used here.
	Prereleases, Unfit int
}

func (e *NoVersionError) Error() string {
	text := fmt.Sprintf("no version of `%s` was found", e.Name)
	switch {
	case e.Absence == index.NotFound:
		return text + ": no index has it"
	case e.Absence == index.Offline:
		return text + ": it is not in the cache, and the network is off"
	case e.Absence == index.NoIndex:
		return text + ": no index is to be used"
	case e.Prereleases > 0:
		return text + " but pre-releases"
	case e.Unfit > 0:
		return text + fmt.Sprintf(" that can be used here; the index has %d that cannot", e.Unfit)
	}
	return text
}

// ExitCode is that of pip: what was asked for does not exist.
func (e *NoVersionError) ExitCode() int { return 1 }

// Hints say how to see what was left out.
func (e *NoVersionError) Hints() []string {
	if e.Prereleases > 0 {
		return []string{"`--pre` lists pre-releases, too"}
	}
	return nil
}

// Versions returns the versions of a project that have a file for the environment,
// the newest first, as pip's `index versions` counts them: withdrawn files do not
// count. The error is a [NoVersionError] where there are none.
func (req *VersionsRequest) Versions(ctx context.Context, name pyname.Package) ([]pep440.Version, error) {
	policy := req.Policy
	policy.Tags = req.Target.Tags
	if !req.AnyPython {
		at := req.Target.Version.OnlyRelease()
		policy.Admits = func(requires pep440.Specifiers) bool { return requires.Contains(at) }
	}
	answer, err := req.Client.Versions(ctx, name, "", &policy)
	if err != nil {
		return nil, fmt.Errorf("looking for versions of %s: %w", name, err)
	}
	none := &NoVersionError{Name: name, Absence: answer.Absence}
	var out []pep440.Version
	for _, list := range answer.Lists {
		for i := range list.Len() {
			v := list.Version(i)
			switch {
			case list.Candidate(i).Dist == nil:
				none.Unfit++
			case v.IsPrerelease() && !req.Prereleases:
				none.Prereleases++
			default:
				out = append(out, v)
			}
		}
	}
	if len(out) == 0 {
		return nil, none
	}
	slices.SortFunc(out, func(a, b pep440.Version) int { return b.Compare(a) })
	return slices.CompactFunc(out, pep440.Version.Equal), nil
}
