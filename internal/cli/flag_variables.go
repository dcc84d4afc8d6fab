package cli

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/index"
)

// isFlagVariable reports whether a variable is only another way to give a flag: as
// in uv it counts for the commands that have the flag, has to have a value that the
// flag could have, empty ones included, and conflicts with other flags as the flag
// does. The others are read by [config.Env.Variables], for all commands.
func isFlagVariable(name string) bool {
	switch name {
	case "UV_BUILD_CONSTRAINT", "UV_CACHE_DIR", "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_CUSTOM_COMPILE_COMMAND",
		"UV_DEFAULT_INDEX", "UV_ENV_FILE", "UV_EXCLUDE", "UV_EXCLUDE_NEWER", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS",
		"UV_FORK_STRATEGY", "UV_INDEX", "UV_INDEX_STRATEGY", "UV_INDEX_URL", "UV_INIT_BUILD_BACKEND", "UV_INSECURE_HOST",
		"UV_KEYRING_PROVIDER", "UV_LINK_MODE", "UV_OVERRIDE", "UV_PRERELEASE", "UV_PREVIEW_FEATURES", "UV_PROJECT",
		"UV_PUBLISH_CHECK_URL", "UV_PUBLISH_INDEX", "UV_PUBLISH_NO_ATTESTATIONS", "UV_PUBLISH_PASSWORD", "UV_PUBLISH_TOKEN",
		"UV_PUBLISH_URL", "UV_PUBLISH_USERNAME", "UV_PYTHON_INSTALL_DIR", "UV_PYTHON_PREFERENCE", "UV_RESOLUTION",
		"UV_RUN_MAX_RECURSION_DEPTH", "UV_TORCH_BACKEND", "UV_WORKING_DIR":
		return true
	}
	return isSwitchVariable(name)
}

// isSwitchVariable reports whether a variable is another way to give a switch.
func isSwitchVariable(name string) bool {
	switch name {
	case "UV_BREAK_SYSTEM_PACKAGES", "UV_COMPILE_BYTECODE", "UV_NO_BINARY", "UV_NO_BUILD", "UV_NO_BUILD_ISOLATION",
		"UV_NO_CACHE", "UV_NO_CONFIG", "UV_NO_DEFAULT_GROUPS", "UV_NO_PROJECT", "UV_NO_SOURCES", "UV_NO_VERIFY_HASHES",
		"UV_REQUIRE_HASHES", "UV_SYSTEM_PYTHON":
		return true
	}
	return false
}

// isHidden reports whether a variable counts for nothing where the command does not
// have the flag: what would change its outcome otherwise. Variables that say where
// something is count for all commands.
func isHidden(name string) bool {
	switch name {
	case "UV_BREAK_SYSTEM_PACKAGES", "UV_COMPILE_BYTECODE", "UV_EXCLUDE", "UV_FORK_STRATEGY", "UV_OVERRIDE", "UV_PRERELEASE", "UV_RESOLUTION":
		return true
	}
	return false
}

// variableOf is the variable of a flag and its value, if it is set.
func (f *flags) variableOf(flag *pflag.Flag) (name, value string, ok bool) {
	notes := flag.Annotations[cmdline.NoteEnv]
	if len(notes) == 0 || !isFlagVariable(notes[0]) {
		return "", "", false
	}
	value, ok = f.env(notes[0])
	return notes[0], value, ok
}

// checkVariables holds the variables of a command's flags against what these take.
// A flag that is given makes its variable count for nothing.
func (f *flags) checkVariables() error {
	given := map[string]bool{}
	f.Set.Visit(func(flag *pflag.Flag) {
		if notes := flag.Annotations[cmdline.NoteEnv]; len(notes) > 0 {
			given[notes[0]] = true
		}
	})
	var wrong error
	f.Set.VisitAll(func(flag *pflag.Flag) {
		name, value, ok := f.variableOf(flag)
		if !ok || given[name] || wrong != nil {
			return
		}
		if err := f.checkVariable(flag, name, value); err != nil {
			wrong = &config.VariableError{Name: name, Value: value, Reason: err.Error()}
		}
	})
	return wrong
}

func (f *flags) checkVariable(flag *pflag.Flag, name, value string) error {
	if isSwitchVariable(name) {
		_, err := config.NewEnv([]string{name + "=" + value}).Bool(name)
		return reasonOf(err)
	}
	switch name {
	case "UV_PUBLISH_NO_ATTESTATIONS":
		return oneOf(value, "true", "false")
	case "UV_EXCLUDE_NEWER":
		_, err := index.ParseCutoff(value, time.Local)
		return err
	case "UV_RUN_MAX_RECURSION_DEPTH":
		_, err := strconv.ParseUint(value, 10, 32)
		return err
	case "UV_INSECURE_HOST":
		return eachOf(strings.Fields(value), func(host string) error { _, err := config.ParseHost(host); return err })
	case "UV_PREVIEW_FEATURES":
		return eachOf(strings.Split(value, ","), func(name string) error { return notEmpty(strings.TrimSpace(name)) })
	case "UV_PUBLISH_URL":
		if u, err := url.Parse(value); err != nil || u.Scheme == "" {
			return errNoURL
		}
	case "UV_ENV_FILE":
		if flag.Annotations[cmdline.NoteNeeded] != nil {
			return notEmpty(value)
		}
	case "UV_CACHE_DIR", "UV_CONFIG_FILE", "UV_PROJECT", "UV_WORKING_DIR", "UV_PYTHON_INSTALL_DIR", "UV_PUBLISH_CHECK_URL":
		return notEmpty(value)
	}
	return cmdline.CheckChoice(flag, value)
}

var (
	errNoURL = fmt.Errorf("it is no URL")
	errEmpty = fmt.Errorf("a value is required")
)

// reasonOf is what is wrong with a variable, without its name.
func reasonOf(err error) error {
	if v, ok := err.(*config.VariableError); ok {
		return fmt.Errorf("%s", v.Reason)
	}
	return err
}

func notEmpty(value string) error {
	if value == "" {
		return errEmpty
	}
	return nil
}

func oneOf(value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("possible values are %s", strings.Join(choices, ", "))
}

func eachOf(values []string, check func(string) error) error {
	for _, v := range values {
		if err := check(v); err != nil {
			return err
		}
	}
	return nil
}

// hideVariables keeps from a command the variables of flags that it does not have.
// The programs that it runs get them.
func (a *app) hideVariables(f *flags) {
	bound := map[string]bool{}
	f.Set.VisitAll(func(flag *pflag.Flag) {
		for _, name := range flag.Annotations[cmdline.NoteEnv] {
			bound[name] = true
		}
	})
	hidden := func(name, _ string) bool { return isHidden(name) && !bound[name] }
	for name, value := range a.env {
		if hidden(name, value) {
			a.inherited = maps.Clone(a.env)
			maps.DeleteFunc(a.env, hidden)
			a.environment = config.NewEnv(entries(a.env))
			return
		}
	}
}
