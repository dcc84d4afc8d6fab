//go:build !linux && !darwin && !windows

package install

// creationTime is unknown here.
func creationTime(string) (int64, bool) { return 0, false }
