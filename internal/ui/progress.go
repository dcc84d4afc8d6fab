package ui

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Progress shows bars on standard error while long work runs. Nothing is made
// before the first bar has lived for a moment, so that short commands never
// pay for it and never flicker; where nobody watches it does nothing.
type Progress struct {
	out     io.Writer
	columns int
	start   time.Time
	after   time.Duration

	mu   sync.Mutex
	bars *mpb.Progress
}

// A Bar is one piece of work under way.
type Bar struct {
	owner *Progress
	label string
	size  int64
	done  atomic.Int64
	once  sync.Once
	bar   *mpb.Bar
}

// progressDelay is how long the first work may take unseen.
const progressDelay = 150 * time.Millisecond

// StartProgress begins to show progress, or returns nil (on which all methods
// may be called) where no person would see it: standard error is no terminal,
// the printer is quiet, or hide is set.
func (p *Printer) StartProgress(hide bool) *Progress {
	columns, watched := IsTerminal(p.Err)
	if !watched || hide || p.Level != Normal {
		return nil
	}
	progress := &Progress{out: p.Err, columns: columns, start: time.Now(), after: progressDelay}
	p.mu.Lock()
	p.progress = progress
	p.mu.Unlock()
	return progress
}

// StopProgress removes the bars.
func (p *Printer) StopProgress() {
	p.mu.Lock()
	progress := p.progress
	p.progress = nil
	p.mu.Unlock()
	if progress != nil {
		progress.stop()
	}
}

// Bar starts a piece of work; size is in bytes, or negative where it is not
// known or not a matter of bytes.
func (g *Progress) Bar(label string, size int64) *Bar {
	if g == nil {
		return nil
	}
	return &Bar{owner: g, label: label, size: size}
}

// Add reports n more bytes.
func (b *Bar) Add(n int64) {
	if b == nil {
		return
	}
	total := b.done.Add(n)
	if time.Since(b.owner.start) < b.owner.after {
		return
	}
	b.once.Do(func() { b.bar = b.owner.add(b) })
	if b.bar != nil {
		b.bar.SetCurrent(total)
	}
}

// Done ends the work and takes its bar away.
func (b *Bar) Done() {
	if b == nil {
		return
	}
	b.once.Do(func() {})
	if b.bar != nil {
		b.bar.Abort(true)
	}
}

func (g *Progress) add(b *Bar) *mpb.Bar {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bars == nil {
		g.bars = mpb.New(mpb.WithOutput(g.out), mpb.WithWidth(g.columns), mpb.WithRefreshRate(100*time.Millisecond))
	}
	label := decor.Name(b.label+" ", decor.WCSyncSpaceR)
	if b.size <= 0 {
		return g.bars.New(0, mpb.SpinnerStyle(), mpb.BarWidth(2), mpb.AppendDecorators(label))
	}
	return g.bars.New(b.size, mpb.BarStyle().Lbound(" ").Filler("-").Tip("-").Padding(" ").Rbound(" "),
		mpb.BarWidth(30), mpb.PrependDecorators(label),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f/% .1f")))
}

// above prints text over the bars; false means there are none.
func (g *Progress) above(text string) bool {
	g.mu.Lock()
	bars := g.bars
	g.mu.Unlock()
	if bars == nil {
		return false
	}
	_, err := io.WriteString(bars, text)
	return err == nil
}

func (g *Progress) stop() {
	g.mu.Lock()
	bars := g.bars
	g.bars = nil
	g.mu.Unlock()
	if bars != nil {
		bars.Shutdown()
	}
}
