package marker

import "testing"

// The table of the conformance facts: input and printed form.
func TestString(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`python_version == '3.9'`, `python_full_version == '3.9.*'`},
		{`python_version <= '3.9.0'`, `python_full_version < '3.10'`},
		{`python_version == '3.*'`, `python_full_version >= '3' and python_full_version < '4'`},
		{`python_version in '3.9 3.11'`, `python_full_version == '3.9.*' or python_full_version == '3.11.*'`},
		{`python_version in '3.9 3.10 3.11'`, `python_full_version >= '3.9' and python_full_version < '3.12'`},
		{
			`python_version not in '3.9 3.11'`,
			`python_full_version < '3.9' or python_full_version == '3.10.*' or python_full_version >= '3.12'`,
		},
		{
			`python_version != '3.8' and python_version < '3.10'`,
			`python_full_version < '3.8' or python_full_version == '3.9.*'`,
		},
		{
			`python_version != '3.8' and python_version != '3.9'`,
			`python_full_version < '3.8' or python_full_version >= '3.10'`,
		},
		{`python_version == '3.9.1'`, `python_version < '0'`},
		{`python_version != '3.9.1'`, ``},
		{`python_version in '3.9.*'`, ``},
		{`python_version in '3.9,3.10'`, ``},
		{
			`((extra == 'a' or extra == 'b') and extra == 'c') or extra == 'b'`,
			`extra == 'b' or (extra == 'a' and extra == 'c')`,
		},
		{
			`python_version >= '3.8' and implementation_version >= '3.9'`,
			`implementation_version >= '3.9' and python_full_version >= '3.8'`,
		},
		{`python_version < '0'`, `python_full_version < '0'`},
		{`sys_platform == 'a' and sys_platform == 'b'`, `python_version < '0'`},
		{`python_version == '3.8'`, `python_full_version == '3.8.*'`},
		{`python_version != '3.8'`, `python_full_version != '3.8.*'`},
		{`platform_system == 'Windows'`, `sys_platform == 'win32'`},
		{`os_name == 'nt' and sys_platform == 'linux'`, `python_version < '0'`},
	}
	for _, tt := range tests {
		tree, _, err := Parse(tt.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		if got := tree.String(); got != tt.want {
			t.Errorf("Parse(%q) prints\n\t%s\nwant\t%s", tt.in, got, tt.want)
		}
	}
}
