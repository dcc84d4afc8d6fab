//go:build !linux

package cli

// widenHeap does something on Linux only.
func widenHeap() {}
