package cli

import (
	"context"
	"strings"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/settings"
)

type treeOptions struct {
	pipFlags
	outdatedFlags
	specifiers      bool
	depth           int
	prune, packages []string
	noDedupe        bool
	invert          bool
	showSizes       bool
}

func pipTreeCommand() command {
	return command{
		path: "pip tree", reads: true, short: "Show how the installed packages depend on each other",
		prepare: func(f *flags) work {
			t := treeOptions{depth: 255}
			f.Bool(&t.specifiers, "show-version-specifiers", "Show which versions each dependency asks for")
			f.Number(&t.depth, "depth,d", "DEPTH", "Show this many levels below the roots", 0)
			f.List(&t.prune, "prune", "NAME", "Leave out this package with all below it")
			f.List(&t.packages, "package", "NAME", "Begin at this package")
			f.Bool(&t.noDedupe, "no-dedupe", "Show again what was shown before")
			f.Bool(&t.invert, "invert", "Show who depends on each package").Alias("reverse")
			f.Pair(&t.outdated, "outdated", "", "Show the latest version where an older one is installed")
			f.Bool(&t.showSizes, "show-sizes", "Show sizes, where they are known: only a lock knows them")
			t.registerPip(f, true)
			t.register(f, false)
			t.index.register(f)
			t.time.register(f)
			return func(ctx context.Context, a *app, _ []string) error { return a.pipTree(ctx, &t) }
		},
	}
}

func (a *app) pipTree(ctx context.Context, t *treeOptions) error {
	o, err := a.openSite(ctx, &t.pipFlags)
	if err != nil {
		return err
	}
	prune, err := settings.Packages("prune", t.prune)
	if err != nil {
		return err
	}
	roots, err := settings.Packages("package", t.packages)
	if err != nil {
		return err
	}
	req := pip.TreeRequest{
		Site: o.site, Env: &o.env.Interpreter.Env, Depth: t.depth, Prune: prune, Packages: roots,
		NoDedupe: t.noDedupe, Invert: t.invert, Specifiers: t.specifiers,
	}
	if isTrue(t.outdated) {
		latest, err := t.find(ctx, a, &t.pipFlags, o, o.site.All())
		if err != nil {
			return err
		}
		req.Note = func(i *install.Installed) string {
			if newer, ok := latest[i]; ok {
				return " " + a.print.OutColor.Cyan("(latest: v"+newer.Version.String()+")")
			}
			return ""
		}
	}
	lines, err := pip.Tree(ctx, req)
	if err != nil {
		return err
	}
	if len(lines) > 0 {
		a.print.Text("%s\n", strings.Join(lines, "\n"))
	}
	return a.warnStrict(o)
}
