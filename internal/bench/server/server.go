// Package server starts an HTTP server that is to be measured, waits until it
// is ready, says what it and its children use, and ends them all: [Start] and
// [Server.Stop]. Whatever goes wrong is one [Error] with the last that the
// server itself has said.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Spec is a server as its user describes it. `{port}` stands, in Words, Env
// and URL, for a port of 127.0.0.1 that is free when the server is started.
type Spec struct {
	Name  string
	Words []string // the program and its arguments
	Dir   string
	Env   []string // the whole environment
	URL   string   // of the server, to which paths are added
	// Ready is the path that must answer with a status below 400 before the server
	// counts as up; if empty it must accept connections.
	Ready       string
	ReadyWithin time.Duration // 30 s if zero
	StopWithin  time.Duration // from SIGTERM to SIGKILL, 10 s if zero
	// Output is a file for what the server says, which is else kept only for
	// errors.
	Output string
	// Allowed says whether the host of the URL may be driven; nil allows all.
	Allowed func(ctx context.Context, host string) error
}

// The limits of a spec that has none.
const (
	readyWithin = 30 * time.Second
	stopWithin  = 10 * time.Second
	lastWait    = 10 * time.Second // for what was killed to be gone: a busy machine takes its time
)

// A Server is a running one.
type Server struct {
	URL *url.URL
	// Startup is how long it took from the start of the process to its being
	// ready.
	Startup time.Duration

	spec    Spec
	process *os.Process
	guard   *guard
	output  *os.File
	kept    bool          // the output stays behind
	ended   chan struct{} // closed once the process was waited for
	state   *os.ProcessState
	stop    sync.Once
	failed  error // of stopping
}

// Start starts a server and waits until it is ready. It is an error if
// something answers at its address before.
func Start(ctx context.Context, spec Spec) (*Server, error) {
	if spec.ReadyWithin == 0 {
		spec.ReadyWithin = readyWithin
	}
	if spec.StopWithin == 0 {
		spec.StopWithin = stopWithin
	}
	if err := spec.fill(); err != nil {
		return nil, err
	}
	u, err := spec.address(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{URL: u, spec: spec, ended: make(chan struct{})}
	if s.accepts(ctx) {
		s.giveBack()
		return nil, fmt.Errorf("something answers at %s before the server `%s` is started: stop it, or let the server listen on `{port}`", u.Host, spec.Name)
	}
	if err := s.start(); err != nil {
		s.giveBack()
		return nil, err
	}
	begun := time.Now()
	if err := s.await(ctx, begun); err != nil {
		_ = s.Stop() // the first error says what is wrong
		return nil, err
	}
	s.Startup = time.Since(begun)
	return s, nil
}

// giveBack lets others have the port.
func (s *Server) giveBack() { given.Delete(s.URL.Port()) }

// mark is what a free port is put in the place of.
const mark = "{port}"

// Moves reports whether the server has a port that is chosen when it starts, so
// that several may run at once.
func (s *Spec) Moves() bool { return strings.Contains(s.URL, mark) }

// fill puts a free port in its place.
func (s *Spec) fill() error {
	if !s.Moves() {
		return nil
	}
	port, err := freePort()
	if err != nil {
		return fmt.Errorf("looking for a free port: %w", err)
	}
	put := func(texts []string) []string {
		out := slices.Clone(texts)
		for i := range out {
			out[i] = strings.ReplaceAll(out[i], mark, port)
		}
		return out
	}
	s.Words, s.Env, s.URL = put(s.Words), put(s.Env), strings.ReplaceAll(s.URL, mark, port)
	return nil
}

// given are the ports of the servers of this process that are not stopped.
var given sync.Map

// freePort finds a port of the loopback interface that nobody listens at. It is
// none of those that systems hand out to whoever asks for any port (RFC 6335,
// section 6: from 49152; Linux: from 32768): between the moment it is found and
// the server's own listening, one of those may be given to somebody else. For
// the same reason a port is not found again before its server is stopped.
func freePort() (string, error) {
	const first, count, tries = 10000, 22000, 100
	var failed error
	for range tries {
		port := strconv.Itoa(first + rand.IntN(count))
		if _, taken := given.LoadOrStore(port, true); taken {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			_ = l.Close() // whether it is gone is seen at once
			err = gone(l.Addr().String())
		}
		if err == nil {
			return port, nil
		}
		failed = err
		given.Delete(port)
	}
	return "", cmp.Or(failed, errors.New("all that were tried are in use"))
}

// gone waits until nobody listens at an address whose listener was closed: a
// child that is just being started has a copy of all that is open, until it
// runs its own program.
func gone(address string) error {
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		c, err := net.DialTimeout("tcp", address, askTimeout)
		if err != nil {
			return nil
		}
		_ = c.Close()
		if time.Since(begun) > askTimeout {
			return fmt.Errorf("%s is still listened at", address)
		}
	}
}

// Check refuses an address that makes no sense or may not be driven.
func (s *Spec) Check(ctx context.Context) error {
	filled := *s
	filled.URL = strings.ReplaceAll(s.URL, mark, "1")
	_, err := filled.address(ctx)
	return err
}

func (s *Spec) address(ctx context.Context) (*url.URL, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("the address %q of the server `%s` is no URL with a host", s.URL, s.Name)
	}
	if s.Allowed == nil {
		return u, nil
	}
	return u, s.Allowed(ctx, u.Hostname())
}

// start starts the process. Its output goes to a file and not through a pipe,
// which this process would have to read while it measures.
func (s *Server) start() (err error) {
	if s.kept = s.spec.Output != ""; s.kept {
		s.output, err = os.Create(s.spec.Output)
	} else {
		s.output, err = os.CreateTemp("", "tame-bench-*.log")
	}
	if err != nil {
		return fmt.Errorf("keeping the output of the server `%s`: %w", s.spec.Name, err)
	}
	cmd := exec.Command(s.spec.Words[0], s.spec.Words[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.spec.Dir, s.spec.Env, s.output, s.output
	s.guard = newGuard()
	started := make(chan error)
	go s.hold(cmd, started)
	if err := <-started; err != nil {
		s.discard()
		s.guard.release()
		if wrapped := (*exec.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return fmt.Errorf("cannot run `%s` for the server `%s`: %w", s.spec.Words[0], s.spec.Name, err)
	}
	s.guard.watch(s.process.Pid, s.spec.StopWithin)
	return nil
}

// await waits until the server is ready, has ended or is out of time.
func (s *Server) await(ctx context.Context, begun time.Time) error {
	const often, seldom = 2 * time.Millisecond, 20 * time.Millisecond
	var last error
	for {
		if last = s.ask(ctx); last == nil {
			return s.Check("before it was ready")
		}
		if err := s.Check("before it was ready"); err != nil {
			return err
		}
		passed := time.Since(begun)
		if passed > s.spec.ReadyWithin {
			return s.error(fmt.Sprintf("was not ready within %v", s.spec.ReadyWithin), last)
		}
		pause := often
		if passed > time.Second {
			pause = seldom
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.ended:
		case <-time.After(pause):
		}
	}
}

// Check is an error if the server has ended; when tells at what occasion.
func (s *Server) Check(when string) error {
	select {
	case <-s.ended:
		return s.error(exitText(s.state)+" "+when, nil)
	default:
		return nil
	}
}

// CheckBroken is [Server.Check] for a server that has broken off or refused
// connections. It may be ending: of that its connections tell before its process
// does. So the process is waited for unless the server accepts connections.
func (s *Server) CheckBroken(ctx context.Context, when string) error {
	patience(time.Now().Add(lastWait), func() bool { return s.hasEnded() || ctx.Err() != nil || s.accepts(ctx) })
	return s.Check(when)
}

// Failed is an error about what the server did, with its last output.
func (s *Server) Failed(what string) error { return s.error(what, nil) }

func exitText(state *os.ProcessState) string {
	switch {
	case state == nil:
		return "ended"
	case state.ExitCode() < 0:
		return "was ended by a signal (" + state.String() + ")"
	}
	return "ended with exit code " + strconv.Itoa(state.ExitCode())
}

// Stop ends the server and all that it has started: by SIGTERM, and by SIGKILL
// what is left when the time for that is over. It returns once its port is
// free.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		defer s.discard()
		s.end()
		s.guard.release()
		if !patience(time.Now().Add(lastWait), func() bool { return !s.accepts(context.Background()) }) {
			s.failed = fmt.Errorf("the server `%s` was ended, but something still answers at %s", s.spec.Name, s.URL.Host)
		}
		s.giveBack()
	})
	return s.failed
}

// patience waits for a condition, at most until a moment.
func patience(until time.Time, holds func() bool) bool {
	for pause := time.Millisecond; !holds(); pause = min(2*pause, 50*time.Millisecond) {
		if time.Now().After(until) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}

func (s *Server) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

func (s *Server) discard() {
	_ = s.output.Close()
	if !s.kept {
		_ = os.Remove(s.output.Name())
	}
}

// hold starts the process, reports that, and waits for its end. It stays on one
// thread: where the system can, the process is told when that thread dies,
// which is when this program does, however that happens.
func (s *Server) hold(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.ended)
	cmd.SysProcAttr = attributes()
	err := cmd.Start()
	if err == nil {
		s.process = cmd.Process
	}
	started <- err
	if err != nil {
		return
	}
	_ = cmd.Wait() // the state says all
	s.state = cmd.ProcessState
}
