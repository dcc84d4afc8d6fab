package server

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Accounts tells that [Server.Usage] knows what servers use.
const Accounts = true

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// A process is one line of /proc.
type process struct {
	pid, parent, group int
	dead               bool          // with all its threads, but not yet waited for
	used               time.Duration // of processor time, to the hundredth of a second
	children           time.Duration // of those that were waited for
	started            string        // tells it from a later one of the same number
}

// processes are all of the system.
func processes() []process {
	entries, _ := os.ReadDir("/proc") // what is not there is not told
	var out []process
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := look(pid); ok {
				out = append(out, p)
			}
		}
	}
	return out
}

// look reads /proc/PID/stat (proc_pid_stat(5)). The program's name, in
// parentheses, may hold anything.
func look(pid int) (process, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return process{}, false
	}
	number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	const tick = time.Second / 100 // whatever the kernel's own
	// The first thread is a zombie while others of a killed process still close its files.
	over := (fields[0] == "Z" || fields[0] == "X") && number(17) <= 1
	return process{
		pid: pid, parent: number(1), group: number(2), dead: over,
		used: time.Duration(number(11)+number(12)) * tick, children: time.Duration(number(13)+number(14)) * tick, started: fields[19],
	}, true
}

// tree is the server with all below it or in its group.
func (s *Server) tree() []process {
	all := processes()
	in := map[int]bool{s.process.Pid: true}
	for found := true; found; {
		found = false
		for _, p := range all {
			if !in[p.pid] && (in[p.parent] || p.group == s.process.Pid) {
				in[p.pid], found = true, true
			}
		}
	}
	var out []process
	for _, p := range all {
		if in[p.pid] {
			out = append(out, p)
		}
	}
	return out
}

// alive reports whether a group has a process that is not only waited for.
func (s *Server) alive(group int) bool {
	for _, p := range processes() {
		if p.group == group && !p.dead {
			return true
		}
	}
	return false
}

// left are those processes of a tree which have left the group and live on.
func left(members []process, group int) []int {
	var out []int
	for _, m := range members {
		if now, ok := look(m.pid); ok && !now.dead && now.started == m.started && now.pid != group {
			out = append(out, m.pid)
		}
	}
	return out
}

// Usage is what the server and all below it have used until now; ok tells
// whether the system says so.
func (s *Server) Usage() (u Usage, ok bool) {
	for _, p := range s.tree() {
		u.CPU += p.precise() + p.children
		u.Peak += peak(p.pid)
	}
	return u, u.Peak > 0
}

// precise is the processor time by the clock of the process, which counts
// nanoseconds and the threads that have ended (clock_getcpuclockid(3)).
func (p *process) precise() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(int32(^p.pid<<3|2), &t) != nil { //nolint:gosec // process numbers fit
		return p.used
	}
	return time.Duration(t.Nano())
}

// peak is the largest resident set of a process since [Server.ResetPeak].
func peak(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // gone: nothing
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.ParseInt(kib, 10, 64)
	return n << 10
}

// ResetPeak lets peaks begin anew (proc_pid_clear_refs(5)).
func (s *Server) ResetPeak() {
	for _, p := range s.tree() {
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.pid), []byte("5"), 0) // refused: the peak is that since the start
	}
}
