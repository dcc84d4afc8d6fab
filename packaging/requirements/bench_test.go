package requirements

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	var compiled strings.Builder
	for i := range 100 {
		fmt.Fprintf(&compiled, "package-%d==1.%d ; python_full_version < '3.%d' \\\n", i, i, i%4+10)
		for j := range 8 {
			fmt.Fprintf(&compiled, "    --hash=sha256:%064x \\\n", i*100+j)
		}
		fmt.Fprintf(&compiled, "    --hash=sha256:%064x\n    # via -r requirements.in\n", i*100+9)
	}
	for name, text := range map[string]string{
		"plain":    strings.Repeat("requests[socks]>=2.8 # comment\n", 100),
		"compiled": compiled.String(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Parse("r.txt", []byte(text), Loader{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
