//go:build !linux && !windows

package fsx

import "os"

func removeName(path string) error { return os.Remove(path) }

func (r *remover) empty(path string) error { return r.emptyByPath(path) }
