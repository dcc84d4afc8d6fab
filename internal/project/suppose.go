package project

import (
	"context"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
)

// A Supposition is a target as it might be: for other Pythons than it says.
type Supposition struct {
	Python target.Python
	// Required are environments for which every package must have a wheel that may
	// not be built.
	Required []marker.Tree
	Policy   index.Policy
}

// An ElsewhereError reports that a project limits its environments to others.
type ElsewhereError struct{ Err error }

func (e *ElsewhereError) Error() string {
	return "the project is for other environments: " + e.Err.Error()
}

func (e *ElsewhereError) Unwrap() error { return e.Err }

// Suppose resolves a target under a supposition, with the versions of a lock where
// nothing speaks against them. Nothing is written. The error is a *resolve.NoSolution
// if there is no solution.
func Suppose(ctx context.Context, r *LockRequest, s Supposition, l *lock.Lock) (*resolve.Graph, error) {
	quiet := *r
	e := *r.Engine
	e.Warn = nil // it has been said when the lock was read
	quiet.Engine = &e
	in, err := quiet.inputs()
	if err != nil {
		return nil, err
	}
	in.python = s.Python
	if err := in.check(); err != nil {
		return nil, &ElsewhereError{err}
	}
	in.required = append(in.required[:len(in.required):len(in.required)], s.Required...)
	one := *r
	one.Policy = s.Policy
	return one.graph(ctx, in, l, lock.Versions)
}
