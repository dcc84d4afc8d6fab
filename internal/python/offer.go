package python

import (
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/packaging/pep440"
)

// AdmitsKey reports whether a Python that is not here yet is what a request
// asks for, as far as its key tells. Paths and names of executables ask for
// what is here. Debug builds have to be asked for.
func (r Request) AdmitsKey(k managed.Key) bool {
	switch r.Kind {
	case KindFile, KindDirectory, KindExecutableName:
		return false
	case KindImplementation, KindImplementationVersion, KindKey:
		if r.Implementation != "" && r.Implementation != k.Implementation {
			return false
		}
	case KindDefault, KindVersion:
		if k.Implementation != CPython {
			return false
		}
	}
	v, err := pep440.Parse(k.Version())
	if err != nil || k.Variant.IsDebug() && !r.Version.variant.IsDebug() {
		return false
	}
	version := r.version()
	if r.Kind == KindImplementation {
		version = AnyVersion()
	}
	same := func(want, is string) bool { return want == "" || want == is }
	p := k.Platform
	return version.matches(v, k.Variant) && same(r.OS, p.OS) && same(r.Arch, p.Arch) && same(r.Libc, p.Libc)
}
