package project

import (
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
)

func TestBumps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ old, bumps, want string }{
		{"1.10.31", "patch", "1.10.32"},
		{"1.10.31", "minor", "1.11.0"},
		{"1.10.31.post10", "major", "2.0.0"},
		{"2.3.4", "major=7", "7.0.0"},
		{"9!2.3.4a5.post6.dev7+deadbeef6", "stable", "9!2.3.4+deadbeef6"},
		{"9!2.3.4a5.post6.dev7+deadbeef6", "beta", "9!2.3.4b1+deadbeef6"},
		{"9!2.3.4a5.post6.dev7+deadbeef6", "post", "9!2.3.4a5.post7+deadbeef6"},
		{"9!2.3.4a5.post6.dev7+deadbeef6", "dev", "9!2.3.4a5.post6.dev8+deadbeef6"},
		{"1.2.3", "beta=5 patch", "1.2.4b5"},
		{"0.1.2.dev3", "dev=0 patch=10", "0.1.10.dev0"},
		{"2.3.4", "dev major", "3.0.0.dev1"},
		{"0.0.12", "patch=11", "provide the exact version"},
		{"2.3.4.post6", "stable", "provide the exact version"},
		{"2.3.4a1", "dev", "another version component"},
		{"2.3.4", "alpha", "a release version component"},
		{"2.3.4", "alpha alpha", "only one pre-release version component"},
		{"2.3.4", "alpha dev", "only one pre-release version component"},
		{"2.3.4", "major minor", "only one release version component"},
		{"2.3.4", "stable major", "got: stable, major"},
		{"2.3.4", "major post", "`--bump post` cannot be used"},
		{"2.3.4", "foo", "invalid bump component `foo`"},
		{"2.3.4", "patch=x", "invalid numeric value `x`"},
		{"2.3.4", "patch=-1", "invalid numeric value"},
		{"2.3.4", "stable=1", "takes no value"},
	} {
		got, err := bumped(test.old, test.bumps)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%s %s: got %s, want %s", test.old, test.bumps, got, test.want)
		}
	}
}

func bumped(old, bumps string) (string, error) {
	var list []Bump
	for text := range strings.FieldsSeq(bumps) {
		b, err := ParseBump(text)
		if err != nil {
			return "", err
		}
		list = append(list, b)
	}
	v, err := ApplyBumps(pep440.MustParse(old), list)
	return v.String(), err
}
