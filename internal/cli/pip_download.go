package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pyname"
)

// downloadOptions are the flags of `pip download` and `pip wheel`.
type downloadOptions struct {
	inputFlags
	index    indexFlags
	resolver resolverFlags
	build    buildFlags
	binary   binaryFlags
	refresh  refreshFlags
	targets  targetFlags
	python   *string
	system   *bool
	cert     string

	wheels        bool
	dir           string
	hashesFile    *string
	format        string
	omit          []string
	noLocal       bool
	alternatives  bool // of what is declared conflicting, too
	noDeps        *bool
	requireHashes *bool
	verifyHashes  *bool
	dryRun        bool
	torch         string
}

// wheelhouseName is the requirements file that is written beside the files. It is
// not one that anybody has already.
const wheelhouseName = "wheelhouse.txt"

// wheelhouseHeader ends the first line of that file.
const wheelhouseHeader = "`: what lies in this folder.\n"

const downloadLong = `All files that the requirements come down to are put into a folder, from which
another machine installs without a network:

    tame pip download -d house --python-version 3.10 --python-version 3.13 \
        --python-platform linux --python-platform windows -r requirements.txt
    tame pip install -r house/wheelhouse.txt

wheelhouse.txt lists the files with their hashes; pip and uv can install it too.
Files that are there already are not downloaded again. Source trees and git
repositories, which are no files, are built.`

func pipDownloadCommand() command {
	return command{
		path: "pip download", args: "[PACKAGE]...", short: "Put the files of packages and all that they need into a folder",
		long: downloadLong,
		prepare: func(f *flags) work {
			o := &downloadOptions{}
			return o.prepare(f, "dest,d", "destination-directory", "destination-dir")
		},
	}
}

func pipWheelCommand() command {
	return command{
		path: "pip wheel", args: "[PACKAGE]...", short: "Put wheels of packages and of all that they need into a folder, built where need be",
		long: "The same as `pip download`, but source distributions are built.\n\n" + downloadLong,
		prepare: func(f *flags) work {
			o := &downloadOptions{wheels: true}
			return o.prepare(f, "wheel-dir,w", "dest")
		},
	}
}

func (o *downloadOptions) prepare(f *flags, dir string, aliases ...string) work {
	f.List(&o.requirements, "requirements,r", "FILE", "Take what this requirements file, pyproject.toml, pylock.toml, uv.lock or script asks for").Alias("requirement")
	f.List(&o.editables, "editable,e", "DIR", "Take the project in this directory").Hide()
	f.Text(&o.dir, dir, "DIR", "The folder (by default the working directory)").Alias(aliases...)
	f.Optional(&o.hashesFile, "hashes-file", "FILE", "Where to write the requirements with hashes (by default "+wheelhouseName+" in the folder; empty for nowhere)")
	f.Choice(&o.format, "output-format", "FORMAT", "How to tell what was done", "text", "json")
	f.Bool(&o.dryRun, "dry-run", "Only say what would be downloaded")
	o.registerConstraints(f, true)
	f.Pair(&o.noDeps, "no-deps", "deps", "Take no dependencies")
	f.Commas(&o.omit, "no-emit-package", "NAME", "Leave this package out, but not what it needs")
	f.Bool(&o.noLocal, "no-emit-local", "Leave out what lies on this machine, such as the project of a lock")
	f.Pair(&o.requireHashes, "require-hashes", "no-require-hashes", "Refuse what has no hash").FromEnv("UV_REQUIRE_HASHES")
	f.Pair(&o.verifyHashes, "verify-hashes", "no-verify-hashes", "Check the hashes that requirements files have").Hide().
		Negated("Do not check them").FromEnv("UV_NO_VERIFY_HASHES")
	f.Under("Python options")
	f.python(&o.python)
	f.Pair(&o.system, "system", "no-system", "Use the Python of the system rather than a virtual environment").FromEnv("UV_SYSTEM_PYTHON")
	o.targets.register(f)
	o.index.register(f)
	o.resolver.register(f)
	o.build.register(f)
	o.binary.register(f)
	f.torchBackend(&o.torch)
	o.refresh.register(f)
	f.Text(&o.cert, "cert", "FILE", "Trust the certificates in this PEM file")
	return func(ctx context.Context, a *app, args []string) error { return a.pipDownload(ctx, o, args) }
}

// downloadSettings are the flags over variables and files.
func (a *app) downloadSettings(o *downloadOptions) (*workSettings, error) {
	s, err := a.installSettings(&installOptions{
		index: o.index, resolver: o.resolver, build: o.build, binary: o.binary, refresh: o.refresh, torch: o.torch,
		noDeps: o.noDeps, requireHashes: o.requireHashes, verifyHashes: o.verifyHashes, dryRun: o.dryRun,
	})
	if err != nil {
		return nil, err
	}
	s.cert = o.cert
	system, err := a.flagOrEnv(o.system, "UV_SYSTEM_PYTHON")
	override(&s.Pip.System, system)
	return s, err
}

func (a *app) pipDownload(ctx context.Context, o *downloadOptions, args []string) error {
	start := time.Now()
	s, err := a.downloadSettings(o)
	if err != nil {
		return err
	}
	sources, err := o.sources(a, args, &s.Pip)
	if err != nil {
		return err
	}
	if len(args)+len(o.requirements)+len(o.editables)+len(sources.Groups) == 0 {
		return usageError("a package is expected, or a file of `--requirements`")
	}
	req := &pip.DownloadRequest{
		Dir: a.path(first(o.dir, ".")), Wheels: o.wheels, DryRun: o.dryRun, NoLocal: o.noLocal, Static: s.Static(),
		Begin: func(t pip.DownloadTarget) {
			if t.Label != "" {
				a.print.Line("%s", a.print.Color.Dim("For "+t.Label+":"))
			}
		},
	}
	if req.Omit, err = settings.PackageNames("no-emit-package", o.omit); err != nil {
		return err
	}
	if req.Lock, err = a.projectLock(&sources); err != nil {
		return err
	}
	if req.Lock != nil {
		req.Lock.Alternatives = o.alternatives
	}
	if req.Engine, err = a.newEngine(ctx, s); err != nil {
		return err
	}
	if err := a.downloadInputs(ctx, o, s, req, sources); err != nil {
		return err
	}
	out, err := pip.Download(ctx, req)
	if err != nil {
		return err
	}
	file, err := a.writeWheelhouse(o, out)
	if err != nil {
		return err
	}
	return a.showDownloaded(o, out, file, start)
}

// downloadInputs fills in what is asked for, and for which environments.
func (a *app) downloadInputs(ctx context.Context, o *downloadOptions, s *workSettings, req *pip.DownloadRequest, sources pip.Sources) error {
	in, err := a.readInputs(ctx, a.reader(s), sources)
	if err != nil {
		return err
	}
	if err := in.AddSettings(settingsInputs(&a.config, &s.Pip)); err != nil {
		return err
	}
	asked := first(text(o.python), text(s.Pip.Python), a.env["UV_PYTHON"])
	if err := o.targets.settle(&s.Pip); err != nil {
		return err
	}
	req.Inputs = in
	if req.Interpreter, err = a.anyInterpreter(ctx, isTrue(s.Pip.System), asked, o.targets.nearest()); err != nil {
		return err
	}
	if req.Targets, err = o.targets.all(a, req.Interpreter); err != nil {
		return err
	}
	if err := a.connect(ctx, req.Engine, s, in, req.Interpreter); err != nil {
		return err
	}
	if err := in.Complete(ctx, req.Engine); err != nil {
		return err
	}
	if req.Options, err = s.ResolveOptions(); err != nil {
		return err
	}
	req.Policy, req.Hashes = s.policy(in), s.hashMode(in)
	return nil
}

// projectLock takes a uv.lock out of the files, which then must be the only one.
func (a *app) projectLock(sources *pip.Sources) (*pip.ProjectLock, error) {
	at := -1
	for i, name := range sources.Files {
		if filepath.Base(name) == "uv.lock" {
			at = i
		}
	}
	if at < 0 {
		return nil, nil
	}
	if len(sources.Files)+len(sources.Packages)+len(sources.Editables)+len(sources.Constraints)+len(sources.Overrides) > 1 {
		return nil, errors.New("a `uv.lock` says all that is to be taken: no other requirements can be given with it")
	}
	file := a.path(sources.Files[at])
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("failed to read `%s`: %w", sources.Files[at], err)
	}
	l, err := lock.Read(sources.Files[at], data)
	if err != nil {
		return nil, err
	}
	asked := *sources
	out := &pip.ProjectLock{Lock: l, Root: filepath.Dir(file), Extra: asked.TakesExtra}
	for _, g := range sources.Groups {
		if g.File != "" {
			return nil, errors.New("groups of a `uv.lock` are named without a path")
		}
		out.Groups = append(out.Groups, g.Group)
	}
	*sources = pip.Sources{BuildConstraints: sources.BuildConstraints}
	return out, nil
}

// writeWheelhouse writes the requirements beside the files, and returns where.
func (a *app) writeWheelhouse(o *downloadOptions, d *pip.Downloaded) (string, error) {
	file := filepath.Join(d.Dir, wheelhouseName)
	if o.hashesFile != nil {
		file = *o.hashesFile
	}
	if file == "" || o.dryRun {
		return "", nil
	}
	file = a.path(file)
	if len(d.Files) == 0 || !d.Coherent() {
		return "", removeWheelhouse(file)
	}
	header := "# Made by `" + a.name + " pip " + map[bool]string{false: "download", true: "wheel"}[o.wheels] + wheelhouseHeader
	return file, a.writeOutput(file, []byte(header+d.Requirements(a.relativeTo(file, d.Dir))))
}

// removeWheelhouse removes requirements that were written before: what they say is no
// longer so. A file that is somebody else's stays.
func removeWheelhouse(file string) error {
	text, err := os.ReadFile(file)
	line, _, _ := strings.Cut(string(text), "\n")
	if err != nil || !strings.HasSuffix(line+"\n", wheelhouseHeader) {
		return nil //nolint:nilerr // there is none
	}
	return os.Remove(file)
}

// relativeTo is a folder as it is named from the folder of a file.
func (a *app) relativeTo(file, dir string) string {
	rel, err := filepath.Rel(filepath.Dir(file), dir)
	if err != nil {
		return filepath.ToSlash(dir)
	}
	return filepath.ToSlash(rel)
}

func (a *app) showDownloaded(o *downloadOptions, d *pip.Downloaded, file string, start time.Time) error {
	if o.format == "json" {
		return a.printDownloadedJSON(o, d, file)
	}
	c := a.print.Color
	added := 0
	for _, f := range d.Files {
		if !f.Kept {
			added++
		}
	}
	verb := "Saved"
	if o.dryRun {
		verb = "Would save"
	}
	what := ui.Count(added, "file")
	if kept := len(d.Files) - added; kept > 0 {
		what += fmt.Sprintf(" (%d there already)", kept)
	}
	a.status(verb, what, time.Since(start))
	for _, f := range d.Files {
		if !f.Kept {
			a.print.Line(" %s %s", c.Green("+"), c.Bold(first(f.Name, string(f.Package)+" @ "+f.Dist.Source.String())))
		}
	}
	if list := d.Sources(); len(list) > 0 && !o.wheels {
		names := make([]string, len(list))
		for i, f := range list {
			names[i] = "`" + f.Name + "`"
		}
		a.print.Warn("where it is installed, %s must be built, which needs its build requirements too; `%s pip wheel` builds it here", strings.Join(names, ", "), a.name)
	}
	if file != "" {
		a.print.Line("To install without network: `%s pip install -r %s`", a.name, a.shown(file))
	}
	return nil
}

// A downloadedJSON is the form for programs.
type downloadedJSON struct {
	Directory    string               `json:"directory"`
	Requirements string               `json:"requirements,omitempty"` // the file with hashes
	Targets      []downloadTargetJSON `json:"targets"`
	Files        []downloadedFileJSON `json:"files"`
}

type downloadTargetJSON struct {
	PythonVersion string `json:"python_version"`
	SysPlatform   string `json:"sys_platform"`
	Machine       string `json:"platform_machine"`
}

type downloadedFileJSON struct {
	Name     pyname.Package `json:"name"`
	Version  string         `json:"version,omitempty"`
	Filename string         `json:"filename,omitempty"`
	Size     int64          `json:"size,omitempty"`
	SHA256   string         `json:"sha256,omitempty"`
	URL      string         `json:"url,omitempty"`
	// Status is downloaded, kept, built or, in a dry run, wanted.
	Status  string `json:"status"`
	Targets []int  `json:"targets"` // by their place
}

func (a *app) printDownloadedJSON(o *downloadOptions, d *pip.Downloaded, file string) error {
	out := downloadedJSON{Directory: d.Dir, Requirements: file, Files: []downloadedFileJSON{}}
	for _, t := range d.Targets {
		out.Targets = append(out.Targets, downloadTargetJSON{t.Version.String(), t.Env.SysPlatform, t.Env.PlatformMachine})
	}
	for _, f := range d.Files {
		entry := downloadedFileJSON{
			Name: f.Package, Filename: f.Name, Size: f.Size, SHA256: f.SHA256(), URL: f.Origin(), Status: "downloaded", Targets: f.For,
		}
		if !f.Version.IsZero() {
			entry.Version = f.Version.String()
		}
		switch {
		case o.dryRun:
			entry.Status = "wanted"
		case f.Kept:
			entry.Status = "kept"
		case f.Built:
			entry.Status = "built"
		}
		out.Files = append(out.Files, entry)
	}
	data, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	a.print.Data("%s\n", data)
	return nil
}
