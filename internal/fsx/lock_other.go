//go:build !windows && (!unix || aix || (solaris && !illumos))

package fsx

import (
	"errors"
	"os"
)

func flock(*os.File, LockMode) error { return errors.ErrUnsupported }

func funlock(*os.File) error { return nil }

func inherit(*os.File) error { return errors.ErrUnsupported }

func openLockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
}
