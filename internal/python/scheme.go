package python

import "path/filepath"

// A Scheme is where the parts of a package are installed (sysconfig's paths).
// Those of an interpreter are absolute; those of the environments that it
// makes are relative to an environment's root.
type Scheme struct {
	Purelib, Platlib, Scripts, Data, Include string
}

// Below returns a relative scheme made absolute at root.
func (s Scheme) Below(root string) Scheme {
	return Scheme{
		Purelib: filepath.Join(root, s.Purelib),
		Platlib: filepath.Join(root, s.Platlib),
		Scripts: filepath.Join(root, s.Scripts),
		Data:    filepath.Join(root, s.Data),
		Include: filepath.Join(root, s.Include),
	}
}

// targetScheme is the scheme of --target: everything in one directory.
func targetScheme(dir string) Scheme {
	return Scheme{
		Purelib: dir, Platlib: dir, Data: dir,
		Scripts: filepath.Join(dir, "bin"),
		Include: filepath.Join(dir, "include"),
	}
}
