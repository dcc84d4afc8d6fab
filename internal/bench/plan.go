package bench

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/server"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/shellwords"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/internal/ui"
)

// abPlan is the file that --plan names: one comparison, or several, of which
// each may set for itself what is set for all.
type abPlan struct {
	abComparison
	Comparison []abComparison `toml:"comparison"`

	dir string // of the file
}

type abComparison struct {
	Name    string      `toml:"name"`
	Budget  string      `toml:"budget"`
	Margin  string      `toml:"margin"`
	Shell   string      `toml:"shell"`
	Warmup  *int        `toml:"warmup"`
	Blocks  int         `toml:"blocks"`
	Servers string      `toml:"servers"`
	Compare []string    `toml:"compare"`
	Load    *abLoad     `toml:"load"`
	Subject []abSubject `toml:"subject"`
}

// An abSubject is a command, or a server that is started and driven.
type abSubject struct {
	Name     string            `toml:"name"`
	Dir      string            `toml:"dir"`
	Env      map[string]string `toml:"env"`
	Output   string            `toml:"output"`
	Command  string            `toml:"command"`
	Setup    string            `toml:"setup"`
	Prepare  string            `toml:"prepare"`
	Conclude string            `toml:"conclude"`
	Cleanup  string            `toml:"cleanup"`

	Server      string `toml:"server"`
	URL         string `toml:"url"`
	Ready       string `toml:"ready"`
	ReadyWithin string `toml:"ready-within"`
	StopWithin  string `toml:"stop-within"`
}

// readPlan reads the comparisons of a file, each with what is set for all.
func readPlan(name string) (*abPlan, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	doc, err := toml.Parse(name, text)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	p := &abPlan{dir: filepath.Dir(name)}
	if err := doc.DecodeStrict(p); err != nil {
		return nil, fmt.Errorf("reading the plan %s: %w", name, err)
	}
	if len(p.Comparison) > 0 && len(p.Subject) > 0 {
		return nil, fmt.Errorf("reading the plan %s: subjects belong to one of the comparisons, where there are some", name)
	}
	if len(p.Comparison) == 0 {
		p.Comparison = []abComparison{p.abComparison}
		return p, nil
	}
	for i := range p.Comparison {
		c := &p.Comparison[i]
		if c.Name == "" {
			return nil, fmt.Errorf("reading the plan %s: comparison %d has no name", name, i+1)
		}
		c.inherit(&p.abComparison)
	}
	return p, nil
}

func (c *abComparison) inherit(all *abComparison) {
	c.Budget, c.Margin, c.Shell = cmp.Or(c.Budget, all.Budget), cmp.Or(c.Margin, all.Margin), cmp.Or(c.Shell, all.Shell)
	c.Warmup, c.Blocks, c.Servers = cmp.Or(c.Warmup, all.Warmup), cmp.Or(c.Blocks, all.Blocks), cmp.Or(c.Servers, all.Servers)
	c.Load = cmp.Or(c.Load, all.Load)
	if c.Compare == nil {
		c.Compare = all.Compare
	}
}

// under makes a path of the plan relative to the plan's own folder.
func (p *abPlan) under(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.dir, name)
}

// served reports whether the subjects are servers. Commands and servers have
// nothing to be compared by.
func (c *abComparison) served() (bool, error) {
	servers := 0
	for i, s := range c.Subject {
		name := cmp.Or(s.Name, fmt.Sprintf("subject %d", i+1))
		switch {
		case strings.TrimSpace(s.Command) == "" && strings.TrimSpace(s.Server) == "":
			return false, cmdline.UsageError(fmt.Sprintf("the command of %s is empty: a `command` or a `server` is expected", name))
		case s.Command != "" && s.Server != "":
			return false, cmdline.UsageError(fmt.Sprintf("%s is both a command and a server", name))
		case s.Server != "":
			servers++
		case s.URL != "" || s.Ready != "" || s.ReadyWithin != "" || s.StopWithin != "":
			return false, cmdline.UsageError(fmt.Sprintf("%s is a command: only a `server` has a URL and times to start and stop", name))
		}
	}
	if servers > 0 && servers < len(c.Subject) {
		return false, ui.WithHint(cmdline.UsageError("a command cannot be compared with a server"), "each `[[comparison]]` has subjects of one kind")
	}
	return servers > 0, nil
}

// commands are the subjects as commands.
func (p *abPlan) commands(c *abComparison) []run.Command {
	var out []run.Command
	for _, s := range c.Subject {
		out = append(out, run.Command{
			Name: s.Name, Line: s.Command, Setup: s.Setup, Prepare: s.Prepare, Conclude: s.Conclude, Cleanup: s.Cleanup, Output: s.Output,
			Dir: p.under(s.Dir), Env: pairs(s.Env),
		})
	}
	return out
}

// pairs are variables as a process takes them.
func pairs(env map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, name+"="+env[name])
	}
	return out
}

// servers are the subjects as servers.
func (p *abPlan) servers(h *Host, c *abComparison, shell []string) ([]server.Spec, error) {
	var out []server.Spec
	for i, s := range c.Subject {
		spec := server.Spec{
			Name: cmp.Or(s.Name, s.Server), Dir: p.under(s.Dir), Env: append(slices.Clone(h.Environ), pairs(s.Env)...),
			URL: cmp.Or(s.URL, "http://127.0.0.1:{port}"), Ready: s.Ready, Output: p.under(s.Output),
		}
		if s.Setup+s.Prepare+s.Conclude+s.Cleanup != "" {
			return nil, cmdline.UsageError(fmt.Sprintf("nothing is run around the server `%s`: `prepare` and its like are for commands", spec.Name))
		}
		if !spec.Moves() && s.URL == "" || spec.Moves() && !strings.Contains(s.Server+strings.Join(spec.Env, "\n"), "{port}") {
			return nil, ui.WithHint(cmdline.UsageError(fmt.Sprintf("the server `%s` is not told its port", spec.Name)), "write `{port}` in its command or environment, or its fixed address as `url`")
		}
		for _, other := range out {
			if other.Name == spec.Name {
				return nil, cmdline.UsageError(fmt.Sprintf("two servers are called `%s`", spec.Name))
			}
		}
		var err error
		if spec.Words, err = serverWords(s.Server, shell); err != nil {
			return nil, cmdline.UsageError(fmt.Sprintf("the command of server %d: %v", i+1, err))
		}
		if spec.ReadyWithin, err = duration("ready-within", s.ReadyWithin, 0); err != nil {
			return nil, err
		}
		if spec.StopWithin, err = duration("stop-within", s.StopWithin, 0); err != nil {
			return nil, err
		}
		out = append(out, spec)
	}
	return out, nil
}

// serverWords are those of a command line, which a shell gets only where one is
// asked for: it would stand between the server and its signals.
func serverWords(line string, shell []string) ([]string, error) {
	if shell != nil {
		return append(slices.Clone(shell), line), nil
	}
	return shellwords.Split(line)
}
