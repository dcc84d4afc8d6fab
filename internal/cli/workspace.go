package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// workspaceCommands are about the workspace that a project belongs to.
func workspaceCommands() []command {
	group := command{path: "workspace", short: "See the workspace that a project belongs to"}
	return []command{group, workspaceDirCommand(), workspaceListCommand(), workspaceMetadataCommand(), workspaceAffectedCommand(), workspaceCopyCommand()}
}

func workspaceDirCommand() command {
	return command{
		path: "workspace dir", short: "Print the directory of the workspace, or of a member", reads: true,
		prepare: func(f *flags) work {
			var name string
			f.Text(&name, "package", "NAME", "Print the directory of this member")
			return func(ctx context.Context, a *app, args []string) error { return a.workspaceDir(ctx, name) }
		},
	}
}

func workspaceListCommand() command {
	return command{
		path: "workspace list", short: "List the members of the workspace", reads: true,
		prepare: func(f *flags) work {
			var paths, scripts bool
			f.Bool(&paths, "paths", "Print directories instead of names")
			f.Bool(&scripts, "scripts", "List the scripts with metadata in the workspace")
			f.Exclusive("paths", "scripts")
			return func(ctx context.Context, a *app, args []string) error { return a.workspaceList(ctx, paths, scripts) }
		},
	}
}

// strictWorkspace finds the workspace of the directory at hand, which must have
// a project or be the root of a workspace.
func (a *app) strictWorkspace(ctx context.Context) (*workspace.Workspace, error) {
	w, _, err := a.discover(ctx, discovery{})
	if err != nil {
		return nil, err
	}
	if !w.Declared && !w.File.HasProject() {
		return nil, &workspace.DirectoryError{Err: workspace.ErrNoProject, Path: a.shown(filepath.Join(w.Root, "pyproject.toml"))}
	}
	return w, nil
}

func (a *app) workspaceDir(ctx context.Context, name string) error {
	w, err := a.strictWorkspace(ctx)
	if err != nil {
		return err
	}
	dir := w.Root
	if name != "" {
		package_, err := pyname.ParsePackage(name)
		if err != nil {
			return fmt.Errorf("invalid value for `--package`: %w", err)
		}
		m := w.Member(package_)
		if m == nil {
			return fmt.Errorf("package `%s` not found in workspace", package_)
		}
		dir = m.Dir
	}
	a.print.Data("%s\n", dir)
	return nil
}

func (a *app) workspaceList(ctx context.Context, paths, scripts bool) error {
	if scripts && !a.previews("workspace-list-scripts") {
		a.print.Warn("The `--scripts` option is experimental and may change without warning. Pass `--preview-features workspace-list-scripts` to disable this warning.")
	}
	w, err := a.strictWorkspace(ctx)
	if err != nil {
		return err
	}
	if scripts {
		return a.listScripts(w.Root)
	}
	for _, m := range w.Members {
		if paths {
			a.print.Data("%s\n", m.Dir)
		} else {
			a.print.Data("%s\n", m.Name)
		}
	}
	return nil
}

// listScripts prints the scripts with metadata below a directory.
func (a *app) listScripts(root string) error {
	return a.eachScript(root, func(path string) error {
		rel, err := filepath.Rel(root, path)
		if err == nil {
			a.print.Data("%s\n", rel)
		}
		return err
	})
}

// eachScript finds the scripts with metadata below a directory.
func (a *app) eachScript(root string, found func(path string) error) error {
	ignore := workspace.IgnoreRules{}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("failed to discover scripts under the workspace root `%s`: %w", a.shown(root), err)
		}
		if d.IsDir() {
			if path != root && (d.Name() == ".git" || d.Name() == ".venv" || isEnvironment(path) || path == a.cacheDir() || ignore.Ignores(path, true)) {
				return filepath.SkipDir
			}
			ignore.Enter(path)
			return nil
		}
		if !d.Type().IsRegular() || ignore.Ignores(path, false) {
			return nil
		}
		is, err := isMetadataScript(path)
		if err != nil || !is {
			return err
		}
		return found(path)
	})
}

func isEnvironment(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "pyvenv.cfg"))
	return err == nil
}

// isMetadataScript reports whether a file is a Python script with metadata.
// Without an extension it must begin with `#!`.
func isMetadataScript(path string) (bool, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case "", ".py", ".pyw":
	default:
		return false, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if filepath.Ext(path) == "" && !strings.HasPrefix(string(text), "#!") {
		return false, nil
	}
	script, err := pyproject.ParseScript(path, text)
	if err != nil {
		return false, fmt.Errorf("failed to parse PEP 723 script: %s: %w", path, err)
	}
	return script != nil, nil
}
