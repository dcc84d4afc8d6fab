package cache

import (
	"os"
	"path/filepath"
	"runtime"
)

// Places are the settings and variables that decide where the cache is. This
// package does not read the environment; config fills them in.
type Places struct {
	// Chosen is --cache-dir, else UV_CACHE_DIR, else cache-dir of uv's
	// settings, else empty.
	Chosen string
	// Home is the home directory of the user.
	Home string
	// XDGCacheHome is XDG_CACHE_HOME.
	XDGCacheHome string
	// LocalAppData is LOCALAPPDATA (Windows).
	LocalAppData string
}

// Dir returns the cache directory, by the rules of uv: the one that was
// chosen; else the user's, which is uv/cache in the local application data on
// Windows and uv below XDG_CACHE_HOME (if absolute) or ~/.cache elsewhere; on
// macOS ~/Library/Caches/uv goes first if it is there. Without any home it is
// .uv_cache in the working directory.
func Dir(p Places) string {
	if p.Chosen != "" {
		return p.Chosen
	}
	switch {
	case runtime.GOOS == "windows":
		base := p.LocalAppData
		if base == "" && p.Home != "" {
			base = filepath.Join(p.Home, "AppData", "Local")
		}
		if base != "" {
			return filepath.Join(base, "uv", "cache")
		}
	case runtime.GOOS == "darwin" && p.Home != "":
		if old := filepath.Join(p.Home, "Library", "Caches", "uv"); exists(old) {
			return old
		}
	}
	switch {
	case runtime.GOOS == "windows":
	case filepath.IsAbs(p.XDGCacheHome):
		return filepath.Join(p.XDGCacheHome, "uv")
	case p.Home != "":
		return filepath.Join(p.Home, ".cache", "uv")
	}
	return ".uv_cache"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
