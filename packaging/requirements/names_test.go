package requirements

import "testing"

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, tt := range [][3]string{
		{"r.txt", "s.txt", "s.txt"},
		{"d/r.txt", "s.txt", "d/s.txt"},
		{"d/r.txt", "../s.txt", "d/../s.txt"},
		{"d/r.txt", "/s.txt", "/s.txt"},
		{"-", "s.txt", "s.txt"},
		{"", "s.txt", "s.txt"},
		{"d/r.txt", "https://h/s.txt", "https://h/s.txt"},
		{"http://h/d/r.txt", "s.txt", "http://h/d/s.txt"},
		{"http://h/d/r.txt?a=b", "../s.txt", "http://h/s.txt"},
		{"http://h/d/r.txt", "/s.txt", "http://h/s.txt"},
		{"d/r.txt", "file:///a%20b.txt", "/a b.txt"},
		{"d/r.txt", "file://localhost/a.txt", "/a.txt"},
		{"d/r.txt", "file:a.txt", "a.txt"},
		{"d/r.txt", "file://elsewhere/a.txt", "file://elsewhere/a.txt"},
	} {
		if got := resolve(tt[0], tt[1]); got != tt[2] {
			t.Errorf("resolve(%q, %q) is %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}
