package pip_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/packaging/pyname"
)

// TestReadPins reads the pins of earlier outputs.
func TestReadPins(t *testing.T) {
	t.Parallel()
	const digest = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, test := range []struct {
		story, text string
		lock        bool
		upgrade     pip.Choice
		want        string
		fails       string // a part of the error
	}{
		{story: "pins", text: "a==1\n    # via b\nb==2.0 ; python_version >= '3'\n", want: "a 1, b 2.0"},
		{story: "with hashes", text: "a==1 \\\n    --hash=sha256:" + digest + "\nb==2\n", want: "a 1, b 2"},
		{story: "what pins nothing", text: "a>=1\nb\nc==1,!=2\nd===1\ne @ https://example.com/e-1-py3-none-any.whl\n-e ./f\n-c limits.txt\n", want: ""},
		{story: "forks", text: "a==1 ; sys_platform == 'win32'\na==2 ; sys_platform != 'win32'\n", want: "a 1, a 2"},
		{story: "options", text: "--index-url https://example.com/simple\n-r more.txt\na==1\n", want: "more 3, a 1"},
		{story: "all are upgraded", text: "a==1\n", upgrade: pip.Choice{All: true}, want: ""},
		{story: "one is upgraded", text: "a==1\nb==2\n", upgrade: pip.Choice{Packages: map[pyname.Package]bool{"a": true}}, want: "b 2"},
		{story: "no requirements file", text: "a==!\n", fails: "out"},
		{story: "a lock", lock: true, text: "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nversion = '1'\n[[packages]]\nname = 'local'\n[packages.directory]\npath = '.'\n", want: "a 1"},
		{story: "no lock", lock: true, text: "a==1\n", fails: "reading `out`"},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"out": test.text, "limits.txt": "limited==1\n", "more.txt": "more==3\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		reader := &pip.Reader{Dir: dir, Getenv: func(string) (string, bool) { return "", false }}
		pins, err := pip.ReadPins(reader, "out", test.lock, test.upgrade)
		if test.fails != "" {
			if err == nil || !strings.Contains(err.Error(), test.fails) {
				t.Errorf("%s: %v", test.story, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.story, err)
			continue
		}
		var got []string
		for _, p := range pins.Preferences {
			got = append(got, string(p.Name)+" "+p.Version.String())
		}
		if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.story, diff)
		}
	}
	if pins, err := pip.ReadPins(&pip.Reader{Dir: t.TempDir()}, "absent", false, pip.Choice{}); err != nil || len(pins.Preferences) > 0 {
		t.Errorf("an absent file: %+v, %v", pins, err)
	}
}
