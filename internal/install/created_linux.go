package install

import "golang.org/x/sys/unix"

// creationTime is when a file was made, in nanoseconds since the Unix epoch, if
// the filesystem tells.
func creationTime(path string) (int64, bool) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BTIME, &st); err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return 0, false
	}
	return st.Btime.Sec*1_000_000_000 + int64(st.Btime.Nsec), true
}
