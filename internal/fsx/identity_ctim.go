//go:build linux || openbsd || dragonfly || solaris || illumos

package fsx

import "syscall"

func changeTime(stat *syscall.Stat_t) int64 { return int64(stat.Ctim.Sec)*1e9 + int64(stat.Ctim.Nsec) }
