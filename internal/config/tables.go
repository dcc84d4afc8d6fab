package config

import (
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// required returns the value of a key that a table must have.
func required(t *toml.Value, key string) (*toml.Value, error) {
	if v := t.Get(key); v != nil {
		return v, nil
	}
	return nil, t.Errorf("missing field `%s`", key)
}

// pick reads a key if it is there.
func pick[V any](t *toml.Value, key string, parse func(*toml.Value) (V, error), err *error) (out V) {
	v := t.Get(key)
	if v == nil || *err != nil {
		return out
	}
	out, *err = parse(v)
	return out
}

// pickOne is pick for a value that may be absent.
func pickOne[V any](t *toml.Value, key string, parse func(*toml.Value) (V, error), err *error) *V {
	if t.Get(key) == nil {
		return nil
	}
	x := pick(t, key, parse, err)
	return &x
}

func pickList[V any](t *toml.Value, key string, parse func(*toml.Value) (V, error), err *error) []V {
	return pick(t, key, func(v *toml.Value) ([]V, error) { return listOf(v, parse) }, err)
}

// known refuses keys that are not in a list.
func known(t *toml.Value, keys ...string) error {
	fields := make([]field[struct{}], len(keys))
	for i, k := range keys {
		fields[i].name = k
	}
	return readTable(&struct{}{}, t, fields, true)
}

func asStaticMetadata(v *toml.Value) (m StaticMetadata, err error) {
	if v.Kind() != toml.Table {
		return m, wrongType(v, "struct StaticMetadata")
	}
	if err := known(v, "name", "version", "requires-dist", "requires-python", "provides-extra", "provides-extras"); err != nil {
		return m, err
	}
	name, err := required(v, "name")
	if err != nil {
		return m, err
	}
	if m.Name, err = asPackage(name); err != nil {
		return m, err
	}
	m.Version = pickOne(v, "version", asVersion, &err)
	m.RequiresDist = pickList(v, "requires-dist", asRequirement, &err)
	m.RequiresPython = pickOne(v, "requires-python", asSpecifiers, &err)
	m.ProvidesExtra = pickList(v, "provides-extra", asExtra, &err)
	if v.Get("provides-extras") != nil {
		m.ProvidesExtra = pickList(v, "provides-extras", asExtra, &err)
	}
	return m, err
}

func asConfigSettings(v *toml.Value) (ConfigSettings, error) {
	if v.Kind() != toml.Table {
		return nil, wrongType(v, "a map from string to string or list of strings")
	}
	out := make(ConfigSettings, v.Len())
	for e := range v.Entries() {
		switch e.Value.Kind() {
		case toml.String:
			s, _ := e.Value.Text()
			out[e.Key] = ConfigSetting{Values: []string{s}}
		case toml.Array:
			list, err := listOf(e.Value, asText)
			if err != nil {
				return nil, err
			}
			out[e.Key] = ConfigSetting{Values: list, List: true}
		default:
			return nil, wrongType(e.Value, "a string or list of strings")
		}
	}
	return out, nil
}

// Merge joins settings. What both have becomes a list, the receiver's values
// first.
func (c ConfigSettings) Merge(low ConfigSettings) ConfigSettings {
	return joinMaps(c, low, func(high, low ConfigSetting) ConfigSetting {
		values := append(append([]string{}, high.Values...), low.Values...)
		return ConfigSetting{Values: values, List: true}
	})
}

func asBuildDependencies(v *toml.Value) ([]ExtraBuildDependency, error) {
	return listOf(v, func(v *toml.Value) (d ExtraBuildDependency, err error) {
		if v.Kind() != toml.Table {
			d.Requirement, err = asRequirement(v)
			return d, err
		}
		requirement, err := required(v, "requirement")
		if err != nil {
			return d, err
		}
		runtime, err := required(v, "match-runtime")
		if err != nil {
			return d, err
		}
		if d.Requirement, err = asRequirement(requirement); err != nil {
			return d, err
		}
		d.MatchRuntime, err = asBool(runtime)
		return d, err
	})
}

func appendLists[V any](high, low []V) []V { return append(append([]V{}, high...), low...) }

func asVariables(v *toml.Value) (map[string]string, error) {
	if v.Kind() != toml.Table {
		return nil, wrongType(v, "a map")
	}
	out := make(map[string]string, v.Len())
	for e := range v.Entries() {
		s, err := asText(e.Value)
		if err != nil {
			return nil, err
		}
		out[e.Key] = s
	}
	return out, nil
}

func joinVariables(high, low map[string]string) map[string]string {
	return joinMaps(high, low, higher[string])
}

// asScope reads `{ package = { name = …, version = … }, dependencies = […] }`
// and returns the dependencies.
func asScope(v *toml.Value) (s Scope, dependencies *toml.Value, err error) {
	if err = known(v, "package", "dependencies"); err != nil {
		return s, nil, err
	}
	target, err := required(v, "package")
	if err != nil {
		return s, nil, err
	}
	if target.Kind() != toml.Table {
		return s, nil, wrongType(target, "a map")
	}
	if err = known(target, "name", "version"); err != nil {
		return s, nil, err
	}
	name, err := required(target, "name")
	if err != nil {
		return s, nil, err
	}
	if s.Name, err = asPackage(name); err != nil {
		return s, nil, err
	}
	s.Version = pickOne(target, "version", func(v *toml.Value) (pep440.Version, error) { return asVersion(v) }, &err)
	if err != nil {
		return s, nil, err
	}
	dependencies, err = required(v, "dependencies")
	return s, dependencies, err
}

func asOverride(v *toml.Value) (o Override, err error) {
	switch v.Kind() {
	case toml.String:
		r, err := asRequirement(v)
		return Override{Requirements: []pep508.Requirement{r}}, err
	case toml.Table:
		scope, dependencies, err := asScope(v)
		if err != nil {
			return o, err
		}
		list, err := listOf(dependencies, asRequirement)
		return Override{scope, list}, err
	}
	return o, wrongType(v, "a string or map")
}

func asExclude(v *toml.Value) (x Exclude, err error) {
	switch v.Kind() {
	case toml.String:
		name, err := asPackage(v)
		return Exclude{Names: []pyname.Package{name}}, err
	case toml.Table:
		scope, dependencies, err := asScope(v)
		if err != nil {
			return x, err
		}
		list, err := listOf(dependencies, asPackage)
		return Exclude{scope, list}, err
	}
	return x, wrongType(v, "a string or map")
}

func asCacheKey(v *toml.Value) (CacheKey, error) {
	if s, ok := v.Text(); ok {
		return CacheKey{File: s}, nil
	}
	unknown := v.Errorf("expected a cache key: a string, or a table with one of `file`, `dir`, `git`, `env`")
	if v.Kind() != toml.Table || v.Len() != 1 {
		return CacheKey{}, unknown
	}
	for e := range v.Entries() {
		text, isText := e.Value.Text()
		switch {
		case e.Key == "file" && isText:
			return CacheKey{File: text}, nil
		case e.Key == "dir" && isText:
			return CacheKey{Dir: text}, nil
		case e.Key == "env" && isText:
			return CacheKey{Env: text}, nil
		case e.Key == "git":
			return asGitKey(e.Value)
		}
	}
	return CacheKey{}, unknown
}

// asGitKey reads true, which means the commit, or which of commit and tags.
func asGitKey(v *toml.Value) (key CacheKey, err error) {
	if on, ok := v.Bool(); ok {
		return CacheKey{Git: true, GitCommit: on}, nil
	}
	if v.Kind() != toml.Table {
		return key, wrongType(v, "a boolean or map")
	}
	if err := known(v, "commit", "tags"); err != nil {
		return key, err
	}
	key = CacheKey{Git: true, GitCommit: pick(v, "commit", asBool, &err), GitTags: pick(v, "tags", asBool, &err)}
	return key, err
}
