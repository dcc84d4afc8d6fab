package fsx

import "io/fs"

// statOf takes the size for the space: a directory entry does not tell more.
func statOf(info fs.FileInfo) stat {
	return stat{dir: info.IsDir(), bytes: info.Size(), disk: info.Size()}
}
