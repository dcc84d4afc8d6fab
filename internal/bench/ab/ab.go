// Package ab compares subjects: it measures them in randomised complete blocks
// until the verdict is clear or the time is up.
package ab
