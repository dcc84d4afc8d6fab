package cache

import "golang.org/x/sys/unix"

// bootID returns a number that changes when the machine starts anew, 0 when
// it is not known. It is never settled.
func bootID() int64 {
	text, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil || text == "" {
		return 0
	}
	return int64(checksum([]byte(text))>>2) + 1
}
