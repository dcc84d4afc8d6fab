package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tame-py/tame/internal/fsx"
)

// writeOutput writes what a command makes to the file that its flags name, below
// directories that need not exist. A file is replaced as a whole; standard streams
// (/dev/stdout), pipes and devices are written to.
func (a *app) writeOutput(name string, data []byte) error {
	path := a.path(name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		return fsx.ReplaceFile(path, data)
	case err != nil:
		return err
	}
	for _, stream := range []any{a.stdio.Out, a.stdio.Err} {
		if f, ok := stream.(*os.File); ok && isFile(f, info) {
			_, err := f.Write(data)
			return err
		}
	}
	if info.Mode().IsRegular() {
		return fsx.ReplaceFile(path, data)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func isFile(f *os.File, info fs.FileInfo) bool {
	open, err := f.Stat()
	return err == nil && os.SameFile(open, info)
}

// checkOutput refuses the name of a file that writeOutput could not write, before
// there is anything to write.
func (a *app) checkOutput(flag, name string) error {
	path := a.path(name)
	switch info, err := os.Stat(path); {
	case name == "":
		return usageError(fmt.Sprintf("invalid value for `--%s`: the name of a file is expected", flag))
	case err == nil && info.IsDir():
		return fmt.Errorf("invalid value for `--%s`: %w", flag, &fs.PathError{Op: "write", Path: path, Err: syscall.EISDIR})
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return fmt.Errorf("invalid value for `--%s`: %w", flag, err)
		}
	}
	return nil
}
