package cache

import "os"

// bootID returns a number that changes when the machine starts anew, 0 when
// it is not known. It is never settled.
func bootID() int64 {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return 0
	}
	return int64(checksum(text)>>2) + 1
}
