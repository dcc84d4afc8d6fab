//go:build unix

package server

import (
	"fmt"
	"io"
	"math"
	"os/exec"
	"syscall"
	"time"
)

// A guard ends a server where this program is killed and can do nothing more: a
// shell of its own group that reads from a pipe, which ends with this program.
// Processes that the server has left behind, or that pay SIGTERM no heed, hear
// of the end of this program from nobody else.
type guard struct {
	command *exec.Cmd
	pipe    io.WriteCloser
}

// guardScript reads which group to end, and then whether to leave it be. Nothing
// of it takes processor time while it waits.
const guardScript = `read -r group seconds && [ -n "$seconds" ] || exit
read -r over && exit
kill -s TERM -- "-$group"
while [ "$seconds" -gt 0 ] && kill -s 0 -- "-$group"; do
	sleep 1
	seconds=$((seconds - 1))
done
kill -s KILL -- "-$group"`

// newGuard starts one. Without a shell there is none, and the server is ended
// all the same unless this program is killed.
func newGuard() *guard {
	g := &guard{command: exec.Command("/bin/sh", "-c", guardScript)}
	g.command.Env = []string{"PATH=/usr/bin:/bin"}
	g.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not for it
	pipe, err := g.command.StdinPipe()
	if err != nil || g.command.Start() != nil {
		return nil
	}
	g.pipe = pipe
	return g
}

// watch tells it which group of processes to end, and how long after SIGTERM
// SIGKILL follows.
func (g *guard) watch(group int, within time.Duration) {
	if g != nil {
		_, _ = fmt.Fprintln(g.pipe, group, int(math.Ceil(within.Seconds())))
	}
}

// release ends it and nothing else.
func (g *guard) release() {
	if g == nil {
		return
	}
	_, _ = fmt.Fprintln(g.pipe, "over")
	_ = g.pipe.Close()
	_ = g.command.Wait()
}
