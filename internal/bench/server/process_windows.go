package server

import "syscall"

// attributes are none: there are no groups of processes to lead.
func attributes() *syscall.SysProcAttr { return nil }

// end kills the process: there is no signal that asks it to end.
func (s *Server) end() {
	_ = s.process.Kill()
	<-s.ended
}

// Accounts tells that what servers use is not known here.
const Accounts = false

// Usage is not known here.
func (s *Server) Usage() (Usage, bool) { return Usage{}, false }

// ResetPeak does nothing where peaks are not known.
func (s *Server) ResetPeak() {}
