package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/ui"
)

// pythonDownloader is what finders ask for a Python where there is none: see
// [python.Finder].
func (a *app) pythonDownloader(m mirrorFlags) func(context.Context, python.Request, error) (string, error) {
	return func(ctx context.Context, r python.Request, missing error) (string, error) {
		d := &pythonDownloading{app: a, catalog: a.pythonCatalog(m), request: r, missing: missing}
		return d.executable(ctx)
	}
}

// pythonDownloading is the download of a Python that a command needs.
type pythonDownloading struct {
	app     *app
	catalog *pythonCatalog
	request python.Request
	missing error
}

// executable downloads the Python, if that is allowed, or adds advice to the
// error that there is none.
func (d *pythonDownloading) executable(ctx context.Context) (string, error) {
	a := d.app
	host, err := managed.Host(a.lookup)
	if err != nil {
		return "", d.missing
	}
	wish, ok := d.request.Wish(host, a.lookup)
	if !ok {
		return "", d.missing
	}
	obstacle, err := d.obstacle()
	if err != nil {
		return "", err
	}
	if d.catalog.location() == "" {
		if obstacle == "" {
			return "", d.advise("a Python could be downloaded if there was a list of downloads: set `UV_PYTHON_DOWNLOADS_JSON_URL`, or `python-downloads-json-url` in the settings")
		}
		return "", d.missing
	}
	all, err := d.catalog.read(ctx)
	if err != nil {
		if obstacle == "" {
			return "", err
		}
		return "", d.missing
	}
	download, ok := wish.Choose(all)
	switch {
	case !ok && obstacle == "" && d.request.Kind != python.KindDefault && d.request.Kind != python.KindAny:
		return "", d.advise("the list of downloads at `%s` has none for %s", d.catalog.location(), d.request)
	case !ok:
		return "", d.missing
	case obstacle != "" && (d.request.Kind == python.KindDefault || d.request.Kind == python.KindAny):
		return "", d.advise("a managed Python download is available, but %s", obstacle)
	case obstacle != "":
		return "", d.advise("a managed Python download is available for %s, but %s", d.request, obstacle)
	}
	return d.install(ctx, download)
}

// obstacle says why nothing may be downloaded, or nothing.
func (d *pythonDownloading) obstacle() (string, error) {
	a := d.app
	var preference python.Preference
	if err := a.pythonPreference(&preference); err != nil {
		return "", err
	}
	offline, err := a.offline()
	switch when := a.pythonDownloads(); {
	case err != nil:
		return "", err
	case when == downloadsManual:
		return fmt.Sprintf("Python downloads are set to 'manual', use `%s python install %s` to install the required version", a.name, d.request.Canonical()), nil
	case when == downloadsNever:
		return "Python downloads are set to 'never'", nil
	case preference == python.OnlySystem:
		return "the Python preference is set to 'only system'", nil
	case offline:
		return "the network is disabled: run the command without `--offline`", nil
	}
	return "", nil
}

func (d *pythonDownloading) advise(format string, args ...any) error {
	var missing *python.NotFoundError
	if errors.As(d.missing, &missing) {
		return missing.WithHint(fmt.Sprintf(format, args...))
	}
	return withHint(d.missing, format, args...)
}

// install installs the download, unless another process has done so meanwhile.
func (d *pythonDownloading) install(ctx context.Context, download managed.Download) (string, error) {
	a := d.app
	store := a.pythonStore("")
	lock, err := a.lockPythons(ctx, store)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Release() }()
	installer, err := d.catalog.installer(store)
	if err != nil {
		return "", err
	}
	i, err := installer.Install(ctx, download, false)
	if err != nil {
		return "", fmt.Errorf("failed to install %s: %w", download.Key, err)
	}
	all, err := store.Installed()
	if err != nil {
		return "", err
	}
	if newest := managed.Newest(all)[i.Key.MinorName()]; newest.Key == i.Key {
		if link, ok := i.MinorLink(); ok {
			if err := link.Point(); err != nil {
				return "", err
			}
		}
	}
	return i.Executable(), nil
}

// warnUnasked warns of a managed pre-release where the list of downloads has the
// release: see [python.Finder].
func (a *app) warnUnasked(ctx context.Context, i *python.Interpreter) error {
	of, ok := a.pythonStore("").Find(i.BasePrefix)
	if !ok {
		return nil
	}
	list, err := a.pythonCatalog(mirrorFlags{}).read(ctx)
	if err != nil {
		return err
	}
	if managed.HasRelease(list, of.Key) {
		a.warnOnce(fmt.Sprintf("this is a pre-release of Python (%s), and there is a stable version. Use `%s python upgrade %s` to upgrade.", i.Version, a.name, i.MinorVersion()))
	}
	return nil
}

// installer brings Pythons into a store.
func (c *pythonCatalog) installer(store managed.Store) (*managed.Installer, error) {
	a := c.app
	in := &managed.Installer{Store: store, Open: a.urlOpener()}
	in.CPythonMirror, in.PyPyMirror = c.mirrors()
	if dir := a.env["UV_PYTHON_CACHE_DIR"]; dir != "" {
		in.ArchiveDir = a.path(dir)
	}
	var err error
	if in.Offline, err = a.offline(); err != nil {
		return nil, err
	}
	if a.print.Debugging() {
		in.Trace = a.print.Debug
	}
	if progress := a.print.StartProgress(a.hidesProgress()); progress != nil {
		in.Progress = progressOf(progress)
	} else if !a.hidesProgress() {
		in.Begun = a.tellDownload
	}
	if runtime.GOOS == "darwin" {
		in.SetDylibID = a.setDylibID
	}
	return in, nil
}

// tellDownload says in a line that a download begins, where no bar shows it. It
// is not worth it for what is there at once.
func (a *app) tellDownload(d managed.Download, size int64) {
	const small = 1 << 20
	switch p := a.print.Color; {
	case size < 0:
		a.print.Line("%s %s", p.Cyan(p.Bold("Downloading")), d.Key)
	case size > small:
		a.print.Line("%s %s %s", p.Cyan(p.Bold("Downloading")), d.Key, p.Dim("("+ui.Bytes(size)+")"))
	}
}
