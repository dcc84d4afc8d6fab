package pip

import (
	"cmp"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/index"
)

// A Preamble is the options of a compiled requirements file that tell where
// and how its distributions were found. Options without values are left out.
type Preamble struct {
	Indexes              []*index.Index // as they are searched, the default last
	FindLinks            []index.Index
	NoBinary, OnlyBinary []string // names, or `:all:`
}

// String is the options, one a line, with an empty line behind them if there
// are any.
func (p *Preamble) String() string {
	var b strings.Builder
	option := func(name, value string) { b.WriteString(name + " " + value + "\n") }
	for _, x := range p.Indexes {
		if x.Default {
			option("--index-url", written(x))
		}
	}
	for _, x := range p.Indexes {
		if !x.Default {
			option("--extra-index-url", written(x))
		}
	}
	for i := range p.FindLinks {
		option("--find-links", written(&p.FindLinks[i]))
	}
	for _, name := range p.NoBinary {
		option("--no-binary", name)
	}
	for _, name := range p.OnlyBinary {
		option("--only-binary", name)
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// written is a location as it may stand in a file that others see: as the user
// wrote it, without credentials unless they are variables.
func written(x *index.Index) string {
	given := cmp.Or(x.Given, x.URL)
	if strings.Contains(given, "${") || !strings.Contains(given, "://") {
		return given
	}
	return auth.Strip(given)
}
