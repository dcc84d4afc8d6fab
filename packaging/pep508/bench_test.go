package pep508

import "testing"

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{
		"name":       "typing-extensions",
		"specifier":  "requests>=2.8.1",
		"specifiers": "numpy!=1.24.0,<3,>=1.21.2",
		"marker":     `pytest>=7 ; extra == "test"`,
		"all":        `Requests[security,socks] (>=2.8.1,<3) ; python_version < "3.11" and sys_platform == "win32"`,
		"url":        "pip @ https://example.com/pip-1.3.1.zip ; os_name == 'nt'",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkString(b *testing.B) {
	for name, text := range map[string]string{
		"specifiers": "numpy!=1.24.0,<3,>=1.21.2",
		"marker":     `pytest>=7 ; extra == "test"`,
	} {
		r := MustParse(text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = r.String()
			}
		})
	}
}
