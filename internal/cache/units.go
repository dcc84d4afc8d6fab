package cache

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseSize reads a size in bytes: `5GB`, `1.5 GiB`, `800M`. Units are powers of
// 1000, with an i or without the B powers of 1024, as in other programs that
// deal with disks.
func ParseSize(text string) (int64, error) {
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit := strings.ToLower(text[len(number):])
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	base, power := 1024.0, strings.IndexByte("kmgt", (unit + " ")[0])+1
	switch rest := strings.TrimLeft(unit, "kmgt"); {
	case power == 0 && rest != "" && rest != "b", len(unit)-len(rest) > 1, power > 0 && rest != "" && rest != "b" && rest != "ib":
		err = strconv.ErrSyntax
	case rest == "b":
		base = 1000
	}
	size := n * math.Pow(base, float64(power))
	if err != nil || !(size >= 1 && size < 1<<62) {
		return 0, errors.New("a size such as `5GB` or `800MiB` is expected")
	}
	return int64(size), nil
}

// ParseAge reads a span of time: `30d`, `2w`, `12h`, `90m`, `10s`.
func ParseAge(text string) (time.Duration, error) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if text != "" {
		unit := units[text[len(text)-1]]
		n, err := strconv.ParseUint(strings.TrimSpace(text[:len(text)-1]), 10, 31)
		if err == nil && unit > 0 && int64(n) <= int64(math.MaxInt64/unit) {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, errors.New("a number of days, weeks, hours or minutes such as `30d` is expected")
}
