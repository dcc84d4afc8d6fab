package managed

import (
	"strings"
	"testing"
)

func TestParseCatalog(t *testing.T) {
	t.Parallel()
	text := `{
		"a": {"name": "cpython", "arch": {"family": "aarch64", "variant": null}, "os": "darwin", "libc": "none", "major": 3, "minor": 14, "patch": 0,
			"prerelease": "rc1", "url": "https://example.com/a", "sha256": null, "variant": "freethreaded", "build": "20250101"},
		"b": {"name": "pypy", "arch": {"family": "x86_64", "variant": "v3"}, "os": "linux", "libc": "gnu", "major": 3, "minor": 10, "patch": 16, "url": "https://example.com/b", "sha256": "` + strings.Repeat("Ab", 32) + `"},
		"c": {"name": "cpython", "arch": {"family": "abacus"}, "os": "linux", "libc": "gnu", "major": 3, "minor": 1, "patch": 1, "url": "https://example.com/c"}
	}`
	list, err := ParseCatalog([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, d.Key.String()+" "+d.URL)
	}
	want := "cpython-3.14.0rc1+freethreaded-macos-aarch64-none https://example.com/a\npypy-3.10.16-linux-x86_64_v3-gnu https://example.com/b"
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	for _, bad := range []string{
		"", "{", "[]", `{"a": 1}`, `{"a": {"name": "cpython"}}`,
		hostile("../../etc", strings.Repeat("0", 64)), hostile("a/b", ""), hostile("cpython", "../../../x"), hostile("cpython", "00"),
	} {
		if _, err := ParseCatalog([]byte(bad)); err == nil {
			t.Errorf("ParseCatalog(%q) has no error", bad)
		}
	}
}

func hostile(name, sha string) string {
	return `{"a": {"name": "` + name + `", "arch": {"family": "x86_64"}, "os": "linux", "libc": "gnu", "major": 3, "minor": 1, "patch": 1, "url": "u", "sha256": "` + sha + `"}}`
}

// Entries of versions that are none are passed over; a list of a later format
// is told from a broken one.
func TestParseCatalogVersions(t *testing.T) {
	t.Parallel()
	list, err := ParseCatalog([]byte(strings.Replace(hostile("cpython", ""), `"patch": 1,`, `"patch": 1, "prerelease": "/../x",`, 1)))
	if err != nil || len(list) != 0 {
		t.Errorf("got %v, %v", list, err)
	}
	if _, err := ParseCatalog([]byte(`{"version": 2, "downloads": []}`)); err == nil || !strings.Contains(err.Error(), "later format") {
		t.Errorf("got %v", err)
	}
}

func TestMirrored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, want string }{
		{cpythonReleases + "/1/x.tar.gz", "https://one.example/1/x.tar.gz"},
		{pypyReleases + "/x.tar.gz", "https://two.example/x.tar.gz"},
		{"https://example.com/x.tar.gz", "https://example.com/x.tar.gz"},
	} {
		if got := (Download{URL: c.url}).Mirrored("https://one.example/", "https://two.example"); got != c.want {
			t.Errorf("%s: got %s, want %s", c.url, got, c.want)
		}
	}
}

func FuzzParseCatalog(f *testing.F) {
	f.Add([]byte(`{"a": {"name": "cpython", "arch": {"family": "x86_64"}, "os": "linux", "libc": "gnu", "url": "u"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseCatalog(data)
		if err != nil {
			return
		}
		for i := range list {
			if i > 0 && list[i-1].Key.Compare(list[i].Key) < 0 {
				t.Errorf("%s stands before %s", list[i-1].Key, list[i].Key)
			}
		}
	})
}
