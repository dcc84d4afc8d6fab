package backend

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
)

// An entry is a file or directory that a walk came by.
type entry struct {
	path string // a slash path from where the paths of the walk begin
	file string // the path to open it
	mode fs.FileMode
}

func (e entry) isDir() bool  { return e.mode.IsDir() }
func (e entry) isLink() bool { return e.mode&fs.ModeSymlink != 0 }

// walk visits all below base/start, directories before what they hold, sorted
// by the bytes of their names. Symbolic links are not followed, but for the
// start. What enter refuses is left out with all below.
func walk(base, start string, enter func(entry) bool, visit func(entry) error) error {
	file := filepath.Join(base, filepath.FromSlash(start))
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return visitAll(entry{start, file, info.Mode()}, enter, visit)
}

func visitAll(e entry, enter func(entry) bool, visit func(entry) error) error {
	if !enter(e) {
		return nil
	}
	if err := visit(e); err != nil || !e.isDir() {
		return err
	}
	list, err := os.ReadDir(e.file)
	if err != nil {
		return err
	}
	for _, d := range list {
		below := entry{path.Join(e.path, d.Name()), filepath.Join(e.file, d.Name()), d.Type()}
		if err := visitAll(below, enter, visit); err != nil {
			return err
		}
	}
	return nil
}

// refuseVenv keeps virtual environments out of artifacts: they hold links to
// the machine's own Python, and are there by mistake.
func (e entry) refuseVenv() error {
	if base := path.Base(e.path); base != "pyvenv.cfg" && base != "lib64" {
		return nil
	}
	dir := filepath.Dir(e.file)
	link, err := os.Lstat(filepath.Join(dir, "bin", "python"))
	found := err == nil && link.Mode()&fs.ModeSymlink != 0
	if exe, err := os.Stat(filepath.Join(dir, "Scripts", "python.exe")); err == nil && exe.Mode().IsRegular() {
		found = true
	}
	if !found {
		return nil
	}
	return fmt.Errorf("virtual environments must not be added to source distributions or wheels, remove the directory or exclude it from the build: %s", dir)
}

// open opens what goes into an artifact: the file, or what a link points to.
func open(file string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(file) // before it is opened: a pipe would wait for a writer
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: not a regular file (a %s), which an artifact can not hold", file, kind(info.Mode()))
	}
	f, err := os.Open(file)
	return f, info, err
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "link to a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// permissions are those in artifacts: of a file only whether it is executable
// counts, which Windows does not know.
func permissions(info fs.FileInfo) uint32 {
	if info.Mode().Perm()&0o111 != 0 && runtime.GOOS != "windows" {
		return 0o755
	}
	return 0o644
}
