package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const canFork = true

// hostPatience is how long a host may take for an answer, which it gives at once
// unless the machine is overloaded.
const hostPatience = time.Minute

// A host is a Python that has imported a backend and forks for each build. It is
// talked to by messages over a socket; see hooks.py.
type host struct {
	cmd  *exec.Cmd
	mu   sync.Mutex // held from a message to its answer
	link *net.UnixConn
}

type hostMessage struct {
	Dir string `json:"dir,omitempty"`
	End int    `json:"end,omitempty"`
}

type hostReply struct {
	Forks  bool `json:"forks"`
	PID    int  `json:"pid"`
	Status int  `json:"status"`
}

// startHost starts a host and waits until it has imported the backend.
func startHost(ctx context.Context, env *Environment, backend string, vars []string) (*host, error) {
	link, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cmd := exec.Command(env.Python, "-c", hooksProgram, backend)
	cmd.Dir, cmd.Env = env.Root, vars
	cmd.ExtraFiles = []*os.File{theirs}
	separate(cmd)
	if err := cmd.Start(); err != nil {
		_ = link.Close()
		return nil, err
	}
	h := &host{cmd: cmd, link: link}
	stop := context.AfterFunc(ctx, func() { _ = link.SetReadDeadline(time.Unix(1, 0)) })
	// Theirs must be closed to see that they are gone.
	_ = theirs.Close()
	reply, err := h.read()
	if !stop() || err != nil || !reply.Forks {
		h.end()
		return nil, errors.Join(ctx.Err(), err, errors.New("the backend cannot be shared"))
	}
	return h, nil
}

// socketPair makes two ends of a socket that keeps messages apart: one of ours,
// and one to be inherited.
func socketPair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	file := os.NewFile(uintptr(fds[0]), "host")
	defer file.Close()
	theirs = os.NewFile(uintptr(fds[1]), "host")
	conn, err := net.FileConn(file)
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}

func (h *host) read() (*hostReply, error) {
	buffer := make([]byte, 1<<10)
	n, err := h.link.Read(buffer)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	var r hostReply
	return &r, json.Unmarshal(buffer[:n], &r)
}

// ask sends a message, with files, and reads the answer. After an error the
// process is of no more use.
func (h *host) ask(m hostMessage, files ...*os.File) (*hostReply, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var rights []byte
	if len(files) > 0 {
		var fds []int
		for _, f := range files {
			fds = append(fds, int(f.Fd()))
		}
		rights = syscall.UnixRights(fds...)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.link.SetDeadline(time.Now().Add(hostPatience)); err != nil {
		return nil, err
	}
	_, _, err = h.link.WriteMsgUnix(text, rights, nil)
	var r *hostReply
	if err == nil {
		r, err = h.read()
	}
	if err != nil {
		_ = h.link.Close()
	}
	return r, err
}

// fork starts a process for a build, in a directory; nil if it cannot.
func (h *host) fork(env *Environment, dir string, out *output) *process {
	if h == nil {
		return nil
	}
	var ours, theirs [3]*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close() // of nil is an error, no more
		}
	}()
	for i := range ours {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours[:])
			return nil
		}
		if ours[i], theirs[i] = r, w; i == 0 {
			ours[i], theirs[i] = w, r
		}
	}
	reply, err := h.ask(hostMessage{Dir: dir}, theirs[:]...)
	if err != nil || reply.PID <= 0 {
		closeAll(ours[:])
		return nil
	}
	f := &fork{host: h, pid: reply.PID, output: ours[2], killed: make(chan struct{}), copied: make(chan struct{})}
	go func() {
		defer close(f.copied)
		_, _ = io.Copy(out, f.output)
	}()
	return newProcess(env, f, ours[0], ours[1])
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// end ends the host. Its forks are not touched.
func (h *host) end() {
	_ = h.link.Close()
	killGroup(h.cmd)
	_ = h.cmd.Wait()
}

// A fork is the child of a host.
type fork struct {
	host           *host
	pid            int
	output         *os.File
	killed, copied chan struct{}
	status         syscall.WaitStatus
}

// kill implements child. The number stays taken until wait has asked for the
// status, so it is nobody else's.
func (f *fork) kill() {
	_ = syscall.Kill(-f.pid, syscall.SIGKILL)
	_ = syscall.Kill(f.pid, syscall.SIGKILL) // if it has no group of its own yet
	close(f.killed)
}

// wait implements child. The host waits only for what was killed, or others would
// wait with it.
func (f *fork) wait() error {
	<-f.killed
	reply, err := f.host.ask(hostMessage{End: f.pid})
	if err == nil {
		f.status = syscall.WaitStatus(reply.Status)
	}
	within(patience, f.copied)
	_ = f.output.Close()
	<-f.copied
	return err
}

// state implements child.
func (f *fork) state() string {
	if f.status.Signaled() {
		return "signal: " + f.status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", f.status.ExitStatus())
}
