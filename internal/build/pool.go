package build

import (
	"context"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/par"
)

// maxHosts bounds how many processes a pool keeps: each has some tens of
// megabytes.
const maxHosts = 8

// A Pool keeps processes that have imported a backend and are forked for each
// build in the same environment, on systems where that is safe: importing one
// takes longer than many a build. Builds share nothing else. A nil *Pool keeps
// none. It is safe for concurrent use; Close ends it, after its sessions.
type Pool struct {
	mu     sync.Mutex
	closed bool
	hosts  map[string]*par.Future[*host]
}

// host returns the process for an environment, a backend and variables, or nil if
// there is none. Who asks first has it started, which turn bounds.
func (p *Pool) host(ctx context.Context, env *Environment, backend string, vars []string, turn func(func(context.Context) error) error) *host {
	if p == nil || !canFork {
		return nil
	}
	key := env.Python + "\n" + backend + "\n" + strings.Join(vars, "\x00")
	future, settle := p.find(key)
	if settle != nil {
		var h *host
		err := turn(func(ctx context.Context) (err error) {
			h, err = startHost(ctx, env, backend, vars)
			return err
		})
		if err != nil && ctx.Err() != nil {
			p.forget(key) // the next one may be luckier
		}
		// What is wrong with the backend is told by a process that a build starts
		// for itself, in its output.
		settle(h, err)
	}
	if future == nil {
		return nil
	}
	h, err := future.Wait(ctx)
	if err != nil {
		return nil
	}
	return h
}

// find returns what was promised for a key. With it comes settle if that is to be
// made now; it is nil if there is no room for more.
func (p *Pool) find(key string) (future *par.Future[*host], settle func(*host, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if future, ok := p.hosts[key]; ok {
		return future, nil
	}
	if p.closed || len(p.hosts) >= maxHosts {
		return nil, nil
	}
	if p.hosts == nil {
		p.hosts = map[string]*par.Future[*host]{}
	}
	future, settle = par.Promise[*host]()
	p.hosts[key] = future
	return future, settle
}

func (p *Pool) forget(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.hosts, key)
}

// Close ends all processes of the pool.
func (p *Pool) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	hosts := p.hosts
	p.hosts, p.closed = nil, true
	p.mu.Unlock()
	for _, future := range hosts {
		if h, err := future.Wait(context.Background()); err == nil {
			h.end()
		}
	}
}
