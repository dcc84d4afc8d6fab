package cli

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/engine"
)

// syncReport is what `sync --output-format json` prints.
type syncReport struct {
	Schema  struct{ Version string } `json:"-"`
	Target  string                   `json:"target"`
	Project *reportedProject         `json:"project,omitempty"`
	Script  *reportedPath            `json:"script,omitempty"`
	Sync    *reportedSync            `json:"sync"`
	Lock    *reportedLock            `json:"lock"`
	DryRun  bool                     `json:"dry_run"`
}

type reportedPath struct {
	Path string `json:"path"`
}

type reportedProject struct {
	Path      string       `json:"path"`
	Workspace reportedPath `json:"workspace"`
}

type reportedSync struct {
	Environment struct {
		Path   string `json:"path"`
		Python struct {
			Path           string `json:"path"`
			Version        string `json:"version"`
			Implementation string `json:"implementation"`
		} `json:"python"`
	} `json:"environment"`
	Action  string           `json:"action"`
	Changes []reportedChange `json:"changes"`
}

type reportedChange struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Action  string `json:"action"`
}

type reportedLock struct {
	Path   string `json:"path"`
	Action string `json:"action"`
}

// start notes what is worked on.
func (r *syncReport) start(s *syncing) {
	r.Target, r.DryRun, r.Sync = "project", s.dryRun, &reportedSync{Action: string(s.env.action), Changes: []reportedChange{}}
	if script := s.target.Script; script != nil {
		r.Target, r.Script = "script", &reportedPath{script.Path}
	} else {
		dir := s.target.Workspace.Root
		if s.member != nil {
			dir = s.member.Dir
		}
		r.Project = &reportedProject{dir, reportedPath{s.target.Workspace.Root}}
	}
	i := s.env.Interpreter
	e := &r.Sync.Environment
	e.Path, e.Python.Path = s.env.Root, i.Executable
	e.Python.Version, e.Python.Implementation = i.Version.String(), i.Implementation()
}

func (r *syncReport) lock(path, action string) { r.Lock = &reportedLock{path, action} }

// changes notes what was installed and removed.
func (r *syncReport) changes(c *engine.Changes) {
	if r.Sync == nil {
		return
	}
	list := r.Sync.Changes
	for i := 0; i < len(c.Changes); i++ {
		change := c.Changes[i]
		action := "uninstalled"
		switch {
		case i+1 < len(c.Changes) && sameDist(change, c.Changes[i+1]):
			action = "reinstalled"
			i++
		case change.Added:
			action = "installed"
		}
		one := reportedChange{Name: string(change.Name), Action: action}
		if !change.Version.IsZero() {
			one.Version = change.Version.String()
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b reportedChange) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return actionOrder(a.Action) - actionOrder(b.Action)
	})
	r.Sync.Changes = list
}

func actionOrder(action string) int {
	return slices.Index([]string{"uninstalled", "installed", "reinstalled"}, action)
}

// MarshalJSON puts the version of the form before all else.
func (r *syncReport) MarshalJSON() ([]byte, error) {
	type plain syncReport
	return json.Marshal(struct {
		Schema struct {
			Version string `json:"version"`
		} `json:"schema"`
		*plain
	}{Schema: struct {
		Version string `json:"version"`
	}{"preview"}, plain: (*plain)(r)})
}

// printJSON prints a value as indented JSON.
func (a *app) printJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		a.print.Data("%s\n", text)
	}
	return err
}
