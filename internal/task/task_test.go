package task

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pyproject"
)

func read(t *testing.T, text string) (*Settings, error) {
	t.Helper()
	f, err := pyproject.Parse("pyproject.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Read(f)
}

func TestRead(t *testing.T) {
	t.Parallel()
	s, err := read(t, `
[tool.tame]
env-file = ".env"
env = { A = "1" }
[tool.tame.tasks]
lint = "ruff check 'a b'"
test = { cmd = ["pytest", "-x"], depends-on = ["lint"], groups = ["Test_It"], extras = "All", env = { B = "${A}" }, cwd = "src" }
docs = { shell = "x > y", inputs = ["docs/**"], outputs = "site", description = "Write" }
all = { depends-on = ["test", "docs", "lint"], sequential = true }
`)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Task("lint").Cmd; !slices.Equal(got, []string{"ruff", "check", "a b"}) {
		t.Errorf("lint is %q", got)
	}
	test := s.Task("test")
	if test.Groups[0] != "test-it" || test.Extras[0] != "all" || test.Env[0].Value != "${A}" || test.Cwd != "src" {
		t.Errorf("test is %+v", test)
	}
	if s.EnvFiles[0] != ".env" || s.Env[0].Name != "A" {
		t.Errorf("the settings are %+v", s)
	}
	order, err := s.Order("all")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range order {
		names = append(names, o.Name)
	}
	if got := strings.Join(names, " "); got != "lint test docs all" {
		t.Errorf("the order is %s", got)
	}
	needs := Needs(order)
	if !slices.Equal(needs[2], []int{1}) || !slices.Contains(needs[1], 0) || len(needs[0]) != 0 {
		t.Errorf("the needs are %v", needs)
	}
}

func TestReadWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`a = 1`:                            "a command, or a table",
		`a = {}`:                           "neither",
		`a = { cmd = "x", shell = "y" }`:   "both",
		`a = { cmd = "x", depend = "y" }`:  "unknown key `depend`",
		`a = { depends-on = ["b"] }`:       "which is no task",
		`a = { depends-on = ["a"] }`:       "a -> a",
		`a = "x 'y"`:                       "not closed",
		`a = ""`:                           "needs a program",
		`a = { cmd = [] }`:                 "needs a program",
		`a = { cmd = "x", env = { A = 1}}`: "is a text",
		`a = { cmd = "x", groups = [1] }`:  "a text is expected",
		`a = { cmd = "x", groups = true }`: "a list of texts",
		`a = { cmd = "x", outputs = "o" }`: "without `inputs`",
		`"a b" = "x"`:                      "cannot be the name",
		`-a = "x"`:                         "cannot be the name",
	} {
		_, err := read(t, "[tool.tame.tasks]\n"+text+"\n")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want one with %q", text, err, want)
		}
	}
	s := &Settings{Tasks: []Task{{Name: "a", DependsOn: []string{"b"}}, {Name: "b", DependsOn: []string{"a"}}}}
	var cycle *CycleError
	if _, err := s.Order("a"); !errors.As(err, &cycle) {
		t.Errorf("the error is %v", err)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	base := State{Task: &Task{Name: "a", Cmd: []string{"x"}}, Inputs: []FileDigest{{"b", "2"}, {"a", "1"}}}
	swapped := base
	swapped.Inputs = []FileDigest{{"a", "1"}, {"b", "2"}}
	if base.Key() != swapped.Key() {
		t.Error("the order of files counts")
	}
	for name, change := range map[string]func(*State){
		"argument": func(s *State) { s.Arguments = []string{"y"} }, "input": func(s *State) { s.Inputs = s.Inputs[1:] },
		"output": func(s *State) { s.Outputs = base.Inputs; s.Inputs = nil }, "environment": func(s *State) { s.Environment = "e" },
		"variable": func(s *State) { s.Variables = []Variable{{"A", "1"}} }, "command": func(s *State) { s.Task = &Task{Name: "a", Cmd: []string{"y"}} },
	} {
		other := base
		change(&other)
		if other.Key() == base.Key() {
			t.Errorf("the key does not depend on the %s", name)
		}
	}
}
