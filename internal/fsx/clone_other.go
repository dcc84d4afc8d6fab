//go:build !linux && !darwin

package fsx

import "errors"

func clone(*Tree, string, *Tree, string) error { return errors.ErrUnsupported }

// CloneDir is what macOS can do: clone a whole directory in one call. Here it
// always returns an error that matches [errors.ErrUnsupported].
func CloneDir(string, string) error { return errors.ErrUnsupported }
