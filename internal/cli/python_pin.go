package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/python"
)

// pythonPinFlags are those of `python pin`.
type pythonPinFlags struct {
	resolved, noProject *bool
	global, rm          bool
	downloadsURL        string
}

func pythonPinCommand() command {
	return command{
		path: "python pin", args: "[REQUEST]", short: "Say which Python a directory uses, in a .python-version file",
		long: "Without a request, prints what the version file says.",
		prepare: func(f *flags) work {
			var o pythonPinFlags
			f.Pair(&o.resolved, "resolved", "no-resolved", "Write the path of the interpreter that is found, not the request")
			f.Pair(&o.noProject, "no-project", "", "Do not hold the version against the project").Alias("no-workspace").FromEnv("UV_NO_PROJECT")
			f.Bool(&o.global, "global", "Write your own version file, for where there is no other")
			f.Bool(&o.rm, "rm", "Remove the version file")
			f.Text(&o.downloadsURL, "python-downloads-json-url", "URL", "Where the list of Pythons to download is, a URL or a file")
			f.Exclusive("rm", "resolved")
			return func(ctx context.Context, a *app, args []string) error { return a.pythonPin(ctx, &o, args) }
		},
	}
}

func (a *app) pythonPin(ctx context.Context, o *pythonPinFlags, args []string) error {
	asked, err := oneArgument(args)
	if err != nil {
		return err
	}
	if o.rm && asked != nil {
		return usageError("`--rm` cannot be used together with a request")
	}
	p, err := a.projectUnless(o.noProject, false)
	if err != nil {
		a.print.Debug("no project: %v", err)
		p = nil
	}
	dir := a.projectDir()
	file, err := python.FindVersionFile(dir, python.VersionFileOptions{NoLocal: o.global, Getenv: a.lookup})
	a.warnIgnored(file)
	switch {
	case o.rm:
		return a.removePin(file, err, o.global)
	case asked == nil:
		return a.showPins(ctx, file, err, p)
	}
	r := python.ParseRequest(*asked, a.dir)
	if r.Kind == python.KindExecutableName {
		return fmt.Errorf("requests for arbitrary names (e.g., `%s`) are not supported in version files", r.Path)
	}
	if r, err = a.resolvePin(ctx, r, p, o); err != nil {
		return err
	}
	return a.writePin(r, file, dir, o.global)
}

func (a *app) removePin(file *python.VersionFile, err error, global bool) error {
	own, _ := python.GlobalVersionFile(a.lookup)
	switch {
	case err != nil:
		return err
	case file == nil && global:
		return errors.New("no global Python pin found")
	case file == nil:
		return errors.New("no Python version file found")
	case !global && file.Path == own:
		return errors.New("no Python version file found; use `--rm --global` to remove the global pin")
	}
	if err := os.Remove(file.Path); err != nil {
		return err
	}
	what := "Python version file"
	if global {
		what = "global Python pin"
	}
	a.print.Text("Removed %s at `%s`\n", what, a.shown(file.Path))
	return nil
}

// showPins prints the version file, with warnings where the project disagrees.
func (a *app) showPins(ctx context.Context, file *python.VersionFile, err error, p *projectPython) error {
	if err != nil {
		return err
	}
	if file == nil {
		return errors.New("no Python version file found; specify a version to create one")
	}
	for _, r := range file.Requests {
		a.print.Text("%s\n", r.Canonical())
		if p == nil {
			continue
		}
		if err := a.checkPinned(ctx, r, p); err != nil {
			a.print.Warn("%v", err)
		}
	}
	return nil
}

func (a *app) checkPinned(ctx context.Context, r python.Request, p *projectPython) error {
	if v, ok := r.PEP440(); ok {
		if err := p.checkPin(r, v, false, true); err != nil {
			return err
		}
	}
	f, err := a.finder()
	if err != nil {
		return err
	}
	found, err := f.Find(ctx, r, python.OnlyOutside)
	if err != nil {
		return fmt.Errorf("failed to resolve pinned Python version `%s`: %w", r.Canonical(), err)
	}
	return p.checkPin(r, found.Version, true, true)
}

// resolvePin looks for the Python to be pinned and holds it against the
// project. That there is none yet is no error, unless its path is wanted.
func (a *app) resolvePin(ctx context.Context, r python.Request, p *projectPython, o *pythonPinFlags) (python.Request, error) {
	f, err := a.finder()
	if err != nil {
		return r, err
	}
	f.Download = a.pythonDownloader(mirrorFlags{catalog: o.downloadsURL})
	resolved := isTrue(o.resolved)
	found, err := f.FindOrDownload(ctx, r, python.OnlyOutside)
	var missing *python.NotFoundError
	switch {
	case err != nil && resolved:
		return r, err
	case errors.As(err, &missing):
		a.print.Warn("%v", err)
	case err != nil:
		a.print.Debug("%v", err)
	}
	if v, ok := r.PEP440(); ok {
		if err := p.checkPin(r, v, false, false); err != nil {
			return r, err
		}
	} else if found != nil {
		if err := p.checkPin(r, found.Version, true, false); err != nil {
			if resolved {
				return r, err
			}
			a.print.Warn("%v", err)
		}
	}
	if resolved {
		return python.ParseRequest(a.shown(found.Executable), a.dir), nil
	}
	return r, nil
}

func (a *app) writePin(r python.Request, old *python.VersionFile, dir string, global bool) error {
	file := &python.VersionFile{Path: filepath.Join(dir, python.VersionFileName), Requests: []python.Request{r}}
	if global {
		path, ok := python.GlobalVersionFile(a.lookup)
		if !ok {
			return errors.New("there is no configuration directory for a global Python pin")
		}
		file.Path = path
	}
	if err := file.Write(); err != nil {
		return err
	}
	path, now := a.print.Color.Cyan(a.shown(file.Path)), a.print.Color.Green(r.Canonical())
	if old != nil && old.Path == file.Path {
		if was, ok := old.Request(); ok && was.Canonical() != r.Canonical() {
			a.print.Text("Updated `%s` from `%s` -> `%s`\n", path, a.print.Color.Green(was.Canonical()), now)
			return nil
		}
	}
	a.print.Text("Pinned `%s` to `%s`\n", path, now)
	return nil
}
