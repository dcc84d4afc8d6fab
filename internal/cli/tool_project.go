package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/pyproject"
)

// useProject takes the versions of the project's lock, if that is wanted and the
// lock has the tool. A version that is named in the request counts more.
func (t *toolRunning) useProject(ctx context.Context) error {
	a := t.toolWork.app
	if t.request.python != nil || t.request.latest || t.request.version {
		return nil
	}
	on, err := a.projectTools(t.flags.projectTools)
	if err != nil || !on {
		return err
	}
	w, _, err := a.discover(ctx, discovery{existing: true})
	if err != nil {
		return err
	}
	target := project.Target{Workspace: w}
	l, _, err := target.ReadLock()
	if err != nil {
		return err
	}
	if l == nil {
		return fmt.Errorf("the project at `%s` has no lock to take the versions of tools from", a.shown(target.Dir()))
	}
	t.locked, t.lockDir = l, target.Dir()
	(&projectWork{settings: t.settings}).followLock(l)
	return nil
}

// preferLocked returns the versions of the project's lock, if it has the tool.
func (t *toolRunning) preferLocked() []resolve.Preference {
	if t.locked == nil {
		return nil
	}
	if first, end := t.locked.Named(toolInput(t.inputs).Name); first == end {
		t.toolWork.app.print.Debug("The lock of the project does not have the tool")
		t.locked = nil
		return nil
	}
	return t.locked.Preferences(t.lockDir, lock.Upgrade{})
}

// projectTools reports whether tools are to be those of the project: by the flag,
// else by the key project-tools of [tool.tame] in the nearest pyproject.toml that
// has it.
func (a *app) projectTools(flag *bool) (bool, error) {
	if flag != nil {
		return *flag, nil
	}
	for dir := a.projectDir(); ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "pyproject.toml")
		on, found, err := a.projectToolsIn(path)
		if err != nil || found || dir == filepath.Dir(dir) {
			return on, err
		}
	}
}

func (a *app) projectToolsIn(path string) (on, found bool, err error) {
	text, err := os.ReadFile(path)
	// Most files do not have it, and need not be understood; those that cannot be
	// read are for commands about projects to complain of.
	if err != nil || !bytes.Contains(text, []byte("project-tools")) {
		return false, false, nil
	}
	f, err := pyproject.Parse(path, text)
	if err != nil {
		return false, false, fmt.Errorf("failed to parse: `%s`: %w", a.shown(path), err)
	}
	v := f.Tool("tame").Get("project-tools")
	if v.IsZero() {
		return false, false, nil
	}
	on, ok := v.Bool()
	if !ok {
		return false, false, fmt.Errorf("failed to parse: `%s`: %w", a.shown(path), v.Errorf("`true` or `false` is expected for `project-tools`"))
	}
	return on, true, nil
}
