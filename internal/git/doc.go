// Package git runs the git program of the machine.
package git
