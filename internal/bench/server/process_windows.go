package server

import (
	"syscall"
	"time"
)

// attributes are none: there are no groups of processes to lead.
func attributes() *syscall.SysProcAttr { return nil }

// end kills the process: there is no signal that asks it to end.
func (s *Server) end() {
	_ = s.process.Kill()
	<-s.ended
}

// guard is none: there are no groups of processes to end.
type guard struct{}

func newGuard() *guard { return nil }

func (*guard) watch(int, time.Duration) {}

func (*guard) release() {}

// Accounts tells that what servers use is not known here.
const Accounts = false

// Usage is not known here.
func (s *Server) Usage() (Usage, bool) { return Usage{}, false }

// ResetPeak does nothing where peaks are not known.
func (s *Server) ResetPeak() {}
