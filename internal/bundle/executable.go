package bundle

import (
	"archive/tar"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

//go:embed unpack.sh
var unpackShell string

// Executable writes the bundle in a root, which has a Python and one entry, as
// one file that can be run: a shell script with a compressed archive behind it,
// which it unpacks when it is started for the first time. So it works without
// anything of ours, can be read before it is run, and is the same wherever it is
// made.
//
// Platform is what the Python is made for, in words.
func (s *Spec) Executable(w io.Writer, root, platform string) error {
	if len(s.Entries) != 1 || s.Python.Executable == "" {
		return errors.New("internal error: an executable has one entry and a Python")
	}
	if strings.ContainsAny(platform+s.Version, "'\n") {
		return fmt.Errorf("%q is no platform or version", platform+" "+s.Version)
	}
	files, err := list(root)
	if err != nil {
		return err
	}
	k, err := key(root, files)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, s.stub(k, platform)); err != nil {
		return err
	}
	z := newGzipWriter(w)
	return errors.Join(s.tarAll(z, root, files), z.Close())
}

// stub is the script in front of the archive. It tells itself where that begins.
func (s *Spec) stub(key, platform string) string {
	for size := 0; ; {
		text := fmt.Sprintf(`#!/bin/sh
# %s with Python %s for %s: a program, in an archive behind this
# script that is unpacked into a folder of your cache when it is first started.
# To see what is in it: tail -c +%d FILE | tar -tzf -
name='%[5]s' key='%[6]s' skip=%[4]d python='%[7]s' platform='%[3]s'
%[8]sexec "$home/$python" %[9]s "$home/bin/$name" "$@"
exit 126
`, strings.TrimSuffix(s.Entries[0].Name+" "+s.Version, " "), s.Python.Version, platform, size+1,
			s.Entries[0].Name, key, s.Python.Executable, unpackShell, interpreterFlags)
		if len(text) == size {
			return text
		}
		size = len(text) // more digits make it longer
	}
}

func (s *Spec) tarAll(w io.Writer, root string, files []file) error {
	t := tar.NewWriter(w)
	for _, f := range files {
		if err := s.tarFile(t, root, f); err != nil {
			return err
		}
	}
	// Whether this is there tells that nothing was cut off between two members of
	// the compressed file, which gzip would not notice.
	if err := t.WriteHeader(&tar.Header{Name: ".complete", Mode: int64(plainMode), ModTime: s.time(), Typeflag: tar.TypeReg, Format: tar.FormatGNU}); err != nil {
		return err
	}
	return t.Close()
}

func (s *Spec) tarFile(t *tar.Writer, root string, f file) error {
	h := &tar.Header{
		Name: f.path, Mode: int64(f.mode.Perm()), Size: f.size, Linkname: f.link, ModTime: s.time(),
		Typeflag: tar.TypeReg, Format: tar.FormatGNU, // which every tar of the last decades reads
	}
	switch {
	case f.mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
	case f.mode&fs.ModeSymlink != 0:
		h.Typeflag = tar.TypeSymlink
	}
	if err := t.WriteHeader(h); err != nil || !f.mode.IsRegular() {
		return err
	}
	return copyFile(t, filepath.Join(root, filepath.FromSlash(f.path)), f.size)
}
