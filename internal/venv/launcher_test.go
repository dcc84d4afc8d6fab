package venv

import (
	"strings"
	"testing"
)

func TestShebang(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("x", 123)
	for _, c := range []struct {
		executable         string
		posix, relocatable bool
		want               string
	}{
		{"/v/bin/python", true, false, "#!/v/bin/python"},
		{long, true, false, "#!" + long},
		{long + "x", true, false, "#!/bin/sh\n'''exec' '" + long + "x' \"$0\" \"$@\"\n' '''"},
		{"/my env/bin/python", true, false, "#!/bin/sh\n'''exec' '/my env/bin/python' \"$0\" \"$@\"\n' '''"},
		{"/it's mine/python", true, false, "#!/bin/sh\n'''exec' '/it'\"'\"'s mine/python' \"$0\" \"$@\"\n' '''"},
		{"python", true, true, "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''"},
		{`C:\my env\python.exe`, false, false, `#!C:\my env\python.exe`},
	} {
		if got := Shebang(c.executable, c.posix, c.relocatable); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestLauncher(t *testing.T) {
	t.Parallel()
	got := Launcher("#!/v/bin/python", EntryPoint{"package.cli", "main.run"})
	want := `#!/v/bin/python
# -*- coding: utf-8 -*-
import sys
from package.cli import main
if __name__ == "__main__":
    if sys.argv[0].endswith("-script.pyw"):
        sys.argv[0] = sys.argv[0][:-11]
    elif sys.argv[0].endswith(".exe"):
        sys.argv[0] = sys.argv[0][:-4]
    sys.exit(main.run())
`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
