package web

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/auth"
)

// maxRetryAfter is the longest wait that a server may ask for; when it asks for
// more the request has failed.
const maxRetryAfter = time.Minute

// backoff returns the pause before a retry: about one second, then twice as long
// each time up to 30 seconds, and between half and one and a half of that, so
// that many clients do not come back at once.
func backoff(retry int) time.Duration {
	pause := min(time.Second<<min(retry, 10), 30*time.Second)
	return pause/2 + rand.N(pause)
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration, rawURL string) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("fetching %s: %w", auth.Redact(rawURL), context.Cause(ctx))
	}
}

// retriable reports whether a status may be another the next time.
func retriable(status int) bool {
	return status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported ||
		status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
}

// passes reports whether a failure may pass.
func passes(e *Error) bool {
	switch e.Kind {
	case Status:
		return retriable(e.Status)
	case Connect, Timeout, Interrupted:
		return !errors.Is(e.Err, errChanged)
	case Proxy:
		return e.Status >= 500
	case DNS:
		var dns *net.DNSError
		return errors.As(e.Err, &dns) && !dns.IsNotFound
	}
	return false
}

// A retryAfter carries the wait that the server asks for.
type retryAfter struct {
	delay time.Duration
	err   error
}

func (e *retryAfter) Error() string { return e.err.Error() }
func (e *retryAfter) Unwrap() error { return e.err }

// parseRetryAfter reads the header of that name: seconds, or a date.
func parseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(date.Sub(now), 0), true
}
