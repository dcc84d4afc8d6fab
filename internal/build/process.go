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
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan []byte // closed when there are no more
	done    chan struct{}
	err     error // of the process; set before done is closed
	kill    sync.Once
}

type request struct {
	Hook string `json:"hook"`
	Args []any  `json:"args"`
}

type reply struct {
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
	p := &process{env: env, cmd: cmd, in: in, answers: make(chan []byte, 1), done: make(chan struct{})}
	go p.watch(stdout)
	return p, nil
}

// watch reads the answers until there are no more, and waits for the end.
func (p *process) watch(stdout io.Reader) {
	s := bufio.NewScanner(stdout)
	s.Buffer(nil, maxAnswer)
	for s.Scan() {
		p.answers <- append([]byte(nil), s.Bytes()...)
	}
	close(p.answers)
	p.err = p.cmd.Wait()
	close(p.done)
}

// call runs a hook. If the context ends first, the process is killed.
func (p *process) call(ctx context.Context, r request) (*reply, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	// That it is gone is told by the answers.
	_, _ = p.in.Write(append(line, '\n'))
	select {
	case <-ctx.Done():
		p.stop()
		<-p.done
		return nil, context.Cause(ctx)
	case text, ok := <-p.answers:
		if !ok {
			p.stop()
			<-p.done
			return nil, &exitError{p.cmd.ProcessState.String(), p.err}
		}
		var out reply
		if err := json.Unmarshal(text, &out); err != nil {
			return nil, fmt.Errorf("the backend's process gave a garbled answer: %w", err)
		}
		return &out, nil
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
	p.kill.Do(func() { killGroup(p.cmd) })
}

// end ends the process, kindly at first: Python then runs what was registered
// for its exit. Whatever it has left running is killed.
func (p *process) end() {
	_ = p.in.Close()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	// Answers that nobody waits for must not keep it.
	go func() {
		for range p.answers { //nolint:revive // they are to be dropped
		}
	}()
	select {
	case <-p.done:
	case <-timer.C:
	}
	p.stop()
	<-p.done
}

var errTimeout = errors.New("timeout")
