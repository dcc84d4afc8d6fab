package task

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A State is what the outcome of a task depends on, and the outcome.
type State struct {
	Task      *Task
	Arguments []string
	// Environment tells the environment of packages apart: what is installed.
	Environment string
	// Variables are those that the task and the project set, after all was
	// replaced in them.
	Variables       []Variable
	Inputs, Outputs []FileDigest
}

// Key is a digest of the state: the task need not run while it is the one that
// was kept after its last success.
func (s *State) Key() string {
	h := sha256.New()
	put := func(kind string, parts ...string) {
		fmt.Fprintf(h, "%s %d\n", kind, len(parts))
		for _, p := range parts {
			fmt.Fprintf(h, "%d:%s\n", len(p), p)
		}
	}
	put("task 1", s.Task.Name, s.Task.Shell, s.Task.Cwd, s.Environment)
	put("cmd", s.Task.Cmd...)
	put("arguments", s.Arguments...)
	for _, v := range s.Variables {
		put("variable", v.Name, v.Value)
	}
	put("patterns", slices.Concat(s.Task.Inputs, []string{""}, s.Task.Outputs)...)
	for _, list := range [][]FileDigest{s.Inputs, s.Outputs} {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b FileDigest) int { return strings.Compare(a.Path, b.Path) })
		put("files")
		for _, f := range list {
			put("file", f.Path, f.Digest)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
