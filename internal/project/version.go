package project

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tame-py/tame/packaging/pep440"
)

// VersionOf is the version in a document. What a build backend computes cannot
// be told.
func VersionOf(d *Document) (pep440.Version, error) {
	v := d.File.Root().Get("project", "version")
	if v.IsZero() {
		if dynamic, _ := d.File.Root().Get("project", "dynamic").Strings(); slices.Contains(dynamic, "version") {
			return pep440.Version{}, errors.New("the version of the project is dynamic: its build backend computes it")
		}
		return pep440.Version{}, errors.New("there is no `project.version` field")
	}
	text, ok := v.Text()
	if !ok {
		return pep440.Version{}, v.Errorf("invalid type: %s, expected a string", v.Kind())
	}
	version, err := pep440.Parse(text)
	if err != nil {
		return version, v.Errorf("%w", err)
	}
	return version, nil
}

// NewVersion is the version that is asked for: a value, or the old one with
// parts raised. With neither it is nil.
func NewVersion(old pep440.Version, value string, bumps []Bump) (*pep440.Version, error) {
	switch {
	case value != "":
		v, err := pep440.Parse(value)
		if err == nil {
			return &v, nil
		}
		if _, e := pep440.ParsePart(value); e == nil {
			return nil, fmt.Errorf("invalid version `%s`, did you mean to pass `--bump %s`?", value, value)
		}
		return nil, err
	case len(bumps) > 0:
		v, err := ApplyBumps(old, bumps)
		if err != nil {
			return nil, err
		}
		return &v, nil
	}
	return nil, nil
}

// SetVersion writes a version into the document.
func SetVersion(ctx context.Context, d *Document, v pep440.Version, j *Journal) error {
	if err := d.File.SetVersion(v); err != nil {
		return err
	}
	return d.Save(ctx, j)
}
