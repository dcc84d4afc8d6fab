package bundle

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// The parts of launchers. Those in Python also run on old versions, to say that
// they are too old.
var (
	//go:embed launch.sh
	launchShell string
	//go:embed start.py
	startPython string
	//go:embed unpack.py
	unpackPython string
)

// interpreterFlags isolate a bundle from what the user has installed or set for
// other Pythons (-I), but for two variables that only concern how it runs.
const interpreterFlags = `-I ${PYTHONUNBUFFERED:+-u} ${PYTHONDONTWRITEBYTECODE:+-B}`

// launcher is the program that starts an entry in a folder: a shell script that
// finds its own folder and a Python, which then reads the same file. To Python
// the shell's part is a string.
func (s *Spec) launcher(e Entry) string {
	var b strings.Builder
	b.WriteString(launchShell)
	if s.Python.Executable != "" {
		// That of another Python would keep the children that the program starts
		// by sys.executable from running.
		b.WriteString("unset PYTHONHOME\n")
		fmt.Fprintf(&b, "exec \"$home/%s\" %s \"$home/bin/%s\" \"$@\"\n'''\n", s.Python.Executable, interpreterFlags, e.Name)
		b.WriteString(s.ownStart(e))
		return b.String()
	}
	fmt.Fprintf(&b, "for python in python%s python3 python; do\n", s.Python.minor())
	fmt.Fprintf(&b, "    if command -v \"$python\" >/dev/null 2>&1; then\n        exec \"$python\" %s \"$home/bin/%s\" \"$@\"\n    fi\ndone\n", interpreterFlags, e.Name)
	fmt.Fprintf(&b, "echo '%s: needs Python %s, but there is none on the PATH' >&2\nexit 127\n'''\n", e.Name, s.Python.minor())
	b.WriteString(s.constants(e))
	b.WriteString(startPython)
	b.WriteString(`

if __name__ == "__main__":
    check()
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    only(os.path.join(home, "lib"))
    run(home)
`)
	return b.String()
}

// ownStart starts an entry in the Python that the bundle brings, which finds its
// packages by itself.
func (s *Spec) ownStart(e Entry) string {
	var b strings.Builder
	b.WriteString("import sys\nif __name__ == \"__main__\":\n")
	if s.App {
		fmt.Fprintf(&b, "    import os\n    app = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), %s)\n    sys.path.insert(0, app)\n", literal(AppDir))
	}
	switch {
	case e.Script != "":
		fmt.Fprintf(&b, "    import runpy\n    runpy.run_path(os.path.join(app, %s), run_name=\"__main__\")\n", literal(e.Script))
	case e.Attr == "":
		fmt.Fprintf(&b, "    import runpy\n    runpy.run_module(%s, run_name=\"__main__\", alter_sys=True)\n", literal(e.Module))
	default:
		name, _, _ := strings.Cut(e.Attr, ".")
		fmt.Fprintf(&b, "    from %s import %s\n    sys.exit(%s())\n", e.Module, name, e.Attr)
	}
	return b.String()
}

// constants are what the code for Pythons of other machines is told.
func (s *Spec) constants(e Entry) string {
	var b strings.Builder
	b.WriteString("import os\nimport sys\n\n")
	for _, c := range [...]struct{ name, value string }{
		{"NAME", literal(e.Name)},
		{"PYTHON", fmt.Sprintf("(%d, %d)", s.Python.Major, s.Python.Minor)},
		{"EXACT", map[bool]string{true: "True", false: "False"}[s.Needs.Exact]},
		{"SYSTEM", literal(s.Needs.System)},
		{"MACHINE", literal(s.Needs.Machine)},
		{"MODULE", literal(e.Module)},
		{"ATTRIBUTE", literal(e.Attr)},
		{"SCRIPT", literal(e.Script)},
		{"APP", literal(map[bool]string{true: AppDir}[s.App])},
	} {
		b.WriteString(c.name + " = " + c.value + "\n")
	}
	return b.String()
}

// literal is a text as Python has it between quotes.
func literal(s string) string {
	text, _ := json.Marshal(s) // a text can always be marshalled
	return string(text)
}
