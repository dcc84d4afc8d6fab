package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pyname"
)

func cacheGroup() command {
	return command{path: "cache", short: "The cache: what was downloaded, unpacked and built"}
}

func cacheDirCommand() command {
	return command{
		path: "cache dir", reads: true, short: "Show where the cache is",
		prepare: func(*flags) work {
			return func(_ context.Context, a *app, _ []string) error {
				dir, err := a.cacheRoot()
				if err != nil {
					return err
				}
				a.print.Text("%s\n", dir)
				return nil
			}
		},
	}
}

func cacheSizeCommand() command {
	return command{
		path: "cache size", reads: true, short: "Show how much space the cache takes",
		prepare: func(f *flags) work {
			var format string
			var human bool
			f.Choice(&format, "output-format", "FORMAT", "How to print it: in bytes for programs, or for people; by default as standard output is read by one or the other",
				"auto", "human", "machine")
			f.Bool(&human, "human,H", "Print it for people: `1.2GiB`").Alias("human-readable")
			f.Exclusive("output-format", "human")
			return func(_ context.Context, a *app, _ []string) error {
				return a.cacheSize(human || format == "human", format != "machine")
			}
		},
	}
}

// cacheSize prints the space that the cache takes; auto looks at who reads it.
func (a *app) cacheSize(human, auto bool) error {
	a.warnPreview("cache size", "cache-size")
	dir, err := a.cacheRoot()
	if err != nil {
		return err
	}
	size := cache.Size(dir, time.Now())
	if !human && auto {
		_, human = ui.IsTerminal(a.print.Out)
	}
	if human {
		a.print.Data("%s\n", ui.Bytes(size))
		return nil
	}
	a.print.Data("%s\n", strconv.FormatInt(size, 10))
	return nil
}

func cacheCleanCommand() command {
	return command{
		path: "cache clean", args: "[PACKAGE]...", aliases: []string{"clear"},
		short: "Remove everything from the cache, or what it has of some packages", prepare: prepareClean,
	}
}

// cleanCommand is what `cache clean` was called at first.
func cleanCommand() command {
	c := cacheCleanCommand()
	c.path, c.aliases, c.hidden = "clean", nil, true
	return c
}

func prepareClean(f *flags) work {
	var force bool
	f.Bool(&force, "force", "Remove it even if other processes are using it")
	return func(ctx context.Context, a *app, args []string) error { return a.cacheClean(ctx, args, force) }
}

func (a *app) cacheClean(ctx context.Context, args []string, force bool) error {
	names, err := settings.Packages("PACKAGE", args)
	if err != nil {
		return err
	}
	x, err := a.cleaner(ctx, force)
	if x == nil || err != nil {
		return err
	}
	defer func() { _ = x.Close() }()
	if len(names) > 0 {
		removed, err := x.Packages(names, func(name pyname.Package, total fsx.Removal) {
			a.print.Debug("Cleared %s: %s gone so far", name, countRemoved(total))
		})
		a.showRemoved(removed, "No cache entries found")
		return err
	}
	a.print.Line("Clearing cache at: %s", a.print.Color.Cyan(a.shown(x.Root())))
	removed, err := x.All()
	a.showRemoved(removed, "No cache entries found")
	return err
}

// cacheRoot is where the cache is: with --no-cache an empty one that is gone
// at the end.
func (a *app) cacheRoot() (string, error) {
	if !a.noCache() {
		return a.cacheDir(), nil
	}
	dir, err := os.MkdirTemp("", "tame-cache-")
	a.atEnd(func() { _ = os.RemoveAll(dir) })
	return dir, err
}

// cleaner takes the cache for this process alone. It is nil, which is said,
// where there is no cache.
func (a *app) cleaner(ctx context.Context, force bool) (*cache.Cleaner, error) {
	dir, err := a.cacheRoot()
	if err != nil {
		return nil, err
	}
	x, err := cache.Clean(ctx, dir, cache.CleanOptions{
		Force: force, LockTimeout: a.lockTimeout(),
		Waiting: func() {
			a.print.Line("Cache is currently in-use, waiting for other %s processes to finish (use `--force` to override)", a.name)
		},
	})
	if errors.Is(err, fs.ErrNotExist) {
		a.print.Line("No cache found at: %s", a.print.Color.Cyan(a.shown(a.path(dir))))
		return nil, nil
	}
	return x, err
}

// showRemoved says what is gone, or that nothing was found.
func (a *app) showRemoved(r fsx.Removal, nothing string) {
	if r.Files+r.Dirs == 0 {
		a.print.Line("%s", nothing)
		return
	}
	size, gone := "", r.Bytes
	if a.previews("cache-physical-space") {
		gone = r.Freed
	}
	if r.Bytes > 0 || gone > 0 {
		size = " (" + a.print.Color.Green(ui.Bytes(gone)) + ")"
	}
	a.print.Line("Removed %s%s", countRemoved(r), size)
}

// countRemoved counts files, or directories where there were no files in them.
func countRemoved(r fsx.Removal) string {
	if r.Files > 0 {
		return ui.Count(int(r.Files), "file")
	}
	return ui.Count(int(r.Dirs), "directory")
}
