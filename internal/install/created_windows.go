package install

import "github.com/tame-py/tame/internal/fsx"

// creationTime is when a file was made, in nanoseconds since the Unix epoch.
func creationTime(path string) (int64, bool) {
	id, err := fsx.Identify(path)
	return id.Ctime, err == nil
}
