//go:build !unix

package install

// On Windows the time in its place is that of the file's creation.
const hasChangeTime = false
