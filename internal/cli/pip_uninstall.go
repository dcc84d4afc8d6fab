package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/settings"
)

type uninstallOptions struct {
	pipFlags
	requirements []string
	keyring      string
	yes, dryRun  bool
}

func pipUninstallCommand() command {
	return command{
		path: "pip uninstall", args: "<PACKAGE|--requirements <FILE>>...", short: "Remove packages from an environment",
		prepare: func(f *flags) work {
			var o uninstallOptions
			f.List(&o.requirements, "requirements,r", "FILE", "Remove what this requirements file lists").Alias("requirement")
			f.Bool(&o.yes, "yes,y", "Has no effect; for compatibility with pip").Hide()
			f.Bool(&o.dryRun, "dry-run", "Only say what would be done")
			f.keyring(&o.keyring)
			o.registerPip(f, false)
			o.register(f, true)
			o.registerPlaces(f)
			return func(ctx context.Context, a *app, args []string) error { return a.pipUninstall(ctx, &o, args) }
		},
	}
}

func (a *app) pipUninstall(ctx context.Context, o *uninstallOptions, args []string) error {
	if len(args)+len(o.requirements) == 0 {
		return usageError("a package to remove is expected, or a file of `--requirements`")
	}
	if o.yes {
		a.print.Warn("`--yes` has no effect (%s never asks for confirmation)", a.name)
	}
	p, err := o.settings(a)
	if err != nil {
		return err
	}
	if k := first(o.keyring, a.env["UV_KEYRING_PROVIDER"]); k != "" {
		if err := settings.SetText(&p.KeyringProvider, k); err != nil {
			return fmt.Errorf("invalid value for `--keyring-provider`: %w", err)
		}
	}
	reader := a.reader(&workSettings{Settings: settings.Settings{Pip: p}, app: a, cert: o.cert})
	reader.Loose = true
	inputs, err := a.readInputs(ctx, reader, pip.Sources{Packages: args, Files: o.requirements})
	if err != nil {
		return err
	}
	env, err := a.pipEnvironment(ctx, &p, toUninstall)
	if err != nil {
		return err
	}
	if !o.dryRun {
		lock, err := a.lockEnvironment(ctx, env)
		if err != nil {
			return err
		}
		defer func() { _ = lock.Release() }()
	}
	start := time.Now()
	site, err := a.site(env)
	if err != nil {
		return err
	}
	result, err := pip.Uninstall(ctx, &pip.UninstallRequest{
		Inputs: inputs, Site: site, Layout: install.LayoutOf(env.Interpreter, false), DryRun: o.dryRun,
		Warn: func(text string) { a.print.Warn("%s", text) },
	})
	for _, what := range result.Missing {
		a.print.Warn("Skipping %s as it is not installed", what)
	}
	switch {
	case err != nil:
		return err
	case o.dryRun:
		a.showDryRun(&result.Changes)
	case result.IsEmpty():
		a.print.Warn("No packages to uninstall")
	default:
		a.status("Uninstalled", countPackages(result.Removed), time.Since(start))
		a.showChanges(&result.Changes)
	}
	return nil
}

// pipDebugCommand exists to say that it does not.
func pipDebugCommand() command {
	return command{
		path: "pip debug", args: "[ARGUMENT]...", hidden: true, short: "Not supported",
		prepare: func(f *flags) work {
			var p pipFlags
			p.registerPip(f, false)
			var ignored []string
			for _, name := range []string{"platform", "python-version", "implementation", "abi"} {
				f.List(&ignored, name, "VALUE", "").Hide()
			}
			return func(_ context.Context, a *app, _ []string) error {
				return withHint(usageError("pip's `debug` is unsupported"), "pip's own can be run: `%sx pip debug`", a.name)
			}
		},
	}
}
