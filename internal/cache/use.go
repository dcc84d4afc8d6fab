package cache

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// A use is written down once a day: often enough to tell what is used from
// what is not, and seldom enough to cost nothing.
const useInterval = 24 * time.Hour

// Touch notes that the directory or file at path is in use, by its time of
// modification, unless that was noted in the last day. Where it cannot be
// written, the use goes unnoticed. The times of access that filesystems keep
// say nothing: many are mounted without, and backups read everything.
func Touch(path string) {
	now := time.Now()
	if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > useInterval {
		_ = os.Chtimes(path, time.Time{}, now)
	}
}

// used notes the use of an archive in the stamp of its manifest, which is in
// memory already: on most days this compares two numbers.
func (a *Archive) used() {
	now := time.Now()
	if now.Sub(time.Unix(a.Manifest.rows.Stamp()[1], 0)) <= useInterval {
		return
	}
	// Only the second number, so that what another process says of the files
	// in the first stays.
	file, err := fsx.OpenFile(filepath.Join(a.dir, manifestName), os.O_WRONLY, 0)
	if err != nil {
		return
	}
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], uint64(now.Unix()))
	_, _ = file.WriteAt(b[:], stampOffset+8)
	_ = file.Close()
}

// lastUse returns when an archive was used last. Archives of earlier versions
// have only the time at which their manifest was written.
func (a *Archive) lastUse() time.Time {
	if seconds := a.Manifest.rows.Stamp()[1]; seconds != 0 {
		return time.Unix(seconds, 0)
	}
	return modified(filepath.Join(a.dir, manifestName))
}

// modified returns the latest time of modification of some files, the zero
// time if there is none of them.
func modified(paths ...string) (latest time.Time) {
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil && info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	return latest
}
