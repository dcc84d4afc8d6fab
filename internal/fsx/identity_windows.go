package fsx

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/windows"
)

// identityOf asks for the volume and the file's number in it, which a
// directory entry does not tell.
func identityOf(path string, info fs.FileInfo) Identity {
	id := IdentityOf(info)
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return id
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(name, 0, share, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return id
	}
	defer windows.CloseHandle(h)
	var file windows.ByHandleFileInformation
	if windows.GetFileInformationByHandle(h, &file) == nil {
		id.Dev = uint64(file.VolumeSerialNumber)
		id.Ino = uint64(file.FileIndexHigh)<<32 | uint64(file.FileIndexLow)
	}
	return id
}

// IdentityOf returns the identity in what [os.Stat] or [os.Lstat] returned;
// on Windows without Dev and Ino.
func IdentityOf(info fs.FileInfo) Identity {
	id := Identity{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	if data, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		id.Ctime = data.CreationTime.Nanoseconds()
	}
	return id
}
