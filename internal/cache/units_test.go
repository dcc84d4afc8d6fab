package cache

import (
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"5GB": 5e9, "5 gb": 5e9, "5GiB": 5 << 30, "5G": 5 << 30, "1.5k": 1536, "800MiB": 800 << 20, "10": 10, "10B": 10, "2TB": 2e12,
		"": 0, "GB": 0, "-5GB": 0, "0": 0, "5XB": 0, "5GGB": 0, "5iB": 0, "NaN": 0, "inf": 0, "1e30": 0, "5 G B": 0,
	} {
		got, err := ParseSize(text)
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"30d": 30 * day, "2w": 14 * day, "12h": 12 * time.Hour, "90m": 90 * time.Minute, "10s": 10 * time.Second, "3 d": 3 * day,
		"": -1, "d": -1, "30": -1, "-1d": -1, "1.5d": -1, "2000000000w": -1,
	} {
		got, err := ParseAge(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("ParseAge(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
}
