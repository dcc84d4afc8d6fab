//go:build unix && !linux

package server

import "syscall"

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

type process struct{}

func (s *Server) tree() []process { return nil }

func (s *Server) alive(group int) bool { return syscall.Kill(-group, 0) == nil }

func left([]process, int) []int { return nil }

// Accounts tells that what servers use is not known here.
const Accounts = false

// Usage is not known here.
func (s *Server) Usage() (Usage, bool) { return Usage{}, false }

// ResetPeak does nothing where peaks are not known.
func (s *Server) ResetPeak() {}
