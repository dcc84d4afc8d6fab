// Package git brings commits of git repositories into the cache, with the git
// program of the machine.
//
// A [Store] does two things: [Store.Resolve] finds the commit that a branch, a
// tag or another [Reference] of a [Remote] stands for now, and [Store.Checkout]
// returns a directory with the files of a commit. What needs no network does
// without: a commit that is named in full and is in the cache is just there.
//
// # In the cache
//
// Each remote has one bare repository, db/<key>, to which commits are only ever
// added, and which is locked while that is done (locks/<key>). What it lacks of
// history stays at the remote: file contents are fetched with the commit that
// is checked out, not for all of history (partial clone), where the remote can
// do that. A check-out is made beside its place and renamed to
// checkouts/<key>/<commit>: it is there as a whole or not at all, whatever is
// killed when. What each reference meant when it was last asked for is kept in
// refs/<key>, for when there is no network.
//
// # Secrets and questions
//
// A password in the URL of a remote is handed to git by way of a credential
// helper and the environment: it stands in no file and in no list of processes,
// and is sent only if the server asks. Without one, git's own credential helpers
// and ssh's agent answer. Nobody is asked at a terminal, unless the environment
// has GIT_TERMINAL_PROMPT=1: a password that is missing is an error, not a
// program that hangs.
package git

import (
	"context"
	"errors"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/par"
)

// Options is what a [Store] works with.
type Options struct {
	// Cache is where repositories and check-outs go.
	Cache *cache.Cache
	// Environ is the environment for git. What of it would bind git to another
	// repository is left out.
	Environ []string
	// Offline: only what is on this machine may be used.
	Offline bool
	// Insecure tells the hosts whose certificates are not checked; nil is none.
	Insecure func(host string) bool
	// Timeout is how long a server may be silent; 0 means DefaultTimeout.
	Timeout time.Duration
	// LockTimeout bounds the wait for another process that fetches from the
	// same remote; 0 means fsx.DefaultLockTimeout.
	LockTimeout time.Duration
	// Waiting, when not nil, is called before such a wait with what is shown of
	// the remote.
	Waiting func(remote string)
	// Progress is told of each remote that is asked.
	Progress par.Progress
	// Debug gets a line for each call of git; nil is silent.
	Debug func(format string, args ...any)
}

// DefaultTimeout is how long a server may be silent if nothing else is said.
const DefaultTimeout = 30 * time.Second

// A Store brings commits into the cache. It is safe for concurrent use, by
// several processes too.
type Store struct {
	opts    Options
	program program
	commits par.Cache[string, *par.Future[string]]
	dirs    par.Cache[string, *par.Future[string]]
	// turns has a channel of one place for each remote: who fills it may lock
	// the repository.
	turns par.Cache[string, chan struct{}]
}

// New returns a store. git itself is looked for when it is needed.
func New(opts Options) *Store {
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	return &Store{opts: opts}
}

// once does something once for all who want it. If the one who does gives up,
// another one goes on.
func once(ctx context.Context, memo *par.Cache[string, *par.Future[string]], key string, do func() (string, error)) (string, error) {
	for {
		future := memo.Do(key, func() *par.Future[string] { return par.Go(do) })
		value, err := future.Wait(ctx)
		if err == nil || ctx.Err() != nil {
			return value, err
		}
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			return value, err
		}
		memo.Forget(key)
	}
}
