package pep440

import "testing"

func TestLenient(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		">=7.2.0<8.0.0":        ">=7.2.0, <8.0.0",
		"!=~5.0,>=4.12":        ">=4.12, !=5.0.*",
		"!=~5,>=4.12":          ">=4.12, !=5.*",
		">=1.9.*":              ">=1.9",
		">= 1.9.*":             ">=1.9",
		">=1.10.*, <2.*":       ">=1.10, <2",
		"!=3.0*":               "!=3.0.*",
		"!=3.0*,!=3.1*,>=2":    ">=2, !=3.0.*, !=3.1.*",
		">=3.6,":               ">=3.6",
		">=3.6, ":              ">=3.6",
		">dev":                 ">0.0.0.dev0",
		">=9.0.0a1.0":          ">=9.0.0a1",
		"'>=2.7'":              ">=2.7",
		">=3.6'":               ">=3.6",
		`>="3.6",`:             ">=3.6",
		">=2.7,!=3.0*,!=3.1.*": ">=2.7, !=3.0.*, !=3.1.*",
	} {
		got, err := ParseSpecifiersLenient(text)
		if err != nil || got.String() != want {
			t.Errorf("%q is %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{">=a", "<", ">=1.0 beta", "12"} {
		if got, err := ParseSpecifiersLenient(text); err == nil {
			t.Errorf("%q is %q, want an error", text, got)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1.0":                    "unexpected end of version specifier, expected operator; did you mean `==1.0`?",
		"1.*":                    "unexpected end of version specifier, expected operator; did you mean `==1.*`?",
		"=>1":                    `no such comparison operator "=>", must be one of ~= == != <= >= < > ===`,
		">=":                     "unexpected end of version specifier, expected version",
		">=1.0+x":                "operator >= is incompatible with versions containing non-empty local segments (`+x`)",
		"~=1":                    "the ~= operator requires at least two segments in the release version",
		">=1.*":                  "operator >= cannot be used with a wildcard version specifier",
		"==1.*.2":                "wildcards in versions must be at the end",
		"===a b":                 "trailing ` b` is not allowed",
		">=1.0,foo":              "unexpected end of version specifier, expected operator",
		"==":                     "unexpected end of version specifier, expected version",
		"==1!":                   "expected version to have a non-empty release component after an epoch",
		"==1+":                   `found a "+" indicating the start of a local component in a version, but did not find any alphanumeric ASCII segment following it`,
		">=99999999999999999999": `expected number less than or equal to 18446744073709551614, but number found in "99999999999999999999" exceeds it`,
	} {
		_, err := ParseSpecifiers(text)
		e, ok := err.(*ParseError)
		if !ok || e.Reason != want {
			t.Errorf("%q: %v, want %q", text, err, want)
			continue
		}
		if e.Offset+e.Length > len(text) {
			t.Errorf("%q: the error is at %d, %d bytes", text, e.Offset, e.Length)
		}
	}
}
