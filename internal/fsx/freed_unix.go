//go:build unix

package fsx

import (
	"io/fs"
	"syscall"
)

// blockSize is the unit in which Unix counts the blocks of a file.
const blockSize = 512

// freedBy is the space that is free once a file has been removed.
func freedBy(info fs.FileInfo) int64 {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return info.Size()
	case stat.Nlink > 1:
		return 0
	}
	return stat.Blocks * blockSize
}
