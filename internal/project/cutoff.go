package project

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/pyname"
)

// cutoffChange says how the limits on the age of files differ from those of a
// lock, "" if they do not. That the clock went on makes no difference between
// spans.
func cutoffChange(was, is *lock.Options) string {
	switch old, now := was.ExcludeNewer, is.ExcludeNewer; {
	case old.IsZero() && !now.IsZero():
		return "addition of global exclude newer " + now.String()
	case !old.IsZero() && now.IsZero():
		return "removal of global exclude newer"
	default:
		if change := cutoffDifference(old, now); change != "" {
			return change
		}
	}
	for _, c := range was.ExcludeNewerPackage {
		now, ok := cutoffOf(is, c.Name)
		if !ok {
			return fmt.Sprintf("removal of exclude newer for package `%s`", c.Name)
		}
		if change := cutoffDifference(c.Cutoff, now); change != "" {
			return fmt.Sprintf("%s for package `%s`", change, c.Name)
		}
	}
	for _, c := range is.ExcludeNewerPackage {
		if _, ok := cutoffOf(was, c.Name); ok {
			continue
		}
		if c.Cutoff.Off {
			return fmt.Sprintf("addition of exclude newer exclusion for package `%s`", c.Name)
		}
		return fmt.Sprintf("addition of exclude newer `%s` for package `%s`", c.Cutoff, c.Name)
	}
	return ""
}

func cutoffOf(o *lock.Options, name pyname.Package) (index.Cutoff, bool) {
	i := slices.IndexFunc(o.ExcludeNewerPackage, func(c lock.CutoffOf) bool { return c.Name == name })
	if i < 0 {
		return index.Cutoff{}, false
	}
	return o.ExcludeNewerPackage[i].Cutoff, true
}

// cutoffDifference says how two limits differ, "" if they do not.
func cutoffDifference(old, now index.Cutoff) string {
	switch {
	case old.Off && now.Off:
		return ""
	case now.Off:
		return fmt.Sprintf("add exclude newer exclusion (was `%s`)", old)
	case old.Off:
		return fmt.Sprintf("remove exclude newer exclusion (now `%s`)", now)
	case old.Span == 0 && now.Span != 0:
		return fmt.Sprintf("addition of exclude newer span `%s`", now)
	case old.Span != 0 && now.Span == 0:
		return "removal of exclude newer span"
	case old.Span != now.Span:
		return fmt.Sprintf("change of exclude newer span from `%s` to `%s`", old, now)
	case old.Span == 0 && !old.Time.Equal(now.Time):
		return fmt.Sprintf("change of exclude newer timestamp from `%s` to `%s`", old, now)
	}
	return ""
}
