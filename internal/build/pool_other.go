//go:build !linux

package build

import (
	"context"
	"errors"
)

// canFork: elsewhere a fork of a process that has used system libraries may hang,
// or there is no such thing.
const canFork = false

// A host is a process that is forked; there is none here.
type host struct{}

func startHost(context.Context, *Environment, string, []string) (*host, error) {
	return nil, errors.ErrUnsupported
}

func (h *host) fork(*Environment, string, *output) *process { return nil }

func (h *host) end() {}
