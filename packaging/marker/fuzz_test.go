package marker

import "testing"

// What is read, printed and read again is the same marker, and its text stays.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`python_version >= '3.8' and (sys_platform == "win32" or os_name != 'nt')`,
		`'2.7' <= python_full_version and platform_release > '5.0' or 'x' in platform_version`,
		`extra == 'a_b' or "c" not in extras and 'd' in dependency_groups`,
		`python_version in '3.8 3.9' or implementation_version ~= '3.1.0'`,
		`os.name === 'x' and python_implementation not in "it's"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, _, err := Parse(text)
		if err != nil {
			return
		}
		printed := tree.String()
		if tree.IsTrue() || tree.IsFalse() {
			return
		}
		again, warnings, err := Parse(printed)
		if err != nil || again.String() != printed {
			t.Fatalf("%q prints %q, which reads back as %q (%v, %v)", text, printed, again, warnings, err)
		}
		if again != tree {
			t.Fatalf("%q prints %q, which means something else", text, printed)
		}
	})
}
