package cli

import (
	"context"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/python"
)

// cacheDir is where the cache is.
func (a *app) cacheDir() string {
	chosen := a.global.cacheDir
	if chosen == "" {
		chosen = a.env["UV_CACHE_DIR"]
	}
	if chosen == "" && a.config.CacheDir != nil {
		chosen = *a.config.CacheDir
	}
	return cache.Dir(cache.Places{
		Chosen: chosen, Home: a.home(),
		XDGCacheHome: a.env["XDG_CACHE_HOME"], LocalAppData: a.env["LOCALAPPDATA"],
	})
}

func (a *app) home() string {
	if home := a.env["HOME"]; home != "" {
		return home
	}
	if home := a.env["USERPROFILE"]; home != "" {
		return home
	}
	if home, err := os.UserHomeDir(); err == nil && home != "" {
		return home
	}
	// Services are often started without HOME.
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return ""
}

// openCache opens the cache for the rest of the command; with --no-cache it is
// a temporary one.
func (a *app) openCache(ctx context.Context, refresh cache.Refresh) (*cache.Cache, error) {
	opts := cache.Options{
		Refresh: refresh,
		Waiting: func() { a.print.Line("Waiting for another process to leave the cache") },
		Unlocked: func(err error) {
			a.print.Warn("the cache is used without a lock: %v", err)
		},
	}
	opts.LockTimeout = a.lockTimeout()
	var c *cache.Cache
	var err error
	if a.noCache() {
		a.attend() // to remove it at the end
		c, err = cache.Temporary(opts)
	} else {
		c, err = cache.Open(ctx, a.cacheDir(), opts)
	}
	if err != nil {
		return nil, err
	}
	a.atEnd(func() {
		_ = c.Close()
		if added := c.Added(); added > 0 && !c.IsTemporary() {
			a.limitCache(added)
		}
	})
	return c, nil
}

// lockTimeout is how long to wait for another process; zero is the default.
func (a *app) lockTimeout() time.Duration {
	d, err := time.ParseDuration(a.env["UV_LOCK_TIMEOUT"] + "s")
	if err != nil {
		return 0
	}
	return d
}

func (a *app) noCache() bool {
	v, err := a.flagOrEnv(a.global.noCache, "UV_NO_CACHE")
	if v == nil && err == nil {
		v = a.config.NoCache
	}
	return isTrue(v)
}

// finder looks for interpreters from the working directory.
func (a *app) finder() (*python.Finder, error) {
	f := &python.Finder{
		Getenv:  func(name string) string { return a.env[name] },
		Environ: a.environ(), Dir: a.dir,
	}
	if err := a.pythonPreference(&f.Preference); err != nil {
		return nil, err
	}
	if !a.noCache() {
		f.CacheDir = filepath.Join(a.cacheDir(), string(cache.Interpreters))
	}
	if a.print.Debugging() {
		f.Trace = a.print.Debug
	}
	f.Download, f.Unasked = a.pythonDownloader(mirrorFlags{}), a.warnUnasked
	return f, nil
}

// pythonPreference is whose Pythons to use: flags before variables before
// settings.
func (a *app) pythonPreference(to *python.Preference) error {
	managed := a.global.managedPython
	text := a.global.pythonPreference
	if managed == nil && text == "" {
		switch {
		case isTrue(a.vars.ManagedPython):
			managed = a.vars.ManagedPython
		case isTrue(a.vars.NoManagedPython):
			no := false
			managed = &no
		default:
			text = a.env["UV_PYTHON_PREFERENCE"]
		}
	}
	switch {
	case managed != nil && *managed:
		*to = python.OnlyManaged
	case managed != nil:
		*to = python.OnlySystem
	case text != "":
		return to.UnmarshalText([]byte(text))
	case a.config.PythonPreference != nil:
		return to.UnmarshalText([]byte(*a.config.PythonPreference))
	}
	return nil
}
