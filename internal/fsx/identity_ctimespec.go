//go:build darwin || freebsd || netbsd

package fsx

import "syscall"

func changeTime(stat *syscall.Stat_t) int64 {
	return int64(stat.Ctimespec.Sec)*1e9 + int64(stat.Ctimespec.Nsec)
}
