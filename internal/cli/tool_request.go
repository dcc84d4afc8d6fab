package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A toolRequest is what a user names as a tool: `black`, `black@24.1`,
// `black@latest`, a requirement, a URL, a folder, or `python`.
type toolRequest struct {
	text       string          // the requirement, without @VERSION; empty for python
	executable string          // as it was written; empty if only the package can tell
	latest     bool            // the newest, whatever is installed or cached
	version    bool            // one version was named with @
	python     *python.Request // it is Python itself, and which
}

// parseToolRequest reads the name of a tool. What stands before the last `@` must
// look like a name for what follows to be a version.
func parseToolRequest(text string) (toolRequest, error) {
	r := toolRequest{text: text}
	if p, ok, err := python.ParseToolName(text); ok || err != nil {
		r.python, r.executable = &p, "python"
		return r, err
	}
	name, version, isAt := strings.Cut(text, "@")
	if isAt && isRequirementName(name) {
		switch {
		case version == "latest":
			r.text, r.latest, r.executable = name, true, withoutExtras(name)
			return r, nil
		case version == "":
			return r, fmt.Errorf("failed to parse `%s`: a version, `latest` or a URL is expected after the `@`", text)
		}
		if v, err := pep440.Parse(version); err == nil {
			r.text, r.version, r.executable = name+"=="+v.String(), true, withoutExtras(name)
			return r, nil
		}
	}
	if p, err := pep508.Parse(text); err == nil {
		r.executable = leadingName(text)
		if p.URL != "" {
			r.executable = string(p.Name)
		}
	}
	return r, nil
}

// namePattern is a name with extras, as PEP 508 writes it.
var namePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*(\[[^\]]*\])?$`)
})

func isRequirementName(s string) bool { return namePattern().MatchString(s) }

func withoutExtras(s string) string {
	name, _, _ := strings.Cut(s, "[")
	return strings.TrimSpace(name)
}

// leadingName is the name that a requirement begins with, as it is written.
func leadingName(s string) string {
	end := strings.IndexFunc(s, func(c rune) bool {
		return !strings.ContainsRune("._-", c) && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

// checkScript refuses Python files: running those is what `run` is for. from is
// the value of --from, if there is one.
func (a *app) checkToolScript(target, from string) error {
	tool := a.name + " tool run"
	if isPythonFile(from) {
		out := usageError("it looks like you provided a Python script to `--from`, which is not supported")
		return withHint(out, "if you meant to run a command from the `%[1]s` package, use its normalized name: `%[2]s --from %[1]s %[3]s`", pyname.Normalize(from), tool, target)
	}
	if from != "" || !isPythonFile(target) {
		return nil
	}
	if _, err := os.Stat(a.path(target)); err == nil {
		out := usageError(fmt.Sprintf("it looks like you tried to run a Python script at `%s`, which is not supported by `%s`", target, tool))
		return withHint(out, "use `%s run %s`", a.name, target)
	}
	name := pyname.Normalize(filepath.Base(target))
	out := usageError(fmt.Sprintf("it looks like you provided a Python script to run, which is not supported by `%s`", tool))
	return withHint(out, "there is no such file; if you meant to run a command from the `%[1]s` package, name it with `--from`: `%[2]s --from %[1]s %[3]s`", name, tool, target)
}

func isPythonFile(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return ext == ".py" || ext == ".pyw"
}

// toolInput is the requirement on the tool itself among the inputs, of which it
// is the first.
func toolInput(in *pip.Inputs) *pip.Input { return &in.Requirements[0] }
