package install

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestMarshalName compares with what the interpreter writes.
func TestMarshalName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"/a.py", strings.Repeat("a", 255), strings.Repeat("a", 256), "/ü.py", "/日本/" + strings.Repeat("x", 300)} {
		for kind, intern := range map[byte]string{'z': "str", 'Z': "sys.intern"} {
			// A name with two owners has the flag.
			program := "import marshal, sys; n = " + intern + "(''.join(" + strconv.QuoteToASCII(name) + ")); a = [n]; sys.stdout.buffer.write(marshal.dumps(n))"
			want, err := exec.Command("python3", "-I", "-S", "-c", program).Output()
			if err != nil {
				t.Fatal(err)
			}
			if got := marshalName(nil, kind|0x80, name); !bytes.Equal(got, want) {
				t.Errorf("%q as %c: %q, want %q", name, kind, got, want)
			}
		}
	}
}

func TestBytecodeMode(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]string{
		"":                                       "TIMESTAMP",
		"SOURCE_DATE_EPOCH=1":                    "CHECKED_HASH",
		"SOURCE_DATE_EPOCH=":                     "TIMESTAMP",
		"PYC_INVALIDATION_MODE=UNCHECKED_HASH":   "UNCHECKED_HASH",
		"PYC_INVALIDATION_MODE=":                 "",
		"PYC_INVALIDATION_MODE=never":            "",
		"PYTHONPYCACHEPREFIX=/x":                 "",
		"PYTHONPYCACHEPREFIX= PYTHONOPTIMIZE=0":  "TIMESTAMP",
		"PYTHONOPTIMIZE=2 SOURCE_DATE_EPOCH=yes": "CHECKED_HASH -OO",
		"PYTHONOPTIMIZE=x":                       "TIMESTAMP -O",
		"PYTHONOPTIMIZE=-2":                      "TIMESTAMP -O",
		"PYTHONOPTIMIZE=00":                      "TIMESTAMP",
		"PYTHONOPTIMIZE=3":                       "TIMESTAMP -OOO",
		"PYTHONOPTIMIZE=2 PYTHONOPTIMIZE=0":      "TIMESTAMP",
		"PYTHONNODEBUGRANGES=1 PYTHONOPTIMIZE=1": "TIMESTAMP -O -X no_debug_ranges",
		"PYTHONNODEBUGRANGES=":                   "TIMESTAMP",
	} {
		mode, optimize, ok := bytecodeMode(strings.Fields(env))
		got := strings.TrimSpace(mode + " " + optimize)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%s: %q, want %q", env, got, want)
		}
	}
}
