//go:build !amd64

package archive

// quickTurns runs the best quick loop there is.
func quickTurns(q *quick, src, dst []byte) quickEnd { return quickGeneric(q, src, dst) }
