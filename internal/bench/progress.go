package bench

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/ui"
)

// progress shows how far a measurement is while it lasts, where somebody
// watches. What it returns ends that.
func (h *Host) progress(name string, to *func(run.Progress)) (end func()) {
	progress := h.Print.StartProgress(h.HideProgress)
	if progress == nil {
		return func() {}
	}
	var now atomic.Pointer[run.Progress]
	begun := time.Now()
	*to = func(p run.Progress) { now.Store(&p) }
	bar := progress.Live(func() string { return progressText(name, time.Since(begun), now.Load()) })
	return func() {
		bar.Done()
		h.Print.StopProgress()
	}
}

// timeTextr is the progress of what only takes a time that is known.
func (h *Host) timer(what string, of time.Duration) (end func()) {
	progress := h.Print.StartProgress(h.HideProgress)
	if progress == nil {
		return func() {}
	}
	begun := time.Now()
	bar := progress.Live(func() string {
		passed := time.Since(begun)
		return fmt.Sprintf("%s · %s, %s left", what, wholeSeconds(passed), wholeSeconds(max(0, of-passed)))
	})
	return func() {
		bar.Done()
		h.Print.StopProgress()
	}
}

// wholeSeconds is a time that is shown while it passes.
func wholeSeconds(d time.Duration) string {
	seconds := int(d.Seconds())
	if seconds < 60 {
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%d min %02d s", seconds/60, seconds%60)
}

// progressText is how far a measurement is: what it does, for how long, how
// long it will last as it looks, and what has come out so far.
func progressText(name string, passed time.Duration, p *run.Progress) string {
	if p == nil {
		return strings.TrimPrefix(name+" · starting · "+wholeSeconds(passed), " · ")
	}
	parts := []string{p.Phase, wholeSeconds(passed)}
	if name != "" {
		parts = append([]string{name}, parts...)
	}
	if p.Remaining > 0 {
		// What was known at the last block has become less since.
		parts[len(parts)-1] += ", about " + wholeSeconds(max(0, p.Remaining-(passed-p.Elapsed))) + " left"
	}
	if p.Total > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s", p.Done, ui.Count(p.Total, "run")))
	} else if p.Done > 0 {
		parts = append(parts, ui.Count(p.Done, "block"))
	}
	var estimates []string
	for _, e := range p.Estimates {
		estimates = append(estimates, shortName(e.Name)+" "+report.Value(e.Seconds, report.Seconds))
	}
	if len(estimates) > 0 {
		parts = append(parts, strings.Join(estimates, ", "))
	}
	return strings.Join(parts, " · ")
}

// shortName is a name of which not much room is taken.
func shortName(name string) string {
	const most = 16
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return name
}
