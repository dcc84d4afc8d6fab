package cli

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/git"
)

// offline reports whether the network is off.
func (a *app) offline() (bool, error) {
	off, err := a.flagOrEnv(a.global.offline, "UV_OFFLINE")
	if off == nil {
		off = a.config.Offline
	}
	return isTrue(off), err
}

// insecureHosts are the hosts whose certificates are not checked.
func (a *app) insecureHosts() ([]string, error) {
	hosts := a.listOrEnv(a.global.insecureHosts, "UV_INSECURE_HOST")
	for _, h := range hosts {
		if _, err := config.ParseHost(h); err != nil {
			return nil, fmt.Errorf("invalid value for `--allow-insecure-host`: %w", err)
		}
	}
	return append(slices.Clone(hosts), a.config.AllowInsecureHost...), nil
}

// repository is a directory that may be one of a repository.
func (a *app) repository(dir string) git.Local { return git.Local{Dir: dir, Environ: a.environ()} }

// gitStore brings repositories.
func (a *app) gitStore(e *engine.Engine) (*git.Store, error) {
	offline, err := a.offline()
	if err != nil {
		return nil, err
	}
	insecure, err := a.insecureHosts()
	if err != nil {
		return nil, err
	}
	o := git.Options{
		Cache: e.Cache, Environ: a.environ(), Offline: offline, LockTimeout: a.lockTimeout(), Progress: e.Progress, Debug: e.Debug,
		Insecure: func(host string) bool {
			return slices.ContainsFunc(insecure, func(h string) bool { return strings.EqualFold(hostname(h), host) })
		},
		Waiting: func(remote string) {
			a.print.Line("Waiting for another process to fetch from %s", remote)
		},
	}
	if t := a.vars.HTTPTimeout; t != nil {
		o.Timeout = *t
	}
	return git.New(o), nil
}

// hostname is a host without port.
func hostname(h string) string {
	if host, _, err := net.SplitHostPort(h); err == nil {
		return host
	}
	return h
}
