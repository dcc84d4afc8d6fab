package install

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/dist"
)

// On Windows a script is a small program with a text behind it: the first line
// names the interpreter, and a zip archive has the script as __main__.py. Any
// program that reads its own end so will do. Every CPython brings such programs:
// those of distlib, within the pip wheel that ensurepip installs.

// NoLauncherError tells that there is no program to start scripts with.
type NoLauncherError struct{ Stdlib string }

// Error implements error.
func (e *NoLauncherError) Error() string {
	return fmt.Sprintf("no launcher for scripts found: the Python with its library in `%s` has no bundled pip", e.Stdlib)
}

// Hints implements the interface of errors with advice.
func (e *NoLauncherError) Hints() []string {
	return []string{"Use a Python that has the `ensurepip` module, such as one from python.org or a managed one"}
}

// windowsLauncher makes the program of a script. The text must be without its
// first line's interpreter, which the launcher reads from python.
func windowsLauncher(l *Layout, gui bool, python, text string) ([]byte, error) {
	program, err := bundledLauncher(l.Stdlib, launcherName(gui, runtime.GOARCH))
	if err != nil {
		return nil, err
	}
	if l.Relocatable {
		python = `<launcher_dir>\` + python
	}
	if strings.Contains(python, " ") {
		python = `"` + python + `"`
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	f, err := w.Create("__main__.py")
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return slices.Concat(program, []byte("#!"+python+"\r\n"), archive.Bytes()), nil
}

// launcherName is the name of the program for console or window, by processor.
func launcherName(gui bool, arch string) string {
	name := "t"
	if gui {
		name = "w"
	}
	switch arch {
	case "386":
		return name + "32.exe"
	case "arm64":
		return name + "64-arm.exe"
	}
	return name + "64.exe"
}

// bundledLauncher reads a program out of the pip wheel of ensurepip.
func bundledLauncher(stdlib, name string) ([]byte, error) {
	wheels, err := filepath.Glob(filepath.Join(stdlib, "ensurepip", "_bundled", "pip-*.whl"))
	if stdlib == "" || err != nil || len(wheels) == 0 {
		return nil, &NoLauncherError{stdlib}
	}
	f, err := os.Open(wheels[len(wheels)-1])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	z, err := dist.OpenZip(f, info.Size())
	if err != nil {
		return nil, err
	}
	entry, err := z.Find("pip/_vendor/distlib/" + name)
	if err != nil {
		return nil, &NoLauncherError{stdlib}
	}
	return z.Read(entry)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
