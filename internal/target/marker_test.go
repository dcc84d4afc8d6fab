package target

import (
	"testing"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/tags"
)

func TestWheelMarker(t *testing.T) {
	t.Parallel()
	for wheel, want := range map[tags.Compressed]string{
		"cp310-cp310-win32":                                        "python_full_version == '3.10.*' and platform_python_implementation == 'CPython' and sys_platform == 'win32' and platform_machine == 'x86'",
		"cp314-cp314-win_arm64":                                    "python_full_version == '3.14.*' and platform_python_implementation == 'CPython' and sys_platform == 'win32' and platform_machine == 'ARM64'",
		"cp311-cp311-macosx_10_9_x86_64":                           "python_full_version == '3.11.*' and platform_python_implementation == 'CPython' and sys_platform == 'darwin' and platform_machine == 'x86_64'",
		"cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64": "python_full_version == '3.12.*' and platform_python_implementation == 'CPython' and sys_platform == 'linux' and platform_machine == 'aarch64'",
		"py3-none-any":                                             "python_full_version >= '3' and python_full_version < '4'",
		"py2.py3-none-any":                                         "python_full_version >= '2' and python_full_version < '4'",
		"cp39-abi3-manylinux_2_28_x86_64":                          "python_full_version >= '3.9' and platform_python_implementation == 'CPython' and sys_platform == 'linux' and platform_machine == 'x86_64'",
		"cp315-abi3t-manylinux_2_28_x86_64":                        "python_full_version >= '3.15' and platform_python_implementation == 'CPython' and sys_platform == 'linux' and platform_machine == 'x86_64'",
		"pp310-pypy310_pp73-musllinux_1_1_i686":                    "python_full_version == '3.10.*' and platform_python_implementation == 'PyPy' and sys_platform == 'linux' and platform_machine == 'i686'",
		"py3-none-macosx_11_0_universal2":                          "python_full_version >= '3' and python_full_version < '4' and sys_platform == 'darwin' and (platform_machine == 'x86_64' or platform_machine == 'arm64')",
		"py3-none-ios_13_0_arm64_iphoneos":                         "python_version < '0'",
		"py3-none-nonsense":                                        "python_version < '0'",
	} {
		parsed := marker.False() // which prints as a comparison that only never holds
		if want != parsed.String() {
			parsed = marker.MustParse(want)
		}
		if got := WheelMarker(wheel); got != parsed {
			t.Errorf("%s is for %q, want %q", wheel, got, want)
		}
	}
}

func TestPythonMarker(t *testing.T) {
	t.Parallel()
	p := python(">=3.8,<4")
	if got := p.Marker().String(); got != "python_full_version >= '3.8' and python_full_version < '4'" {
		t.Error(got)
	}
	if !(Python{}).Marker().IsTrue() {
		t.Error("no bounds are no condition")
	}
	m := marker.MustParse("python_version >= '3.8' and python_version < '3.12'")
	simple := p.Simplify(m)
	if got := simple.String(); got != "python_full_version < '3.12'" {
		t.Error(got)
	}
	if p.Complexify(simple) != m {
		t.Errorf("%q", p.Complexify(simple))
	}
}
