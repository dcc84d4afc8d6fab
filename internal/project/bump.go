package project

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
)

// A Bump raises a part of a version: by one, or to a value.
type Bump struct {
	Part  pep440.Part
	Value *uint64
}

// ParseBump reads `PART` or `PART=VALUE`.
func ParseBump(text string) (Bump, error) {
	name, value, given := strings.Cut(text, "=")
	part, err := pep440.ParsePart(name)
	if err != nil {
		return Bump{}, fmt.Errorf("invalid bump component `%s`", name)
	}
	b := Bump{Part: part}
	if !given {
		return b, nil
	}
	if part == pep440.PartStable {
		return b, fmt.Errorf("`--bump stable` takes no value")
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return b, fmt.Errorf("invalid numeric value `%s` for `--bump %s`", value, name)
	}
	b.Value = &n
	return b, nil
}

// String is the bump as [ParseBump] reads it.
func (b Bump) String() string {
	if b.Value == nil {
		return b.Part.String()
	}
	return b.Part.String() + "=" + strconv.FormatUint(*b.Value, 10)
}

// ApplyBumps raises parts of a version, in an order that does not depend on that
// of the bumps. Bumps that make no sense together, or that lead to a version
// that is not higher, are an error.
func ApplyBumps(old pep440.Version, bumps []Bump) (pep440.Version, error) {
	if err := checkBumps(bumps); err != nil {
		return old, err
	}
	bumps = slices.Clone(bumps)
	slices.SortStableFunc(bumps, func(a, b Bump) int { return cmp.Compare(a.Part, b.Part) })
	v := old
	for _, b := range bumps {
		if b.Value != nil {
			v = v.BumpTo(b.Part, *b.Value)
		} else {
			v = v.Bump(b.Part)
		}
	}
	if v.Compare(old) > 0 {
		return v, nil
	}
	advice := "provide the exact version to force an update"
	_, _, toPre := v.Pre()
	switch isStable := !old.IsPrerelease(); {
	case isStable && toPre:
		advice = "when bumping to a pre-release version you also need to increase a release version component, e.g., with `--bump <major|minor|patch>`"
	case v.IsDevrelease() && !old.IsDevrelease():
		advice = "when bumping to a dev version you also need to increase another version component, e.g., with `--bump <major|minor|patch|alpha|beta|rc>`"
	}
	return old, fmt.Errorf("%s => %s didn't increase the version; %s", old, v, advice)
}

// checkBumps refuses combinations that are rather a mistake than meant.
func checkBumps(bumps []Bump) error {
	var all, releases, pres []string
	alone := ""
	for _, b := range bumps {
		all = append(all, b.String())
		switch b.Part {
		case pep440.PartMajor, pep440.PartMinor, pep440.PartPatch:
			releases = append(releases, b.String())
		case pep440.PartAlpha, pep440.PartBeta, pep440.PartRC, pep440.PartDev:
			pres = append(pres, b.String())
		case pep440.PartStable, pep440.PartPost:
			if alone != "stable" {
				alone = b.Part.String()
			}
		}
	}
	switch {
	case alone != "" && len(all) > 1:
		return fmt.Errorf("`--bump %s` cannot be used with another `--bump` value, got: %s", alone, strings.Join(all, ", "))
	case len(releases) > 1:
		return fmt.Errorf("only one release version component can be provided to `--bump`, got: %s", strings.Join(releases, ", "))
	case len(pres) > 1:
		return fmt.Errorf("only one pre-release version component can be provided to `--bump`, got: %s", strings.Join(pres, ", "))
	}
	return nil
}
