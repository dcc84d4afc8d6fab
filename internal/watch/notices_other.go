//go:build !linux && !windows

package watch

// openNotices finds none: those of kqueue need an open file for each file.
func openNotices(func(string, ...any)) notices { return polling{} }
