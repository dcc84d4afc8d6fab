package settings

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/packaging/pep508"
)

// Indexes are the flags that say where distributions are looked for.
type Indexes struct {
	Index, ExtraIndexURL, FindLinks []string
	DefaultIndex, IndexURL          *string
	NoIndex                         *bool
	Strategy, Keyring               string
}

// Chosen are the indexes of `--index` and `--default-index`, or of their
// variables.
func (i *Indexes) Chosen(l *Layers) ([]config.Index, error) {
	var list []config.Index
	for _, text := range l.List(i.Index, "UV_INDEX") {
		if text == "" {
			continue
		}
		x, err := l.chosenIndex(text)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--index`: %w", err)
		}
		l.warnRelative(&x)
		list = append(list, x)
	}
	if v := l.Text(i.DefaultIndex, "UV_DEFAULT_INDEX"); v != nil && *v != "" {
		x, err := l.chosenIndex(*v)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--default-index`: %w", err)
		}
		l.warnRelative(&x)
		x.Default = true
		list = append(list, x)
	}
	return list, nil
}

// warnRelative warns of a path that could be taken for the name of an index.
func (l *Layers) warnRelative(x *config.Index) {
	text := x.Given
	if _, _, is := pep508.SplitScheme(text); text == "" || is || filepath.IsAbs(text) || strings.HasPrefix(text, ".") {
		return
	}
	l.Warn(fmt.Sprintf("relative paths of `--index` and `--default-index` should not look like the name of an index: write `.%c%s` for `%s`", filepath.Separator, text, text))
}

// chosenIndex reads an index of a flag, which may be the name of one of the
// settings.
func (l *Layers) chosenIndex(text string) (config.Index, error) {
	if _, err := config.ParseIndexName(text); err != nil {
		return l.parseIndex(text)
	}
	exists := l.Exists(l.Path(text))
	preview := l.Preview("index-by-name")
	if exists && !preview {
		return l.parseIndex(text)
	}
	for _, x := range l.Files.Index {
		if x.Name != text {
			continue
		}
		if !preview {
			l.Warn("referring to an index by its name is experimental and may change without warning. Pass `--preview-features index-by-name` to disable this warning.")
		}
		x.Default, x.Explicit, x.Origin = false, false, config.OriginCommandLine
		return x, nil
	}
	if !exists && preview {
		return config.Index{}, fmt.Errorf("there is no index named `%s` in the settings", text)
	}
	return l.parseIndex(text)
}

// apply puts the indexes in order, and those of files behind them.
func (i *Indexes) apply(l *Layers, s *Settings) error {
	list, err := i.named(l)
	if err != nil {
		return err
	}
	r := &s.Pip.Resolver
	s.Indexes = append(list, r.Indexes(l.Files.Index)...)
	var links []config.Index
	for _, text := range l.List(i.FindLinks, "UV_FIND_LINKS") {
		url, err := l.LocationURL(text)
		if err != nil {
			return fmt.Errorf("invalid value for `--find-links`: %w", err)
		}
		links = append(links, config.Index{URL: url, Given: text, Flat: true})
	}
	r.FindLinks = append(links, r.FindLinks...)
	Override(&r.NoIndex, i.NoIndex)
	Choose(&r.IndexStrategy, strategyName(First(i.Strategy, l.Env.Get("UV_INDEX_STRATEGY"))))
	if k := First(i.Keyring, l.Env.Get("UV_KEYRING_PROVIDER")); k != "" {
		if err := SetText(&r.KeyringProvider, k); err != nil {
			return fmt.Errorf("invalid value for `--keyring-provider`: %w", err)
		}
	}
	return nil
}

// named are the indexes of flags and variables, those of the older names last.
func (i *Indexes) named(l *Layers) ([]config.Index, error) {
	list, err := i.Chosen(l)
	if err != nil {
		return nil, err
	}
	add := func(text, flag string, isDefault bool) error {
		if text == "" {
			return nil
		}
		x, err := l.parseIndex(text)
		if err != nil {
			return fmt.Errorf("invalid value for `--%s`: %w", flag, err)
		}
		x.Default = isDefault
		list = append(list, x)
		return nil
	}
	for _, text := range l.List(i.ExtraIndexURL, "UV_EXTRA_INDEX_URL") {
		if err := add(text, "extra-index-url", false); err != nil {
			return nil, err
		}
	}
	if v := l.Text(i.IndexURL, "UV_INDEX_URL"); v != nil {
		if err := add(*v, "index-url", true); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// strategyName is a strategy by the name that is not an alias.
func strategyName(s string) string {
	switch s {
	case "first-match":
		return "unsafe-first-match"
	case "unsafe-any-match":
		return "unsafe-best-match"
	}
	return s
}

// parseIndex reads `[NAME=]URL`, where the URL may be a path.
func (l *Layers) parseIndex(text string) (config.Index, error) {
	name, location, named := strings.Cut(text, "=")
	if !named || strings.ContainsAny(name, ":/\\") {
		name, location = "", text
	}
	if name != "" {
		if _, err := config.ParseIndexName(name); err != nil {
			return config.Index{}, err
		}
	}
	url, err := l.LocationURL(location)
	return config.Index{Name: name, URL: url, Given: location, Origin: config.OriginCommandLine}, err
}

// IndexOf is an index of the settings in the terms of package index.
func IndexOf(x config.Index) index.Index {
	out := index.Index{
		Name: x.Name, URL: x.URL, Given: x.Given, Default: x.Default, Explicit: x.Explicit, Flat: x.Flat,
		Authenticate: x.Authenticate, IgnoreErrorCodes: x.IgnoreErrorCodes, HashAlgorithm: x.HashAlgorithm,
		CacheControlAPI: text(x.CacheControlAPI), CacheControlFiles: text(x.CacheControlFile),
	}
	if x.ExcludeNewer != nil {
		out.ExcludeNewer = *x.ExcludeNewer
	}
	return out
}

// Locations are the places that flags, variables and files name to look in.
func (s *Settings) Locations() (index.Locations, error) {
	l := index.Locations{NoIndex: isTrue(s.Pip.NoIndex)}
	if err := Set(&l.Strategy, s.Pip.IndexStrategy); err != nil {
		return l, err
	}
	for _, x := range s.Indexes {
		l.Indexes = append(l.Indexes, IndexOf(x))
	}
	for _, x := range s.Pip.FindLinks {
		l.FindLinks = append(l.FindLinks, IndexOf(x))
	}
	return l, nil
}
