package backend

import "fmt"

// A ValidationError tells why a project can not be built as it is.
type ValidationError struct {
	Reason string
	Err    error // what led to it, or nil
	hint   string
}

// Error implements error.
func (e *ValidationError) Error() string {
	text := "invalid project metadata: " + e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what led to the error.
func (e *ValidationError) Unwrap() error { return e.Err }

// Hints says what can be done where that is not plain.
func (e *ValidationError) Hints() []string {
	if e.hint == "" {
		return nil
	}
	return []string{e.hint}
}

func invalid(format string, args ...any) *ValidationError {
	return &ValidationError{Reason: fmt.Sprintf(format, args...)}
}

// hinted is an error with a next step.
type hinted struct {
	error
	hint string
}

// Unwrap returns the error.
func (e *hinted) Unwrap() error { return e.error }

// Hints returns the next step.
func (e *hinted) Hints() []string { return []string{e.hint} }

func withHint(err error, hint string) error { return &hinted{err, hint} }

// A fieldError tells which setting has an invalid glob.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string {
	return fmt.Sprintf("unsupported glob expression in %s: %s", e.field, e.err)
}

func (e *fieldError) Unwrap() error { return e.err }

// parseGlobs compiles the patterns of a setting.
func parseGlobs(patterns []string, syntax globSyntax, field string) ([]glob, error) {
	out := make([]glob, len(patterns))
	for i, text := range patterns {
		var err error
		if out[i], err = parseGlob(text, syntax); err != nil {
			return nil, &fieldError{field, err}
		}
	}
	return out, nil
}
