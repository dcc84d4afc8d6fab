package lock

import (
	"reflect"
	"strings"
	"testing"
)

// Each byte, at each place of texts of all lengths about a word, is plain or not.
func TestIsPlain(t *testing.T) {
	t.Parallel()
	for length := range 34 {
		for at := range length {
			for c := range 256 {
				text := strings.Repeat("~", at) + string([]byte{byte(c)}) + strings.Repeat(" ", length-at-1)
				if want := c >= ' ' && c < 0x7f && c != '\\'; isPlain(text) != want {
					t.Fatalf("isPlain(%q) = %v", text, !want)
				}
			}
		}
	}
}

// What the quick way through a wheel takes, the slow one reads as the same file.
func TestUsualFile(t *testing.T) {
	t.Parallel()
	for text, usual := range map[string]bool{
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = 12, upload-time = "2024-01-02T03:04:05Z" }`:  true,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = 0, upload-time = "x" }, {`:                   true,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = 012, upload-time = "x" }`:                    false,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = , upload-time = "x" }`:                       false,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = 9999999999999999999, upload-time = "x" }`:    false,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = 12 }`:                                        false,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = 12, upload-time = "x", url = "b" }`:          false,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "", size = 12, upload-time = "x" }`:                              false,
		` url = "https://example.com/a\n-1-py3-none-any.whl", hash = "sha256:ab", size = 12, upload-time = "x" }`:                   false,
		" url = \"https://example.com/a\n-1-py3-none-any.whl\", hash = \"sha256:ab\", size = 12, upload-time = \"x\" }":             false,
		` url = "https://example.com/a-1-py3-none-any.whl`:                                                                          false,
		` path = "a-1-py3-none-any.whl", hash = "sha256:ab", size = 12, upload-time = "x" }`:                                        false,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = 12, upload-time = "2024-01-02T03:04:05Z"}`:   false,
		` url = "https://example.com/a-1-py3-none-any.whl", hash = "sha256:ab", size = 1_2, upload-time = "2024-01-02T03:04:05Z" }`: false,
	} {
		quick, slow := scanner{text: text}, scanner{text: text}
		f, g := File{Size: -1}, File{Size: -1}
		if got := quick.usualFile(&f); got != usual {
			t.Errorf("usualFile(%s) = %v", text, got)
		} else if !got && (quick.at != 0 || !reflect.DeepEqual(f, File{Size: -1})) {
			t.Errorf("usualFile(%s) left %+v", text, f)
		}
		if usual && (!slow.file(&g) || slow.at != quick.at || !reflect.DeepEqual(f, g)) {
			t.Errorf("%s is read as %+v up to %d, otherwise as %+v up to %d", text, f, quick.at, g, slow.at)
		}
	}
}
