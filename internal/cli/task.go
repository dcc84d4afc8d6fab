package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/shellwords"
	tasks "github.com/tame-py/tame/internal/task"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pep508"
)

// A taskSettings is a [tool.tame] with the directory of its file.
type taskSettings struct {
	*tasks.Settings
	dir string
}

// taskSettings are the nearest ones of a directory or above it that have a task
// of a name or, without a name, anything at all; nil if there are none. Called
// as uv, the program has no tasks.
func (a *app) taskSettings(o *runFlags, name string) (*taskSettings, error) {
	none, err := a.flagOrEnv(o.noProject, "UV_NO_PROJECT")
	if err != nil || isTrue(none) || a.name != "tame" {
		return nil, err
	}
	for dir := a.projectDir(); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "pyproject.toml")); err == nil {
			f, err := a.projectFiles().Read(dir)
			if err == nil && f != nil && tasks.Has(f) {
				s, err := tasks.Read(f)
				if err != nil {
					return nil, fmt.Errorf("failed to parse: `%s`: %w", a.shown(f.Name()), err)
				}
				if name == "" || s.Task(name) != nil {
					return &taskSettings{s, dir}, nil
				}
			}
		}
		if dir == filepath.Dir(dir) {
			return nil, nil
		}
	}
}

// findTask is the task that the arguments name, if they do: not as a module or
// script, not by a path, and not behind `--`.
func (a *app) findTask(o *runFlags, args []string) (*taskSettings, error) {
	if len(args) == 0 || o.module || o.script || o.guiScript || o.dashed() || strings.ContainsAny(args[0], `/\`) {
		return nil, nil
	}
	return a.taskSettings(o, args[0])
}

// dashed reports whether `--` stands in front of the arguments.
func (o *runFlags) dashed() bool { return o.set != nil && o.set.ArgsLenAtDash() == 0 }

// listTasks shows the tasks of the project.
func (a *app) listTasks(o *runFlags) error {
	s, err := a.taskSettings(o, "")
	if err != nil {
		return err
	}
	if s == nil || len(s.Tasks) == 0 {
		a.print.Line("There are no tasks: they are in `[tool.tame.tasks]` of pyproject.toml")
		return nil
	}
	rows := make([][]string, len(s.Tasks))
	for i := range s.Tasks {
		t := &s.Tasks[i]
		what := first(t.Description, t.Shell, shellwords.Join(t.Cmd))
		if what == "" {
			what = "(" + strings.Join(t.DependsOn, ", ") + ")"
		}
		rows[i] = []string{t.Name, what}
	}
	a.print.Data("%s", ui.Columns([]string{"Task", "Does"}, rows))
	return nil
}

// settingVariables are the variables that [tool.tame] sets: those of its files,
// which need not be there, before its own. What is set already stays.
func (a *app) settingVariables(o *runFlags, s *taskSettings, into map[string]string) error {
	if s == nil {
		return nil
	}
	if err := a.addEnvFiles(o, s.dir, s.EnvFiles, into, false); err != nil {
		return err
	}
	for _, v := range s.Env {
		_, isSet := a.env[v.Name]
		if _, given := into[v.Name]; !isSet && !given {
			into[v.Name] = pep508.ExpandVars(v.Value, a.lookupIn(into))
		}
	}
	return nil
}

// lookupIn finds variables of the process, then in a map.
func (a *app) lookupIn(m map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if v, ok := a.env[name]; ok {
			return v, true
		}
		v, ok := m[name]
		return v, ok
	}
}

// addEnvFiles adds the variables of files that the project names. Those that are
// not there are passed over.
func (a *app) addEnvFiles(o *runFlags, dir string, names []string, into map[string]string, over bool) error {
	none, err := a.flagOrEnv(o.noEnvFile, "UV_NO_ENV_FILE")
	if err != nil || isTrue(none) {
		return err
	}
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if filepath.IsAbs(name) {
			path = name
		}
		variables, err := a.readEnvFile(name, path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, v := range variables {
			_, isSet := a.env[v.Name]
			if _, given := into[v.Name]; !isSet && (over || !given) {
				into[v.Name] = v.Value
			}
		}
	}
	return nil
}

// A tasking is a task on its way, with all that it depends on.
type tasking struct {
	*running
	settings  *taskSettings
	order     []*tasks.Task
	arguments []string // of the last one, which was asked for
	variables map[string]string
	depth     int

	installedMu sync.Mutex
	installed   string // what is in the environment, once that was asked for
}

// runTask runs the task that the first argument names.
func (a *app) runTask(ctx context.Context, o *runFlags, s *taskSettings, args []string, variables map[string]string, depth int) error {
	order, err := s.Order(args[0])
	if err != nil {
		return err
	}
	for _, t := range order {
		for _, g := range t.Groups {
			o.project.groups = append(o.project.groups, string(g))
		}
		for _, x := range t.Extras {
			o.project.extras = append(o.project.extras, string(x))
		}
	}
	r := &running{app: a, flags: o, target: &runTarget{name: args[0]}}
	defer r.release()
	if err := r.prepare(ctx); err != nil {
		return err
	}
	t := &tasking{running: r, settings: s, order: order, arguments: args[1:], variables: variables, depth: depth}
	t.sayShadowed()
	a.notePrepared()
	if err := t.runNeeded(ctx); err != nil {
		return err
	}
	return t.runAsked(ctx)
}

// sayShadowed says that a program of the environment has the task's name, unless
// the task is just a way to call it.
func (t *tasking) sayShadowed() {
	asked := t.asked()
	if len(asked.Cmd) > 0 && asked.Cmd[0] == asked.Name {
		return
	}
	for _, dir := range t.paths {
		path := filepath.Join(dir, asked.Name+executableSuffix())
		if info, err := os.Stat(path); err == nil && isExecutable(info) {
			t.app.print.Line("Running the task `%s`; `%s run -- %s` runs the program of that name", asked.Name, t.app.name, asked.Name)
			return
		}
	}
}

func (t *tasking) asked() *tasks.Task { return t.order[len(t.order)-1] }

// runAsked runs the task that was asked for, in the place of this process where
// nothing has to be done afterwards.
func (t *tasking) runAsked(ctx context.Context) error {
	asked := t.asked()
	c, variables, err := t.child(asked)
	if err != nil || c == nil {
		return err
	}
	if len(asked.Inputs) == 0 {
		if err := raiseFileLimit(t.app.vars.RunRlimitNofile); err != nil {
			return err
		}
		return t.execute(c, c.argv[0])
	}
	fresh, err := t.isFresh(ctx, asked, variables)
	if err != nil || fresh {
		return err
	}
	t.app.print.StopProgress()
	if err := t.spawn(c); err != nil {
		var status exitStatus
		if errors.As(err, &status) {
			return err
		}
		return spawnError(c.argv[0], err)
	}
	return t.keepState(ctx, asked, variables)
}

// child is the process of a task; nil if it has none of its own.
func (t *tasking) child(k *tasks.Task) (*childProcess, []tasks.Variable, error) {
	variables := map[string]string{}
	for name, value := range t.variables {
		variables[name] = value
	}
	if err := t.app.addEnvFiles(t.flags, t.settings.dir, k.EnvFiles, variables, true); err != nil {
		return nil, nil, err
	}
	c := &childProcess{dir: filepath.Join(t.settings.dir, filepath.FromSlash(k.Cwd)), env: t.childEnviron(variables, t.depth)}
	lookup := func(name string) (string, bool) {
		for _, entry := range slices.Backward(c.env) {
			if key, value, _ := strings.Cut(entry, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
	for _, v := range k.Env {
		value := pep508.ExpandVars(v.Value, lookup)
		c.env = slices.DeleteFunc(c.env, func(e string) bool { return strings.HasPrefix(e, v.Name+"=") })
		c.env = append(c.env, v.Name+"="+value)
		variables[v.Name] = value
	}
	if k.Cmd == nil && k.Shell == "" {
		return nil, nil, nil
	}
	for _, word := range k.Cmd {
		c.argv = append(c.argv, pep508.ExpandVars(word, lookup))
	}
	if k == t.asked() {
		c.argv = append(c.argv, t.arguments...)
	}
	if k.Shell != "" {
		c.argv = shellLine(k.Shell, c.argv)
	}
	var err error
	name := c.argv[0]
	if strings.ContainsAny(name, `/\`) && !filepath.IsAbs(name) {
		name = filepath.Join(c.dir, name)
	}
	if c.path, err = lookPath(name, c.env); err != nil {
		return nil, nil, fmt.Errorf("the task `%s`: %w", k.Name, spawnError(c.argv[0], err))
	}
	return c, sortedVariables(variables), nil
}

// shellLine is a line for the system's shell with arguments behind it.
func shellLine(line string, args []string) []string {
	if runtime.GOOS == "windows" {
		for _, a := range args {
			line += ` "` + strings.ReplaceAll(a, `"`, `""`) + `"`
		}
		return []string{"cmd", "/d", "/s", "/c", line}
	}
	if len(args) == 0 {
		return []string{"sh", "-c", line}
	}
	return append([]string{"sh", "-c", line + ` "$@"`, "sh"}, args...)
}

func sortedVariables(m map[string]string) []tasks.Variable {
	out := make([]tasks.Variable, 0, len(m))
	for name, value := range m {
		out = append(out, tasks.Variable{Name: name, Value: value})
	}
	slices.SortFunc(out, func(a, b tasks.Variable) int { return strings.Compare(a.Name, b.Name) })
	return out
}
