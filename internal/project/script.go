package project

import (
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyproject"
)

// ScriptRequirements are the dependencies of a script.
func ScriptRequirements(f *pyproject.File) ([]pep508.Requirement, error) {
	deps := f.Root().Get("dependencies")
	if deps.IsZero() {
		return nil, nil
	}
	if !deps.IsArray() {
		return nil, deps.Errorf("invalid type: %s, expected a sequence", deps.Kind())
	}
	out := make([]pep508.Requirement, 0, deps.Len())
	for _, v := range deps.Elems() {
		text, ok := v.Text()
		if !ok {
			return nil, v.Errorf("invalid type: %s, expected a string", v.Kind())
		}
		r, err := pep508.Parse(text)
		if err != nil {
			return nil, v.Errorf("%w", err)
		}
		out = append(out, r)
	}
	return out, nil
}

// ScriptPythons are the Pythons that a script demands.
func ScriptPythons(f *pyproject.File) (Pythons, error) {
	v := f.Root().Get("requires-python")
	if v.IsZero() {
		return Pythons{Open: true}, nil
	}
	text, ok := v.Text()
	if !ok {
		return Pythons{}, v.Errorf("invalid type: %s, expected a string", v.Kind())
	}
	specifiers, err := pep440.ParseSpecifiers(text)
	if err != nil {
		return Pythons{}, v.Errorf("%w", err)
	}
	return Pythons{Range: target.FromSpecifiers(specifiers)}, nil
}
