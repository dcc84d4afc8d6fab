// Package task knows the tasks of a project: the table [tool.tame.tasks] of its
// pyproject.toml, which task needs which, and when one need not run again.
//
//	[tool.tame]
//	env-file = ".env"
//	env = { DEBUG = "1" }
//
//	[tool.tame.tasks]
//	lint = "ruff check"
//	test = { cmd = "pytest -x", depends-on = ["lint"], groups = ["test"] }
//	docs = { shell = "mkdocs build > log", inputs = ["docs/**"], outputs = ["site"] }
//
// uv ignores the table. The package starts no program: its callers do.
package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/shellwords"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A Task is one entry of the table.
type Task struct {
	Name        string
	Description string
	// Cmd is a program and its arguments, Shell a line for the system's shell; at
	// most one of them is set. A task with neither only has others run.
	Cmd   []string
	Shell string
	// DependsOn are tasks that must have succeeded before. With Sequential they
	// run one after the other in this order, else at the same time.
	DependsOn  []string
	Sequential bool
	Cwd        string // relative to the project; "" is the project
	Env        []Variable
	EnvFiles   []string // relative to the project
	Groups     []pyname.Group
	Extras     []pyname.Extra
	// Inputs and Outputs are patterns of files, relative to Cwd: while the inputs
	// are what they were at the last success and the outputs are as it left them,
	// the task need not run.
	Inputs, Outputs []string
}

// A Variable is one of the environment. ${NAME} in its value is replaced.
type Variable struct{ Name, Value string }

// Settings are the table [tool.tame], as far as it is about running things.
type Settings struct {
	Tasks    []Task // in the order of the file
	Env      []Variable
	EnvFiles []string // relative to the project
	Matrix   []string // the Pythons of a matrix that names none
}

// Read reads the table of a pyproject.toml. The error is a *pyproject.Error, with
// its place, or that of Check.
func Read(f *pyproject.File) (*Settings, error) {
	table := f.Tool("tame")
	var s Settings
	var err error
	if s.Env, err = variables(table.Get("env")); err != nil {
		return nil, err
	}
	if s.EnvFiles, err = texts(table.Get("env-file")); err != nil {
		return nil, err
	}
	if s.Matrix, err = texts(table.Get("matrix")); err != nil {
		return nil, err
	}
	for name, v := range table.Get("tasks").Entries() {
		t, err := readTask(name, v)
		if err != nil {
			return nil, err
		}
		s.Tasks = append(s.Tasks, t)
	}
	for name, v := range table.Get("tasks").Entries() {
		t := s.Task(name)
		for _, d := range t.DependsOn {
			if s.Task(d) == nil {
				return nil, v.Errorf("the task `%s` depends on `%s`, which is no task", name, d)
			}
		}
		if _, err := s.Order(name); err != nil {
			return nil, v.Errorf("%w", err)
		}
	}
	return &s, nil
}

// Has reports whether there are such settings at all, which costs nothing to
// find out.
func Has(f *pyproject.File) bool {
	t := f.Tool("tame")
	return !t.Get("tasks").IsZero() || !t.Get("env").IsZero() || !t.Get("env-file").IsZero() || !t.Get("matrix").IsZero()
}

// Task is the task of a name, nil if there is none.
func (s *Settings) Task(name string) *Task {
	for i := range s.Tasks {
		if s.Tasks[i].Name == name {
			return &s.Tasks[i]
		}
	}
	return nil
}

func readTask(name string, v pyproject.Value) (Task, error) {
	t := Task{Name: name}
	if name == "" || strings.ContainsAny(name, " \t\n/\\") || strings.HasPrefix(name, "-") {
		return t, v.Errorf("`%s` cannot be the name of a task: it begins with `-`, is empty, or has blanks or slashes", name)
	}
	if text, ok := v.Text(); ok {
		var err error
		if t.Cmd, err = words(text); err != nil {
			return t, v.Errorf("%w", err)
		}
		return t, nil
	}
	if !v.IsTable() {
		return t, v.Errorf("a task is a command, or a table")
	}
	for key, value := range v.Entries() {
		if err := t.read(key, value); err != nil {
			return t, err
		}
	}
	switch {
	case t.Cmd != nil && t.Shell != "":
		return t, v.Errorf("the task `%s` has both `cmd` and `shell`", name)
	case t.Cmd == nil && t.Shell == "" && len(t.DependsOn) == 0:
		return t, v.Errorf("the task `%s` has neither `cmd` nor `shell` nor `depends-on`", name)
	case len(t.Outputs) > 0 && len(t.Inputs) == 0:
		return t, v.Errorf("the task `%s` has `outputs` without `inputs`, and so would run every time", name)
	}
	return t, nil
}

// words are those of a command that is written as a text.
func words(line string) ([]string, error) {
	words, err := shellwords.Split(line)
	if err == nil && len(words) == 0 {
		err = errNoProgram
	}
	return words, err
}

var errNoProgram = errors.New("a command needs a program")

// read takes in one key.
func (t *Task) read(key string, v pyproject.Value) (err error) {
	switch key {
	case "cmd":
		if text, ok := v.Text(); ok {
			if t.Cmd, err = words(text); err != nil {
				return v.Errorf("%w", err)
			}
			return nil
		}
		if t.Cmd, err = texts(v); err == nil && len(t.Cmd) == 0 {
			return v.Errorf("%w", errNoProgram)
		}
	case "shell":
		t.Shell, err = text(v)
	case "description":
		t.Description, err = text(v)
	case "cwd":
		t.Cwd, err = text(v)
	case "depends-on":
		t.DependsOn, err = texts(v)
	case "sequential":
		ok := false
		if t.Sequential, ok = v.Bool(); !ok {
			return v.Errorf("true or false is expected")
		}
	case "env":
		t.Env, err = variables(v)
	case "env-file":
		t.EnvFiles, err = texts(v)
	case "inputs":
		t.Inputs, err = texts(v)
	case "outputs":
		t.Outputs, err = texts(v)
	case "groups":
		return each(v, func(s string) error {
			g, err := pyname.ParseGroup(s)
			t.Groups = append(t.Groups, g)
			return err
		})
	case "extras":
		return each(v, func(s string) error {
			x, err := pyname.ParseExtra(s)
			t.Extras = append(t.Extras, x)
			return err
		})
	default:
		return v.Errorf("unknown key `%s` of the task `%s`; there are cmd, shell, description, depends-on, sequential, cwd, env, env-file, groups, extras, inputs, outputs", key, t.Name)
	}
	return err
}

func text(v pyproject.Value) (string, error) {
	s, ok := v.Text()
	if !ok || s == "" {
		return "", v.Errorf("a text is expected")
	}
	return s, nil
}

// texts is a text, or a list of them.
func texts(v pyproject.Value) ([]string, error) {
	if v.IsZero() {
		return nil, nil
	}
	if s, ok := v.Text(); ok {
		return []string{s}, nil
	}
	var out []string
	err := each(v, func(s string) error {
		out = append(out, s)
		return nil
	})
	return out, err
}

func each(v pyproject.Value, f func(string) error) error {
	if s, ok := v.Text(); ok {
		if err := f(s); err != nil {
			return v.Errorf("%w", err)
		}
		return nil
	}
	if v.IsTable() {
		return v.Errorf("a list of texts is expected")
	}
	found := false
	for _, e := range v.Elems() {
		found = true
		s, ok := e.Text()
		if !ok {
			return e.Errorf("a text is expected")
		}
		if err := f(s); err != nil {
			return e.Errorf("%w", err)
		}
	}
	if _, isBool := v.Bool(); !found && isBool {
		return v.Errorf("a list of texts is expected")
	}
	return nil
}

func variables(v pyproject.Value) ([]Variable, error) {
	if !v.IsZero() && !v.IsTable() {
		return nil, v.Errorf("a table of variables is expected")
	}
	var out []Variable
	for name, e := range v.Entries() {
		value, ok := e.Text()
		if !ok {
			return nil, e.Errorf("the value of a variable is a text")
		}
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return nil, e.Errorf("`%s` cannot be the name of a variable", name)
		}
		out = append(out, Variable{name, value})
	}
	return out, nil
}

// A CycleError says that a task depends on itself.
type CycleError struct{ Names []string }

// Error shows the way back to the first.
func (e *CycleError) Error() string {
	return fmt.Sprintf("tasks depend on each other: %s", strings.Join(e.Names, " -> "))
}

// Order is a task with all that it depends on: each once, behind what it needs,
// in the order of the lists. The error is a *CycleError.
func (s *Settings) Order(name string) ([]*Task, error) {
	o := ordering{settings: s, done: map[string]bool{}}
	if err := o.visit(name); err != nil {
		return nil, err
	}
	return o.out, nil
}

type ordering struct {
	settings *Settings
	out      []*Task
	done     map[string]bool
	path     []string
}

func (o *ordering) visit(name string) error {
	if o.done[name] {
		return nil
	}
	if i := slices.Index(o.path, name); i >= 0 {
		return &CycleError{append(slices.Clone(o.path[i:]), name)}
	}
	t := o.settings.Task(name)
	if t == nil {
		return fmt.Errorf("there is no task `%s`", name)
	}
	o.path = append(o.path, name)
	for _, d := range t.DependsOn {
		if err := o.visit(d); err != nil {
			return err
		}
	}
	o.path = o.path[:len(o.path)-1]
	o.done[name] = true
	o.out = append(o.out, t)
	return nil
}

// Needs is, for each task of an order, the places in the order of those that must
// be done before it begins: what it depends on and, where that is sequential,
// what stands before it in the list.
func Needs(order []*Task) [][]int {
	place := make(map[string]int, len(order))
	for i, t := range order {
		place[t.Name] = i
	}
	out := make([][]int, len(order))
	for i, t := range order {
		for n, d := range t.DependsOn {
			out[i] = append(out[i], place[d])
			// A later one that something else has run before is not held up, which
			// the order forbids anyway.
			if n > 0 && t.Sequential && place[t.DependsOn[n-1]] < place[d] {
				out[place[d]] = append(out[place[d]], place[t.DependsOn[n-1]])
			}
		}
	}
	return out
}
