package python

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/tame-py/tame/packaging/pep440"
)

// isProgram reports whether a path is a file; its extension makes it a
// program.
func isProgram(path string) bool { return isRegular(path) || isLink(path) }

// isLink finds the execution aliases of the Microsoft Store, which cannot be
// opened but can be run.
func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular()
}

// isStoreShim reports whether a python.exe is the alias that opens the
// Microsoft Store to install Python. Its reparse point names the program that
// does so; the format is not documented, so the name is looked for as it is.
func isStoreShim(path string) bool {
	dir := filepath.Dir(path)
	if !strings.HasPrefix(strings.ToLower(filepath.Base(path)), "python") ||
		filepath.Base(dir) != "WindowsApps" || filepath.Base(filepath.Dir(dir)) != "Microsoft" {
		return false
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return false
	}
	const flags = windows.FILE_FLAG_BACKUP_SEMANTICS | windows.FILE_FLAG_OPEN_REPARSE_POINT
	h, err := windows.CreateFile(name, 0, 0, nil, windows.OPEN_EXISTING, flags, 0)
	if err != nil {
		return false
	}
	defer windows.CloseHandle(h)
	buf := make([]byte, windows.MAXIMUM_REPARSE_DATA_BUFFER_SIZE)
	var n uint32
	if windows.DeviceIoControl(h, windows.FSCTL_GET_REPARSE_POINT, nil, 0, &buf[0], uint32(len(buf)), &n, nil) != nil {
		return false
	}
	var text strings.Builder
	for i := 0; i+1 < int(n); i += 2 {
		text.WriteRune(rune(buf[i]) | rune(buf[i+1])<<8)
	}
	return strings.Contains(text.String(), `\AppInstallerPythonRedirector.exe`)
}

// A registeredPython is an entry of the registry (PEP 514).
type registeredPython struct {
	path    string
	version pep440.Version
	known   bool
}

// registered lists the Pythons of the registry and of the Microsoft Store that
// may satisfy a request, the newest first.
func (f *Finder) registered(r VersionRequest) []candidate {
	switch strings.ToLower(f.Getenv("UV_PYTHON_NO_REGISTRY")) {
	case "1", "true", "yes", "on", "y", "t":
		return nil
	}
	var found []registeredPython
	for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
		for _, view := range []uint32{registry.WOW64_64KEY, registry.WOW64_32KEY} {
			for _, p := range readRegistry(root, view) {
				if !slices.ContainsFunc(found, func(q registeredPython) bool { return q.path == p.path }) {
					found = append(found, p)
				}
			}
			if root == registry.CURRENT_USER {
				break // the two views of it are one
			}
		}
	}
	slices.SortStableFunc(found, func(a, b registeredPython) int {
		return cmp.Or(boolOrder(a.known, b.known), b.version.Compare(a.version))
	})
	var out []candidate
	for _, p := range found {
		if !p.known || mayMatchRegistered(r, p.version) {
			out = append(out, candidate{Registry, p.path})
		}
	}
	return append(out, f.fromStore(r)...)
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// mayMatchRegistered compares the version that an entry tells, often just the
// minor one.
func mayMatchRegistered(r VersionRequest, v pep440.Version) bool {
	if v.Segment(0) != 3 {
		return false
	}
	return r.mayMatchMinor(int(v.Segment(1)))
}

func readRegistry(root registry.Key, view uint32) []registeredPython {
	const access = registry.ENUMERATE_SUB_KEYS | registry.QUERY_VALUE
	python, err := registry.OpenKey(root, `Software\Python`, access|view)
	if err != nil {
		return nil
	}
	defer python.Close()
	companies, _ := python.ReadSubKeyNames(-1)
	var out []registeredPython
	for _, company := range companies {
		if company == "PyLauncher" { // reserved by PEP 514
			continue
		}
		key, err := registry.OpenKey(python, company, access|view)
		if err != nil {
			continue
		}
		names, _ := key.ReadSubKeyNames(-1)
		for _, name := range names {
			if p, ok := readRegistered(key, name, view); ok {
				out = append(out, p)
			}
		}
		key.Close()
	}
	return out
}

func readRegistered(company registry.Key, name string, view uint32) (p registeredPython, ok bool) {
	tag, err := registry.OpenKey(company, name, registry.QUERY_VALUE|view)
	if err != nil {
		return p, false
	}
	defer tag.Close()
	install, err := registry.OpenKey(tag, "InstallPath", registry.QUERY_VALUE|view)
	if err != nil {
		return p, false
	}
	defer install.Close()
	if p.path, _, err = install.GetStringValue("ExecutablePath"); err != nil || p.path == "" {
		dir, _, err := install.GetStringValue("")
		if err != nil || dir == "" {
			return p, false
		}
		p.path = filepath.Join(dir, "python.exe")
	}
	if text, _, err := tag.GetStringValue("SysVersion"); err == nil {
		p.version, err = pep440.Parse(text)
		p.known = err == nil
	}
	return p, true
}

// fromStore lists the Pythons that the Microsoft Store installs; they are not
// in the registry.
func (f *Finder) fromStore(r VersionRequest) []candidate {
	local := f.Getenv("LOCALAPPDATA")
	if local == "" {
		return nil
	}
	apps := filepath.Join(local, "Microsoft", "WindowsApps")
	var out []candidate
	for minor := 15; minor >= 8; minor-- {
		name := "PythonSoftwareFoundation.Python.3." + string(rune('0'+minor%10)) + "_qbz5n2kfra8p0"
		if minor >= 10 {
			name = "PythonSoftwareFoundation.Python.3.1" + string(rune('0'+minor-10)) + "_qbz5n2kfra8p0"
		}
		if path := filepath.Join(apps, name, "python.exe"); r.mayMatchMinor(minor) && isLink(path) {
			out = append(out, candidate{MicrosoftStore, path})
		}
	}
	return out
}
