package pypitest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A ScriptEnv is the part of *testscript.Env that Setup needs. The interface
// keeps testscript out of programs that use this package.
type ScriptEnv interface {
	Setenv(key, value string)
	Defer(func())
}

// A Script is the part of *testscript.TestScript that Command needs.
type Script interface {
	ScriptEnv
	Value(key any) any
	MkAbs(file string) string
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// scriptKey is where the servers of a script are kept, by name.
type scriptKey struct{}

// Setup prepares a script: if its files include index.txt, index.json or a
// folder _index, a server is started from them and its address is set as
// INDEX, with LINKS for --find-links. Use it in testscript.Params:
//
//	Setup: func(env *testscript.Env) error { return pypitest.Setup(env, env.WorkDir, env.Values) },
//	Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
//		"index": func(ts *testscript.TestScript, neg bool, args []string) { pypitest.Command(ts, neg, args) },
//	},
func Setup(env ScriptEnv, dir string, values map[any]any) error {
	servers := map[string]*Server{}
	values[scriptKey{}] = servers
	var sources []Option
	for _, name := range []string{"index.txt", "index.json", "_index"} {
		if path := filepath.Join(dir, name); exists(path) {
			sources = append(sources, Path(path))
		}
	}
	if len(sources) == 0 {
		return nil
	}
	return startFor(env, servers, "", sources)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// startFor starts the server called name and tells the script where it is: in
// INDEX and LINKS, or for name "other" in INDEX_OTHER and LINKS_OTHER.
func startFor(env ScriptEnv, servers map[string]*Server, name string, options []Option) error {
	s, err := Start(options...)
	if err != nil {
		return err
	}
	env.Defer(s.Close)
	servers[name] = s
	suffix := ""
	if name != "" {
		suffix = "_" + strings.ToUpper(name)
	}
	env.Setenv("INDEX"+suffix, s.URL())
	env.Setenv("LINKS"+suffix, s.Links())
	env.Setenv("INDEX_HOST"+suffix, strings.TrimPrefix(s.Base(), "http://"))
	return nil
}

// Command is the script command index:
//
//	index start [@NAME] FILE...        start a server from files or folders; INDEX_NAME is its address
//	index add [@NAME] FILE...          put more on the index
//	index remove [@NAME] PROJECT...    take projects off it
//	index set [@NAME] WORD...          a setting, as in the compact format but without the '@'
//	index fail [@NAME] PATTERN WORD... make requests fail; see ParseRule
//	index reset [@NAME]                forget rules and requests
//	index count [@NAME] PATTERN N      check how many requests there were; with ! that there were not N
//	index log [@NAME]                  print the requests
func Command(ts Script, neg bool, args []string) {
	if err := command(ts, neg, args); err != nil {
		ts.Fatalf("index: %v", err)
	}
}

func command(ts Script, neg bool, args []string) error {
	servers, ok := ts.Value(scriptKey{}).(map[string]*Server)
	if !ok {
		return fmt.Errorf("pypitest.Setup was not called")
	}
	if len(args) == 0 {
		return fmt.Errorf("usage: index start|add|remove|set|fail|reset|count|log [@NAME] ARGS")
	}
	verb, args, name := args[0], args[1:], ""
	if len(args) > 0 && strings.HasPrefix(args[0], "@") {
		name, args = args[0][1:], args[1:]
	}
	if neg && verb != "count" {
		return fmt.Errorf("%s cannot be negated", verb)
	}
	if verb == "start" {
		return startFor(ts, servers, name, scriptPaths(ts, args))
	}
	s := servers[name]
	if s == nil {
		return fmt.Errorf("no index is running under the name %q", name)
	}
	// What a program had asked for that has ended without waiting for the answer
	// must neither be missing from what is counted nor turn up later.
	s.Settle()
	switch verb {
	case "add":
		return s.apply(scriptPaths(ts, args))
	case "remove":
		for _, project := range args {
			s.Remove(project)
		}
	case "set":
		o, err := setting(args)
		if err != nil {
			return err
		}
		return s.apply([]Option{o})
	case "fail":
		rule, err := ParseRule(args)
		if err != nil {
			return err
		}
		s.Fail(rule)
	case "reset":
		s.Reset()
	case "count":
		return checkCount(s, neg, args)
	case "log":
		ts.Logf("%s", requestLines(s))
	default:
		return fmt.Errorf("no such verb: %s", verb)
	}
	return nil
}

func scriptPaths(ts Script, files []string) []Option {
	var out []Option
	for _, f := range files {
		out = append(out, Path(ts.MkAbs(f)))
	}
	return out
}

func checkCount(s *Server, neg bool, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: index count PATTERN N")
	}
	want, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	if got := s.Count(args[0]); (got == want) == neg {
		return fmt.Errorf("%d requests for %s, in:\n%s", got, args[0], requestLines(s))
	}
	return nil
}

func requestLines(s *Server) string {
	var b strings.Builder
	for _, r := range s.Requests() {
		fmt.Fprintln(&b, r)
	}
	return b.String()
}
