package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
)

// A pythonCatalog is the list of Pythons that could be downloaded, and where
// from: flags go before variables, and those before settings. It is read once.
type pythonCatalog struct {
	app   *app
	flags mirrorFlags
	list  []managed.Download
	known bool
}

func (a *app) pythonCatalog(m mirrorFlags) *pythonCatalog { return &pythonCatalog{app: a, flags: m} }

// location is where the list is, a URL or a path, or "".
func (c *pythonCatalog) location() string {
	return first(c.flags.catalog, c.app.vars.PythonDownloadsJSONURL, text(c.app.config.PythonDownloadsJSONURL))
}

// read returns the list; without one it is nil.
func (c *pythonCatalog) read(ctx context.Context) ([]managed.Download, error) {
	location := c.location()
	if c.known || location == "" {
		return c.list, nil
	}
	data, err := c.app.readCatalog(ctx, location)
	if err != nil {
		return nil, fmt.Errorf("reading the list of Python downloads from `%s`: %w", auth.Redact(location), err)
	}
	if c.list, err = managed.ParseCatalog(data); err != nil {
		return nil, fmt.Errorf("unable to parse the JSON Python download list at `%s`: %w", auth.Redact(location), err)
	}
	c.known = true
	return c.list, nil
}

// mirrors are what takes the place of where CPython and PyPy are published.
func (c *pythonCatalog) mirrors() (cpython, pypy string) {
	a := c.app
	cpython = first(c.flags.mirror, a.vars.PythonInstallMirror, text(a.config.PythonInstallMirror))
	if base := a.env["UV_ASTRAL_MIRROR_URL"]; cpython == "" && base != "" {
		cpython = strings.TrimSuffix(base, "/") + "/github/python-build-standalone/releases/download"
	}
	return cpython, first(c.flags.pypyMirror, a.vars.PyPyInstallMirror, text(a.config.PyPyInstallMirror))
}

// errNoCatalog says what is missing to download anything.
func (a *app) errNoCatalog(what string) error {
	return withHint(fmt.Errorf("no download is known for %s: there is no list of Pythons to download", what),
		"set `UV_PYTHON_DOWNLOADS_JSON_URL` (`--python-downloads-json-url`, `python-downloads-json-url` in the settings) to a list in the format of uv's `download-metadata.json`, a URL or a file; "+
			"`UV_PYTHON_INSTALL_MIRROR` names a mirror of the archives in it")
}

// setDylibID has the system's own tool change a library, since it has to be
// signed again as well.
func (a *app) setDylibID(ctx context.Context, dylib, id string) error {
	c := exec.CommandContext(ctx, "install_name_tool", "-id", id, dylib)
	c.Env = a.environ()
	out, err := c.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return nil // without developer tools nothing is linked here
	}
	if err != nil {
		return fmt.Errorf("`install_name_tool` failed: %w\n%s", err, out)
	}
	return nil
}

// urlOpener opens files and what is on the network.
func (a *app) urlOpener() func(ctx context.Context, url string) (io.ReadCloser, int64, error) {
	client := sync.OnceValues(func() (*web.Client, error) {
		s := &workSettings{app: a}
		return a.plainClient(s)
	})
	return func(ctx context.Context, url string) (io.ReadCloser, int64, error) {
		if path, ok, err := filePath(url); ok || err != nil {
			return openFile(path, err)
		}
		c, err := client()
		if err != nil {
			return nil, 0, err
		}
		d, err := c.Open(ctx, web.Request{URL: url, Large: true})
		if err != nil {
			return nil, 0, err
		}
		return d, d.Length, nil
	}
}

func openFile(path string, err error) (io.ReadCloser, int64, error) {
	if err != nil {
		return nil, 0, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// filePath is the path of a file URL; other URLs are not ok.
func filePath(url string) (path string, ok bool, err error) {
	if !strings.HasPrefix(url, "file:") {
		return "", false, nil
	}
	s, err := source.FromURL(url)
	return s.Location, true, err
}

func (a *app) readCatalog(ctx context.Context, location string) ([]byte, error) {
	if !strings.HasPrefix(location, "http://") && !strings.HasPrefix(location, "https://") {
		path, ok, err := filePath(location)
		if err != nil {
			return nil, err
		}
		if !ok {
			path = a.path(location)
		}
		return os.ReadFile(path)
	}
	s := &workSettings{app: a}
	client, err := a.plainClient(s)
	if err != nil {
		return nil, err
	}
	_, body, err := client.Get(ctx, web.Request{URL: location})
	return body, err
}

// downloadable are the Pythons of the catalogue that satisfy a request and that
// this machine could run, unless flags widen it.
func (a *app) downloadable(ctx context.Context, o *pythonListFlags, asked *string) ([]listedPython, error) {
	request := python.Request{Kind: python.KindAny}
	if asked != nil {
		request = python.ParseRequest(*asked, a.dir)
	}
	catalog := a.pythonCatalog(mirrorFlags{catalog: o.downloadsURL})
	all, err := catalog.read(ctx)
	wish, ok := request.Installed()
	if err != nil || !ok {
		return nil, err
	}
	wish.Prereleases = true
	if !o.allPlatforms {
		if wish.Host, err = managed.Host(a.lookup); err != nil {
			return nil, err
		}
		if o.allArches {
			wish.Host.Arch = ""
		}
	}
	cpython, pypy := catalog.mirrors()
	var out []listedPython
	for _, d := range all {
		if wish.Admits(d.Key) && !d.Key.Variant.IsDebug() {
			out = append(out, listedPython{key: d.Key, url: d.Mirrored(cpython, pypy)})
		}
	}
	return out, nil
}

// latestListed leaves of what could be downloaded only the latest patch
// releases, unless flags widen it, and nothing that is installed. The list is
// sorted.
func (o *pythonListFlags) latestListed(list []listedPython) []listedPython {
	seen := map[managed.Key]bool{}
	once := func(k managed.Key) bool {
		if !o.allPlatforms {
			k.Platform.OS = ""
		}
		if !o.allArches {
			k.Platform.Arch = ""
		}
		k.Pre = ""
		again := seen[k]
		seen[k] = true
		return !again
	}
	return slices.DeleteFunc(list, func(p listedPython) bool {
		if p.path != "" && !p.managed {
			return false
		}
		minor := p.key
		minor.Patch = -1
		newMinor, newPatch := once(minor), once(p.key)
		return p.path == "" && (!newMinor && !o.allVersions || !newPatch)
	})
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
	return preference != python.OnlySystem && a.pythonDownloads() == downloadsAutomatic, nil
}

// When Pythons are downloaded.
const (
	downloadsAutomatic = "automatic" // where none is found
	downloadsManual    = "manual"    // by `python install`
	downloadsNever     = "never"
)

// pythonDownloads is when Pythons are downloaded: flags go before variables, and
// those before settings.
func (a *app) pythonDownloads() string {
	if on := a.global.pythonDownloads; on != nil {
		if *on {
			return downloadsAutomatic
		}
		return downloadsNever
	}
	switch value := first(a.global.pythonFetch, a.env["UV_PYTHON_DOWNLOADS"], text(a.config.PythonDownloads), downloadsAutomatic); value {
	case "automatic", "auto", "true", "1":
		return downloadsAutomatic
	case "manual":
		return downloadsManual
	}
	return downloadsNever
}
