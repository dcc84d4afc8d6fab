package python

import (
	"fmt"
	"runtime"
	"strings"
)

// A Source is where an interpreter was found.
type Source uint8

// The sources, in the order in which they are searched by default.
const (
	ProvidedPath          Source = iota // the request is its path
	ParentInterpreter                   // this program was started as `python -m …`
	ActiveEnvironment                   // VIRTUAL_ENV
	CondaPrefix                         // CONDA_PREFIX of an environment
	DiscoveredEnvironment               // .venv in the working directory or above
	BaseCondaPrefix                     // CONDA_PREFIX of conda itself
	Managed                             // a managed installation
	SearchPathFirst                     // the first interpreter in the search path
	SearchPath                          // another one
	Registry                            // the Windows registry (PEP 514)
	MicrosoftStore                      // a place where the Microsoft Store installs
)

// String names the source for messages.
func (s Source) String() string {
	switch s {
	case ParentInterpreter:
		return "parent interpreter"
	case ActiveEnvironment:
		return "active virtual environment"
	case CondaPrefix, BaseCondaPrefix:
		return "conda prefix"
	case DiscoveredEnvironment:
		return "virtual environment"
	case Managed:
		return "managed installations"
	case SearchPathFirst:
		return "first executable in the search path"
	case SearchPath:
		return "search path"
	case Registry:
		return "registry"
	case MicrosoftStore:
		return "Microsoft Store"
	}
	return "provided path"
}

// explicit reports whether a person pointed at the interpreter, so that it is
// used even against a preference.
func (s Source) explicit() bool {
	return s == ProvidedPath || s == ParentInterpreter || s == ActiveEnvironment || s == CondaPrefix
}

// mayBeVirtual reports whether the interpreter can be in a virtual
// environment. Of the search path only the first one is considered: it is how
// an environment is used by its bin directory alone.
func (s Source) mayBeVirtual() bool {
	return s != Managed && s != SearchPath && s != Registry && s != MicrosoftStore
}

// mayBeSystem reports whether the interpreter can be outside of one.
func (s Source) mayBeSystem() bool { return s != ActiveEnvironment && s != DiscoveredEnvironment }

// unusual reports whether the source gives what is there without being asked
// for by name: pre-releases and debug builds. Installations that a tool made
// in quantity do not.
func (s Source) unusual() bool { return s != Managed && s != Registry && s != MicrosoftStore }

// alternatives is the same for other implementations than CPython.
func (s Source) alternatives() bool {
	return s.unusual() && s != SearchPath && s != SearchPathFirst
}

// request adapts a default request to a source: an environment or a path that
// was chosen may hold any Python.
func (s Source) request(r VersionRequest) VersionRequest {
	if r.kind == versionDefault && s.alternatives() {
		return AnyVersion()
	}
	return r
}

// A Preference says whether managed or other ("system") Pythons are preferred.
type Preference uint8

// The preferences. The zero value is the default.
const (
	PreferManaged Preference = iota
	OnlyManaged
	PreferSystem
	OnlySystem
)

// MarshalText returns managed, only-managed, system or only-system.
func (p Preference) MarshalText() ([]byte, error) {
	return []byte([...]string{"managed", "only-managed", "system", "only-system"}[p]), nil
}

// UnmarshalText reads what MarshalText writes.
func (p *Preference) UnmarshalText(text []byte) error {
	for _, q := range []Preference{PreferManaged, OnlyManaged, PreferSystem, OnlySystem} {
		if name, _ := q.MarshalText(); string(name) == string(text) {
			*p = q
			return nil
		}
	}
	return fmt.Errorf("unknown Python preference %q: expected only-managed, managed, system or only-system", text)
}

// String describes the preference for messages.
func (p Preference) String() string {
	return [...]string{"prefer managed", "only managed", "prefer system", "only system"}[p]
}

// AllowsManaged reports whether managed Pythons are used, and may be
// installed, at all.
func (p Preference) AllowsManaged() bool { return p != OnlySystem }

// WithSystemFlag is the preference when --system is given.
func (p Preference) WithSystemFlag() Preference {
	if p == PreferManaged {
		return PreferSystem
	}
	return p
}

// sources are the places of installed Pythons that the preference looks in.
func (p Preference) sources() []Source {
	system := []Source{SearchPath}
	if runtime.GOOS == "windows" {
		system = append(system, Registry)
	}
	switch p {
	case OnlyManaged:
		return []Source{Managed}
	case PreferSystem:
		return append(system, Managed)
	case OnlySystem:
		return system
	}
	return append([]Source{Managed}, system...)
}

// allows reports whether an interpreter, managed or not, may be used.
func (p Preference) allows(s Source, isManaged func() bool) bool {
	switch p {
	case OnlyManaged:
		return s.explicit() || isManaged()
	case OnlySystem:
		return s.explicit() || !isManaged()
	}
	return true
}

// Environments says whether virtual environments are wanted.
type Environments uint8

// Which environments are searched.
const (
	// AnyEnvironment: virtual environments first, then everything else.
	AnyEnvironment Environments = iota
	// OnlyVirtual: virtual environments and nothing else.
	OnlyVirtual
	// ExplicitSystem: virtual environments, and others if they are pointed at.
	ExplicitSystem
	// OnlyOutside: everything but virtual environments.
	OnlyOutside
)

// EnvironmentsFor is the choice of a command: with --system no virtual
// environments; without it, a command that changes the environment leaves the
// system alone unless pointed at it.
func EnvironmentsFor(system, mutates bool) Environments {
	switch {
	case system:
		return OnlyOutside
	case mutates:
		return ExplicitSystem
	}
	return AnyEnvironment
}

// mayAllow is what can be said before the interpreter is asked.
func (e Environments) mayAllow(s Source) bool {
	switch e {
	case OnlyVirtual, ExplicitSystem:
		return s.mayBeVirtual()
	case OnlyOutside:
		return s.mayBeSystem()
	}
	return true
}

// allows is the verdict once it was. Conda's environments count as virtual.
func (e Environments) allows(s Source, i *Interpreter) bool {
	virtual := i.IsVirtual() || s == CondaPrefix
	switch e {
	case OnlyVirtual:
		return virtual
	case ExplicitSystem:
		return virtual || s == ProvidedPath || s == ParentInterpreter
	case OnlyOutside:
		return !virtual
	}
	return true
}

// describeSources lists where was searched: "virtual environments, managed
// installations, or search path".
func describeSources(r Request, e Environments, p Preference) string {
	var names []string
	if e != OnlyOutside {
		names = append(names, "virtual environments")
	}
	if e == AnyEnvironment || e == OnlyOutside || e == ExplicitSystem && r.IsPath() {
		for _, s := range p.sources() {
			names = append(names, s.String())
		}
	}
	switch n := len(names); n {
	case 1:
		return names[0]
	case 2:
		return names[0] + " or " + names[1]
	default:
		return strings.Join(names[:n-1], ", ") + ", or " + names[n-1]
	}
}
