package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pyproject"
)

// pruneFlags are those of `cache prune`.
type pruneFlags struct {
	ci, force          bool
	maxSize, olderThan string
}

func cachePruneCommand() command {
	return command{
		path: "cache prune", short: "Remove from the cache what nothing leads to any more",
		long: "With `--max-size` and `--older-than` also what was not used for longest. What other processes use stays: it waits until they are done.",
		prepare: func(f *flags) work {
			var p pruneFlags
			f.Bool(&p.ci, "ci", "Keep what is worth keeping between runs of a continuous integration: wheels that were built, but not those that can be downloaded again")
			f.Bool(&p.force, "force", "Remove it even if other processes are using the cache")
			f.Text(&p.maxSize, "max-size", "SIZE", "Remove what was not used for longest until the rest takes no more than this: `5GB`, `800MiB`").FromEnv("TAME_CACHE_MAX_SIZE")
			f.Text(&p.olderThan, "older-than", "AGE", "Remove what was not used for this long: `30d`, `2w`, `12h`")
			return func(ctx context.Context, a *app, _ []string) error { return a.cachePrune(ctx, &p) }
		},
	}
}

func (a *app) cachePrune(ctx context.Context, p *pruneFlags) error {
	limits, err := a.pruneLimits(p)
	if err != nil {
		return err
	}
	x, err := a.cleaner(ctx, p.force)
	if x == nil || err != nil {
		return err
	}
	defer func() { _ = x.Close() }()
	a.print.Line("Pruning cache at: %s", a.print.Color.Cyan(a.shown(x.Root())))
	removed, err := x.Prune(p.ci)
	if err == nil && limits != (cache.Limits{}) {
		more, held, trimErr := x.Trim(limits)
		removed.Add(more)
		err = trimErr
		a.print.Debug("What is left takes %s", ui.Bytes(held))
	}
	a.showRemoved(removed, "No unused entries found")
	return err
}

// pruneLimits are those of the flags, and the size that is always kept to.
func (a *app) pruneLimits(p *pruneFlags) (l cache.Limits, err error) {
	if p.maxSize != "" {
		if l.Bytes, err = cache.ParseSize(p.maxSize); err != nil {
			return l, fmt.Errorf("invalid value `%s` for `--max-size`: %w", p.maxSize, err)
		}
	} else if l.Bytes, err = a.cacheLimit(); err != nil {
		return l, err
	}
	if p.olderThan != "" {
		age, err := cache.ParseAge(p.olderThan)
		if err != nil {
			return l, fmt.Errorf("invalid value `%s` for `--older-than`: %w", p.olderThan, err)
		}
		l.Since = time.Now().Add(-age)
	}
	return l, nil
}

// cacheLimit is the size that the cache is kept to: that of the variable, or of
// the project's `[tool.tame]`; 0 where there is none.
func (a *app) cacheLimit() (int64, error) {
	if text := a.env["TAME_CACHE_MAX_SIZE"]; text != "" {
		size, err := cache.ParseSize(text)
		if err != nil {
			return 0, fmt.Errorf("invalid value `%s` for `TAME_CACHE_MAX_SIZE`: %w", text, err)
		}
		return size, nil
	}
	for dir := a.projectDir(); ; dir = filepath.Dir(dir) {
		f, err := a.projectFiles().Read(dir)
		switch {
		case err == nil:
			return tameCacheSize(f)
		case !errors.Is(err, fs.ErrNotExist), dir == filepath.Dir(dir):
			return 0, nil // whoever needs the project says so
		}
	}
}

// tameCacheSize reads `cache-max-size` in the table [tool.tame].
func tameCacheSize(f *pyproject.File) (int64, error) {
	v := f.Tool("tame").Get("cache-max-size")
	if v.IsZero() {
		return 0, nil
	}
	text, ok := v.Text()
	if !ok {
		return 0, fmt.Errorf("failed to parse: `%s`: %w", f.Name(), v.Errorf("a string such as \"5GB\" is expected for `cache-max-size`"))
	}
	size, err := cache.ParseSize(text)
	if err != nil {
		return 0, fmt.Errorf("failed to parse: `%s`: %w", f.Name(), v.Errorf("invalid `cache-max-size`: %w", err))
	}
	return size, nil
}

// limitCache keeps the cache to its size after a command that has added bytes
// to it. What goes wrong with that is no failure of the command.
func (a *app) limitCache(added int64) {
	most, err := a.cacheLimit()
	if err != nil {
		a.print.Warn("the size of the cache is not limited: %v", err)
		return
	}
	if most == 0 {
		return
	}
	removed, err := cache.Limit(a.cacheDir(), most, added, time.Now())
	if err != nil {
		a.print.Warn("the cache could not be kept to its size: %v", err)
	}
	if removed.Files > 0 {
		a.print.Debug("Removed %s (%s) from the cache, which were not used for longest", countRemoved(removed), ui.Bytes(removed.Bytes))
	}
}
