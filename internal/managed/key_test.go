package managed

import (
	"slices"
	"testing"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"cpython-3.12.3-linux-x86_64-gnu",
		"cpython-3.13.0rc2+freethreaded-macos-aarch64-none",
		"cpython-3.13.0+freethreaded+debug-linux-x86_64_v3-musl",
		"pypy-3.10.14-windows-x86-none",
		"graalpy-3.11.0-linux-aarch64-gnu",
		"pyodide-3.13.2-emscripten-wasm32-musl",
		"cpython-3.14.0a1-linux-armv7-gnueabihf",
		"ironpython-3.4.0-windows-x86_64-none",
	} {
		key, err := ParseKey(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
		} else if key.String() != s {
			t.Errorf("%s prints as %s", s, key)
		}
	}
	for s, want := range map[string]string{
		"CP-3.12-linux-x86_64-gnu":     "cpython-3.12.0-linux-x86_64-gnu",
		"pp-3.10-darwin-aarch64-none":  "pypy-3.10.0-macos-aarch64-none",
		"cpython-3.8.1-linux-i686-gnu": "cpython-3.8.1-linux-x86-gnu",
	} {
		if key, err := ParseKey(s); err != nil || key.String() != want {
			t.Errorf("%s parses to %s, %v; want %s", s, key, err, want)
		}
	}
}

func TestParseKeyErrors(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"cpython-3.12.3-linux-x86_64":                "expected exactly 5 `-`-separated values, got 4",
		"cpython":                                    "expected exactly 5 `-`-separated values, got 1",
		"cpython-3.12.3+nogil-linux-x86_64-gnu":      "invalid Python variant: nogil",
		"cpython-3.x-linux-x86_64-gnu":               "invalid Python version: 3.x",
		"cpython-3.12.3.4-linux-x86_64-gnu":          "invalid Python version: 3.12.3.4",
		"cpython-3.300-linux-x86_64-gnu":             "invalid Python version: 3.300",
		"cpython-3.12-plan9-x86_64-gnu":              "invalid platform: unknown operating system: plan9",
		"cpython-3.12-linux-vax-gnu":                 "invalid platform: unknown architecture: vax",
		"cpython-3.12-linux-aarch64_v2-gnu":          "invalid platform: unknown architecture: aarch64_v2",
		"cpython-3.12-linux-x86_64-msvc":             "invalid platform: unknown libc environment: msvc",
		"cpython-3.12.3ab1-linux-x86_64-gnu":         "invalid Python version: 3.12.3ab1",
		"cpython-+3.12-linux-x86_64-gnu":             "invalid Python variant: 3.12",
		"cpython-3.12.3-linux-x86_64-gnu-and-a-tail": "expected exactly 5 `-`-separated values, got 8",
	} {
		_, err := ParseKey(s)
		if want := "failed to parse Python installation key `" + s + "`: " + want; err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", s, err, want)
		}
	}
}

func TestKeyOrder(t *testing.T) {
	t.Parallel()
	want := []string{ // the most preferable last
		"jython-3.15.0-linux-x86_64-gnu",
		"graalpy-3.12.0-linux-x86_64-gnu",
		"pypy-3.11.0-linux-x86_64-gnu",
		"cpython-3.9.20-linux-x86_64-gnu",
		"cpython-3.13.0a2-linux-x86_64-gnu",
		"cpython-3.13.0b1-linux-x86_64-gnu",
		"cpython-3.13.0rc2-linux-x86_64-gnu",
		"cpython-3.13.0rc10-linux-x86_64-gnu",
		"cpython-3.13.0-linux-x86_64-musl",
		"cpython-3.13.0+freethreaded-linux-x86_64-gnu",
		"cpython-3.13.0+debug-linux-x86_64-gnu",
		"cpython-3.13.0-linux-x86_64-gnu",
		"cpython-3.13.1-linux-x86_64-gnu",
	}
	keys := make([]Key, len(want))
	for i, s := range want {
		keys[len(want)-1-i], _ = ParseKey(s)
	}
	slices.SortFunc(keys, Key.Compare)
	for i, k := range keys {
		if k.String() != want[i] {
			t.Errorf("place %d: %s, want %s", i, k, want[i])
		}
	}
}

func TestMinor(t *testing.T) {
	t.Parallel()
	a, _ := ParseKey("cpython-3.13.0rc1+freethreaded-linux-x86_64-gnu")
	b, _ := ParseKey("cpython-3.13.4+freethreaded-linux-x86_64-gnu")
	c, _ := ParseKey("cpython-3.13.4-linux-x86_64-gnu")
	if got, want := a.MinorName(), "cpython-3.13+freethreaded-linux-x86_64-gnu"; got != want {
		t.Errorf("MinorName is %s, want %s", got, want)
	}
	if !a.SameMinor(b) || b.SameMinor(c) {
		t.Error("SameMinor must ignore the patch and respect the variant")
	}
}

func TestSupports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host, other Platform
		want        bool
	}{
		{Platform{"linux", "x86_64", "gnu"}, Platform{"linux", "x86_64_v3", "gnu"}, true},
		{Platform{"linux", "x86_64", "gnu"}, Platform{"linux", "x86_64", "musl"}, false},
		{Platform{"linux", "x86_64", "gnu"}, Platform{"linux", "x86", "gnu"}, false},
		{Platform{"linux", "x86_64", "gnu"}, Platform{"emscripten", "wasm32", "musl"}, true},
		{Platform{"macos", "aarch64", "none"}, Platform{"macos", "x86_64", "none"}, true},
		{Platform{"macos", "x86_64", "none"}, Platform{"macos", "aarch64", "none"}, false},
		{Platform{"windows", "aarch64", "none"}, Platform{"windows", "x86", "none"}, true},
		{Platform{"windows", "x86_64", "none"}, Platform{"linux", "x86_64", "gnu"}, false},
	} {
		if got := c.host.Supports(c.other); got != c.want {
			t.Errorf("%s supports %s: %t", c.host, c.other, got)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("cpython-3.13.0rc2+freethreaded-macos-aarch64-none")
	f.Add("cpython-3.12-linux-x86_64_v3-musl")
	f.Fuzz(func(t *testing.T, s string) {
		key, err := ParseKey(s)
		if err != nil {
			return
		}
		again, err := ParseKey(key.String())
		if err != nil || again != key && key.Platform.OS != "emscripten" {
			t.Errorf("%q prints as %q, which parses to %+v, %v", s, key, again, err)
		}
		if key.Compare(again) != 0 && key.Platform.OS != "emscripten" {
			t.Errorf("%q does not compare equal to itself", s)
		}
	})
}
