package build

import (
	"errors"
	"strings"
)

// An Error reports a build that failed.
type Error struct {
	Label   string // the project
	Backend string
	Hook    string // that failed; "" is importing the backend
	Output  string // of the backend
	Hidden  bool   // the text does not have the output
	Err     error  // what happened
}

func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Hook == "":
		b.WriteString("the build backend `" + e.Backend + "` cannot be used")
	case errors.Is(e.Err, ErrNoHook):
		b.WriteString("the build backend `" + e.Backend + "` has no `" + e.Hook + "`")
	default:
		b.WriteString("call to `" + e.Backend + "." + e.Hook + "` failed")
	}
	if e.Err != nil && !errors.Is(e.Err, ErrNoHook) {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Output != "" && !e.Hidden {
		b.WriteString("\n\n[output]\n" + e.Output + "\n")
	}
	return b.String()
}

// Is makes an error match what it reports. Its text is no prefix of another's,
// so it is not unwrapped.
func (e *Error) Is(target error) bool { return errors.Is(e.Err, target) }

// A hookError is an exception that a hook raised.
type hookError struct{ kind, message string }

func (e *hookError) Error() string {
	line, _, more := strings.Cut(strings.TrimSpace(e.message), "\n")
	if more {
		line += " ..."
	}
	if line == "" {
		return e.kind
	}
	return e.kind + ": " + line
}

func (s *Session) failed(hook string, err error) error {
	return &Error{Label: s.request.Label, Backend: s.system.Backend, Hook: hook, Output: s.out.String(), Hidden: s.request.Hidden, Err: err}
}
