package bundle

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// earliest is the first time that zip archives know.
var earliest = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// time is what members of archives have.
func (s *Spec) time() time.Time {
	if s.Time.Before(earliest) {
		return earliest
	}
	return s.Time.UTC()
}

// Zipapp writes the bundle in a root, which has no Python and one entry, as a zip
// archive that Python runs. Packages without anything but modules are
// imported from the archive itself; others are unpacked when it is started for
// the first time.
func (s *Spec) Zipapp(w io.Writer, root string) error {
	if len(s.Entries) != 1 || s.Python.Executable != "" {
		return errors.New("internal error: a zip archive has one entry and no Python")
	}
	all, err := list(root)
	if err != nil {
		return err
	}
	files := all[:0]
	for _, f := range all {
		if strings.HasPrefix(f.path, libDir+"/") || strings.HasPrefix(f.path, AppDir+"/") || f.path == ManifestName {
			files = append(files, f)
		}
	}
	inPlace := runsFromArchive(files)
	main, err := s.zipMain(root, files, inPlace)
	if err != nil {
		return err
	}
	line := "#!/usr/bin/env python3\n"
	if s.Needs.Exact {
		line = "#!/usr/bin/env python" + s.Python.minor() + "\n"
	}
	if _, err := io.WriteString(w, line); err != nil {
		return err
	}
	z := zip.NewWriter(w)
	z.SetOffset(int64(len(line)))
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	m, err := z.CreateHeader(s.zipHeader("__main__.py", plainMode))
	if err != nil {
		return err
	}
	if _, err := io.WriteString(m, main); err != nil {
		return err
	}
	for _, f := range files {
		if err := s.zipFile(z, root, f, inPlace); err != nil {
			return err
		}
	}
	return z.Close()
}

func (s *Spec) zipHeader(name string, mode fs.FileMode) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: s.time()}
	h.SetMode(mode)
	return h
}

// zipFile adds a member. Directories are not needed.
func (s *Spec) zipFile(z *zip.Writer, root string, f file, inPlace bool) error {
	name := f.path
	switch {
	case f.mode.IsDir():
		return nil
	case f.mode&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link, which zip archives cannot have", name)
	case inPlace:
		name = strings.TrimPrefix(name, libDir+"/")
	}
	m, err := z.CreateHeader(s.zipHeader(name, f.mode))
	if err != nil {
		return err
	}
	return copyFile(m, filepath.Join(root, filepath.FromSlash(f.path)), f.size)
}

// zipMain is the module that Python runs first.
func (s *Spec) zipMain(root string, files []file, inPlace bool) (string, error) {
	text := s.constants(s.Entries[0])
	if inPlace {
		return text + startPython + `

if __name__ == "__main__":
    check()
    archive = os.path.dirname(os.path.abspath(__file__))
    only(archive)
    run(archive)
`, nil
	}
	k, err := key(root, files)
	if err != nil {
		return "", err
	}
	return text + "KEY = " + literal(k) + "\n" + startPython + unpackPython + `

if __name__ == "__main__":
    check()
    home = unpacked(os.path.dirname(os.path.abspath(__file__)))
    only(os.path.join(home, "lib"))
    run(home)
`, nil
}
