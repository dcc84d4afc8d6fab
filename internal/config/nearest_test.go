package config

import "testing"

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"watch", "watch", 0},
		{"wacth", "watch", 1},
		{"wacth", "with", 2},
		{"wtach", "watch", 1},
		{"pyhtno", "python", 2},
		{"kitten", "sitting", 3},
		{"ca", "abc", 3}, // no letter is edited twice
		{"index", "idnex-url", 5},
	} {
		if got := EditDistance(test.a, test.b); got != test.want {
			t.Errorf("from %q to %q: %d, want %d", test.a, test.b, got, test.want)
		}
		if got := EditDistance(test.b, test.a); got != test.want {
			t.Errorf("from %q to %q: %d, want %d", test.b, test.a, got, test.want)
		}
	}
}
