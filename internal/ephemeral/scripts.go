package ephemeral

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/venv"
)

// maxScript bounds what is taken for a script.
const maxScript = 1 << 20

// copyScripts copies the scripts of a layer that are run by its Python, so that
// they are run by that of the overlay and see what it sees; those of layers
// above are kept. On Windows scripts are programs that know their Python, and
// are found behind the overlay's own.
func copyScripts(from, to *python.Environment) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir := from.Interpreter.Scheme.Scripts
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	shebang := venv.Shebang(to.Interpreter.Executable, true, false)
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		text, mode, err := readScript(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		rest, ok := cutShebang(text, from)
		if !ok {
			continue
		}
		path := filepath.Join(to.Interpreter.Scheme.Scripts, e.Name())
		if err := fsx.WriteProgram(func() error { return writeScript(path, shebang, rest, mode) }); err != nil {
			return err
		}
	}
	return nil
}

// readScript returns the text of a file that begins with `#!`, nothing of
// others.
func readScript(path string) ([]byte, fs.FileMode, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	var mark [2]byte
	if _, err := io.ReadFull(f, mark[:]); err != nil || string(mark[:]) != "#!" {
		return nil, 0, nil
	}
	info, err := f.Stat()
	if err != nil || info.Size() > maxScript || info.Mode()&0o111 == 0 {
		return nil, 0, err
	}
	text, err := io.ReadAll(f)
	return append(mark[:], text...), info.Mode().Perm(), err
}

// cutShebang cuts off the lines that start a script with the Python of an
// environment: any name of it in a virtual environment, in others, whose
// directory of scripts may be everybody's, the interpreter's own name.
func cutShebang(text []byte, env *python.Environment) (rest []byte, ok bool) {
	if rest, ok := bytes.CutPrefix(text, []byte(venv.Shebang("python", true, true)+"\n")); ok {
		return rest, true
	}
	names := []string{filepath.Base(env.Interpreter.Executable)}
	if env.Interpreter.IsVirtual() {
		minor := env.Interpreter.MinorVersion()
		names = append(names, "python", "python3", "python"+minor)
	}
	for _, name := range names {
		path := filepath.Join(env.Interpreter.Scheme.Scripts, name)
		for _, line := range []string{"#!" + path, venv.Shebang(path, true, false)} {
			if rest, ok := bytes.CutPrefix(text, []byte(line+"\n")); ok {
				return rest, true
			}
		}
	}
	return nil, false
}

// writeScript writes a script unless there is one.
func writeScript(path, shebang string, rest []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode|0o200)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(shebang + "\n")
	if err == nil {
		_, err = f.Write(rest)
	}
	return errors.Join(err, f.Close())
}

// linkData makes what Jupyter keeps below the prefix of a layer visible below
// that of the overlay: it finds its kernels and extensions nowhere else.
func linkData(from, to *python.Environment) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	for _, name := range []string{"etc/jupyter", "share/jupyter"} {
		target, link := filepath.Join(from.Root, name), filepath.Join(to.Root, name)
		if _, err := os.Stat(target); err != nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
			return err
		}
		if err := os.Symlink(target, link); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
