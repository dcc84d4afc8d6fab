package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/bench/report"
)

// One file compares servers with servers and commands with commands.
func TestABPlan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan.toml")
	text := fmt.Sprintf(`blocks = 10
budget = "1h"
warmup = 0
margin = "3%%"

[[comparison]]
name = "Servers"
servers = "keep"
compare = ["p50", "p90"]
load = { path = "/users?a=1", rate = 50, connections = 10, window = "100ms", warmup = "10ms", max-lateness = "1h", headers = { Accept = "text/plain" } }
[[comparison.subject]]
name = "quick"
server = '"%[1]s" serve quick'
env = { PORT = "{port}" }
ready = "/health"
stop-within = "5s"
[[comparison.subject]]
name = "slow"
server = '"%[1]s" serve slow'
env = { PORT = "{port}" }
ready = "/health"

[[comparison]]
name = "Commands"
shell = "none"
[[comparison.subject]]
name = "help"
command = '"%[1]s" -test.list=NothingIsCalledThat'
dir = "."
[[comparison.subject]]
name = "again"
command = '"%[1]s" -test.list=NothingIsCalledThat'
`, filepath.ToSlash(os.Args[0]))
	if err := os.WriteFile(plan, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "report.json")
	code, out, err := call(t, "ab", "--plan", plan, "--report", file, "--report", filepath.Join(dir, "report.html"))
	if code != 0 {
		t.Fatalf("%d: %s\n%s", code, err, out)
	}
	for _, want := range []string{
		"── Servers ─", "── Commands ─", "slower at p50 than `quick`: ", "p90 latency",
		"A/A: what equals differ by\n  p50 latency", "A/A: in one block equals differ by", "`help`",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	read, problem := os.ReadFile(file)
	if problem != nil {
		t.Fatal(problem)
	}
	r, problem := report.Read(read)
	if problem != nil || len(r.Parts) != 2 || len(r.Parts[0].Comparisons) != 2 || len(r.Parts[1].Comparisons) != 1 || r.Parts[0].Title != "Servers" {
		t.Errorf("%v: %+v", problem, r)
	}
	// Chance may decide before the last block, but not before there is an interval.
	for _, s := range r.Parts[1].Subjects {
		if n := s.Metric(report.Wall).Summary.N; n < 6 || n > 10 {
			t.Errorf("%s: %d runs", s.Name, n)
		}
	}
	if code, out, err = call(t, "ab", "--plan", plan, "--only", "Commands"); code != 0 || strings.Contains(out, "quick") {
		t.Errorf("%d: %s%s", code, out, err)
	}
}

// What is wrong with a plan is said before anything is started.
func TestABWrongPlans(t *testing.T) {
	t.Parallel()
	const one = "[[subject]]\nname = \"a\"\nserver = \"a {port}\"\n"
	const two = one + "[[subject]]\nname = \"b\"\nserver = \"b {port}\"\n"
	for text, want := range map[string]string{
		"bugdet = \"1s\"":                       "unknown field `bugdet`",
		two:                                     "the servers are not driven: there is no `[load]`",
		two + "[load]\n":                        "how much to send is not said",
		two + "[load]\nrate = \"fast\"":         `"fast" is no rate`,
		two + "[load]\nrate = 1\nclosed = true": "only one of `rate`, `stages`, `trace` and `closed`",
		"servers = \"on\"\n" + two + "[load]\nrate = 1":                             "\"on\" is neither `restart` nor `keep`",
		"compare = [\"p42\"]\n" + two + "[load]\nrate = 1":                          "\"p42\" is none of p50, p90, p99,",
		"compare = [\"throughput\"]\n" + two + "[load]\nrate = 1":                   "in the open model all servers get the same requests",
		"compare = [\"start-up\"]\nservers = \"keep\"\n" + two + "[load]\nrate = 1": "each starts once",
		one + "[[subject]]\ncommand = \"true\"\n[load]\nrate = 1":                   "a command cannot be compared with a server",
		one + "[[subject]]\nserver = \"b\"\nname = \"b\"\n[load]\nrate = 1":         "the server `b` is not told its port",
		one + "[[subject]]\nserver = \"b\"\ncommand = \"b\"":                        "both a command and a server",
		one + "[[subject]]\nname = \"b\"":                                           "the command of b is empty",
		one + one + "[load]\nrate = 1":                                              "two servers are called `a`",
		"[[subject]]\ncommand = \"a\"\nready = \"/\"":                               "only a `server` has a URL",
		"[[comparison]]\n":                                 "comparison 1 has no name",
		two + "[[comparison]]\nname = \"x\"":               "subjects belong to one of the comparisons",
		"[[comparison]]\nname = \"x\"\nsubject = []":       "the comparison `x` Caused by: two commands at least are expected",
		two + "ready-within = \"soon\"\n[load]\nrate = 1":  "invalid value for `ready-within`",
		two + "url = \"http://192.0.2.1:80\"\nserver2 = 1": "unknown field",
		"[[subject]]\nname = \"a\"\nserver = \"a\"\nurl = \"http://192.0.2.1:1\"\n[[subject]]\nname = \"b\"\nserver = \"b\"\nurl = \"http://192.0.2.1:1\"\n[load]\nrate = 1": "192.0.2.1) is not this machine",
	} {
		plan := filepath.Join(t.TempDir(), "plan.toml")
		if err := os.WriteFile(plan, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if code, _, err := call(t, "ab", "--plan", plan, "--warmup", "0"); code == 0 || !strings.Contains(strings.Join(strings.Fields(err), " "), want) {
			t.Errorf("%s\n%d, and not %q:\n%s", text, code, want, err)
		}
	}
}
