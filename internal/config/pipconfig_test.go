package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseINI(t *testing.T) {
	t.Parallel()
	got := parseINI("; a\nlost = 1\n[global]\nIndex_URL: https://example.com/a=b\n# b\nfind-links =\n  one\n\ttwo\n\nnothing\n  more\n[ install ]\nno-index=1\n")
	want := map[string]map[string]string{
		"global":  {"index-url": "https://example.com/a=b", "find-links": "one\ntwo"},
		"install": {"no-index": "1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseINI(f *testing.F) {
	f.Add("[a]\nb = c\n d\n")
	f.Fuzz(func(t *testing.T, text string) {
		for section, keys := range parseINI(text) {
			for key := range keys {
				if key != "" && section == "" {
					t.Errorf("%q is in no section", key)
				}
			}
		}
	})
}

func TestReferences(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://${U}:${P}@h/x/":     "https://%24%7BU%7D:%24%7BP%7D@h/x/",
		"https://${U}@h":             "https://%24%7BU%7D@h",
		"https://h/${U}@x":           "https://h/${U}@x",
		"https://u:$P@h/${X}":        "https://u:$P@h/${X}",
		"https://${1}@h/":            "https://${1}@h/",
		"file:///x":                  "file:///x",
		"https://a${U}b@h/x?q=${Q}&": "https://a%24%7BU%7Db@h/x?q=${Q}&",
	} {
		if got := escapeReferences(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestPipNumbers(t *testing.T) {
	t.Parallel()
	var p PipConfig
	if err := p.read(map[string]string{"timeout": "0.5", "retries": "3"}); err != nil || *p.Timeout != 500*time.Millisecond || *p.Retries != 3 {
		t.Errorf("%v, %v", p, err)
	}
	for _, bad := range []map[string]string{
		{"timeout": "soon"},
		{"timeout": "-1"},
		{"timeout": "nan"},
		{"timeout": "1e300"},
		{"retries": "some"},
		{"retries": "-1"},
		{"retries": "0.5"},
	} {
		if err := p.read(bad); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}
