package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration writes a time span as status lines show it: `0.42ms`, `12ms`,
// `1.23s`, `2m 05s`.
func Duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.2fms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2fs", d.Seconds())
	}
	return fmt.Sprintf("%dm %02ds", int(d.Minutes()), int(d.Seconds())%60)
}

// Bytes writes a size in binary units: `512B`, `1.5KiB`, `20.1MiB`.
func Bytes(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatInt(n, 10) + "B"
	}
	size, unit := float64(n)/1024, 0
	for size >= 1024 && unit < len(units)-1 {
		size /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f%ciB", size, units[unit])
}

// Count writes a number with its noun: `1 package`, `3 packages`, `2 entries`.
func Count(n int, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "y"):
		noun = noun[:len(noun)-1] + "ies"
	default:
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// Columns lays out rows under a header, padded with spaces; the header has a
// ruler below it. It is the layout of `pip list`.
func Columns(header []string, rows [][]string) string {
	width := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	ruler := make([]string, len(header))
	for i, w := range width {
		ruler[i] = strings.Repeat("-", w)
	}
	var b strings.Builder
	for _, row := range append([][]string{header, ruler}, rows...) {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", width[i]-len([]rune(cell))))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
