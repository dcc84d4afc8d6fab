package cache

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// heldName is a file below Sizes: how much the cache held when it was last
// measured, with what was added since, and when it was measured. It is written
// without a lock; what two processes lose by that comes back with the next
// measurement.
const (
	heldName     = "held"
	heldInterval = 24 * time.Hour
)

// Limit trims the cache at dir to a size in bytes after a command that has
// added so many to it and has closed it. Mostly that is a sum and a comparison:
// the cache is measured once a day, and when the sum exceeds the limit; then it
// is trimmed to nine tenths. While other processes use the cache nothing is
// removed, as they may be reading it; the next command tries again.
func Limit(dir string, most, added int64, now time.Time) (fsx.Removal, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return fsx.Removal{}, err
	}
	path := filepath.Join(root, string(Sizes), heldName)
	held, measured := readHeld(path)
	age := now.Sub(measured)
	if held += added; held <= most && age >= 0 && age < heldInterval {
		return fsx.Removal{}, writeHeld(path, held, measured)
	}
	lock, err := fsx.TryAcquire(filepath.Join(root, lockName), fsx.Exclusive)
	if errors.Is(err, fsx.ErrLocked) || errors.Is(err, errors.ErrUnsupported) {
		return fsx.Removal{}, writeHeld(path, held, measured)
	}
	if err != nil {
		return fsx.Removal{}, err
	}
	x := &Cleaner{cache: &Cache{root: root, boot: bootID, lock: lock}, alone: true}
	removed, held, err := x.Trim(Limits{Bytes: most, Down: most / 10 * 9})
	if err == nil {
		err = writeHeld(path, held, now)
	}
	return removed, errors.Join(err, x.Close())
}

// readHeld returns what the file says; a measurement of long ago if nothing.
func readHeld(path string) (held int64, measured time.Time) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, time.Time{}
	}
	size, when, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	held, err = strconv.ParseInt(size, 10, 64)
	seconds, errWhen := strconv.ParseInt(when, 10, 64)
	if err != nil || errWhen != nil || held < 0 {
		return 0, time.Time{}
	}
	return held, time.Unix(seconds, 0)
}

func writeHeld(path string, held int64, measured time.Time) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return fsx.WriteFile(path, []byte(strconv.FormatInt(held, 10)+" "+strconv.FormatInt(measured.Unix(), 10)+"\n"), 0o666)
}
