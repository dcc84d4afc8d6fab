//go:build unix

package install

// hasChangeTime tells that the system keeps the time at which a file's state
// last changed, which programs cannot set.
const hasChangeTime = true
