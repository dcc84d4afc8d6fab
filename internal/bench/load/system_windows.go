package load

import (
	"time"

	"golang.org/x/sys/windows"
)

// descriptorLimit is unknown: Windows has none but memory.
func descriptorLimit() (uint64, bool) { return 0, false }

// cpuTime is the processor time that the process has used.
func cpuTime() time.Duration {
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user); err != nil {
		return 0
	}
	ticks := func(t windows.Filetime) int64 { return int64(t.HighDateTime)<<32 | int64(t.LowDateTime) }
	return time.Duration(100 * (ticks(kernel) + ticks(user)))
}
