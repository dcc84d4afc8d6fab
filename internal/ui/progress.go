package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Progress shows, on the terminal, a line for each piece of work under way.
// Nothing is drawn before the work has lasted a moment, so that short commands
// never flicker; where nobody watches it does nothing.
type Progress struct {
	out     io.Writer
	columns int
	color   Palette

	mu    sync.Mutex
	bars  []*Bar
	drawn int // lines on the screen that are ours
	frame int
	stop  chan struct{}
	ended chan struct{}
}

// A Bar is one piece of work under way. A nil *Bar may be used and does
// nothing.
type Bar struct {
	owner *Progress
	label string
	live  func() string // the label of now, where it changes
	size  int64
	done  atomic.Int64
	begun time.Time
}

const (
	progressDelay = 150 * time.Millisecond // how long work may take unseen
	progressFrame = 80 * time.Millisecond
	progressLines = 12 // more work than this is only counted
)

// StartProgress begins to show progress, or returns nil (on which all methods
// may be called) where no person would see it: standard error is no terminal,
// the printer is quiet, or hide is set. What is shown already goes on.
func (p *Printer) StartProgress(hide bool) *Progress {
	columns, watched := IsTerminal(p.Err)
	if !watched || hide || p.Level != Normal {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.progress == nil {
		p.progress = newProgress(p.Err, columns, p.Color)
	}
	return p.progress
}

func newProgress(out io.Writer, columns int, color Palette) *Progress {
	g := &Progress{out: out, columns: columns, color: color, stop: make(chan struct{}), ended: make(chan struct{})}
	go g.run()
	return g
}

// StopProgress removes the lines.
func (p *Printer) StopProgress() {
	p.mu.Lock()
	progress := p.progress
	p.progress = nil
	p.mu.Unlock()
	if progress != nil {
		close(progress.stop)
		<-progress.ended
	}
}

func (g *Progress) run() {
	tick := time.NewTicker(progressFrame)
	defer tick.Stop()
	defer close(g.ended)
	for {
		select {
		case <-tick.C:
			g.mu.Lock()
			g.frame++
			g.draw("")
			g.mu.Unlock()
		case <-g.stop:
			g.mu.Lock()
			g.bars = nil
			g.draw("")
			g.mu.Unlock()
			return
		}
	}
}

// Bar starts a piece of work; size is in bytes, or not positive where it is
// not known or not a matter of bytes.
func (g *Progress) Bar(label string, size int64) *Bar {
	if g == nil {
		return nil
	}
	b := &Bar{owner: g, label: label, size: size, begun: time.Now()}
	g.mu.Lock()
	g.bars = append(g.bars, b)
	g.mu.Unlock()
	return b
}

// Live starts a piece of work whose line is asked for each time it is drawn.
func (g *Progress) Live(text func() string) *Bar {
	if g == nil {
		return nil
	}
	b := &Bar{owner: g, live: text, begun: time.Now()}
	g.mu.Lock()
	g.bars = append(g.bars, b)
	g.mu.Unlock()
	return b
}

// Add reports n more bytes.
func (b *Bar) Add(n int64) {
	if b != nil {
		b.done.Add(n)
	}
}

// Done ends the work and takes its line away.
func (b *Bar) Done() {
	if b == nil {
		return
	}
	b.owner.mu.Lock()
	defer b.owner.mu.Unlock()
	for i, other := range b.owner.bars {
		if other == b {
			b.owner.bars = append(b.owner.bars[:i], b.owner.bars[i+1:]...)
			return
		}
	}
}

// above prints text over the lines.
func (g *Progress) above(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.draw(text)
}

// draw replaces what is on the screen by text and the lines of now. The caller
// holds the lock.
func (g *Progress) draw(text string) {
	var b strings.Builder
	if g.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dF\x1b[J", g.drawn)
	}
	b.WriteString(text)
	g.drawn = 0
	more := 0
	for _, bar := range g.bars {
		switch {
		case time.Since(bar.begun) < progressDelay:
		case g.drawn == progressLines:
			more++
		default:
			b.WriteString(g.line(bar) + "\n")
			g.drawn++
		}
	}
	if more > 0 {
		b.WriteString(g.color.Dim(fmt.Sprintf("  and %d more", more)) + "\n")
		g.drawn++
	}
	if b.Len() > 0 {
		_, _ = io.WriteString(g.out, b.String())
	}
}

// line is a bar as text that fits the width of the screen.
func (g *Progress) line(b *Bar) string {
	const spinner = `|/-\`
	done := b.done.Load()
	if b.size <= 0 {
		label := b.label
		if b.live != nil {
			label = b.live()
		}
		text := fmt.Sprintf("%c %s", spinner[g.frame%len(spinner)], label)
		if done > 0 {
			text += " " + Bytes(done)
		}
		return fit(text, g.columns)
	}
	done = min(done, b.size)
	const width = 30
	filled := int(done * width / b.size)
	name := fit(b.label, max(g.columns-width-26, 8))
	return fmt.Sprintf("%s %s%s %s/%s", name, g.color.Green(strings.Repeat("-", filled)),
		g.color.Dim(strings.Repeat("-", width-filled)), Bytes(done), Bytes(b.size))
}

// fit cuts text to a width.
func fit(text string, width int) string {
	if r := []rune(text); len(r) >= width && width > 1 {
		return string(r[:width-1])
	}
	return text
}
