package cmdline

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// IsSwitch reports whether a flag takes no value.
func IsSwitch(f *pflag.Flag) bool {
	_, ok := f.Value.(*switchValue)
	return ok
}

// ValueText is the value that a flag was given, as text; of a list the values
// with spaces between them.
func ValueText(f *pflag.Flag) string {
	switch v := f.Value.(type) {
	case *textValue:
		return *v.p
	case *optionalValue:
		if *v.p != nil {
			return **v.p
		}
	case *listValue:
		return strings.Join(*v.p, " ")
	case *numberValue:
		return strconv.Itoa(*v.p)
	}
	return ""
}

// CheckChoice reports, by an error that names those there are, that a text is
// none of a flag's choices. A flag without choices takes any.
func CheckChoice(f *pflag.Flag, text string) error {
	if v, ok := f.Value.(*textValue); ok {
		return v.check(text)
	}
	return nil
}

type switchValue struct{ do func() }

func (v *switchValue) String() string   { return "" }
func (v *switchValue) Type() string     { return "bool" }
func (v *switchValue) IsBoolFlag() bool { return true }

func (v *switchValue) Set(s string) error {
	if s != "true" {
		return fmt.Errorf("this flag takes no value, but %q was given", s)
	}
	v.do()
	return nil
}

type textValue struct {
	p       *string
	choices []string
	hidden  []string // further choices, which messages do not name
	given   bool
}

func (v *textValue) String() string { return "" }
func (v *textValue) Type() string   { return "text" }

func (v *textValue) Set(s string) error {
	if v.given {
		return errGivenTwice
	}
	if err := v.check(s); err != nil {
		return err
	}
	v.given = true
	*v.p = s
	return nil
}

func (v *textValue) check(s string) error {
	if v.choices == nil || slices.Contains(v.choices, s) || slices.Contains(v.hidden, s) {
		return nil
	}
	return fmt.Errorf("possible values are %s", strings.Join(v.choices, ", "))
}

var errGivenTwice = errors.New("it can be given only once")

type optionalValue struct {
	p     **string
	given bool
}

func (v *optionalValue) String() string { return "" }
func (v *optionalValue) Type() string   { return "text" }

func (v *optionalValue) Set(s string) error {
	if v.given {
		return errGivenTwice
	}
	v.given = true
	*v.p = &s
	return nil
}

type listValue struct {
	p     *[]string
	split string
}

func (v *listValue) String() string { return "" }
func (v *listValue) Type() string   { return "list" }

func (v *listValue) Set(s string) error {
	if v.split == "" {
		*v.p = append(*v.p, s)
		return nil
	}
	for part := range strings.SplitSeq(s, v.split) {
		if part = strings.TrimSpace(part); part != "" {
			*v.p = append(*v.p, part)
		}
	}
	return nil
}

type numberValue struct {
	p     *int
	least int
}

func (v *numberValue) String() string { return "" }
func (v *numberValue) Type() string   { return "number" }

func (v *numberValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < v.least {
		return fmt.Errorf("a whole number of at least %d is expected", v.least)
	}
	*v.p = n
	return nil
}
