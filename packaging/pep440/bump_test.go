package pep440

import (
	"fmt"
	"strings"
	"testing"
)

// As uv 0.12.5 bumps.
func TestBump(t *testing.T) {
	t.Parallel()
	const parts = "major minor patch stable alpha beta rc post dev"
	for version, want := range map[string]string{
		"1.2.3":              "2.0.0 1.3.0 1.2.4 1.2.3 1.2.3a1 1.2.3b1 1.2.3rc1 1.2.3.post1 1.2.3.dev1",
		"1.2":                "2.0 1.3 1.2.1 1.2 1.2a1 1.2b1 1.2rc1 1.2.post1 1.2.dev1",
		"1":                  "2 1.1 1.0.1 1 1a1 1b1 1rc1 1.post1 1.dev1",
		"1.2.3.4":            "2.0.0.0 1.3.0.0 1.2.4.0 1.2.3.4 1.2.3.4a1 1.2.3.4b1 1.2.3.4rc1 1.2.3.4.post1 1.2.3.4.dev1",
		"1.2.3a1":            "2.0.0 1.3.0 1.2.4 1.2.3 1.2.3a2 1.2.3b1 1.2.3rc1 1.2.3a1.post1 1.2.3a1.dev1",
		"1.2.3b2.post1.dev3": "2.0.0 1.3.0 1.2.4 1.2.3 1.2.3a1 1.2.3b3 1.2.3rc1 1.2.3b2.post2 1.2.3b2.post1.dev4",
		"1.2.3.dev5":         "2.0.0 1.3.0 1.2.4 1.2.3 1.2.3a1 1.2.3b1 1.2.3rc1 1.2.3.post1 1.2.3.dev6",
		"1!2.3":              "1!3.0 1!2.4 1!2.3.1 1!2.3 1!2.3a1 1!2.3b1 1!2.3rc1 1!2.3.post1 1!2.3.dev1",
		"1.2+local.1":        "2.0+local.1 1.3+local.1 1.2.1+local.1 1.2+local.1 1.2a1+local.1 1.2b1+local.1 1.2rc1+local.1 1.2.post1+local.1 1.2.dev1+local.1",
	} {
		var got []string
		for _, name := range strings.Fields(parts) {
			p, err := ParsePart(name)
			if err != nil || p.String() != name {
				t.Fatal(p, err)
			}
			got = append(got, MustParse(version).Bump(p).String())
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
	got := fmt.Sprint(MustParse("1.2.3.4").BumpTo(PartPatch, 7), MustParse("1.2.3a1").BumpTo(PartRC, 4), MustParse("1").BumpTo(PartDev, 0))
	if got != "1.2.7.0 1.2.3rc4 1.dev0" {
		t.Error(got)
	}
	if p, err := ParsePart("micro"); err == nil {
		t.Error(p)
	}
}
