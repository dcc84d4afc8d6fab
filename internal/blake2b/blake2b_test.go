package blake2b

import (
	"encoding/hex"
	"strings"
	"testing"
)

// The digests are those of Python's hashlib.
func TestNew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		size       int
		text, want string
	}{
		{64, "abc", "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
		{32, "abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
		{32, "", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
		{32, strings.Repeat("a", 256), "eae4d3a7627549b383179dc18049964f91a6fed14c9f3fb26705eda3eeda5558"},
	}
	for _, tt := range tests {
		h := New(tt.size)
		_, _ = h.Write([]byte(tt.text))
		if got := hex.EncodeToString(h.Sum(nil)); got != tt.want || h.Size() != tt.size {
			t.Errorf("%d bytes of %.10q: got %s, want %s", tt.size, tt.text, got, tt.want)
		}
	}
}
