package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// wrongType says what a value is and what it should be.
func wrongType(v *toml.Value, expected string) error {
	return v.Errorf("invalid type: %s, expected %s", describe(v), expected)
}

// describe names a value as messages do: string "x", integer `1`, a sequence.
func describe(v *toml.Value) string {
	switch v.Kind() {
	case toml.String:
		s, _ := v.Text()
		return fmt.Sprintf("string %q", s)
	case toml.Integer, toml.Float, toml.Bool:
		return fmt.Sprintf("%s `%s`", v.Kind(), v.Raw())
	}
	return v.Kind().String()
}

func asBool(v *toml.Value) (bool, error) {
	if b, ok := v.Bool(); ok {
		return b, nil
	}
	return false, wrongType(v, "a boolean")
}

func asText(v *toml.Value) (string, error) {
	if s, ok := v.Text(); ok {
		return s, nil
	}
	return "", wrongType(v, "a string")
}

func asPath(v *toml.Value) (string, error) {
	if s, ok := v.Text(); ok {
		return s, nil
	}
	return "", wrongType(v, "path string")
}

// asFolder is the path of a folder of the user's choice, which has to be named.
func asFolder(v *toml.Value) (string, error) {
	s, err := asPath(v)
	if err == nil && s == "" {
		err = v.Errorf("invalid value: an empty string, expected the path of a folder")
	}
	return s, err
}

func asPositive(v *toml.Value) (int, error) {
	n, ok := v.Int()
	switch {
	case !ok:
		return 0, wrongType(v, "a nonzero usize")
	case n <= 0 || n > math.MaxInt32:
		return 0, v.Errorf("invalid value: %s, expected a nonzero usize", describe(v))
	}
	return int(n), nil
}

// parsed reads a text and what it says.
func parsed[V any](v *toml.Value, parse func(string) (V, error)) (V, error) {
	s, err := asText(v)
	if err != nil {
		var none V
		return none, err
	}
	out, err := parse(s)
	if err != nil {
		return out, v.Errorf("%s", err)
	}
	return out, nil
}

// choice reads a text out of a few. "a=b" stands for the text a, which means b.
func choice(values ...string) func(*toml.Value) (string, error) {
	return func(v *toml.Value) (string, error) {
		s, err := asText(v)
		if err != nil {
			return "", err
		}
		for _, value := range values {
			name, meaning, alias := strings.Cut(value, "=")
			switch {
			case name != s:
			case alias:
				return meaning, nil
			default:
				return s, nil
			}
		}
		if near := Nearest(s, values); near != "" && !strings.Contains(near, "=") {
			return "", v.Errorf("unknown variant `%s`, did you mean `%s`? (expected %s)", s, near, oneOf(values))
		}
		return "", v.Errorf("unknown variant `%s`, expected %s", s, oneOf(values))
	}
}

func oneOf(values []string) string {
	names := make([]string, len(values))
	for i, value := range values {
		name, _, _ := strings.Cut(value, "=")
		names[i] = "`" + name + "`"
	}
	if len(names) == 2 {
		return names[0] + " or " + names[1]
	}
	return "one of " + strings.Join(names, ", ")
}

// typedChoice reads a text out of a few into a type that knows them.
func typedChoice[V any, P interface {
	*V
	encoding.TextUnmarshaler
}](values ...string,
) func(*toml.Value) (V, error) {
	read := choice(values...)
	return func(v *toml.Value) (V, error) {
		var out V
		s, err := read(v)
		if err != nil {
			return out, err
		}
		if err := P(&out).UnmarshalText([]byte(s)); err != nil {
			return out, v.Errorf("%s", err)
		}
		return out, nil
	}
}

func asPrerelease(v *toml.Value) (string, error) {
	return choice("disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit")(v)
}

func listOf[V any](v *toml.Value, parse func(*toml.Value) (V, error)) ([]V, error) {
	if v.Kind() != toml.Array {
		return nil, wrongType(v, "a sequence")
	}
	out := make([]V, 0, v.Len())
	for _, e := range v.Elems() {
		x, err := parse(e)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// mapOf reads a table whose keys are packages.
func mapOf[V any](v *toml.Value, parse func(*toml.Value) (V, error)) (map[pyname.Package]V, error) {
	if v.Kind() != toml.Table {
		return nil, wrongType(v, "a map")
	}
	out := make(map[pyname.Package]V, v.Len())
	for e := range v.Entries() {
		name, err := pyname.ParsePackage(e.Key)
		if err != nil {
			return nil, e.Errorf("%s", err)
		}
		if out[name], err = parse(e.Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func asPackage(v *toml.Value) (pyname.Package, error) { return parsed(v, pyname.ParsePackage) }

func asExtra(v *toml.Value) (pyname.Extra, error) { return parsed(v, pyname.ParseExtra) }

func asVersion(v *toml.Value) (pep440.Version, error) { return parsed(v, pep440.Parse) }

func asSpecifiers(v *toml.Value) (pep440.Specifiers, error) {
	return parsed(v, pep440.ParseSpecifiers)
}

func asRequirement(v *toml.Value) (pep508.Requirement, error) { return parsed(v, pep508.Parse) }

func asPackageOrAll(v *toml.Value) (string, error) {
	return parsed(v, func(s string) (string, error) {
		if s == ":all:" || s == ":none:" {
			return s, nil
		}
		name, err := pyname.ParsePackage(s)
		return string(name), err
	})
}

// asRequiredVersion reads specifiers; a version alone stands for itself.
func asRequiredVersion(v *toml.Value) (pep440.Specifiers, error) {
	return parsed(v, func(s string) (pep440.Specifiers, error) {
		if version, err := pep440.Parse(s); err == nil {
			return pep440.Specifiers{{Op: pep440.Equal, Version: version}}, nil
		}
		return pep440.ParseSpecifiers(s)
	})
}

func asPythonVersion(v *toml.Value) (string, error) {
	return parsed(v, func(s string) (string, error) {
		version, err := pep440.Parse(s)
		_, isDev := version.Dev()
		switch {
		case err != nil:
			return "", fmt.Errorf("the Python version `%s` could not be parsed: %w", s, err)
		case isDev:
			return "", fmt.Errorf("the Python version `%s` is a development release", s)
		case version.IsLocal():
			return "", fmt.Errorf("the Python version `%s` is a local version", s)
		case version.Epoch() != 0:
			return "", fmt.Errorf("the Python version `%s` has an epoch", s)
		case slices.ContainsFunc(version.Release(), func(n int) bool { return n > math.MaxUint8 }):
			return "", fmt.Errorf("the Python version `%s` has too large a number", s)
		}
		return s, nil
	})
}

// asPlatform reads the names of --python-platform and the other spellings that
// uv takes in files: x8664 for x86_64, manylinux217 for manylinux_2_17, and the
// architecture behind manylinux instead of in front.
func asPlatform(v *toml.Value) (string, error) {
	return parsed(v, func(s string) (string, error) {
		name := strings.Replace(s, "x8664", "x86_64", 1)
		for _, arch := range []string{"x86_64", "aarch64"} {
			if linux, ok := strings.CutSuffix(name, "_"+arch); ok && strings.HasPrefix(linux, "manylinux") {
				name = arch + "-" + linux
			}
		}
		if i := strings.Index(name, "-manylinux2"); i >= 0 && !strings.HasSuffix(name, "-manylinux2014") {
			name = name[:i] + "-manylinux_2_" + name[i+len("-manylinux2"):]
		}
		_, err := tags.ParseTarget(name, nil)
		return name, err
	})
}

func asCutoff(v *toml.Value) (index.Cutoff, error) {
	const expected = "a date/timestamp/duration string, false to disable exclude-newer, or a table with timestamp/span"
	switch v.Kind() {
	case toml.Bool:
		if on, _ := v.Bool(); on {
			return index.Cutoff{}, v.Errorf("expected false to disable exclude-newer, got true")
		}
		return index.Cutoff{Off: true}, nil
	case toml.String:
		var c index.Cutoff
		s, _ := v.Text()
		if err := c.UnmarshalText([]byte(s)); err != nil || c.Off || c.IsZero() {
			if err == nil {
				err = fmt.Errorf("`%s` could not be parsed as a valid exclude-newer value (expected a date like `2024-01-01`, a timestamp like `2024-01-01T00:00:00Z`, or a duration like `3 days` or `P3D`)", s)
			}
			return c, v.Errorf("%s", err)
		}
		return c, nil
	case toml.Table:
		if v.Get("timestamp") == nil {
			return index.Cutoff{}, v.Errorf("missing field `timestamp`")
		}
		if span := v.Get("span"); span != nil {
			return asCutoff(span)
		}
		return asCutoff(v.Get("timestamp"))
	}
	return index.Cutoff{}, wrongType(v, expected)
}

func asPreview(v *toml.Value) (Preview, error) {
	on, err := asBool(v)
	return Preview{All: on}, err
}

func asPreviewFeatures(v *toml.Value) (Preview, error) {
	switch v.Kind() {
	case toml.Bool:
		return asPreview(v)
	case toml.Array:
		features, err := listOf(v, func(v *toml.Value) (string, error) {
			return parsed(v, func(s string) (string, error) {
				if s == "" {
					return "", errors.New("a preview feature name cannot be empty")
				}
				return s, nil
			})
		})
		return Preview{Features: features}, err
	}
	return Preview{}, wrongType(v, "a boolean or a list of preview feature names")
}

func asEnvironments(v *toml.Value) ([]marker.Tree, error) {
	one := func(v *toml.Value) (marker.Tree, error) {
		return parsed(v, func(s string) (marker.Tree, error) {
			tree, _, err := marker.Parse(s)
			return tree, err
		})
	}
	switch v.Kind() {
	case toml.String:
		tree, err := one(v)
		return []marker.Tree{tree}, err
	case toml.Array:
		return listOf(v, one)
	}
	return nil, wrongType(v, "a string or a list of strings")
}

func asPipGroup(v *toml.Value) (PipGroup, error) {
	return parsed(v, func(s string) (PipGroup, error) {
		path, name := "", s
		if i := strings.LastIndexByte(s, ':'); i >= 0 {
			path, name = s[:i], s[i+1:]
			if !strings.HasSuffix(path, "pyproject.toml") {
				return PipGroup{}, fmt.Errorf("the path of a group is required to end in `pyproject.toml` for compatibility with pip, not `%s`", path)
			}
		}
		group, err := pyname.ParseGroup(name)
		return PipGroup{path, group}, err
	})
}
