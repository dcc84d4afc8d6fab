package pypitest

import "net"

// listen replaces the listener when an address is asked for.
func (s *Server) listen() error {
	if s.address == "" {
		return nil
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	if err := s.http.Listener.Close(); err != nil {
		return err
	}
	s.http.Listener = l
	return nil
}
