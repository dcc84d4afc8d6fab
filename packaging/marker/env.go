package marker

import "github.com/tame-py/tame/packaging/pep440"

// Env is an environment a marker is evaluated in: the values of the variables
// of PEP 508, by the names Python's documentation gives them in snake case.
// python_version is not among the questions a Tree asks, because it follows
// from python_full_version.
//
// An Env must not be changed once markers were evaluated in it: make another
// with [NewEnv] or [Env.WithPython].
type Env struct {
	OSName                       string `json:"os_name"`
	SysPlatform                  string `json:"sys_platform"`
	PlatformSystem               string `json:"platform_system"`
	PlatformMachine              string `json:"platform_machine"`
	PlatformPythonImplementation string `json:"platform_python_implementation"`
	PlatformRelease              string `json:"platform_release"`
	PlatformVersion              string `json:"platform_version"`
	ImplementationName           string `json:"implementation_name"`
	ImplementationVersion        string `json:"implementation_version"`
	PythonVersion                string `json:"python_version"`
	PythonFullVersion            string `json:"python_full_version"`

	// The parsed versions, if NewEnv or WithPython made the Env.
	implementation, python pep440.Version
}

// NewEnv returns e with its versions parsed, so that evaluating is fast. The
// error is a *pep440.ParseError when one of the three versions is none.
func NewEnv(e Env) (Env, error) {
	var err error
	if e.implementation, err = pep440.Parse(e.ImplementationVersion); err != nil {
		return Env{}, err
	}
	if e.python, err = pep440.Parse(e.PythonFullVersion); err != nil {
		return Env{}, err
	}
	if _, err = pep440.Parse(e.PythonVersion); err != nil {
		return Env{}, err
	}
	return e, nil
}

// WithPython returns e for another version of Python of the same
// implementation. The three versions follow from v, as they do for CPython.
func (e Env) WithPython(v pep440.Version) Env {
	e.PythonFullVersion = v.String()
	e.PythonVersion = v.Truncate(2).String()
	e.ImplementationVersion = e.PythonFullVersion
	e.python, e.implementation = v, v
	return e
}

// Python returns the version of Python: python_full_version, or the zero
// Version if that is none.
func (e *Env) Python() pep440.Version { return e.version(rankPythonFullVersion) }

func (e *Env) version(key rank) pep440.Version {
	v, text := e.python, e.PythonFullVersion
	if key == rankImplementationVersion {
		v, text = e.implementation, e.ImplementationVersion
	}
	if v.IsZero() {
		// Not made by NewEnv. What is no version is below all others.
		v, _ = pep440.Parse(text)
	}
	return v
}

func (e *Env) text(key rank) string {
	switch key {
	case rankOSName:
		return e.OSName
	case rankSysPlatform:
		return e.SysPlatform
	case rankPlatformSystem:
		return e.PlatformSystem
	case rankPlatformMachine:
		return e.PlatformMachine
	case rankPlatformPythonImplementation:
		return e.PlatformPythonImplementation
	case rankPlatformRelease:
		return e.PlatformRelease
	case rankPlatformVersion:
		return e.PlatformVersion
	}
	return e.ImplementationName
}
