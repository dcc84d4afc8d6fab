package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestSplitRequirements(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                          nil,
		" , ":                       nil,
		"six":                       {"six"},
		"six,flask":                 {"six", "flask"},
		" six , flask,":             {"six", "flask"},
		"six>=1,<2,flask":           {"six>=1,<2", "flask"},
		"six>=1 , !=1.5, ~=1.0,==1": {"six>=1 , !=1.5, ~=1.0,==1"},
		"a[b,c]>1,d":                {"a[b,c]>1", "d"},
		"./dir,six":                 {"./dir", "six"},
		"a ; os_name == 'nt',b":     {"a ; os_name == 'nt'", "b"},
	} {
		if got := splitRequirements(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestGists(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://gist.github.com/someone/0123abc":            "0123abc",
		"https://gist.github.com/someone/0123abc/raw/x.py":   "",
		"https://gist.github.com/":                           "",
		"https://gist.githubusercontent.com/someone/0123abc": "",
		"https://example.com/someone/0123abc":                "",
	} {
		if got, ok := gistID(url); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", url, got, ok)
		}
	}
	for body, want := range map[string]string{
		`{"files": {"a.py": {"filename": "a.py", "raw_url": "https://x.example/a.py"}, "b.txt": {"raw_url": "https://x.example/b.txt"}}}`: "https://x.example/a.py",
		`{"files": {"a.py": {"raw_url": "https://x.example/a.py"}, "b.py": {"raw_url": "https://x.example/b.py"}}}`:                       "several Python files: a.py, b.py",
		`{"files": {}}`: "no Python file",
		`nonsense`:      "reading what GitHub says",
	} {
		got, err := scriptOfGist("0123abc", []byte(body))
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestFileStem(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"script": "script-", "My Script": "my-script-", "ünï": "n-", "...": "", "": "", strings.Repeat("x", 99): strings.Repeat("x", 40) + "-",
	} {
		if got := fileStem(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
