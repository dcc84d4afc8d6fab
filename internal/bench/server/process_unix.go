//go:build unix

package server

import (
	"syscall"
	"time"
)

// end asks the process to end, then what it has left behind, and kills what
// does not.
func (s *Server) end() {
	group := s.process.Pid // it leads one of its own
	members := s.tree()
	until := time.Now().Add(s.spec.StopWithin)
	if !s.hasEnded() {
		_ = s.process.Signal(syscall.SIGTERM)
		patience(until, s.hasEnded)
	}
	if s.alive(group) {
		_ = syscall.Kill(-group, syscall.SIGTERM)
		patience(until, func() bool { return !s.alive(group) })
	}
	if s.alive(group) || !s.hasEnded() {
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
	for _, pid := range left(members, group) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-s.ended
	patience(time.Now().Add(lastWait), func() bool { return !s.alive(group) })
}
