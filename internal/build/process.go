package build

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// The program that runs the hooks.
//
//go:embed hooks.py
var hooksProgram string

// patience is how long a process that was asked to end may take.
const patience = 2 * time.Second

// maxAnswer bounds an answer of the process, which is a name or a list of
// requirements.
const maxAnswer = 16 << 20

// A process is one Python in which hooks run, one after the other.
type process struct {
	env     *Environment
	child   child
	in      io.WriteCloser
	out     io.Closer     // what the answers come from
	answers chan []byte   // closed when there are no more
	silent  chan struct{} // closed with it, most likely because the process has ended
	done    chan struct{}
	err     error // of the process; set before done is closed
	kill    sync.Once
	count   int // of requests
}

// A child is the process as the system knows it.
type child interface {
	// kill kills it and all that it has started, as far as that is in its group.
	kill()
	// wait waits for its end, and for that of its output as far as it has the
	// patience. It is called once there are no more answers.
	wait() error
	// state says how it ended, once wait has returned.
	state() string
}

// A command is a child that was started for one build.
type command struct{ *exec.Cmd }

func (c command) kill()         { killGroup(c.Cmd) }
func (c command) wait() error   { return c.Wait() }
func (c command) state() string { return c.ProcessState.String() }

type request struct {
	ID   int    `json:"id"`
	Hook string `json:"hook"`
	Args []any  `json:"args"`
}

type reply struct {
	ID      int             `json:"id"`
	Value   json.RawMessage `json:"value"`
	Missing bool            `json:"missing"`
	Failed  string          `json:"failed"`
	Message string          `json:"message"`
}

// start starts a Python in an environment. dir is its working directory.
func start(env *Environment, dir string, vars []string, out *output) (*process, error) {
	cmd := exec.Command(env.Python, "-c", hooksProgram)
	cmd.Dir, cmd.Env = dir, vars
	cmd.Stderr = out
	// A grandchild may hold the pipe of the output open for ever.
	cmd.WaitDelay = patience
	separate(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("failed to start `%s`: %w", env.Python, err)
	}
	return newProcess(env, command{cmd}, in, stdout), nil
}

func newProcess(env *Environment, c child, in io.WriteCloser, stdout io.ReadCloser) *process {
	p := &process{env: env, child: c, in: in, out: stdout, answers: make(chan []byte, 1), silent: make(chan struct{}), done: make(chan struct{})}
	go p.watch(stdout)
	return p
}

// watch reads the answers until there are no more, and waits for the end.
func (p *process) watch(stdout io.Reader) {
	s := bufio.NewScanner(stdout)
	s.Buffer(nil, maxAnswer)
	for s.Scan() {
		p.answers <- append([]byte(nil), s.Bytes()...)
	}
	close(p.answers)
	close(p.silent)
	p.err = p.child.wait()
	close(p.done)
}

// call runs a hook. If the context ends first, the process is killed.
func (p *process) call(ctx context.Context, r request) (*reply, error) {
	p.count++
	r.ID = p.count
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	// That it is gone is told by the answers.
	_, _ = p.in.Write(append(line, '\n'))
	for {
		select {
		case <-ctx.Done():
			p.stop()
			return nil, context.Cause(ctx)
		case text, ok := <-p.answers:
			if !ok {
				p.stop()
				p.wait()
				return nil, &exitError{p.child.state(), p.err}
			}
			var out reply
			if err := json.Unmarshal(text, &out); err != nil {
				return nil, fmt.Errorf("the backend's process gave a garbled answer: %w", err)
			}
			if out.ID == r.ID {
				return &out, nil
			}
			// It is about an earlier hook, which has answered before.
		}
	}
}

// An exitError tells that the process ended within a hook.
type exitError struct {
	state string
	err   error
}

func (e *exitError) Error() string { return "the backend ended its process (" + e.state + ")" }

// stop kills the process and all that it has started.
func (p *process) stop() {
	p.kill.Do(p.child.kill)
}

// end ends the process, kindly at first: Python then runs what was registered
// for its exit. Whatever it has left running is killed.
func (p *process) end() {
	_ = p.in.Close()
	// Answers that nobody waits for must not keep it.
	go func() {
		for range p.answers { //nolint:revive // they are to be dropped
		}
	}()
	within(patience, p.silent)
	p.stop()
	p.wait()
}

// wait waits for the end of a process that was killed. One that has left its
// group, and has the pipe, is not waited for.
func (p *process) wait() {
	if !within(patience, p.done) {
		_ = p.out.Close()
		<-p.done
	}
	_ = p.out.Close() // of a fork nobody else does
}

// within waits for a channel to be closed, and reports whether it was.
func within(d time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

var errTimeout = errors.New("timeout")
