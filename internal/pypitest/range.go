package pypitest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// ranged cuts an answer down to one range of bytes (RFC 9110, 14.2). Headers
// that are malformed or ask for several ranges are ignored.
func ranged(a answer, header string) answer {
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok {
		return a
	}
	from, to, ok := strings.Cut(spec, "-")
	if !ok || from == "" && to == "" {
		return a
	}
	size := len(a.body)
	first, last := 0, size-1
	var err error
	switch {
	case from == "":
		n := 0
		n, err = strconv.Atoi(to)
		first = max(0, size-n)
	case to == "":
		first, err = strconv.Atoi(from)
	default:
		if first, err = strconv.Atoi(from); err == nil {
			last, err = strconv.Atoi(to)
			last = min(last, size-1)
		}
	}
	if err != nil {
		return a
	}
	if first >= size || first > last {
		a.status, a.body = http.StatusRequestedRangeNotSatisfiable, nil
		a.header.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		return a
	}
	a.status = http.StatusPartialContent
	a.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, size))
	a.body = a.body[first : last+1]
	return a
}
