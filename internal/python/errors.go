package python

import (
	"errors"
	"fmt"
	"strings"
)

// A NotFoundError says that no interpreter satisfies a request, and where was
// looked.
type NotFoundError struct {
	Request      Request
	Environments Environments
	Preference   Preference
	hints        []string
}

func (e *NotFoundError) Error() string {
	switch e.Request.Kind {
	case KindFile:
		return "no interpreter found at " + e.Request.String()
	case KindDirectory:
		return "no interpreter found in " + e.Request.String()
	}
	sources := describeSources(e.Request, e.Environments, e.Preference)
	switch e.Request.Kind {
	case KindDefault, KindAny:
		return "no interpreter found in " + sources
	}
	return "no interpreter found for " + e.Request.String() + " in " + sources
}

// Hints are what a person can do; see WithHint.
func (e *NotFoundError) Hints() []string { return e.hints }

// WithHint returns a copy with advice added, as from a caller who knows which
// Pythons could be downloaded.
func (e *NotFoundError) WithHint(hint string) *NotFoundError {
	out := *e
	out.hints = append(out.hints[:len(out.hints):len(out.hints)], hint)
	return &out
}

// An EnvironmentNotFoundError says that there is no environment to work in.
type EnvironmentNotFoundError struct {
	Request      Request
	Environments Environments
	// Program is the name by which the program was called, for advice; uv if
	// empty.
	Program string
}

func (e *EnvironmentNotFoundError) searched() string {
	switch {
	case e.Environments == OnlyOutside:
		return "system Python installation"
	case e.Environments == AnyEnvironment, e.Environments == ExplicitSystem && e.Request.IsPath():
		return "virtual environment or system Python installation"
	}
	return "virtual environment"
}

func (e *EnvironmentNotFoundError) Error() string {
	text := "no " + e.searched() + " found"
	if e.Request.Kind != KindDefault && e.Request.Kind != KindAny {
		text += " for " + e.Request.String()
	}
	switch e.searched() {
	case "virtual environment":
		text += "; run `" + programOr(e.Program) + " venv` to create an environment, or pass `--system` to install into a non-virtual environment"
	case "virtual environment or system Python installation":
		text += "; run `" + programOr(e.Program) + " venv` to create an environment"
	}
	return text
}

func programOr(name string) string {
	if name == "" {
		return "uv"
	}
	return name
}

// A BrokenEnvironmentError says that a directory is no usable environment.
type BrokenEnvironmentError struct {
	Path   string
	Reason string // "directory is empty", …
}

func (e *BrokenEnvironmentError) Error() string {
	return "invalid environment at `" + e.Path + "`: " + e.Reason
}

// A DiscoveryError says that an interpreter that was come upon cannot be used.
type DiscoveryError struct {
	Source Source
	Path   string
	Err    error // a *QueryError or an error of the system
}

func (e *DiscoveryError) Error() string {
	return fmt.Sprintf("failed to inspect Python interpreter from %s at `%s`: %v", e.Source, e.Path, e.Err)
}

func (e *DiscoveryError) Unwrap() error { return e.Err }

// Fault is what is wrong with an interpreter.
type Fault uint8

// The faults. Those up to Unsupported are the interpreter's own, and a search
// goes on behind it; the others end a search.
const (
	Missing      Fault = iota // no file there
	BrokenLink                // a link whose target is gone
	NotPermitted              // may not be run
	Failed                    // exited with an error
	Babbled                   // answered something else than facts
	TimedOut                  // did not answer at all
	Unsupported               // says why it cannot be used
	NotStarted                // the system could not start it
)

// A QueryError says why an interpreter could not tell about itself.
type QueryError struct {
	Path           string
	Fault          Fault
	Err            error // of the system, when it is one
	Detail         string
	Stdout, Stderr string // what it printed, trimmed
	Program        string // as in [EnvironmentNotFoundError]
}

func (e *QueryError) Error() string {
	switch e.Fault {
	case Missing:
		return "Python interpreter not found at `" + e.Path + "`"
	case BrokenLink:
		return "broken symlink at `" + e.Path + "`, was the underlying Python interpreter removed?"
	case Failed:
		return e.withOutput("querying Python at `" + e.Path + "` failed with " + e.Detail)
	case Babbled:
		return e.withOutput("querying Python at `" + e.Path + "` returned an invalid response: " + e.Detail)
	case TimedOut:
		return e.withOutput("querying Python at `" + e.Path + "` took more than " + e.Detail)
	case Unsupported:
		return "can't use Python at `" + e.Path + "`: " + e.Detail
	}
	return fmt.Sprintf("failed to query Python interpreter at `%s`: %v", e.Path, e.Err)
}

func (e *QueryError) withOutput(text string) string {
	if e.Stdout != "" {
		text += "\n\n[stdout]\n" + e.Stdout
	}
	if e.Stderr != "" {
		text += "\n\n[stderr]\n" + e.Stderr
	}
	return text
}

// Unwrap returns the system's error, if it is one.
func (e *QueryError) Unwrap() error {
	if e.Fault == NotPermitted || e.Fault == NotStarted {
		return e.Err
	}
	return nil
}

// Hints tell how to mend a broken environment.
func (e *QueryError) Hints() []string {
	if e.Fault == BrokenLink && isVenvExecutable(e.Path) {
		return []string{"Consider recreating the environment (e.g., with `" + programOr(e.Program) + " venv`)"}
	}
	return nil
}

// critical reports whether an error ends a search. A Python that does not work
// is passed over, unless it is that of the active environment: installing
// somewhere else then would surprise.
func critical(err error) bool {
	var broken *BrokenEnvironmentError
	var query *QueryError
	var found *DiscoveryError
	switch {
	case errors.As(err, &query):
		switch query.Fault {
		case NotStarted:
			return true
		case Missing, BrokenLink:
			return errors.As(err, &found) && found.Source == ActiveEnvironment && isVenvExecutable(query.Path)
		}
		return false
	case errors.As(err, &broken):
		return false
	}
	return true
}

// unsupportedDetail words what the probe found out about its interpreter.
func unsupportedDetail(kind, detail string) string {
	major, _, _ := strings.Cut(detail, ".")
	switch kind {
	case "unsupported_version":
		return "Python " + detail + " is not supported. Please use Python 3.6 or newer."
	case "missing_distutils":
		return "Python installation is missing `distutils`, which is required for packaging on older Python versions. " +
			"Your system may package it separately, e.g., as `python" + major + "-distutils` or `python" + detail + "-distutils`."
	case "no_libc":
		return "could not detect a glibc or a musl libc (while running on Linux)"
	case "broken_mac_ver":
		return "broken Python installation, `platform.mac_ver()` returned an empty value, please reinstall Python"
	case "unknown_system":
		return "unknown operating system: `" + detail + "`"
	case "unknown_machine":
		return "unknown architecture: `" + detail + "`"
	case "not_pyodide":
		return "only Pyodide is supported for Emscripten Python"
	}
	return kind + ": " + detail
}
