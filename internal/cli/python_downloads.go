package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
)

// catalog is the list of Pythons that could be downloaded, which a flag, a
// variable or a setting names. Without one there is none.
func (a *app) catalog(ctx context.Context, flag string) ([]managed.Download, error) {
	location := first(flag, a.vars.PythonDownloadsJSONURL, text(a.config.PythonDownloadsJSONURL))
	if location == "" {
		return nil, nil
	}
	data, err := a.readCatalog(ctx, location)
	if err != nil {
		return nil, fmt.Errorf("reading the list of Python downloads from `%s`: %w", auth.Redact(location), err)
	}
	list, err := managed.ParseCatalog(data)
	if err != nil {
		return nil, fmt.Errorf("unable to parse the JSON Python download list at `%s`: %w", auth.Redact(location), err)
	}
	return list, nil
}

func (a *app) readCatalog(ctx context.Context, location string) ([]byte, error) {
	switch {
	case strings.HasPrefix(location, "http://"), strings.HasPrefix(location, "https://"):
		s := &workSettings{app: a}
		client, err := a.webClient(s, auth.NewStore(a.authOptions(s, index.Locations{})))
		if err != nil {
			return nil, err
		}
		_, body, err := client.Get(ctx, web.Request{URL: location})
		return body, err
	case strings.HasPrefix(location, "file:"):
		s, err := source.FromURL(location)
		if err != nil {
			return nil, err
		}
		location = s.Location
	}
	return os.ReadFile(a.path(location))
}

// downloadable are the Pythons of the catalogue that satisfy a request and that
// this machine could run, of each minor version the latest, unless flags widen
// it.
func (a *app) downloadable(ctx context.Context, o *pythonListFlags, asked *string) ([]listedPython, error) {
	all, err := a.catalog(ctx, o.downloadsURL)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	request := python.Request{Kind: python.KindAny}
	if asked != nil {
		request = python.ParseRequest(*asked, a.dir)
	}
	host, err := managed.Host(func(name string) string { return a.env[name] })
	if err != nil {
		return nil, err
	}
	anywhere := o.allPlatforms || request.OS+request.Arch+request.Libc != ""
	var out []listedPython
	seen := map[managed.Key]bool{}
	for _, d := range all {
		p := d.Key.Platform
		here := anywhere || host.Supports(p) || o.allArches && p.OS == host.OS && p.Libc == host.Libc
		minor := d.Key
		minor.Patch, minor.Pre = 0, ""
		if !here || !request.AdmitsKey(d.Key) || seen[minor] && !o.allVersions {
			continue
		}
		seen[minor] = true
		mirror := first(a.vars.PythonInstallMirror, text(a.config.PythonInstallMirror))
		pypy := first(a.vars.PyPyInstallMirror, text(a.config.PyPyInstallMirror))
		out = append(out, listedPython{key: d.Key, url: d.Mirrored(mirror, pypy)})
	}
	return out, nil
}

// offersDownloads reports whether Pythons that are not here belong into the
// list: if asked for alone, or where they would be downloaded by themselves.
func (a *app) offersDownloads(o *pythonListFlags) (bool, error) {
	if o.downloads || o.installed {
		return o.downloads, nil
	}
	var preference python.Preference
	if err := a.pythonPreference(&preference); err != nil {
		return false, err
	}
	if preference == python.OnlySystem {
		return false, nil
	}
	if on := a.global.pythonDownloads; on != nil {
		return *on, nil
	}
	switch first(a.global.pythonFetch, a.env["UV_PYTHON_DOWNLOADS"], text(a.config.PythonDownloads), "automatic") {
	case "automatic", "auto", "true", "1":
		return true, nil
	}
	return false, nil
}
