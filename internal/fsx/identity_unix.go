//go:build !windows

package fsx

import (
	"io/fs"
	"syscall"
)

func identityOf(_ string, info fs.FileInfo) Identity { return IdentityOf(info) }

// IdentityOf returns the identity in what [os.Stat] or [os.Lstat] returned.
func IdentityOf(info fs.FileInfo) Identity {
	id := Identity{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		id.Dev, id.Ino, id.Ctime = uint64(stat.Dev), uint64(stat.Ino), changeTime(stat)
	}
	return id
}
