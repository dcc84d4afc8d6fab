package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
)

// A central keeps the environment of a project in the cache
// (`centralized-project-envs`, a preview feature): one for each interpreter. The
// project's .venv is a link to the one that was used last.
type central struct {
	app   *app
	cache *cache.Cache
	// root is the folder of the workspace, name that of its project or folder.
	root, name string
}

// isCentral reports whether environments are kept in the cache: those at the
// usual place, unless there is no cache.
func (a *app) isCentral() bool {
	if !a.previews("centralized-project-envs") || a.env["UV_PROJECT_ENVIRONMENT"] != "" {
		return false
	}
	if a.noCache() {
		a.warnOnce("the `centralized-project-envs` feature has no effect when `--no-cache` is enabled")
		return false
	}
	return true
}

// central is that of the project, nil if its environment is where it always was.
func (p *projectWork) central(active *bool) *central {
	if p.target.Workspace == nil || p.app.cell != "" || isTrue(active) && p.app.env["VIRTUAL_ENV"] != "" || !p.app.isCentral() {
		return nil
	}
	return &central{p.app, p.engine.Cache, p.target.Workspace.Root, p.target.Prompt()}
}

// link is the name in the project.
func (c *central) link() string { return filepath.Join(c.root, ".venv") }

// place is where the environment for an interpreter is. One that follows the
// upgrades of a managed Python is named by its minor version.
func (c *central) place(f *python.Finder, i *python.Interpreter, upgradeable bool) string {
	root := c.root
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	version, key := i.Version.String(), i.Key().String()
	if minor, ok := minorOf(f, i); ok && upgradeable {
		version, key = i.MinorVersion(), minor
	}
	short := map[string]string{"cpython": "cp", "pypy": "pp", "graalpy": "gp"}[i.Implementation()]
	if short == "" {
		short = i.Implementation()
	}
	return c.cache.Path(cache.Environments, fileStem(c.name)+short+version+"-"+cache.Key("project", root, key)[:16])
}

// current is the environment that .venv leads to.
func (c *central) current() string {
	if text, err := os.ReadFile(c.link()); err == nil {
		return strings.TrimSpace(string(text))
	}
	return c.link()
}

// seek finds the environment of the project, first that for the interpreter that
// .venv has. Without one it returns the interpreter to make it for.
func (c *central) seek(ctx context.Context, r *project.EnvironmentRequest, find func() (*python.Installation, error)) (*python.Environment, *python.Installation, error) {
	upgradeable := !r.Request.IncludesPatch()
	if env, err := r.Finder.EnvironmentAt(ctx, c.current()); err == nil {
		r.Root = c.place(r.Finder, env.Interpreter, upgradeable)
		if found, err := r.Find(ctx); found != nil || err != nil {
			return found, nil, err
		}
	}
	found, err := find()
	if err != nil {
		return nil, nil, err
	}
	r.Root = c.place(r.Finder, found.Interpreter, upgradeable)
	env, err := r.Find(ctx)
	return env, found, err
}

// minorOf is the name of the link that leads to a managed Python by its minor
// version.
func minorOf(f *python.Finder, i *python.Interpreter) (string, bool) {
	installed, ok := f.Store().Find(i.BasePrefix)
	if !ok {
		return "", false
	}
	link, ok := installed.MinorLink()
	return filepath.Base(link.Path), ok && link.Exists()
}

// point makes .venv lead to an environment. An environment that is there is
// replaced; anything else stays.
func (c *central) point(to string) bool {
	link := c.link()
	if target, err := os.Readlink(link); err == nil && target == to {
		return true
	}
	if info, err := os.Lstat(link); err == nil && info.IsDir() {
		if _, err := os.Lstat(filepath.Join(link, "pyvenv.cfg")); err == nil {
			if _, err := fsx.RemoveAll(link, nil); err != nil {
				c.app.print.Warn("failed to remove the project's own virtual environment: %v", err)
				return false
			}
		}
	}
	made := link + ".new"
	_ = os.Remove(made)
	err := os.Symlink(to, made)
	if err == nil {
		if err = os.Rename(made, link); err == nil {
			return true
		}
		_ = os.Remove(made)
	}
	if failed := fsx.WriteFile(link, []byte(to), 0o666); failed != nil {
		c.app.print.Warn("`.venv` cannot lead to the project's environment: %v", errors.Join(err, failed))
		return false
	}
	c.app.print.Warn("no link to the project's environment could be made: `%s` has its path instead", c.app.shown(link))
	return false
}

// leadsToCache reports whether a path is a link, or has the path, of an
// environment in the cache.
func (a *app) leadsToCache(path string) bool {
	target, err := os.Readlink(path)
	if err != nil {
		info, e := os.Lstat(path)
		if e != nil || !info.Mode().IsRegular() {
			return false
		}
		text, e := os.ReadFile(path)
		if target = string(text); e != nil {
			return false
		}
	}
	rel, err := filepath.Rel(filepath.Join(a.path(a.cacheDir()), string(cache.Environments)), target)
	return err == nil && filepath.IsLocal(rel)
}
