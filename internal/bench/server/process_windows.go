package server

import "os/exec"

func (s *Server) hold(cmd *exec.Cmd, started chan<- error) {
	defer close(s.ended)
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
