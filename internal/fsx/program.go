package fsx

import "syscall"

// WriteProgram calls write, which writes a file that is going to be run, while no
// child process is being started. A child has all files of this process open until
// it runs a program of its own, and what anybody has open for writing cannot be
// run: the system says "text file busy". What write does must be short, and must
// neither start a process nor open a pipe or a socket.
func WriteProgram(write func() error) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return write()
}
