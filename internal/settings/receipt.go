package settings

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pyname"
)

// An optionWriter writes settings as the lines of a receipt's [tool.options].
type optionWriter struct{ b strings.Builder }

func (w *optionWriter) add(key string, value toml.Literal) {
	fmt.Fprintf(&w.b, "%s = %s\n", key, value)
}

func (w *optionWriter) text(key string, value *string) {
	if value != nil {
		w.add(key, toml.LitString(*value))
	}
}

func (w *optionWriter) bool(key string, value *bool) {
	if value != nil {
		w.add(key, toml.LitBool(*value))
	}
}

func (w *optionWriter) names(key string, names []pyname.Package) {
	if len(names) == 0 {
		return
	}
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	w.add(key, toml.LitStrings(texts...))
}

// Receipt is the settings of an installation in the form that a tool's receipt has
// them, the lines of `[tool.options]`, so that an upgrade does what the installation
// did. A span of time is of the moment now.
func (s *Settings) Receipt(now time.Time) string {
	w := &optionWriter{}
	r := &s.Pip.Resolver
	w.indexes(s)
	w.bool("no-index", r.NoIndex)
	w.urls("find-links", r.FindLinks)
	w.text("index-strategy", r.IndexStrategy)
	// uv cannot read a receipt with another keyring than its own.
	if k := r.KeyringProvider; k != nil && *k != auth.KeyringNative {
		if text, err := k.MarshalText(); err == nil {
			w.add("keyring-provider", toml.LitString(string(text)))
		}
	}
	w.text("resolution", r.Resolution)
	w.text("prerelease", r.Prerelease)
	w.table("prerelease-package", len(s.PrereleasePackage), func(yield func(string, toml.Literal)) {
		for _, name := range slices.Sorted(maps.Keys(s.PrereleasePackage)) {
			yield(string(name), toml.LitString(s.PrereleasePackage[name]))
		}
	})
	w.text("fork-strategy", r.ForkStrategy)
	w.builds(r)
	w.cutoffs(r, now)
	if r.LinkMode != nil {
		w.add("link-mode", toml.LitString(r.LinkMode.String()))
	}
	w.bool("compile-bytecode", r.CompileBytecode)
	w.bool("no-sources", r.NoSources)
	w.names("no-sources-package", r.NoSourcesPackage)
	w.selections(s)
	return w.b.String()
}

// indexes are written as they were named: entries of their own, or by the older
// keys.
func (w *optionWriter) indexes(s *Settings) {
	var list []toml.Literal
	r := &s.Pip.Resolver
	for _, x := range s.Indexes {
		if slices.ContainsFunc(r.ExtraIndexURL, func(o config.Index) bool { return o.URL == x.URL }) && x.Name == "" || r.IndexURL != nil && r.IndexURL.URL == x.URL && x.Name == "" && x.Default {
			continue
		}
		var fields []toml.Field
		if x.Name != "" {
			fields = append(fields, toml.Field{Key: "name", Value: toml.LitString(x.Name)})
		}
		format := "simple"
		if x.Flat {
			format = "flat"
		}
		url, secret := bareURL(x.URL)
		policy := x.Authenticate
		if secret && policy == auth.Auto {
			policy = auth.Always // the credentials are not written down, but needed
		}
		authenticate := policy.String()
		fields = append(fields,
			toml.Field{Key: "url", Value: toml.LitString(url)},
			toml.Field{Key: "explicit", Value: toml.LitBool(x.Explicit)},
			toml.Field{Key: "default", Value: toml.LitBool(x.Default)},
			toml.Field{Key: "format", Value: toml.LitString(format)},
			toml.Field{Key: "authenticate", Value: toml.LitString(authenticate)})
		list = append(list, toml.LitTable(fields...))
	}
	if len(list) > 0 {
		w.add("index", toml.LitArray(list...))
	}
	if r.IndexURL != nil {
		url, _ := bareURL(r.IndexURL.URL)
		w.add("index-url", toml.LitString(url))
	}
	w.urls("extra-index-url", r.ExtraIndexURL)
}

// bareURL is a URL without credentials, and whether it had any.
func bareURL(text string) (bare string, secret bool) {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text, false
	}
	u.User = nil
	return u.String(), true
}

func (w *optionWriter) urls(key string, list []config.Index) {
	if len(list) == 0 {
		return
	}
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i], _ = bareURL(x.URL)
	}
	w.add(key, toml.LitStrings(texts...))
}

func (w *optionWriter) table(key string, size int, fill func(yield func(string, toml.Literal))) {
	if size == 0 {
		return
	}
	var fields []toml.Field
	fill(func(k string, v toml.Literal) { fields = append(fields, toml.Field{Key: k, Value: v}) })
	w.add(key, toml.LitTable(fields...))
}

func (w *optionWriter) builds(r *config.Resolver) {
	w.table("config-settings", len(r.ConfigSettings), func(yield func(string, toml.Literal)) { configSettings(r.ConfigSettings, yield) })
	w.table("config-settings-package", len(r.ConfigSettingsPackage), func(yield func(string, toml.Literal)) {
		for _, name := range slices.Sorted(maps.Keys(r.ConfigSettingsPackage)) {
			var fields []toml.Field
			configSettings(r.ConfigSettingsPackage[name], func(k string, v toml.Literal) { fields = append(fields, toml.Field{Key: k, Value: v}) })
			yield(string(name), toml.LitTable(fields...))
		}
	})
	switch {
	case isTrue(r.NoBuildIsolation):
		w.add("build-isolation", toml.LitString("shared"))
	case len(r.NoBuildIsolationPackage) > 0:
		var names []string
		for _, n := range r.NoBuildIsolationPackage {
			names = append(names, string(n))
		}
		w.add("build-isolation", toml.LitTable(toml.Field{Key: "shared-package", Value: toml.LitStrings(names...)}))
	}
}

func configSettings(c config.ConfigSettings, yield func(string, toml.Literal)) {
	for _, key := range slices.Sorted(maps.Keys(c)) {
		values := c[key]
		if values.List {
			yield(key, toml.LitStrings(values.Values...))
		} else {
			yield(key, toml.LitString(values.Values[0]))
		}
	}
}

// cutoffs are moments. Of a span its present moment is written too, as older
// programs want it.
func (w *optionWriter) cutoffs(r *config.Resolver, now time.Time) {
	if c := r.ExcludeNewer; c != nil {
		w.cutoff(*c, now)
	}
	w.table("exclude-newer-package", len(r.ExcludeNewerPackage), func(yield func(string, toml.Literal)) {
		for _, name := range slices.Sorted(maps.Keys(r.ExcludeNewerPackage)) {
			c := r.ExcludeNewerPackage[name]
			switch {
			case c.Off:
				yield(string(name), toml.LitBool(false))
			case c.Span != 0:
				at, _ := c.At(now)
				yield(string(name), toml.LitTable(
					toml.Field{Key: "timestamp", Value: toml.LitString(rfc3339(at))},
					toml.Field{Key: "span", Value: toml.LitString(c.String())}))
			default:
				yield(string(name), toml.LitString(rfc3339(c.Time)))
			}
		}
	})
}

func (w *optionWriter) cutoff(c index.Cutoff, now time.Time) {
	switch {
	case c.Off:
		w.add("exclude-newer", toml.LitBool(false))
	case c.Span != 0:
		at, _ := c.At(now)
		w.add("exclude-newer", toml.LitString(rfc3339(at)))
		w.add("exclude-newer-span", toml.LitString(c.String()))
	default:
		w.add("exclude-newer", toml.LitString(rfc3339(c.Time)))
	}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (w *optionWriter) selections(s *Settings) {
	write := func(all, some string, x index.Selection) {
		if x.All {
			w.add(all, toml.LitBool(true))
		}
		w.names(some, slices.Sorted(maps.Keys(x.Packages)))
	}
	write("no-build", "no-build-package", s.NoBuild)
	write("no-binary", "no-binary-package", s.NoBinary)
}

// SameReceipt reports whether two receipts mean the same. Relative paths in them are
// of a directory.
func SameReceipt(dir, x, y string) bool {
	if x == y {
		return true
	}
	first, err := ReadReceipt("", dir, x)
	if err != nil {
		return false
	}
	second, err := ReadReceipt("", dir, y)
	return err == nil && reflect.DeepEqual(first, second)
}

// ReadReceipt reads what [Settings.Receipt] has written. What cannot be read any more
// is an error that names the receipt; relative paths are of a directory.
func ReadReceipt(name, dir, text string) (config.Options, error) {
	var b strings.Builder
	b.WriteString("[tool.uv]\n")
	for line := range strings.Lines(text) {
		switch key, value, _ := strings.Cut(line, " = "); key {
		case "build-isolation":
			isolation(&b, strings.TrimSpace(value))
		case "exclude-newer-span":
			// The span counts, not the moment that it was at.
			text := b.String()
			if at := strings.LastIndex(text, "exclude-newer = "); at >= 0 {
				b.Reset()
				b.WriteString(text[:at])
			}
			b.WriteString("exclude-newer = " + value)
		case "exclude-newer-package":
			b.WriteString(key + " = " + spansOnly(value))
		default:
			b.WriteString(line)
		}
	}
	return config.FromProject(name, dir, []byte(b.String()))
}

func isolation(b *strings.Builder, value string) {
	switch {
	case value == `"shared"`:
		b.WriteString("no-build-isolation = true\n")
	case strings.Contains(value, "shared-package"):
		_, list, _ := strings.Cut(value, "=")
		list = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(list), "}"))
		b.WriteString("no-build-isolation-package = " + list + "\n")
	}
}

// spansOnly replaces tables of a moment and a span by the span.
func spansOnly(value string) string {
	for {
		start := strings.Index(value, "{ timestamp = ")
		if start < 0 {
			return value
		}
		end := start + strings.IndexByte(value[start:], '}')
		if end < start {
			return value
		}
		_, span, _ := strings.Cut(value[start:end], "span = ")
		value = value[:start] + strings.TrimSpace(span) + value[end+1:]
	}
}
