package install

import "golang.org/x/sys/unix"

// creationTime is when a file was made, in nanoseconds since the Unix epoch.
func creationTime(path string) (int64, bool) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, false
	}
	return st.Btim.Nano(), true
}
