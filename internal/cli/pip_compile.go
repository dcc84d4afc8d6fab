package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/packaging/pylock"
	"github.com/tame-py/tame/packaging/pyname"
)

// compileOptions are the flags of `pip compile`.
type compileOptions struct {
	inputFlags
	pipCompat compileCompat
	index     indexFlags
	resolver  resolverFlags
	build     buildFlags
	binary    binaryFlags
	refresh   refreshFlags
	platform  platformFlags
	linkMode  string
	cert      string
	python    *string
	system    *bool

	noDeps         *bool
	outputFile     *string
	format         string
	noStripExtras  *bool
	noStripMarkers *bool
	noAnnotate     *bool
	noHeader       *bool
	style          string
	command        *string
	hashes         *bool
	universal      *bool
	noEmitPackage  []string

	emitIndexURL, emitFindLinks, emitBuildOptions, emitMarker, emitIndex *bool
	torchBackend                                                         string
}

func pipCompileCommand() command {
	return command{
		path: "pip compile", args: "<FILE>...", short: "Pin what requirements come down to, as a requirements file or pylock.toml",
		prepare: func(f *flags) work {
			var o compileOptions
			o.registerOutput(f)
			o.registerConstraints(f, true)
			f.Pair(&o.noDeps, "no-deps", "deps", "Pin no dependencies, only what the files list")
			o.pipCompat.register(f)
			f.Under("Python options")
			f.python(&o.python)
			f.Pair(&o.system, "system", "no-system", "Use the Python of the system rather than a virtual environment").FromEnv("UV_SYSTEM_PYTHON")
			o.platform.register(f)
			f.Pair(&o.universal, "universal", "no-universal", "Resolve for all platforms at once")
			o.index.register(f)
			o.resolver.register(f)
			f.linkMode(&o.linkMode)
			o.build.register(f)
			o.binary.register(f)
			f.torchBackend(&o.torchBackend)
			o.refresh.register(f)
			f.Text(&o.cert, "cert", "FILE", "Trust the certificates in this PEM file")
			f.Exclusive("universal", "python-platform")
			f.Exclusive("universal", "strip-markers")
			f.Exclusive("no-build", "no-binary")
			f.Exclusive("no-build", "only-binary")
			return func(ctx context.Context, a *app, args []string) error {
				o.requirements = args
				return a.pipCompile(ctx, &o)
			}
		},
	}
}

func (o *compileOptions) registerOutput(f *flags) {
	f.Optional(&o.outputFile, "output-file,o", "FILE", "Write to this file too; the versions in it are kept where possible")
	f.Choice(&o.format, "format", "FORMAT", "What to write", "requirements.txt", "pylock.toml")
	f.Pair(&o.noStripExtras, "no-strip-extras", "strip-extras", "Write extras: name[extra]==version")
	f.Pair(&o.noStripMarkers, "no-strip-markers", "strip-markers", "Write markers")
	f.Pair(&o.noAnnotate, "no-annotate", "annotate", "Leave out the comments that say what needs each package")
	f.Pair(&o.noHeader, "no-header", "header", "Leave out the comment at the top")
	f.Choice(&o.style, "annotation-style", "STYLE", "Where the comments stand", "line", "split")
	f.Optional(&o.command, "custom-compile-command", "COMMAND", "What the comment at the top gives as the command").FromEnv("UV_CUSTOM_COMPILE_COMMAND")
	f.Pair(&o.hashes, "generate-hashes", "no-generate-hashes", "Write the hashes of all files of each version")
	f.Commas(&o.noEmitPackage, "no-emit-package", "NAME", "Leave this package out of the output").Alias("unsafe-package")
	f.Pair(&o.emitIndexURL, "emit-index-url", "no-emit-index-url", "Write `--index-url` and `--extra-index-url`")
	f.Pair(&o.emitFindLinks, "emit-find-links", "no-emit-find-links", "Write `--find-links`")
	f.Pair(&o.emitBuildOptions, "emit-build-options", "no-emit-build-options", "Write `--no-binary` and `--only-binary`")
	f.Pair(&o.emitMarker, "emit-marker-expression", "no-emit-marker-expression", "Write the environment that the versions hold for").Hide()
	f.Pair(&o.emitIndex, "emit-index-annotation", "no-emit-index-annotation", "Write which index each package is from")
}

// A compileSettings is what decides how to compile: flags over variables over
// files.
type compileSettings struct {
	workSettings
	omit    []pyname.Package
	format  string // requirements.txt or pylock.toml
	output  string
	system  bool
	python  string
	version string // of Python to resolve for
}

func (a *app) compileSettings(o *compileOptions) (*compileSettings, error) {
	base, err := settings.Combine(a.layers(), a.config.ForPip(),
		&o.index, &o.resolver, settings.LinkMode(o.linkMode), &o.build, settings.Torch(o.torchBackend), &o.binary)
	if err != nil {
		return nil, err
	}
	s := &compileSettings{workSettings: workSettings{Settings: *base, app: a, cert: o.cert, refresh: o.refresh, platform: o.platform}}
	p := &s.Pip
	override(&p.NoDeps, o.noDeps)
	o.applyOutput(a, p)
	system, err := a.flagOrEnv(o.system, "UV_SYSTEM_PYTHON")
	if err != nil {
		return nil, err
	}
	override(&p.System, system)
	s.system = isTrue(p.System)
	s.choosePython(o)
	if s.omit, err = settings.Packages("no-emit-package", o.noEmitPackage); err != nil {
		return nil, err
	}
	s.omit = append(s.omit, p.NoEmitPackage...)
	s.output = text(p.OutputFile)
	return s, s.chooseFormat(o.format)
}

// applyOutput puts the flags about the output over the settings.
func (o *compileOptions) applyOutput(a *app, p *config.Pip) {
	override(&p.OutputFile, o.outputFile)
	override(&p.NoStripExtras, o.noStripExtras)
	override(&p.NoStripMarkers, o.noStripMarkers)
	override(&p.NoAnnotate, o.noAnnotate)
	override(&p.NoHeader, o.noHeader)
	override(&p.CustomCompileCommand, a.textOrEnv(o.command, "UV_CUSTOM_COMPILE_COMMAND"))
	override(&p.GenerateHashes, o.hashes)
	override(&p.Universal, o.universal)
	override(&p.EmitIndexURL, o.emitIndexURL)
	override(&p.EmitFindLinks, o.emitFindLinks)
	override(&p.EmitBuildOptions, o.emitBuildOptions)
	override(&p.EmitMarkerExpression, o.emitMarker)
	override(&p.EmitIndexAnnotation, o.emitIndex)
	settings.Choose(&p.AnnotationStyle, o.style)
}

// chooseFormat tells the format by the name of the output file where it is not
// asked for.
func (s *compileSettings) chooseFormat(asked string) error {
	name := filepath.Base(s.output)
	if strings.EqualFold(name, "pyproject.toml") {
		return fmt.Errorf("`pyproject.toml` is not a supported output format for `%s pip compile`", s.app.name)
	}
	s.format = asked
	if s.format == "" {
		s.format = "requirements.txt"
		if strings.EqualFold(filepath.Ext(name), ".toml") {
			s.format = "pylock.toml"
		}
	}
	if s.format == "pylock.toml" && s.output != "" && !pylock.IsFileName(name) {
		return fmt.Errorf("`%s` would not be recognized as a pylock.toml: the name must be `pylock.toml` or `pylock.NAME.toml`", name)
	}
	return nil
}

func (a *app) pipCompile(ctx context.Context, o *compileOptions) error {
	if err := o.pipCompat.check(a); err != nil {
		return err
	}
	s, err := a.compileSettings(o)
	if err != nil {
		return err
	}
	if err := s.refuse(o); err != nil {
		return err
	}
	sources, err := o.sources(a, nil, &s.Pip)
	if err != nil {
		return err
	}
	if len(sources.Files)+len(sources.Groups) == 0 {
		return usageError("a requirements file, pyproject.toml or `--group` is expected")
	}
	e, err := a.newEngine(ctx, &s.workSettings)
	if err != nil {
		return err
	}
	in, err := a.readInputs(ctx, a.reader(&s.workSettings), sources)
	if err != nil {
		return err
	}
	if err := in.AddSettings(settingsInputs(&a.config, &s.Pip)); err != nil {
		return err
	}
	if in.Lock != "" {
		return errors.New("`pylock.toml` is not a supported input of `pip compile`: it is an output")
	}
	a.lookAhead(ctx, e, &s.workSettings, in, in.Foreseen())
	interpreter, target, err := a.compileTarget(ctx, s, in)
	if err != nil {
		return err
	}
	if err := a.connect(ctx, e, &s.workSettings, in, interpreter); err != nil {
		return err
	}
	if err := in.Complete(ctx, e); err != nil {
		return err
	}
	req := &pip.CompileRequest{
		Engine: e, Inputs: in, Dir: a.dir, Interpreter: interpreter, Target: target, Static: s.Static(), Policy: s.policy(in),
		Hashes: isTrue(s.Pip.GenerateHashes), FileHashes: s.format == "pylock.toml",
		AllowedHashes: a.previews("artifact-hash-filtering"),
	}
	if req.Options, err = s.ResolveOptions(); err != nil {
		return err
	}
	if isTrue(s.Pip.Universal) {
		if err := s.universal(req); err != nil {
			return err
		}
	}
	reader := a.reader(&s.workSettings)
	if req.Pins, err = pip.ReadPins(reader, s.output, s.format == "pylock.toml", s.upgrade()); err != nil {
		return err
	}
	compiled, err := pip.Compile(ctx, req)
	if err != nil {
		return err
	}
	return a.writeCompiled(s, e, compiled)
}

// refuse tells what cannot be done.
func (s *compileSettings) refuse(o *compileOptions) error {
	switch {
	case len(o.resolver.UpgradeGroup) > 0:
		return fmt.Errorf("`--upgrade-group` is not supported in `%s pip` commands", s.app.name)
	}
	return nil
}
