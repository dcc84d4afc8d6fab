package build

import (
	"regexp"
	"strings"
	"sync"
)

// A symptom is a line of output by which the cause of a failure is known.
type symptom struct {
	pattern *regexp.Regexp
	// advice tells what to do. match are the groups of the pattern, project is
	// the project's name.
	advice func(match []string, project string) string
}

// symptoms are looked for in order, and the first one found counts.
var symptoms = sync.OnceValue(func() []symptom {
	at := func(pattern string, advice func(match []string, project string) string) symptom {
		return symptom{regexp.MustCompile("(?m)" + pattern), advice}
	}
	return []symptom{
		at(`fatal error: '?([^\s:']+\.(?:h|hh|hpp|hxx))'?(?:: No such file or directory| file not found)`, headerAdvice),
		at(`cannot find -l([\w.+-]+)|library not found for -l([\w.+-]+)|unable to find library -l([\w.+-]+)`, libraryAdvice),
		at(`(?i)can'?t find rust compiler|cargo, the rust package manager, is not installed|no such file or directory: '(?:cargo|rustc)'|(?:cargo|rustc): (?:command )?not found|failed to execute (?:cargo|rustc)|rust compiler .*not (?:found|installed)|rust not found`, rustAdvice),
		at(`(?i)no such file or directory: '?([\w/.+-]*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+))'?(?:$|\W)|command '([\w/.+-]*(?:gcc|g\+\+|cc|clang|clang\+\+)[\w.+-]*)' failed: no such file|unable to execute '([\w/.+-]+)'|unknown compiler\(s\)|microsoft visual c\+\+ [\d.]+ or greater is required|no acceptable c compiler found|no cmake_c(?:xx)?_compiler could be found`, compilerAdvice),
		at(`(?i)no such file or directory: '(cmake|ninja|make|git|pkg-config|swig|patch)'|(cmake|ninja|make|pkg-config|swig)(?:: | is )(?:command )?not (?:found|installed)|(cmake) must be installed`, programAdvice),
		at(`ModuleNotFoundError: No module named '([\w.]+)'|ImportError: No module named '?([\w.]+)'?`, moduleAdvice),
		at(`invalid command 'bdist_wheel'`, func(_ []string, project string) string { return undeclared("wheel", project) }),
		at(`setuptools-scm was unable to detect version`, func([]string, string) string {
			return "the version comes from git tags, which are not there: build from a git checkout, or set SETUPTOOLS_SCM_PRETEND_VERSION"
		}),
		at(`(?i)no space left on device`, func([]string, string) string { return "the disk is full" }),
		at(`(?i)killed.*(?:cc1|cc1plus|ld)\b|virtual memory exhausted|out of memory`, func([]string, string) string {
			return "the compiler ran out of memory: build fewer at once with UV_CONCURRENT_BUILDS=1, or use a wheel"
		}),
	}
})

// Hints tell the likely cause of a failure and what to do about it.
func (e *Error) Hints() []string {
	for _, s := range symptoms() {
		if match := s.pattern.FindStringSubmatch(e.Output); match != nil {
			return []string{s.advice(match, e.project())}
		}
	}
	return nil
}

// project is what to call the project in advice.
func (e *Error) project() string {
	name, _, _ := strings.Cut(e.Label, " ")
	name, _, _ = strings.Cut(name, "==")
	return name
}

func group(match []string) string {
	for _, text := range match[1:] {
		if text != "" {
			return text
		}
	}
	return ""
}

func headerAdvice(match []string, project string) string {
	header := group(match)
	if header == "Python.h" {
		return "the header files of Python are missing: install the development package of this Python (`python3-dev` or `python3-devel`), or use another Python"
	}
	return "`" + header + "` is missing: install the system package that provides this header, or use a version of `" + project + "` that has a wheel"
}

func libraryAdvice(match []string, project string) string {
	library := group(match)
	return "the library `" + library + "` is missing: install the system package that provides it (such as `lib" + library + "-dev`), or use a version of `" + project + "` that has a wheel"
}

func rustAdvice(_ []string, project string) string {
	return "a Rust compiler is needed: install Rust (with `cargo` on PATH), or use a version of `" + project + "` that has a wheel"
}

func compilerAdvice(match []string, project string) string {
	what := "a C compiler is needed"
	if name := group(match); name != "" {
		what = "the compiler `" + name + "` is missing"
	}
	return what + ": install the system's build tools (such as `build-essential` or `gcc`), or use a version of `" + project + "` that has a wheel"
}

func programAdvice(match []string, project string) string {
	return "`" + strings.ToLower(group(match)) + "` is needed to build `" + project + "`: install it, with its directory on PATH"
}

// removed are modules that Python no longer has, with the version that removed
// them.
func removed(module string) (version string, ok bool) {
	switch module {
	case "distutils", "imp", "asynchat", "asyncore", "smtpd":
		return "3.12", true
	case "cgi", "crypt", "imghdr", "pipes", "telnetlib", "uu", "xdrlib", "nntplib", "cgitb", "msilib", "sndhdr", "audioop", "lib2to3":
		return "3.13", true
	}
	return "", false
}

func moduleAdvice(match []string, project string) string {
	full := group(match)
	module, _, _ := strings.Cut(full, ".")
	if version, ok := removed(module); ok {
		return "`" + module + "` is not part of Python since " + version + ": use a newer version of `" + project + "`, or an older Python with `--python`"
	}
	switch module {
	case "pkg_resources":
		return "`pkg_resources` is not part of setuptools since version 82: keep to an older one with `setuptools<81` in a file for `--build-constraints`"
	case "yaml":
		module = "pyyaml"
	case "Cython":
		module = "cython"
	case "skbuild":
		module = "scikit-build"
	}
	return undeclared(module, project)
}

// undeclared is advice on a requirement that a project does not declare.
func undeclared(requirement, project string) string {
	return "`" + project + "` needs `" + requirement + "` to build, but does not declare it: if it is yours, add `" + requirement +
		"` to its `build-system.requires`; otherwise add `" + project + " = [\"" + requirement +
		"\"]` to `[tool.uv.extra-build-dependencies]`, or install `" + requirement + "` into the environment and use `--no-build-isolation-package " + project + "`"
}
