package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/dotenv"
)

// envFileVariables reads the files of variables, of which later ones count
// before earlier ones. What is set already stays.
func (a *app) envFileVariables(o *runFlags) (map[string]string, error) {
	out := map[string]string{}
	none, err := a.flagOrEnv(o.noEnvFile, "UV_NO_ENV_FILE")
	if err != nil || isTrue(none) {
		return out, err
	}
	for _, name := range a.listOrEnv(o.envFiles, "UV_ENV_FILE") {
		if name == "" {
			continue
		}
		variables, err := a.readEnvFile(name, a.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no environment file found at: `%s`", name)
		}
		if err != nil {
			return nil, err
		}
		for _, v := range variables {
			if _, set := a.env[v.Name]; !set {
				out[v.Name] = v.Value
			}
		}
	}
	return out, nil
}

// readEnvFile reads one file of variables. What of it cannot be read is told, and
// what stands before that counts.
func (a *app) readEnvFile(name, path string) ([]dotenv.Variable, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read environment file `%s`: %w", name, err)
	}
	variables, err := dotenv.Parse(string(text), a.getenv)
	if err != nil {
		a.print.Warn("Failed to parse environment file `%s`: %v", name, err)
	}
	return variables, nil
}

// childEnviron is the environment of the child.
func (r *running) childEnviron(variables map[string]string, depth int) []string {
	a := r.app
	env := make(map[string]string, len(a.env)+len(variables)+4)
	for name, value := range variables {
		env[name] = value
	}
	for name, value := range a.childVariables() {
		env[name] = value
	}
	path := strings.Join(r.paths, string(filepath.ListSeparator))
	if old := env["PATH"]; old != "" {
		path += string(filepath.ListSeparator) + old
	}
	env["PATH"] = path
	if r.python.IsVirtual() && !r.tool {
		env["VIRTUAL_ENV"] = r.python.Prefix
	}
	if self, err := os.Executable(); err == nil {
		env["UV"] = self
	}
	if !r.tool {
		env["UV_RUN_RECURSION_DEPTH"] = strconv.Itoa(depth)
	}
	out := make([]string, 0, len(env))
	for name, value := range env {
		out = append(out, name+"="+value)
	}
	return out
}
