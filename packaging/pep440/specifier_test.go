package pep440

import (
	"slices"
	"strings"
	"testing"
)

func TestSpecifierVectors(t *testing.T) {
	t.Parallel()
	var v specifierVectors
	vectors(t, "specifiers.json", &v)
	for _, row := range v.Valid {
		s, err := ParseSpecifier(row.Input)
		if err != nil {
			t.Errorf("ParseSpecifier(%q): %v", row.Input, err)
			continue
		}
		if s.Op.String() != row.Operator {
			t.Errorf("ParseSpecifier(%q) has operator %s, want %s", row.Input, s.Op, row.Operator)
		}
		again := MustParseSpecifier(s.String())
		if !again.Equal(s) || again.String() != s.String() {
			t.Errorf("%q changed to %q", s, again)
		}
	}
	for _, row := range v.Invalid {
		if s, err := ParseSpecifier(row.Input); err == nil {
			t.Errorf("ParseSpecifier(%q) = %q, want an error", row.Input, s)
		}
	}
	for _, row := range v.SetValid {
		s, err := ParseSpecifiers(row.Input)
		if err != nil {
			t.Errorf("ParseSpecifiers(%q): %v", row.Input, err)
			continue
		}
		// packaging prints each clause once, in its own order.
		got := slices.CompactFunc(s.Sorted(), Specifier.Equal)
		want := MustParseSpecifiers(strings.Join(row.Members, ","))
		if !got.Equal(want) {
			t.Errorf("ParseSpecifiers(%q) = %q, want %q", row.Input, got, want)
		}
	}
	for _, row := range v.SetInvalid {
		if s, err := ParseSpecifiers(row.Input); err == nil {
			t.Errorf("ParseSpecifiers(%q) = %q, want an error", row.Input, s)
		}
	}
}

func TestOracleMembership(t *testing.T) {
	t.Parallel()
	var v specifierVectors
	vectors(t, "specifiers.json", &v)
	versions := make([]Version, len(v.Oracle.Versions))
	for i, text := range v.Oracle.Versions {
		versions[i] = MustParse(text)
	}
	rows, wrong := 0, 0
	for _, table := range []map[string]string{v.Oracle.Specifiers, v.Oracle.Sets} {
		for text, bits := range table {
			s, err := ParseSpecifiers(text)
			if err != nil {
				t.Errorf("ParseSpecifiers(%q): %v", text, err)
				continue
			}
			set := s.Set()
			for i, bit := range []byte(bits) {
				rows++
				want := bit == '1'
				if got := s.Contains(versions[i]); got != want {
					wrong++
					t.Errorf("%q contains %q: %v, want %v", text, versions[i], got, want)
				}
				if got := set.Contains(versions[i]); got != want {
					t.Errorf("the set of %q, %s, contains %q: %v, want %v", text, set, versions[i], got, want)
				}
			}
		}
	}
	t.Logf("%d rows, %d wrong", rows, wrong)
}
