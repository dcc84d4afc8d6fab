package fsx_test

import (
	"testing"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

func TestIdentitySettled(t *testing.T) {
	t.Parallel()
	const whole, fine = int64(1_700_000_000e9), int64(1_700_000_000e9 + 123_456_789)
	for name, tt := range map[string]struct {
		id    fsx.Identity
		after time.Duration // the later of both times
		want  bool
	}{
		"fine, at once":                   {fsx.Identity{Mtime: 1, Ctime: fine}, 0, false},
		"fine, ten ticks of 10 ms":        {fsx.Identity{Mtime: 1, Ctime: fine}, 100 * time.Millisecond, false},
		"fine, later":                     {fsx.Identity{Mtime: 1, Ctime: fine}, 101 * time.Millisecond, true},
		"whole seconds":                   {fsx.Identity{Mtime: 1, Ctime: whole}, time.Second, false},
		"whole seconds, later":            {fsx.Identity{Mtime: 1, Ctime: whole}, 2001 * time.Millisecond, true},
		"hundredths, as exFAT":            {fsx.Identity{Mtime: whole, Ctime: whole + 70e6}, time.Second, false},
		"an own time that was set ahead":  {fsx.Identity{Mtime: fine, Ctime: whole}, 50 * time.Millisecond, false},
		"a file of the future":            {fsx.Identity{Mtime: fine, Ctime: fine}, -time.Hour, false},
		"none":                            {fsx.Identity{}, time.Hour, false},
		"of the year 1969, in the middle": {fsx.Identity{Mtime: -fine, Ctime: -fine}, time.Second, true},
	} {
		at := time.Unix(0, max(tt.id.Mtime, tt.id.Ctime)).Add(tt.after)
		if got := tt.id.Settled(at); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
