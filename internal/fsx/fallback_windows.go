package fsx

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

// fallsBack says whether a lesser mode may succeed where err came up.
func fallsBack(err error) bool {
	return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) &&
		!errors.Is(err, windows.ERROR_DISK_FULL) && !errors.Is(err, windows.ERROR_WRITE_PROTECT)
}
