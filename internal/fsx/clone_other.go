//go:build !linux && !darwin

package fsx

import "errors"

func clone(*Tree, string, *Tree, string) error { return errors.ErrUnsupported }
