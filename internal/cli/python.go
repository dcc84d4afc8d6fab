package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/pyproject"
)

func pythonGroup() command {
	return command{path: "python", short: "Python interpreters"}
}

func pythonDirCommand() command {
	return command{
		path: "python dir", reads: true, short: "Show where managed Pythons are kept",
		prepare: func(f *flags) work {
			var bin bool
			f.Bool(&bin, "bin", "Show where their executables are linked")
			return func(_ context.Context, a *app, _ []string) error { return a.pythonDir(bin) }
		},
	}
}

func (a *app) pythonDir(bin bool) error {
	dir := managed.DefaultStore(a.lookup, a.dir).Root()
	if bin {
		var ok bool
		if dir, ok = managed.BinDir(a.lookup, a.dir); !ok {
			return errors.New("there is no home directory to link executables into")
		}
	}
	a.print.Text("%s\n", a.print.Color.Cyan(dir))
	return nil
}

// pythonFindFlags are those of `python find`.
type pythonFindFlags struct {
	noProject, system    *bool
	script, downloadsURL string
	version, resolve     bool
}

func pythonFindCommand() command {
	return command{
		path: "python find", reads: true, args: "[REQUEST]", short: "Find an interpreter",
		long: "Prints the path of the interpreter that a command would use: of the virtual environment at hand, or else of the first Python that satisfies the request, the version file or the project.",
		prepare: func(f *flags) work {
			var o pythonFindFlags
			f.Pair(&o.noProject, "no-project", "", "Do not look for a project").Alias("no-workspace").FromEnv("UV_NO_PROJECT")
			f.Pair(&o.system, "system", "no-system", "Look outside of virtual environments only").FromEnv("UV_SYSTEM_PYTHON")
			f.Text(&o.script, "script", "FILE", "Find the interpreter of this script")
			f.Bool(&o.version, "show-version", "Print the version instead of the path")
			f.Bool(&o.resolve, "resolve-links", "Resolve symbolic links in the path")
			f.Text(&o.downloadsURL, "python-downloads-json-url", "URL", "Where the list of Pythons to download is, a URL or a file")
			for _, other := range []string{"no-project", "system", "no-system"} {
				f.Exclusive("script", other)
			}
			return func(ctx context.Context, a *app, args []string) error { return a.pythonFind(ctx, &o, args) }
		},
	}
}

func (a *app) pythonFind(ctx context.Context, o *pythonFindFlags, args []string) error {
	asked, err := oneArgument(args)
	if err != nil {
		return err
	}
	if o.script != "" {
		if asked != nil {
			return usageError("`--script` cannot be used together with a request")
		}
		return a.pythonFindScript(ctx, o)
	}
	f, err := a.finder()
	if err != nil {
		return err
	}
	system, err := a.flagOrEnv(o.system, "UV_SYSTEM_PYTHON")
	if err != nil {
		return err
	}
	p, err := a.projectUnless(o.noProject, false)
	if err != nil {
		return err
	}
	c, err := a.choosePython(asked, a.projectDir(), p)
	if err != nil {
		return err
	}
	f.Download = nil // it is only looked for
	found, err := f.FindOrDownload(ctx, c.request, python.EnvironmentsFor(isTrue(system), false))
	if err != nil {
		return err
	}
	a.warnIncompatible(c, found.Interpreter)
	return a.printPython(found.Interpreter, o)
}

// oneArgument is the only argument, if there is one.
func oneArgument(args []string) (*string, error) {
	switch len(args) {
	case 0:
		return nil, nil
	case 1:
		return &args[0], nil
	}
	return nil, usageError("only one argument is expected, but " + args[1] + " is another")
}

// projectUnless looks for a project unless that is turned off.
func (a *app) projectUnless(flag *bool, groups bool) (*projectPython, error) {
	none, err := a.flagOrEnv(flag, "UV_NO_PROJECT")
	if err != nil || isTrue(none) {
		return nil, err
	}
	return a.findProjectPython(a.projectDir(), groups)
}

func (a *app) printPython(i *python.Interpreter, o *pythonFindFlags) error {
	if o.version {
		a.print.Text("%s\n", i.Version)
		return nil
	}
	path := i.Executable
	if o.resolve {
		var err error
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	a.print.Text("%s\n", path)
	return nil
}

// pythonFindScript finds the Python that would run a script: that of the
// environment it was run in before, if that will do, else what its version
// file says, unless the script requires another, else what the script or its
// project requires.
func (a *app) pythonFindScript(ctx context.Context, o *pythonFindFlags) error {
	path := a.path(o.script)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	script, err := a.parseScript(path, text)
	if err != nil {
		return err
	}
	if script == nil {
		return errors.New("`" + o.script + "` does not contain a PEP 723 metadata tag; run `" + a.name + " init --script " + o.script + "` to initialize the script")
	}
	f, err := a.finder()
	if err != nil {
		return err
	}
	f.Download = a.pythonDownloader(mirrorFlags{catalog: o.downloadsURL})
	p := scriptDemands(script)
	c, err := a.choosePython(nil, filepath.Dir(path), p)
	if err != nil {
		return err
	}
	if c.file != nil && p != nil && !c.request.IntersectsRequiresPython(p.requires()) {
		c.file, c.request = nil, python.RangeRequest(p.requires())
	}
	root := filepath.Join(a.cacheDir(), string(cache.Environments), scriptName(path))
	if env, err := f.EnvironmentAt(ctx, root); err == nil && f.Satisfies(env.Interpreter, c.request) {
		return a.printPython(env.Interpreter, o)
	}
	found, err := f.FindOrDownload(ctx, c.request, python.AnyEnvironment)
	var missing *python.NotFoundError
	if errors.As(err, &missing) {
		a.print.Error(err)
		return exitStatus(exitFailed)
	}
	if err != nil {
		return err
	}
	return a.printPython(found.Interpreter, o)
}

// scriptDemands is what a script requires, as if it were a project; nil if that is
// nothing, or cannot be read.
func scriptDemands(script *pyproject.Script) *projectPython {
	pythons, err := project.ScriptPythons(script.File)
	if err != nil || pythons.Open {
		return nil
	}
	return &projectPython{Pythons: pythons}
}

// pythonListFlags are those of `python list`.
type pythonListFlags struct {
	installed, downloads                 bool
	allVersions, allPlatforms, allArches bool
	showURLs                             bool
	format, downloadsURL                 string
}

func pythonListCommand() command {
	return command{
		path: "python list", reads: true, args: "[REQUEST]", short: "List the Pythons of this machine",
		aliases: []string{"ls"},
		prepare: func(f *flags) work {
			var o pythonListFlags
			f.Bool(&o.allVersions, "all-versions", "List all patch releases")
			f.Bool(&o.allPlatforms, "all-platforms", "List those of other platforms")
			f.Bool(&o.allArches, "all-arches", "List those of other architectures").Alias("all_architectures")
			f.Bool(&o.installed, "only-installed", "List only what is installed")
			f.Bool(&o.downloads, "only-downloads", "List only what could be downloaded")
			f.Bool(&o.showURLs, "show-urls", "Show where downloads come from")
			f.Choice(&o.format, "output-format", "FORMAT", "How to print it", "text", "json")
			f.Text(&o.downloadsURL, "python-downloads-json-url", "URL", "Where the list of Pythons to download is, a URL or a file")
			f.Exclusive("only-installed", "only-downloads")
			return func(ctx context.Context, a *app, args []string) error { return a.pythonList(ctx, &o, args) }
		},
	}
}

// listedPython is a line of `python list`.
type listedPython struct {
	key     managed.Key
	managed bool
	path    string // "" if it is not here
	url     string // where it could be downloaded
}

func (a *app) pythonList(ctx context.Context, o *pythonListFlags, args []string) error {
	asked, err := oneArgument(args)
	if err != nil {
		return err
	}
	var list []listedPython
	if !o.downloads {
		if list, err = a.installedPythons(ctx, asked); err != nil {
			return err
		}
	}
	offers, err := a.offersDownloads(o)
	if err != nil {
		return err
	}
	if offers {
		more, err := a.downloadable(ctx, o, asked)
		if err != nil {
			return err
		}
		list = append(list, more...)
		slices.SortStableFunc(list, func(x, y listedPython) int { return y.key.Compare(x.key) })
		list = o.latestListed(list)
	}
	if o.format == "json" {
		return a.printPythonsJSON(list)
	}
	a.printPythons(list, o.showURLs)
	return nil
}

func (a *app) printPythons(list []listedPython, urls bool) {
	width := 0
	for _, p := range list {
		width = max(width, len(p.key.String()))
	}
	for _, p := range list {
		if p.path == "" {
			line := a.print.Color.Dim("<download available>")
			if urls {
				line = p.url
			}
			a.print.Text("%-*s    %s\n", width, p.key, line)
			continue
		}
		line := a.print.Color.Cyan(a.shown(p.path))
		if target, err := os.Readlink(p.path); err == nil {
			line += " -> " + a.print.Color.Cyan(a.shown(target))
		}
		a.print.Text("%-*s    %s\n", width, p.key, line)
	}
}

// installedPythons finds all that satisfy a request, the best first. Links to
// managed Pythons are listed too, even where only managed ones are wanted.
func (a *app) installedPythons(ctx context.Context, asked *string) ([]listedPython, error) {
	f, err := a.finder()
	if err != nil {
		return nil, err
	}
	request := python.Request{Kind: python.KindAny}
	if asked != nil {
		request = python.ParseRequest(*asked, a.dir)
	}
	wanted := f.Preference
	if wanted == python.OnlyManaged {
		f.Preference = python.PreferManaged
	}
	found, err := f.List(ctx, request, python.OnlyOutside)
	if err != nil {
		return nil, err
	}
	var list []listedPython
	for _, i := range found {
		if wanted != python.OnlyManaged || f.IsManaged(i.Interpreter) {
			list = append(list, listedPython{key: i.Key(), managed: i.Source == python.Managed, path: i.Path})
		}
	}
	slices.SortFunc(list, func(x, y listedPython) int {
		return cmp.Or(y.key.Compare(x.key), compareBool(x.managed, y.managed), cmp.Compare(y.path, x.path))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(p listedPython) bool {
		again := seen[p.path]
		seen[p.path] = true
		return again
	}), nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// pythonJSON is an entry of `python list --output-format json`; the names and
// their order are uv's.
type pythonJSON struct {
	Key     string `json:"key"`
	Version string `json:"version"`
	Parts   struct {
		Major int `json:"major"`
		Minor int `json:"minor"`
		Patch int `json:"patch"`
	} `json:"version_parts"`
	Path           *string `json:"path"`
	Symlink        *string `json:"symlink"`
	URL            *string `json:"url"`
	OS             string  `json:"os"`
	Variant        string  `json:"variant"`
	Implementation string  `json:"implementation"`
	Arch           string  `json:"arch"`
	Libc           string  `json:"libc"`
}

func (a *app) printPythonsJSON(list []listedPython) error {
	out := []pythonJSON{}
	for _, p := range list {
		k := p.key
		j := pythonJSON{
			Key: k.String(), Version: k.Version(), OS: k.Platform.OS, Variant: k.Variant.String(),
			Implementation: k.ImplementationName(), Arch: k.Platform.Arch, Libc: k.Platform.Libc,
		}
		j.Parts.Major, j.Parts.Minor, j.Parts.Patch = k.Major, k.Minor, k.Patch
		if p.path == "" {
			j.URL = &p.url
			out = append(out, j)
			continue
		}
		path := a.shown(p.path)
		j.Path = &path
		if target, err := os.Readlink(p.path); err == nil {
			target = a.shown(target)
			j.Symlink = &target
		}
		out = append(out, j)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	a.print.Text("%s\n", text)
	return nil
}
